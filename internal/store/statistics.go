package store

import (
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
