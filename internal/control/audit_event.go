package control

import (
	"context"
	"sync"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// AuditEvents is the verbs of the audit log.
type AuditEvents struct {
	*core
	// sealing is held while a batch is sealed: the log has one sealer.
	sealing sync.Mutex
	// fileMu guards what is known of the file of checkpoints.
	fileMu     sync.Mutex
	fileMinute time.Time
	fileNote   string
}

// AuditEvent is an event with its place in the log.
type AuditEvent struct {
	fleet.AuditEvent
	Leaf int64 // -1 until it is sealed
}

// ListTeam lists a team's events, the newest first.
func (c *AuditEvents) ListTeam(ctx context.Context, who fleet.Actor, team string, f store.AuditFilter, p store.Page) (list []*AuditEvent, next string, err error) {
	err = c.read(ctx, who, fleet.TeamAudit, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		f.Team = t.ID
		list, next, err = s.auditEvents(f, p)
		return err
	})
	return list, next, err
}

// ListAll lists the platform's events, the newest first.
func (c *AuditEvents) ListAll(ctx context.Context, who fleet.Actor, f store.AuditFilter, p store.Page) (list []*AuditEvent, next string, err error) {
	err = c.read(ctx, who, fleet.PlatformAudit, func(s *step) error {
		if err := s.may("", "audit_event", ""); err != nil {
			return err
		}
		list, next, err = s.auditEvents(f, p)
		return err
	})
	return list, next, err
}

// auditEvents reads a page; the actor may be given by id or username.
func (s *step) auditEvents(f store.AuditFilter, p store.Page) ([]*AuditEvent, string, error) {
	if f.Actor != "" && f.Actor != "system" {
		u, err := s.UserByUsername(f.Actor)
		if err == nil {
			f.Actor = string(u.ID)
		} else if !fleet.IsKind(err, fleet.NotFound) {
			return nil, "", err
		}
	}
	rows, next, err := s.AuditEvents(f, p)
	if err != nil {
		return nil, "", err
	}
	list := make([]*AuditEvent, len(rows))
	for i, r := range rows {
		list[i] = auditEventOf(r)
	}
	return list, next, nil
}

// auditEventOf reads an event from its bytes; what retention left of one has its
// id, its time and its leaf.
func auditEventOf(r *store.AuditRow) *AuditEvent {
	out := &AuditEvent{Leaf: r.Leaf}
	e, err := fleet.ParseAuditEvent(r.Bytes)
	if err != nil {
		e = &fleet.AuditEvent{ID: r.ID, Time: r.Time, Event: r.Event, Result: r.Result, Team: r.Team, Application: r.Application, Object: r.Object}
	}
	out.AuditEvent = *e
	return out
}

// ListInstance lists an instance's events, the newest first.
func (c *AuditEvents) ListInstance(ctx context.Context, who fleet.Actor, id fleet.InstanceID, f store.AuditFilter, p store.Page) (list []*AuditEvent, next string, err error) {
	err = c.read(ctx, who, fleet.InstanceAudit, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		f.Team, f.Object = i.Team, string(id)
		list, next, err = s.auditEvents(f, p)
		return err
	})
	return list, next, err
}
