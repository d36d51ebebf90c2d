package control

import (
	"context"
	"sync"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// refusals keeps failed sign-ins and refusals from filling the disk: of each
// kind one event is written at once; those like it are counted for a while and
// written as one.
type refusals struct {
	mu     sync.Mutex
	counts map[refusalKey]*counted
	// budget is how many more may be written at once; it is filled once a window.
	budget int
	filled time.Time
}

// Bounds of what strangers can make the audit log hold in a window: refusalBudget
// events at once and refusalKinds that count those like them.
const (
	refusalWindow = time.Minute
	refusalBudget = 100
	refusalKinds  = 200
)

type refusalKey struct {
	event, result, actor, username, addr, object string
}

type counted struct {
	event fleet.AuditEvent
	more  int
	until time.Time
}

func newRefusals() *refusals {
	return &refusals{counts: map[refusalKey]*counted{}}
}

// take counts an event and reports whether it is to be written at once.
func (r *refusals) take(e fleet.AuditEvent, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.filled) >= refusalWindow {
		r.budget, r.filled = refusalBudget, now
	}
	key := refusalKey{e.Event, string(e.Result), e.Actor.ActorID(), e.Actor.Username, e.Actor.Addr, e.Object}
	if c := r.counts[key]; c != nil {
		c.more++
		return false
	}
	if r.budget > 0 && len(r.counts) < refusalKinds {
		r.budget--
		r.counts[key] = &counted{event: e, until: now.Add(refusalWindow)}
		return true
	}
	rest := refusalKey{event: e.Event, result: string(e.Result)}
	if r.counts[rest] == nil {
		e = fleet.AuditEvent{Event: e.Event, Result: e.Result, Actor: fleet.Actor{Kind: fleet.ActorAnonymous}}
		r.counts[rest] = &counted{event: e, until: now.Add(refusalWindow)}
	}
	r.counts[rest].more++
	return false
}

// due takes out what has been counted long enough.
func (r *refusals) due(now time.Time, all bool) []fleet.AuditEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []fleet.AuditEvent
	for key, c := range r.counts {
		if !all && now.Before(c.until) {
			continue
		}
		delete(r.counts, key)
		if c.more > 0 {
			detail := map[string]any{"more": c.more}
			for k, v := range c.event.Detail {
				detail[k] = v
			}
			c.event.Detail = detail
			out = append(out, c.event)
		}
	}
	return out
}

// noteFailure writes a refusal or a failure in a transaction of its own, or
// counts it where there were many alike.
func (c *core) noteFailure(ctx context.Context, e fleet.AuditEvent) {
	if !c.refusals.take(e, c.Now()) {
		return
	}
	// The caller may be gone already; that it tried is noted all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := c.writeFailures(ctx, []fleet.AuditEvent{e}); err != nil {
		c.Log.ErrorContext(ctx, "a refusal could not be written to the audit log", "event", e.Event, "actor", e.Actor.ActorID(), "error", err)
	}
}

func (c *core) writeFailures(ctx context.Context, events []fleet.AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		s := &step{Tx: tx, c: c, now: c.Now()}
		for _, e := range events {
			if err := s.record(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		c.hintSealer()
	}
	return err
}

// hintSealer tells the sealer that there is something to seal.
func (c *core) hintSealer() {
	select {
	case c.sealNow <- struct{}{}:
	default:
	}
}
