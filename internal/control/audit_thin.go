package control

import (
	"context"

	"leat/internal/store"
)

// ThinTable keeps the table of checkpoints from growing without end, by the rule
// and with the proof of ThinFile. A row whose columns are not what its note signed
// is evidence and stays.
func (c *AuditEvents) ThinTable(ctx context.Context) error {
	return c.thinTable(ctx, fileMost, fileRecent)
}

func (c *AuditEvents) thinTable(ctx context.Context, most, recent int) error {
	var gone []int64
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		gone = nil
		n := 0
		if err := eachCheckpoint(ctx, tx, func(*store.Checkpoint) { n++ }); err != nil || n <= most {
			return err
		}
		t, err := c.newThinner(tx, n-recent, max(1, most/2-recent))
		if err != nil {
			return err
		}
		place := 0
		return eachCheckpoint(ctx, tx, func(r *store.Checkpoint) {
			if !t.contradicts(r) && !t.stays(place, r.Note) {
				gone = append(gone, r.Size)
			}
			place++
		})
	})
	for ; err == nil && len(gone) > 0; gone = gone[min(len(gone), sealBatch):] {
		err = c.DB.Update(ctx, func(tx *store.Tx) error {
			for _, size := range gone[:min(len(gone), sealBatch)] {
				if err := tx.DeleteCheckpoint(size); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// contradicts reports a row whose columns are not what its note signed.
func (t *thinner) contradicts(r *store.Checkpoint) bool {
	tree, err := t.check.Open(r.Note)
	return err != nil || tree.Size != r.Size || tree.Root.String() != r.Root
}

// eachCheckpoint reads the table of checkpoints, the smallest log first.
func eachCheckpoint(ctx context.Context, tx *store.Tx, fn func(*store.Checkpoint)) error {
	const most = 500
	for after := int64(0); ; {
		rows, err := tx.Checkpoints(after, most)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fn(r)
			after = r.Size
		}
		if len(rows) < most {
			return ctx.Err()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
