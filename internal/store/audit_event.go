package store

import (
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// AuditRow is an audit event as it lies in the table: its bytes, and the columns
// that index them.
type AuditRow struct {
	ID          fleet.AuditEventID
	Leaf        int64 // -1 until it is sealed
	Time        time.Time
	Event       string
	Result      fleet.AuditResult
	ActorKind   fleet.ActorKind
	ActorID     string
	Username    string
	Addr        string
	Team        fleet.TeamID
	Application fleet.ApplicationID
	Object      string
	Bytes       string
}

func auditRowOf(r query.AuditEvent) *AuditRow {
	leaf := int64(-1)
	if r.Leaf.Valid {
		leaf = r.Leaf.Int64
	}
	return &AuditRow{
		ID: r.ID, Leaf: leaf, Time: fromMicros(r.Time), Event: r.Event, Result: r.Result, ActorKind: r.ActorKind, ActorID: r.ActorID,
		Username: r.Username, Addr: r.Addr, Team: r.TeamID, Application: r.ApplicationID, Object: r.ObjectID, Bytes: r.Bytes,
	}
}

// InsertAuditEvent adds an event; bytes are its canonical bytes.
func (tx *Tx) InsertAuditEvent(e *fleet.AuditEvent, bytes string) error {
	return noun(tx.q.InsertAuditEvent(tx.ctx, query.InsertAuditEventParams{
		ID: e.ID, Time: micros(e.Time), Event: e.Event, Result: e.Result, ActorKind: e.Actor.Kind, ActorID: e.Actor.ActorID(),
		Username: e.Actor.Username, Addr: e.Actor.Addr, TeamID: e.Team, ApplicationID: e.Application, ObjectID: e.Object, Bytes: bytes,
	}), "audit_event", "insert")
}

// AuditFilter says which audit events are wanted; empty fields want all.
type AuditFilter struct {
	Team     fleet.TeamID
	Actor    string // an id, as Actor.ActorID gives it
	Event    string
	Object   string
	From, To time.Time // From is included, To is not
}

const auditColumns = `id, leaf, time, event, result, actor_kind, actor_id, username, addr, team_id, application_id, object_id, bytes`

// AuditEvents lists audit events, the newest first. Ids grow with time, so every
// filter is a prefix of an index that goes on with the id.
func (tx *Tx) AuditEvents(f AuditFilter, p Page) ([]*AuditRow, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	if to := fleet.FirstAuditEventID(f.To); !f.To.IsZero() && string(to) < before {
		before = string(to)
	}
	text := strings.Builder{}
	text.WriteString("select " + auditColumns + " from audit_event where id < $1 and id >= $2")
	args := []any{before, string(fleet.FirstAuditEventID(f.From)), p.limit()}
	for _, c := range []struct{ column, value string }{
		{"team_id", string(f.Team)}, {"actor_id", f.Actor}, {"event", f.Event}, {"object_id", f.Object},
	} {
		if c.value != "" {
			args = append(args, c.value)
			text.WriteString(" and " + c.column + " = $" + string(rune('0'+len(args))))
		}
	}
	text.WriteString(" order by id desc limit $3")
	rows, err := tx.auditRows(text.String(), args)
	rows, next := cut(p, rows, func(r query.AuditEvent) []string { return []string{string(r.ID)} })
	return each(rows, auditRowOf), next, noun(err, "audit_event", "list")
}

func (tx *Tx) auditRows(text string, args []any) ([]query.AuditEvent, error) {
	rows, err := tx.db.QueryContext(tx.ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []query.AuditEvent
	for rows.Next() {
		var r query.AuditEvent
		if err := rows.Scan(&r.ID, &r.Leaf, &r.Time, &r.Event, &r.Result, &r.ActorKind, &r.ActorID, &r.Username, &r.Addr,
			&r.TeamID, &r.ApplicationID, &r.ObjectID, &r.Bytes); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
