package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
	"leat/internal/tlog"
)

// AuditReport is what a verification of the audit log found.
type AuditReport struct {
	// Leaves have a place in the log; of Expired ones the content was removed by
	// retention; Unsealed ones have no place yet.
	Leaves, Expired, Unsealed int64
	// Root is over all leaves, vouched for by the newest checkpoint, of CheckedAt.
	Root        string
	CheckedAt   time.Time
	Checkpoints int
	// Findings are what is wrong, the first of each; More counts those left out.
	Findings []AuditFinding
	More     int
	// Unknown says what no verification of this log alone can tell.
	Unknown []string
}

// Whole reports whether nothing was found.
func (r *AuditReport) Whole() bool { return len(r.Findings) == 0 }

// AuditFinding is one thing that is wrong with the audit log.
type AuditFinding struct {
	// Kind is "altered", "removed", "added", "reordered", "tile", "root" or "checkpoint".
	Kind string
	// ID and Leaf name the event, where it is one; Leaf is -1 otherwise.
	ID   fleet.AuditEventID
	Leaf int64
	Time time.Time
	// What is a sentence: what differs from what.
	What string
}

const maxFindings = 100

// VerifyAudit computes the whole audit log again, from the bytes of every event
// to the signature of every checkpoint, in little memory and without writing. It
// works on the database of a stopped server. file is the file of checkpoints, ""
// for none.
func VerifyAudit(ctx context.Context, db *store.DB, key secret.Key, file string) (*AuditReport, error) {
	signer, err := auditSigner(key)
	if err != nil {
		return nil, err
	}
	check, err := tlog.NewVerifier(signer.Public())
	if err != nil {
		return nil, err
	}
	v := &audit{db: db, check: check, salt: key.Derive(auditEventKey), report: &AuditReport{Unknown: unknowns(file)}}
	if err := v.begin(ctx); err != nil {
		return nil, err
	}
	if v.points, err = newPoints(db, check, file, v.tree.Size, v.found); err != nil {
		return nil, err
	}
	defer v.points.close()
	for first := int64(0); first < v.tree.Size; first += tilePage {
		if err := v.page(ctx, first); err != nil {
			return nil, err
		}
	}
	return v.report, v.end(ctx)
}

// Verify is VerifyAudit on the running platform.
func (c *AuditEvents) Verify(ctx context.Context) (*AuditReport, error) {
	return VerifyAudit(ctx, c.DB, c.Key, c.CheckpointFile)
}

func unknowns(file string) []string {
	out := []string{
		"Whether somebody who has the platform's key made the whole log anew: hold the root against a copy of a checkpoint kept elsewhere.",
		"Whether an event was removed before it had its place, within a second of being written.",
	}
	if file == "" {
		out = append(out, "Whether the newest events were cut off together with their checkpoints: the file of checkpoints was not at hand.")
	}
	return out
}

// audit is one verification.
type audit struct {
	db     *store.DB
	check  *tlog.Verifier
	salt   secret.Key
	report *AuditReport
	points *points

	tree    tlog.Tree
	expired int64
	// stored is built of the hashes in the tiles. Where a row has another hash, rows
	// goes its own way until the next checkpoint tells which of the two is right.
	stored tlog.Builder
	rows   *tlog.Builder
	size   int64
	// doubtful are the places where they differ; since is the last place proven.
	doubtful []doubt
	since    int64
	broken   bool
}

// doubt is a row whose bytes do not have the hash that is stored for it.
type doubt struct {
	row    *store.AuditRow
	own    tlog.Hash
	stored tlog.Hash
}

// tilePage is how many rows are looked at together: a tile of leaves.
const tilePage = 256

func (v *audit) found(f AuditFinding) {
	if len(v.report.Findings) >= maxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, f)
}

// begin reads what the log is said to be and how far retention went.
func (v *audit) begin(ctx context.Context) error {
	return v.db.View(ctx, func(tx *store.Tx) error {
		last, err := lastCheckpoint(tx)
		if err != nil {
			return err
		}
		v.tree = tlog.Empty()
		if last.Size > 0 {
			tree, err := v.check.Open(last.Note)
			if err != nil {
				v.found(AuditFinding{Kind: "checkpoint", Leaf: -1, Time: last.Time, What: fmt.Sprintf("The newest checkpoint, of %d leaves, is not signed by this platform's key.", last.Size)})
				tree = tlog.Tree{Size: last.Size}
			}
			v.tree = tree
		}
		v.report.Leaves, v.report.Root, v.report.CheckedAt = v.tree.Size, v.tree.Root.String(), last.Time
		v.expired, err = v.expiredBound(tx)
		return err
	})
}

