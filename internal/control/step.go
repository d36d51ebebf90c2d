package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// step is one run of a verb inside its transaction.
type step struct {
	*store.Tx
	c    *core
	who  fleet.Actor
	perm fleet.Permission
	now  time.Time

	asked bool
	// role is the actor's in the team that may was asked about.
	role    fleet.Role
	refusal fleet.AuditEvent
	hints   []fleet.Event
	audited bool
	events  int
	// lettered is set once there is a letter to send; waiting is one more than how
	// many there are, 0 before they were counted.
	lettered bool
	waiting  int
	entries  int // of timelines
}

// read runs the part of a verb that changes nothing.
func (c *core) read(ctx context.Context, who fleet.Actor, perm fleet.Permission, fn func(*step) error) error {
	return c.do(ctx, who, perm, c.DB.View, fn)
}

// write runs the part of a verb that changes rows. fn may be run more than once;
// hints go out after the last.
func (c *core) write(ctx context.Context, who fleet.Actor, perm fleet.Permission, fn func(*step) error) error {
	return c.do(ctx, who, perm, c.DB.Update, fn)
}

func (c *core) do(ctx context.Context, who fleet.Actor, perm fleet.Permission, run func(context.Context, func(*store.Tx) error) error, fn func(*step) error) error {
	note(ctx, perm)
	if err := known(who, perm); err != nil {
		return err
	}
	var s *step
	err := run(ctx, func(tx *store.Tx) error {
		s = &step{Tx: tx, c: c, who: who, perm: perm, now: c.Now()}
		if err := fn(s); err != nil {
			return err
		}
		if !s.asked {
			return fmt.Errorf("the verb of %s did not ask for permission", perm)
		}
		return nil
	})
	if err != nil {
		return c.refused(ctx, s, err)
	}
	for _, h := range s.hints {
		c.Bus.Publish(h)
	}
	if s.audited {
		c.hintSealer()
	}
	if s.lettered {
		c.hintLetters()
	}
	return nil
}

// known refuses who has not signed in before anything is looked up, so that a
// stranger learns from no answer what is there.
func known(who fleet.Actor, perm fleet.Permission) error {
	g, _ := fleet.GrantOf(perm)
	if g.Scope != fleet.Public && g.Scope != fleet.Runner && who.Kind != fleet.ActorSystem && !who.SignedIn() {
		return &fleet.Error{Kind: fleet.Unauthenticated, Code: "not_signed_in", Msg: "Sign in to continue."}
	}
	return nil
}

// may asks whether the actor has the verb's permission. team owns the thing, for
// permissions that are held in a team; noun is the word for what is looked for.
func (s *step) may(team fleet.TeamID, noun, object string) error {
	s.asked = true
	s.refusal = fleet.AuditEvent{Team: team, Object: object}
	s.role = fleet.RoleNone
	if g, _ := fleet.GrantOf(s.perm); g.Scope == fleet.InTeam && s.who.SignedIn() {
		var err error
		if s.role, err = s.Role(team, s.who.User); err != nil {
			return err
		}
	}
	return s.who.May(s.perm, s.role, noun)
}

// alsoMay asks for a second permission in the team that may was asked about.
func (s *step) alsoMay(p fleet.Permission) error {
	note(s.Context(), p)
	s.perm = p
	return s.who.May(p, s.role, "team")
}

// audit writes what the verb did, in its transaction.
func (s *step) audit(e fleet.AuditEvent) error {
	e.Result = fleet.AuditDone
	s.audited = true
	return s.record(e)
}

// record fills in who and when, and writes.
func (s *step) record(e fleet.AuditEvent) error {
	// The events of one step get microseconds of their own: they sort as they happened.
	e.Time = s.now.Truncate(time.Microsecond).Add(time.Duration(s.events) * time.Microsecond)
	e.ID = fleet.NewAuditEventID(e.Time)
	s.events++
	if e.Actor.Kind == "" {
		e.Actor = s.who
	}
	text, err := e.Bytes(s.c.auditSalt)
	if err != nil {
		return err
	}
	if e.Team != "" {
		s.hint(fleet.Event{Noun: "audit-event", ID: string(e.ID), Team: e.Team})
	}
	return s.InsertAuditEvent(&e, text)
}

// hint publishes an event after commit.
func (s *step) hint(e fleet.Event) {
	e.Time = s.now
	s.hints = append(s.hints, e)
}

// refused notes a refusal of something that would have changed rows, and passes
// the error on.
func (c *core) refused(ctx context.Context, s *step, err error) error {
	var e *fleet.Error
	if s == nil || !errors.As(err, &e) || e.Kind != fleet.Forbidden {
		return err
	}
	if g, _ := fleet.GrantOf(s.perm); !g.Write {
		return err
	}
	r := s.refusal
	r.Event, r.Result, r.Actor = eventOf(s.perm), fleet.AuditRefused, s.who
	r.Detail = map[string]any{"code": e.Code}
	c.noteFailure(ctx, r)
	return err
}

// eventOf is the audit event of a permission: "team:edit" becomes "team.edit".
func eventOf(p fleet.Permission) string { return strings.Replace(string(p), ":", ".", 1) }

// stale refuses a change that was made of an older version; match 0 matches all.
func stale(match, version int64, current any) error {
	if match == 0 || match == version {
		return nil
	}
	return &fleet.Error{Kind: fleet.Stale, Code: "stale", Msg: "Somebody changed this in the meantime. Look at it as it is now and make your change again.", Current: current}
}

// changes collects what an edit changes, for the audit event.
type changes map[string]any

func (c changes) note(field string, from, to any) {
	if from != to {
		c[field] = map[string]any{"from": from, "to": to}
	}
}

type askedKey struct{}

// Asked is the permissions that the verbs of one request asked for.
type Asked struct{ Permissions []fleet.Permission }

// WithAsked lets the verbs called with the returned context note what they asked
// for; tests compare it with what the route states.
func WithAsked(ctx context.Context) (context.Context, *Asked) {
	a := &Asked{}
	return context.WithValue(ctx, askedKey{}, a), a
}

func note(ctx context.Context, perm fleet.Permission) {
	if a, ok := ctx.Value(askedKey{}).(*Asked); ok {
		a.Permissions = append(a.Permissions, perm)
	}
}
