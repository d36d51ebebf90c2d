package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/runtime"
	"leat/internal/store"
)

func (b Stack) lock(now time.Time) *store.StackLock {
	return &store.StackLock{Digest: b.Digest, Lock: b.Lock, Versions: b.Versions, ArchiveBytes: b.ArchiveBytes, CreatedAt: now}
}

// maxStacks bounds the list, which every form that makes an instance shows.
const maxStacks = 100

// Create adds a stack by versions, which are resolved afterwards, or by a lock.
// Versions that could not be resolved before are tried again.
func (c *Stacks) Create(ctx context.Context, who fleet.Actor, in api.NewStack) (out *SeenStack, err error) {
	var draft fleet.Stack
	var lock *store.StackLock
	var fault error
	if who.May(fleet.StackEdit, fleet.RoleNone, "stack") == nil { // a lock is large, and read for nobody else
		draft, lock, fault = c.draft(in)
	}
	err = c.write(ctx, who, fleet.StackEdit, func(s *step) error {
		if err := s.may("", "stack", draft.ID); err != nil {
			return err
		}
		if fault != nil {
			return fault
		}
		all, err := s.allStacks()
		if err != nil {
			return err
		}
		if len(all) >= maxStacks {
			return &fleet.Error{Kind: fleet.Conflict, Code: "too_many_stacks", Msg: "There are 100 stacks already. Delete those that nothing runs on."}
		}
		made := draft
		made.CreatedAt = s.now
		if lock != nil {
			lock.CreatedAt = s.now
			if err := s.InsertStackLock(lock); err != nil {
				return err
			}
		}
		if err := s.insertStack(&made, all); err != nil {
			return err
		}
		out = &SeenStack{Stack: made}
		s.hintStack(&made)
		return s.auditStack("stack.create", &made, map[string]any{"nodeRed": versionOf(made).NodeRED, "nodeJs": versionOf(made).NodeJS, "digest": made.Digest})
	})
	return out, err
}

func versionOf(st fleet.Stack) fleet.StackVersions {
	if st.Digest == "" {
		return st.Wanted
	}
	return st.Versions
}

// draft checks what a stack is to be.
func (c *Stacks) draft(in api.NewStack) (fleet.Stack, *store.StackLock, error) {
	st := fleet.Stack{Active: true, Version: 1}
	asked := fleet.StackVersions{NodeRED: in.NodeRed, NodeJS: in.NodeJS, Dashboard: in.Dashboard}
	var lock *store.StackLock
	switch {
	case len(in.Lock) > 0 && asked != (fleet.StackVersions{}):
		return st, nil, fleet.InvalidField("lock", "Give versions or a lock, not both.")
	case len(in.Lock) > 0:
		read, err := runtime.FromLock(in.Lock)
		if err != nil {
			return st, nil, err
		}
		st.Digest, st.Versions = read.Digest, fleet.StackVersions{NodeRED: read.NodeRED, NodeJS: read.NodeJS, Dashboard: read.Dashboard}
		lock = &store.StackLock{Digest: read.Digest, Lock: read.Text(), Versions: st.Versions}
	default:
		if err := asked.Check(); err != nil {
			return st, nil, err
		}
		st.Wanted = asked
	}
	st.ID, st.Name = fleet.StackIDFrom(versionOf(st)), versionOf(st).Name()
	if in.Name == "" {
		return st, lock, nil
	}
	var err error
	st.Name, err = fleet.CleanName("name", in.Name)
	return st, lock, err
}

// insertStack writes a stack that is none of those there are, or that failed.
func (s *step) insertStack(st *fleet.Stack, all []*fleet.Stack) error {
	for _, other := range all {
		if st.Digest != "" && other.Digest == st.Digest || st.Digest == "" && (other.Wanted == st.Wanted || other.Digest != "" && other.Versions == st.Wanted) {
			if other.Digest != "" || other.Reason == "" {
				return &fleet.Error{Kind: fleet.Conflict, Code: "stack_exists", Msg: fmt.Sprintf("This is the stack %s already.", other.Name)}
			}
			other.Reason, other.Name = "", st.Name
			if err := s.UpdateStack(other); err != nil {
				return err
			}
			*st = *other
			return nil
		}
	}
	base := st.ID
	for n := 2; slices.ContainsFunc(all, func(o *fleet.Stack) bool { return o.ID == st.ID }); n++ {
		st.ID = fmt.Sprintf("%s-%d", base, n)
	}
	return s.InsertStack(st)
}

func (s *step) hintStack(st *fleet.Stack) {
	s.hint(fleet.Event{Noun: "stack", ID: st.ID, Version: st.Version})
}

func (s *step) auditStack(event string, st *fleet.Stack, detail map[string]any) error {
	return s.audit(fleet.AuditEvent{Event: event, Object: st.ID, Name: st.Name, Detail: detail})
}

