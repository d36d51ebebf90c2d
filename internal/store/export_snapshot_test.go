package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"leat/internal/store/query"
)

// Limits for tests.
const (
	MaxChunk     = maxChunk
	MaxListDepth = maxListDepth
)

// CutFlows gives the chunks of a file, and counts its nodes.
func CutFlows(flows []byte) (parts [][]byte, nodes int) {
	chunks, nodes := cutFlows(flows)
	return each(chunks, func(c chunk) []byte { return c.data }), nodes
}

// DiffLists writes a list as its difference to another and reads it back; hashes
// are of the words.
func DiffLists(parent, list []string) (added int, same bool, err error) {
	of := func(word string) (h hash) { copy(h[:], word); return h }
	p, l := each(parent, of), each(list, of)
	diff, adds := diffList(p, l)
	back, err := applyDiff(p, diff)
	return len(adds), slices.Equal(back, l), err
}

// ApplyDiff reads a difference that may be damaged.
func ApplyDiff(parents int, diff []byte) error {
	_, err := applyDiff(make([]hash, parents), diff)
	return err
}

// WithDictionary adds a dictionary until the end of a test.
func WithDictionary(t *testing.T, d []byte) {
	t.Helper()
	old, newest := dictionaries, newestDictionary
	dictionaries, newestDictionary = append(slices.Clone(old), d), newest+1
	t.Cleanup(func() { dictionaries, newestDictionary = old, newest })
}

// Run changes rows with any statement, and tells how many.
func Run(tx *Tx, text string, args ...any) (int64, error) {
	r, err := tx.db.ExecContext(tx.ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// FlipLists damages a hash in every list that has one of its own.
func FlipLists(tx *Tx) error {
	ids, err := listIDs(tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		diffs, err := tx.q.FlowListChain(tx.ctx, id[:])
		if err != nil {
			return err
		}
		if diff := diffs[0]; diff[0]&1 == 1 {
			diff[len(hash{})/2]++
			if _, err := Run(tx, "update flow_list set diff = $1 where id = $2", diff, id[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Count is the number that a query gives.
func Count(tx *Tx, text string, args ...any) (n int64, err error) {
	return n, tx.db.QueryRowContext(tx.ctx, text, args...).Scan(&n)
}

// AfterStatements lets the n-th statement that changes rows run and calls then.
func AfterStatements(tx *Tx, n int, then func()) {
	tx.db = &counted{DBTX: tx.db, left: n, then: then}
	tx.q = query.New(tx.db)
}

type counted struct {
	query.DBTX
	left int
	then func()
}

func (c *counted) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	r, err := c.DBTX.ExecContext(ctx, text, args...)
	if c.left--; c.left == 0 {
		c.then()
	}
	return r, err
}

// leftovers are rows that nothing needs; there must never be any.
var leftovers = map[string]string{
	"chunks no list uses":         `select count(*) from flow_chunk c where not exists (select 1 from flow_chunk_use u where u.hash = c.hash)`,
	"uses without a chunk":        `select count(*) from flow_chunk_use u where not exists (select 1 from flow_chunk c where c.hash = u.hash)`,
	"uses without a list":         `select count(*) from flow_chunk_use u where not exists (select 1 from flow_list l where l.id = u.list_id)`,
	"lists no snapshot names":     `select count(*) from flow_list l where not exists (select 1 from snapshot s where s.flows = l.id)`,
	"lists deeper than allowed":   fmt.Sprintf(`select count(*) from flow_list where depth > %d`, maxListDepth),
	"lists not below their own":   `select count(*) from flow_list l join flow_list p on p.id = l.parent where l.depth <= p.depth`,
	"bodies no snapshot names":    `select count(*) from snapshot_body b where not exists (select 1 from snapshot s where s.modules = b.hash or s.environment = b.hash)`,
	"secrets no snapshot names":   `select count(*) from snapshot_secret c where not exists (select 1 from snapshot s where s.secrets_digest = c.digest)`,
	"snapshots without a list":    `select count(*) from snapshot s where not exists (select 1 from flow_list l where l.id = s.flows)`,
	"snapshots without secrets":   `select count(*) from snapshot s where s.secrets_digest <> '' and not exists (select 1 from snapshot_secret c where c.digest = s.secrets_digest)`,
	"snapshots without a body":    `select count(*) from snapshot s where not exists (select 1 from snapshot_body b where b.hash = s.modules)`,
	"snapshots without variables": `select count(*) from snapshot s where not exists (select 1 from snapshot_body b where b.hash = s.environment)`,
}

// CheckSnapshots says what of the shared content is not as it must be: nothing is
// kept that nothing needs, nothing is missing, and the uses of each list are what
// its difference adds.
func CheckSnapshots(tx *Tx) error {
	for what, text := range leftovers {
		if n, err := Count(tx, text); err != nil || n != 0 {
			return fmt.Errorf("%s: %d, %v", what, n, err)
		}
	}
	ids, err := listIDs(tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := checkList(tx, id); err != nil {
			return fmt.Errorf("list %s: %w", id, err)
		}
	}
	return nil
}

func listIDs(tx *Tx) (ids []hash, err error) {
	rows, err := tx.db.QueryContext(tx.ctx, "select id from flow_list order by id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, hashOf(id))
	}
	return ids, rows.Err()
}

func checkList(tx *Tx, id hash) error {
	diffs, err := tx.q.FlowListChain(tx.ctx, id[:])
	if err != nil || len(diffs) > maxListDepth+1 {
		return fmt.Errorf("%d rows must be read, %w", len(diffs), err)
	}
	parentID, err := tx.q.FlowListParent(tx.ctx, id[:])
	if err != nil {
		return err
	}
	var parent []hash
	if parentID != nil {
		if parent, err = tx.flowList(hashOf(parentID)); err != nil {
			return err
		}
	}
	list, err := tx.flowList(id)
	if err != nil {
		return err
	}
	_, added := diffList(parent, list)
	uses, err := tx.q.FlowChunkUses(tx.ctx, id[:])
	if err != nil {
		return err
	}
	slices.SortFunc(added, func(a, b hash) int { return bytes.Compare(a[:], b[:]) })
	if !slices.Equal(added, each(uses, hashOf)) {
		return fmt.Errorf("it adds %v and uses %v", added, each(uses, hashOf))
	}
	return nil
}
