package store

import (
	"fmt"
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

// auditScan bounds how many events one page looks at where filters are combined.
// A page that comes to this bound is shorter, and the one behind it goes on.
const auditScan = 2000

// auditTerm is one condition of a list.
type auditTerm struct{ column, value string }

// AuditEvents lists audit events, the newest first. Ids grow with time, so each
// filter is an index that goes on with the id.
func (tx *Tx) AuditEvents(f AuditFilter, p Page) ([]*AuditRow, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	if to := string(fleet.FirstAuditEventID(f.To)); to != "" && to < before {
		before = to
	}
	from := string(fleet.FirstAuditEventID(f.From))
	lead, rest := f.terms()
	text := "from audit_event" + tx.by(lead)
	args := []any{before, from}
	where := " where id < $1 and id >= $2"
	for _, term := range lead {
		args = append(args, term.value)
		where += fmt.Sprintf(" and %s = $%d", term.column, len(args))
	}
	var bound string
	if len(rest) > 0 {
		if bound, err = tx.scanBound(text+where, args); err != nil {
			return nil, "", err
		}
		args[1] = max(from, bound)
		for _, term := range rest {
			args = append(args, term.value)
			where += fmt.Sprintf(" and %s = $%d", term.column, len(args))
		}
	}
	args = append(args, p.limit())
	rows, err := tx.auditRows(fmt.Sprintf("select %s %s%s order by id desc limit $%d", auditColumns, text, where, len(args)), args)
	rows, next := cut(p, rows, func(r query.AuditEvent) []string { return []string{string(r.ID)} })
	if next == "" && bound != "" {
		next = cursorOf(bound)
	}
	return each(rows, auditRowOf), next, noun(err, "audit_event", "list")
}

// terms gives the conditions that one index serves, and those that are looked at
// in the rows it finds.
func (f AuditFilter) terms() (lead, rest []auditTerm) {
	if f.Team != "" {
		lead = append(lead, auditTerm{"team_id", string(f.Team)})
	}
	leading := false
	// The first is likely to find the fewest.
	for _, term := range []auditTerm{{"object_id", f.Object}, {"actor_id", f.Actor}, {"event", f.Event}} {
		switch {
		case term.value == "":
		case leading:
			rest = append(rest, term)
		default:
			lead, leading = append(lead, term), true
		}
	}
	return lead, rest
}

// auditIndex names the index for the columns of the leading conditions.
var auditIndex = map[string]string{
	"team_id": "audit_event_team", "object_id": "audit_event_object", "actor_id": "audit_event_actor", "event": "audit_event_event",
	"team_id object_id": "audit_event_team_object", "team_id actor_id": "audit_event_team_actor", "team_id event": "audit_event_team_event",
}

// by tells SQLite which index to take: without statistics it takes the shortest
// one, and looks at every event of a team.
func (tx *Tx) by(lead []auditTerm) string {
	columns := make([]string, len(lead))
	for i, term := range lead {
		columns[i] = term.column
	}
	index := auditIndex[strings.Join(columns, " ")]
	if _, lite := tx.db.(*conn); !lite || index == "" {
		return ""
	}
	return " indexed by " + index
}

// scanBound is the id of the last event that a page may look at, "" where it may
// look at all that there are.
func (tx *Tx) scanBound(from string, args []any) (bound string, err error) {
	rows, err := tx.db.QueryContext(tx.ctx, fmt.Sprintf("select id %s order by id desc limit 1 offset %d", from, auditScan), args...)
	if err != nil {
		return "", noun(err, "audit_event", "list")
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&bound); err != nil {
			return "", noun(err, "audit_event", "list")
		}
	}
	return bound, noun(rows.Err(), "audit_event", "list")
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