// inStack finds a stack for who may change it.
func (s *step) inStack(id string) (*fleet.Stack, error) {
	if err := s.may("", "stack", id); err != nil {
		return nil, err
	}
	return s.Tx.Stack(id)
}

// Update changes a stack.
func (c *Stacks) Update(ctx context.Context, who fleet.Actor, id string, in api.EditStack, match int64) (out *SeenStack, err error) {
	err = c.write(ctx, who, fleet.StackEdit, func(s *step) error {
		st, err := s.inStack(id)
		if err != nil {
			return err
		}
		if err := stale(match, st.Version, &SeenStack{Stack: *st}); err != nil {
			return err
		}
		old := *st
		if err := s.applyStack(st, in); err != nil {
			return err
		}
		diff := changes{}
		diff.note("name", old.Name, st.Name)
		diff.note("active", old.Active, st.Active)
		diff.note("default", old.Default, st.Default)
		diff.note("replacedBy", old.ReplacedBy, st.ReplacedBy)
		counts, err := s.StackCounts()
		if err != nil {
			return err
		}
		out = &SeenStack{*st, counts[id]}
		if len(diff) == 0 {
			return nil
		}
		if err := s.UpdateStack(&out.Stack); err != nil {
			return err
		}
		s.hintStack(&out.Stack)
		return s.auditStack("stack.edit", &out.Stack, diff)
	})
	return out, err
}

func (s *step) applyStack(st *fleet.Stack, in api.EditStack) error {
	var errs [4]error
	if in.Name.Set {
		st.Name, errs[0] = fleet.CleanName("name", in.Name.Value)
	}
	if in.Active.Set {
		st.Active = in.Active.Value
	}
	if in.Default.Set && !in.Default.Value && st.Default {
		errs[1] = fleet.InvalidField("default", "Make another stack the default instead.")
	}
	if in.Default.Set && in.Default.Value && !st.Default {
		errs[1] = s.makeDefault(st)
	}
	if st.Default && !st.Active {
		errs[2] = fleet.InvalidField("active", "This stack is the default. Make another one the default before you retire it.")
	}
	if in.ReplacedBy.Set {
		st.ReplacedBy, errs[3] = in.ReplacedBy.Value, s.checkReplacement(st.ID, in.ReplacedBy.Value)
	}
	return together(errs[:]...)
}

// makeDefault takes the default from the stack that has it.
func (s *step) makeDefault(st *fleet.Stack) error {
	if st.Digest == "" {
		return fleet.InvalidField("default", "This stack is still being made. Make it the default when it is ready.")
	}
	all, err := s.Tx.Stacks()
	if err != nil {
		return err
	}
	for _, other := range all {
		if !other.Default || other.ID == st.ID {
			continue
		}
		other.Default = false
		if err := s.UpdateStack(other); err != nil {
			return err
		}
		s.hintStack(other)
	}
	st.Default = true
	return nil
}

// checkReplacement refuses what is no other stack, and a circle.
func (s *step) checkReplacement(id, by string) error {
	for at, n := by, 0; at != ""; n++ {
		if at == id || n > maxStacks {
			return fleet.InvalidField("replacedBy", "A stack cannot be replaced by itself, nor by one that it replaces.")
		}
		next, err := s.stack(at)
		if fleet.IsKind(err, fleet.NotFound) {
			return fleet.InvalidField("replacedBy", "There is no such stack. Choose one of the list.")
		}
		if err != nil {
			return err
		}
		at = next.ReplacedBy
	}
	return nil
}

// Delete removes a stack that nothing runs on. Its lock stays as long as a
// snapshot needs it.
func (c *Stacks) Delete(ctx context.Context, who fleet.Actor, id string) error {
	return c.write(ctx, who, fleet.StackEdit, func(s *step) error {
		st, err := s.inStack(id)
		if err != nil {
			return err
		}
		counts, err := s.StackCounts()
		switch n := counts[id]; {
		case err != nil:
			return err
		case n == 1:
			return stackKept("stack_in_use", "An instance runs on this stack. Move it to another one first.")
		case n > 1:
			return stackKept("stack_in_use", fmt.Sprintf("%d instances run on this stack. Move them to another one first.", n))
		case st.BuiltIn:
			return stackKept("stack_built_in", "This stack comes with the platform. Retire it instead: then nothing new is made on it.")
		case st.Default:
			return stackKept("stack_default", "This stack is the default. Make another one the default first.")
		}
		if err := s.DeleteStack(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "stack", ID: id, Deleted: true})
		return s.auditStack("stack.delete", st, map[string]any{"digest": st.Digest})
	})
}

func stackKept(code, msg string) error {
	return &fleet.Error{Kind: fleet.Conflict, Code: code, Msg: msg}
}
