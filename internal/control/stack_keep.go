package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"leat/internal/fleet"
	"leat/internal/runtime"
	"leat/internal/store"
	"leat/internal/wire"
)

// Sync writes the stacks of this version of the platform into the rows, and
// decides for instances of an earlier one what they are given: what they have.
// Nothing restarts for it.
func (c *Stacks) Sync(ctx context.Context) error {
	return c.write(ctx, fleet.System("upgrade"), fleet.StackEdit, func(s *step) error {
		if err := s.may("", "stack", ""); err != nil {
			return err
		}
		if err := s.syncStacks(); err != nil {
			return err
		}
		bare, err := s.FramelessInstances()
		if err != nil {
			return err
		}
		for _, i := range bare {
			if err := s.reframe(i); err != nil && !fleet.IsKind(err, fleet.NotFound) {
				return err
			}
		}
		return nil
	})
}

func (s *step) syncStacks() error {
	rows, err := s.Tx.Stacks()
	if err != nil {
		return err
	}
	hasDefault := slices.ContainsFunc(rows, func(st *fleet.Stack) bool { return st.Default })
	for n, b := range s.c.Stacks {
		if err := s.InsertStackLock(b.lock(s.now)); err != nil {
			return err
		}
		at := slices.IndexFunc(rows, func(st *fleet.Stack) bool { return st.ID == b.ID })
		if at < 0 {
			st := b.noun()
			st.Default, st.CreatedAt = !hasDefault && n == 0, s.now
			err = s.InsertStack(st)
		} else {
			err = s.syncStack(rows[at], b)
		}
		if err != nil {
			return err
		}
	}
	for _, st := range rows {
		gone := !slices.ContainsFunc(s.c.Stacks, func(b Stack) bool { return b.ID == st.ID })
		if st.BuiltIn && gone {
			st.BuiltIn = false
			if err := s.UpdateStack(st); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncStack brings the row of a built-in stack to this version's lock. Its name
// and whether it is offered are the administrators'.
func (s *step) syncStack(st *fleet.Stack, b Stack) error {
	if st.Digest == b.Digest && st.BuiltIn {
		return nil
	}
	before := st.Digest
	st.Digest, st.BuiltIn = b.Digest, true
	if err := s.UpdateStack(st); err != nil {
		return err
	}
	s.hintStack(st)
	return s.auditStack("stack.upgrade", st, map[string]any{"before": before, "digest": b.Digest, "nodeRed": b.Versions.NodeRED, "nodeJs": b.Versions.NodeJS})
}

// Wanted lists the stacks whose versions are still to be resolved, and the locks
// that are to lie ready, the most needed first.
func (c *Stacks) Wanted(ctx context.Context) (resolve []*fleet.Stack, digests []string, err error) {
	err = c.read(ctx, fleet.System("stacks"), fleet.TypeList, func(s *step) error {
		if err := s.may("", "stack", ""); err != nil {
			return err
		}
		stacks, err := s.allStacks()
		if err != nil {
			return err
		}
		used, err := s.DigestsInUse()
		if err != nil {
			return err
		}
		slices.SortStableFunc(stacks, func(a, b *fleet.Stack) int { return rank(a) - rank(b) })
		for _, st := range stacks {
			switch {
			case st.Digest == "" && st.Reason == "":
				resolve = append(resolve, st)
			case st.Digest != "" && st.Active:
				digests = append(digests, st.Digest)
			}
		}
		for _, digest := range used {
			if digest != "" && !slices.Contains(digests, digest) {
				digests = append(digests, digest)
			}
		}
		return nil
	})
	return resolve, digests, err
}

func rank(st *fleet.Stack) int {
	if st.Default {
		return 0
	}
	return 1
}

// Used lists the locks that must stay on this machine: those of the stacks that
// are offered, those that instances are given, and those on which Node-RED runs at
// this moment. certain is false while a runner of an earlier version does not say.
func (c *Stacks) Used(ctx context.Context) (digests []string, certain bool, err error) {
	_, digests, err = c.Wanted(ctx)
	if err != nil {
		return nil, false, err
	}
	certain = true
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		reports, err := tx.InstanceReports()
		for _, text := range reports {
			var r wire.Report
			if json.Unmarshal([]byte(text), &r) != nil {
				continue
			}
			if r.Stack != "" {
				digests = append(digests, r.Stack)
			} else if !r.StartedAt.IsZero() {
				certain = false
			}
		}
		return err
	})
	return digests, certain, err
}

// Resolved keeps the lock that a stack's versions led to.
func (c *Stacks) Resolved(ctx context.Context, id string, made *runtime.Stack) error {
	return c.keep(ctx, id, func(s *step, st *fleet.Stack) error {
		all, err := s.Tx.Stacks()
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.ID != id && other.Digest == made.Digest {
				st.Reason = "This is the stack " + other.Name + " already."
				return s.UpdateStack(st)
			}
		}
		st.Digest, st.Reason = made.Digest, ""
		st.Versions = fleet.StackVersions{NodeRED: made.NodeRED, NodeJS: made.NodeJS, Dashboard: made.Dashboard}
		if err := s.InsertStackLock(&store.StackLock{Digest: made.Digest, Lock: made.Text(), Versions: st.Versions, ArchiveBytes: made.ArchiveBytes, CreatedAt: s.now}); err != nil {
			return err
		}
		if err := s.UpdateStack(st); err != nil {
			return err
		}
		return s.auditStack("stack.resolve", st, map[string]any{"digest": st.Digest, "nodeRed": made.NodeRED, "nodeJs": made.NodeJS, "dashboard": made.Dashboard})
	})
}

// Unresolved keeps why a stack's versions led to nothing.
func (c *Stacks) Unresolved(ctx context.Context, id string, why error) error {
	reason := "The versions could not be resolved. The server's log says why; add the stack again to try once more."
	var e *fleet.Error
	if errors.As(why, &e) && e.Msg != "" {
		reason = e.Msg
	}
	return c.keep(ctx, id, func(s *step, st *fleet.Stack) error {
		st.Reason = cutText(reason, maxReason)
		return s.UpdateStack(st)
	})
}

// keep changes a stack that is still to be resolved; one that is gone or was
// resolved meanwhile is left alone.
func (c *Stacks) keep(ctx context.Context, id string, fn func(*step, *fleet.Stack) error) error {
	return c.write(ctx, fleet.System("stacks"), fleet.StackEdit, func(s *step) error {
		st, err := s.inStack(id)
		if fleet.IsKind(err, fleet.NotFound) || err == nil && st.Digest != "" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(s, st); err != nil {
			return err
		}
		s.hintStack(st)
		return nil
	})
}

// lockGrace is how long a lock that nothing names is kept all the same.
const lockGrace = 24 * time.Hour

// Expire forgets the locks that nothing names any more.
func (c *Stacks) Expire(ctx context.Context) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteStackLocks(c.Now().Add(-lockGrace))
		return err
	})
}