// expiredBound is the place up to which retention says that it removed content.
func (v *audit) expiredBound(tx *store.Tx) (int64, error) {
	row, err := tx.LastAuditEvent(expireEvent)
	if fleet.IsKind(err, fleet.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	e, err := fleet.ParseAuditEvent(row.Bytes)
	if err != nil || !v.salted(row.Bytes) || e.Actor.Kind != fleet.ActorSystem {
		return 0, nil
	}
	to, ok := e.Detail["to"].(float64)
	if !ok || int64(to) > row.Leaf {
		return 0, nil
	}
	return int64(to), nil
}

// salted reports whether bytes were made with the platform's key.
func (v *audit) salted(text string) bool {
	unsalted, salt, ok := fleet.Unsalted(text)
	return ok && secret.Equal(string(saltOf(v.salt, unsalted)), string(salt))
}

// page looks at the rows of one tile.
func (v *audit) page(ctx context.Context, first int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	last := min(first+tilePage, v.tree.Size)
	var rows []*store.AuditRow
	var leaves []tlog.Hash
	err := v.db.View(ctx, func(tx *store.Tx) (err error) {
		if rows, err = tx.AuditByLeaf(first, int(last-first)); err != nil {
			return err
		}
		leaves, err = tlog.Leaves(tx.AuditTiles(), v.tree, first/tilePage)
		return err
	})
	if errors.Is(err, tlog.ErrAltered) {
		v.found(AuditFinding{Kind: "tile", Leaf: -1, What: fmt.Sprintf("The stored hashes of the leaves from %d to %d are missing or cut short.", first, last-1)})
	} else if err != nil {
		return err
	}
	next := 0
	for leaf := first; leaf < last; leaf++ {
		var row *store.AuditRow
		if next < len(rows) && rows[next].Leaf == leaf {
			row = rows[next]
			next++
		}
		var stored *tlog.Hash
		if i := leaf - first; i < int64(len(leaves)) {
			stored = &leaves[i]
		}
		if err := v.leaf(ctx, leaf, row, stored); err != nil {
			return err
		}
	}
	return nil
}

// leaf looks at one place of the log.
func (v *audit) leaf(ctx context.Context, n int64, row *store.AuditRow, stored *tlog.Hash) error {
	own, whole := v.ownHash(n, row)
	if stored == nil {
		stored = &own // nothing to hold the row against but the next checkpoint
	}
	if whole && own != *stored {
		if v.rows == nil {
			v.rows = v.stored.Clone()
		}
		if len(v.doubtful) < maxFindings*10 {
			v.doubtful = append(v.doubtful, doubt{row: row, own: own, stored: *stored})
		}
	}
	v.stored.Add(*stored)
	if v.rows != nil {
		if !whole {
			own = *stored
		}
		v.rows.Add(own)
	}
	v.size = n + 1
	return v.points.at(ctx, v.size, v.settle)
}

// ownHash computes the hash of a row and holds its columns against its bytes;
// false where there is no content to compute it of.
func (v *audit) ownHash(n int64, row *store.AuditRow) (tlog.Hash, bool) {
	switch {
	case row == nil:
		v.found(AuditFinding{Kind: "removed", Leaf: n, What: fmt.Sprintf("The row of leaf %d is not in the table.", n)})
		return tlog.Hash{}, false
	case row.Bytes == "" && n < v.expired:
		v.report.Expired++
		return tlog.Hash{}, false
	case row.Bytes == "":
		v.found(AuditFinding{Kind: "removed", ID: row.ID, Leaf: n, Time: row.Time, What: fmt.Sprintf("The content of leaf %d was removed, and no retention says so.", n)})
		return tlog.Hash{}, false
	}
	if what := columnFault(row); what != "" {
		v.found(AuditFinding{Kind: "altered", ID: row.ID, Leaf: n, Time: row.Time, What: what})
	}
	return tlog.Leaf([]byte(row.Bytes)), true
}

// columnFault names the first column that differs from the bytes.
func columnFault(row *store.AuditRow) string {
	e, err := fleet.ParseAuditEvent(row.Bytes)
	if err != nil {
		return "The bytes of the event are not those of an event."
	}
	for _, c := range []struct{ name, column, bytes string }{
		{"id", string(row.ID), string(e.ID)},
		{"time", row.Time.UTC().Format(time.RFC3339Nano), e.Time.UTC().Format(time.RFC3339Nano)},
		{"event", row.Event, e.Event},
		{"result", string(row.Result), string(e.Result)},
		{"actor_kind", string(row.ActorKind), string(e.Actor.Kind)},
		{"actor_id", row.ActorID, e.Actor.ActorID()},
		{"username", row.Username, e.Actor.Username},
		{"addr", row.Addr, e.Actor.Addr},
		{"team_id", string(row.Team), string(e.Team)},
		{"application_id", string(row.Application), string(e.Application)},
		{"object_id", row.Object, e.Object},
	} {
		if c.column != c.bytes {
			return fmt.Sprintf("The column %s says %q, the event's bytes say %q.", c.name, c.column, c.bytes)
		}
	}
	return ""
}

// settle holds the leaves so far against a checkpoint, and decides what was in
// doubt since the one before.
func (v *audit) settle(p point) {
	v.report.Checkpoints++
	if v.broken {
		return
	}
	storedRight := v.stored.Tree().Root == p.root
	rowsRight := v.rows != nil && v.rows.Tree().Root == p.root
	switch {
	case storedRight:
		v.doubtRows("Its bytes do not have the hash that was sealed: they were changed since.")
		v.rows = nil
	case rowsRight:
		for _, d := range v.doubtful {
			v.found(AuditFinding{Kind: "tile", ID: d.row.ID, Leaf: d.row.Leaf, Time: d.row.Time, What: "The stored hash of this leaf was changed; the event itself is as it was sealed."})
		}
		v.doubtful, v.stored, v.rows = nil, *v.rows, nil
	default:
		v.broken = true
		v.doubtRows("Its bytes do not have the hash that is stored for it.")
		v.found(AuditFinding{Kind: "root", Leaf: -1, Time: p.time, What: fmt.Sprintf(
			"The leaves do not have the root that the checkpoint of %d leaves %s signed: an event among leaves %d to %d was exchanged, moved, added or removed together with its hash.",
			p.size, p.source, v.since, p.size-1)})
	}
	v.since = p.size
}

// doubtRows turns doubts into findings. A row whose bytes belong to another place
// was moved there.
func (v *audit) doubtRows(what string) {
	places := map[tlog.Hash]int64{}
	for _, d := range v.doubtful {
		places[d.stored] = d.row.Leaf
	}
	for _, d := range v.doubtful {
		f := AuditFinding{Kind: "altered", ID: d.row.ID, Leaf: d.row.Leaf, Time: d.row.Time, What: what}
		if from, moved := places[d.own]; moved {
			f.Kind, f.What = "reordered", fmt.Sprintf("It was sealed as leaf %d and stands as leaf %d.", from, d.row.Leaf)
		}
		v.found(f)
	}
	v.doubtful = nil
}

// end looks at what stands outside of the tree: rows behind it, rows without a
// place, and the tiles above the leaves.
func (v *audit) end(ctx context.Context) error {
	if len(v.doubtful) > 0 {
		v.doubtRows("Its bytes do not have the hash that is stored for it.")
	}
	if err := v.behind(ctx); err != nil {
		return err
	}
	if err := v.unsealed(ctx); err != nil {
		return err
	}
	if !v.Whole() || v.tree.Size == 0 {
		return nil
	}
	return v.db.View(ctx, func(tx *store.Tx) error {
		err := tlog.Check(tx.AuditTiles(), v.tree)
		if errors.Is(err, tlog.ErrAltered) {
			v.found(AuditFinding{Kind: "tile", Leaf: -1, What: "The hashes above the leaves were changed: " + err.Error() + "."})
			return nil
		}
		return err
	})
}

// Whole reports whether nothing was found so far.
func (v *audit) Whole() bool { return v.report.Whole() }

// behind looks at what stands behind the tree, unless the log has grown since we
// began.
func (v *audit) behind(ctx context.Context) error {
	return v.db.View(ctx, func(tx *store.Tx) error {
		now, err := lastCheckpoint(tx)
		if err != nil || now.Size != v.tree.Size {
			return err
		}
		v.points.rest(v.size)
		rows, err := tx.AuditByLeaf(v.tree.Size, maxFindings)
		for _, r := range rows {
			v.found(AuditFinding{Kind: "added", ID: r.ID, Leaf: r.Leaf, Time: r.Time, What: "It has a place behind the newest checkpoint, where none was given."})
		}
		return err
	})
}

func (v *audit) unsealed(ctx context.Context) error {
	for after := fleet.AuditEventID(""); ; {
		var rows []store.Unsealed
		err := v.db.View(ctx, func(tx *store.Tx) (err error) {
			rows, err = tx.AuditUnsealed(after, tilePage)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			v.report.Unsealed++
			if !v.salted(r.Bytes) {
				v.found(AuditFinding{Kind: "added", ID: r.ID, Leaf: -1, What: "It was not written by this platform: its salt was not made with the platform's key."})
			}
			after = r.ID
		}
		if len(rows) < tilePage {
			return nil
		}
	}
}
