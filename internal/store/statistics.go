package store

import (
	"fmt"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// CountEvents counts the audit events of one kind from a time until another,
// which an index tells.
func (tx *Tx) CountEvents(event string, from, until time.Time) (int, error) {
	n, err := tx.q.CountEvents(tx.ctx, query.CountEventsParams{Event: event, First: fleet.FirstAuditEventID(from), Behind: fleet.FirstAuditEventID(until)})
	return int(n), noun(err, "audit_event", "count")
}

// CountUnsealed counts the audit events that wait for the sealer.
func (tx *Tx) CountUnsealed() (int, error) {
	n, err := tx.q.CountUnsealed(tx.ctx)
	return int(n), noun(err, "audit_event", "count")
}

// CountApplications counts all applications.
func (tx *Tx) CountApplications() (int, error) {
	n, err := tx.q.CountApplications(tx.ctx)
	return int(n), noun(err, "application", "count")
}

// Size is which engine keeps the rows and how much room they take there, which
// either engine knows without looking at them.
func (tx *Tx) Size() (engine string, bytes int64, err error) {
	ask := "select page_count * page_size from pragma_page_count(), pragma_page_size()"
	if tx.engine == "postgres" {
		ask = "select pg_database_size(current_database())"
	}
	if err := tx.db.QueryRowContext(tx.ctx, ask).Scan(&bytes); err != nil {
		return tx.engine, 0, fmt.Errorf("size of the database: %w", err)
	}
	return tx.engine, bytes, nil
}
