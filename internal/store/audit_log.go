package store

import (
	"database/sql"
	"errors"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
	"leat/internal/tlog"
)

// Unsealed is an audit event that has no place in the log yet.
type Unsealed struct {
	ID    fleet.AuditEventID
	Bytes string
}

// AuditUnsealed lists up to most events, from behind an id on, that have no
// place in the log yet.
func (tx *Tx) AuditUnsealed(after fleet.AuditEventID, most int) ([]Unsealed, error) {
	rows, err := tx.q.AuditEventsUnsealed(tx.ctx, after, int32(most))
	return each(rows, func(r query.AuditEventsUnsealedRow) Unsealed { return Unsealed(r) }), noun(err, "audit_event", "list")
}

// SealAuditEvent gives an event its place; it never changes again.
func (tx *Tx) SealAuditEvent(id fleet.AuditEventID, leaf int64) error {
	n, err := tx.q.SealAuditEvent(tx.ctx, id, sql.NullInt64{Int64: leaf, Valid: true})
	return one(n, err, "audit_event", "update")
}

// AuditByLeaf lists up to most sealed events from a place on.
func (tx *Tx) AuditByLeaf(first int64, most int) ([]*AuditRow, error) {
	rows, err := tx.q.AuditEventsByLeaf(tx.ctx, sql.NullInt64{Int64: first, Valid: true}, int32(most))
	return each(rows, auditRowOf), noun(err, "audit_event", "list")
}

// LastAuditEvent finds the newest sealed event of a kind.
func (tx *Tx) LastAuditEvent(event string) (*AuditRow, error) {
	r, err := tx.q.LastAuditEventOf(tx.ctx, event)
	return auditRowOf(r), noun(err, "audit_event", "read")
}

// BlankAuditEvent removes what an event tells and keeps its id, time and place.
func (tx *Tx) BlankAuditEvent(id fleet.AuditEventID) error {
	n, err := tx.q.BlankAuditEvent(tx.ctx, id)
	return one(n, err, "audit_event", "update")
}

// Checkpoint is what the log was at a time, signed.
type Checkpoint struct {
	Size int64
	Root string
	Note string
	Time time.Time
}

func checkpointOf(r query.AuditCheckpoint) *Checkpoint {
	return &Checkpoint{Size: r.Size, Root: r.Root, Note: r.Note, Time: fromMicros(r.Time)}
}

// InsertCheckpoint keeps a checkpoint.
func (tx *Tx) InsertCheckpoint(c *Checkpoint) error {
	return noun(tx.q.InsertAuditCheckpoint(tx.ctx, query.InsertAuditCheckpointParams{Size: c.Size, Root: c.Root, Note: c.Note, Time: micros(c.Time)}), "audit_checkpoint", "insert")
}

// DeleteCheckpoint forgets a checkpoint that a newer one stands for.
func (tx *Tx) DeleteCheckpoint(size int64) error {
	return noun(tx.q.DeleteAuditCheckpoint(tx.ctx, size), "audit_checkpoint", "delete")
}

// LastCheckpoint finds the newest checkpoint.
func (tx *Tx) LastCheckpoint() (*Checkpoint, error) {
	r, err := tx.q.LastAuditCheckpoint(tx.ctx)
	return checkpointOf(r), noun(err, "audit_checkpoint", "read")
}

// Checkpoints lists up to most checkpoints of trees larger than after.
func (tx *Tx) Checkpoints(after int64, most int) ([]*Checkpoint, error) {
	rows, err := tx.q.AuditCheckpoints(tx.ctx, after, int32(most))
	return each(rows, checkpointOf), noun(err, "audit_checkpoint", "list")
}

// AuditTiles keeps the hashes of the log in the transaction.
func (tx *Tx) AuditTiles() tlog.Tiles { return auditTiles{tx} }

type auditTiles struct{ tx *Tx }

// Tile is part of tlog.Tiles.
func (t auditTiles) Tile(level int, n int64) ([]byte, error) {
	b, err := t.tx.q.AuditTile(t.tx.ctx, int64(level), n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, noun(err, "audit_tile", "read")
}

// SetTile is part of tlog.Tiles.
func (t auditTiles) SetTile(level int, n int64, hashes []byte) error {
	return noun(t.tx.q.InsertAuditTile(t.tx.ctx, query.InsertAuditTileParams{Level: int64(level), Place: n, Hashes: hashes}), "audit_tile", "insert")
}
