package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
	"leat/internal/store"
	"leat/internal/wire"
)

// Stacks is the verbs of what instances run on.
type Stacks struct{ *core }

// Stack is one that comes with this version of the platform.
type Stack struct {
	ID, Name, Digest string
	Versions         fleet.StackVersions
	ArchiveBytes     map[string]int64
	// Lock is what npm made; nothing in tests.
	Lock []byte
}

func (b Stack) noun() *fleet.Stack {
	return &fleet.Stack{ID: b.ID, Name: b.Name, Digest: b.Digest, Versions: b.Versions, ArchiveBytes: b.ArchiveBytes, Active: true, BuiltIn: true, Version: 1}
}

// SeenStack is a stack and how many instances it has, for who may know that.
type SeenStack struct {
	fleet.Stack
	Instances int
}

// List lists the stacks by name.
func (c *Stacks) List(ctx context.Context, who fleet.Actor) (list []*SeenStack, err error) {
	err = c.read(ctx, who, fleet.TypeList, func(s *step) error {
		if err := s.may("", "stack", ""); err != nil {
			return err
		}
		stacks, err := s.allStacks()
		if err != nil {
			return err
		}
		counts := map[string]int{}
		if who.Admin {
			if counts, err = s.StackCounts(); err != nil {
				return err
			}
		}
		list = make([]*SeenStack, len(stacks))
		for n, one := range stacks {
			list[n] = &SeenStack{*one, counts[one.ID]}
		}
		return nil
	})
	return list, err
}

// allStacks are those of the rows; before the rows were first made, the ones that
// come with the platform.
func (s *step) allStacks() ([]*fleet.Stack, error) {
	stacks, err := s.Tx.Stacks()
	if err != nil || len(stacks) > 0 {
		return stacks, err
	}
	for n, b := range s.c.Stacks {
		one := b.noun()
		one.Default = n == 0
		stacks = append(stacks, one)
	}
	return stacks, nil
}

// stack finds a stack, or says that there is none.
func (s *step) stack(id string) (*fleet.Stack, error) {
	stacks, err := s.allStacks()
	if err != nil {
		return nil, err
	}
	for _, one := range stacks {
		if one.ID == id || id == "" && one.Default {
			return one, nil
		}
	}
	return nil, fleet.ErrNotFound("stack")
}

// chooseStack finds the stack that an instance is to run on from now on; "" is
// the default.
func (s *step) chooseStack(id string) (*fleet.Stack, error) {
	st, err := s.stack(id)
	switch {
	case fleet.IsKind(err, fleet.NotFound):
		return nil, fleet.InvalidField("stack", "There is no such stack. Choose one of the list.")
	case err != nil:
		return nil, err
	case !st.Active:
		return nil, fleet.InvalidField("stack", "This stack is retired: instances that have it keep it, and no other may choose it.")
	case st.Digest == "":
		return nil, fleet.InvalidField("stack", "This stack is still being made. Choose it when it is ready.")
	}
	return st, nil
}

// frame is what an instance of a stack and a type is given now. One that has an
// earlier lock of the same stack keeps it until the new one lies on this machine:
// a start must not depend on a download that it can do without.
func (s *step) frame(i *fleet.Instance, st *fleet.Stack) (fleet.Frame, error) {
	size, err := s.InstanceType(i.Type)
	if err != nil {
		return fleet.Frame{}, err
	}
	f := fleet.Frame{Digest: st.Digest, MemoryMiB: size.MemoryMiB, CPUPercent: size.CPUPercent}
	if i.Stack == st.ID && i.Given.Digest != "" && !s.laid(st.Digest) && s.laid(i.Given.Digest) {
		f.Digest = i.Given.Digest
	}
	return f, nil
}

// laid tells whether a lock is laid out on this machine, as far as anybody knows.
func (s *step) laid(digest string) bool { return s.c.StackReady == nil || s.c.StackReady(digest) }

// reframe gives an instance what its stack and type say now: when it is made,
// started or restarted on purpose, or when one of the two is changed.
func (s *step) reframe(i *fleet.Instance) error {
	st, err := s.stack(i.Stack)
	if fleet.IsKind(err, fleet.NotFound) && i.Given.Digest != "" {
		return nil // it goes on with what it has
	}
	if err != nil {
		return err
	}
	if i.Given, err = s.frame(i, st); err != nil {
		return err
	}
	return s.FrameInstance(i)
}

// framed writes what follows from an edit for what an instance is given, and names
// the modules that ask for another Node.js than a new stack has.
func (s *step) framed(i, old *fleet.Instance) (unfit []string, err error) {
	if i.PersistentContext != old.PersistentContext {
		if err := s.KeepContext(i.ID, i.PersistentContext); err != nil {
			return nil, err
		}
	}
	if i.Stack == old.Stack && i.Type == old.Type {
		return nil, nil
	}
	if i.Stack != old.Stack {
		i.Given.Digest = ""
		lock, err := s.moduleLock(i.ID)
		if err != nil {
			return nil, err
		}
		st, err := s.stack(i.Stack)
		if err != nil {
			return nil, err
		}
		for _, m := range misfits(lock, st) {
			unfit = append(unfit, m.Module+"@"+m.Version)
		}
	}
	return unfit, s.reframe(i)
}

// given is what an instance runs on. Before that was decided it is what its stack
// and type say now.
func (s *step) given(i *fleet.Instance) (fleet.Frame, error) {
	if i.Given.Digest != "" && i.Given.MemoryMiB > 0 {
		return i.Given, nil
	}
	st, err := s.stack(i.Stack)
	if fleet.IsKind(err, fleet.NotFound) {
		return i.Given, &fleet.Error{Kind: fleet.Conflict, Code: "stack_not_found", Msg: fmt.Sprintf("The stack %s is not known to this platform. Choose another one for the instance.", i.Stack)}
	}
	if err != nil {
		return i.Given, err
	}
	return s.frame(i, st)
}

// weigh tells of instances that run what a restart would bring.
func (s *step) weigh(list ...*Instance) error {
	stacks, err := s.allStacks()
	if err != nil {
		return err
	}
	sizes, err := s.InstanceTypes()
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.Want() != fleet.WantRunning {
			continue
		}
		u := &api.Update{}
		var brings []string
		add := func(part, words string) { u.Parts, brings = append(u.Parts, part), append(brings, words) }
		for _, st := range stacks {
			if st.ID == i.Stack && i.Given.Digest != "" && st.Digest != "" && st.Digest != i.Given.Digest && s.laid(st.Digest) {
				add("stack", st.Versions.Name())
			}
		}
		for _, size := range sizes {
			if size.ID == i.Type && i.Given.MemoryMiB > 0 && (size.MemoryMiB != i.Given.MemoryMiB || size.CPUPercent != i.Given.CPUPercent) {
				add("limits", fmt.Sprintf("%d MiB of memory and %d %% of a core", size.MemoryMiB, size.CPUPercent))
			}
		}
		if slices.Contains(i.Seen.Stale, "address") {
			add("address", "the platform's new address")
		}
		if slices.Contains(i.Seen.Stale, "platform") {
			add("platform", "what the new version of the platform has inside Node-RED")
		}
		if len(brings) > 0 {
			u.Reason = "A restart brings " + strings.Join(brings, ", ") + "."
			i.Update = u
		}
	}
	return nil
}

// Choices lists the stacks that an instance may move to, and which of its modules
// would not like it.
func (c *Stacks) Choices(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (out []api.StackChoice, err error) {
	err = c.read(ctx, who, fleet.InstanceRead, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		stacks, err := s.allStacks()
		if err != nil {
			return err
		}
		lock, err := s.moduleLock(id)
		if err != nil {
			return err
		}
		for _, st := range stacks {
			if st.Digest == "" || !st.Active && st.ID != i.Stack {
				continue
			}
			out = append(out, api.StackChoice{
				Stack: st.ID, Name: st.Name, NodeRed: st.Versions.NodeRED, NodeJS: st.Versions.NodeJS, Current: st.ID == i.Stack,
				Ready: s.laid(st.Digest), Misfits: misfits(lock, st),
			})
		}
		return nil
	})
	return out, err
}

// moduleLock is the lock of an instance's modules, or nil.
func (s *step) moduleLock(id fleet.InstanceID) (*npm.Lock, error) {
	m, err := s.Tx.Modules(id)
	if err != nil || len(m.Lock) == 0 {
		return nil, err
	}
	return npm.ParseLock(m.Lock)
}

func misfits(lock *npm.Lock, st *fleet.Stack) []api.Misfit {
	out := []api.Misfit{}
	if lock == nil {
		return out
	}
	for _, m := range Misfits(lock, st.Versions.NodeJS) {
		out = append(out, api.Misfit{Module: m.Name, Version: m.Version, Wants: m.Wants, Has: st.Versions.NodeJS})
	}
	return out
}

// Uses lists the instances that run on a stack, of all teams.
func (c *Stacks) Uses(ctx context.Context, who fleet.Actor, id string, p store.Page) (list []store.StackUse, st *fleet.Stack, next string, err error) {
	err = c.read(ctx, who, fleet.StackEdit, func(s *step) error {
		if err := s.may("", "stack", id); err != nil {
			return err
		}
		if st, err = s.stack(id); err != nil {
			return err
		}
		list, next, err = s.StackUses(id, p)
		return err
	})
	return list, st, next, err
}

// Given is the lock that an instance is given, for its runner.
func (c *Stacks) Given(ctx context.Context, who fleet.Actor, in wire.StackAsk) (out wire.StackLock, err error) {
	err = c.read(ctx, who, fleet.RunnerReport, func(s *step) error {
		if err := s.may("", "instance", string(who.Runner)); err != nil {
			return err
		}
		i, err := s.InstanceAlone(who.Runner)
		if err != nil {
			return err
		}
		if i.Given.Digest != in.Digest {
			return fleet.ErrNotFound("stack")
		}
		l, err := s.stackLock(in.Digest)
		if err == nil {
			out = wire.StackLock{Digest: l.Digest, Lock: l.Lock, ArchiveBytes: l.ArchiveBytes}
		}
		return err
	})
	return out, err
}

// stackLock finds a lock in the rows or among those of this platform.
func (s *step) stackLock(digest string) (*store.StackLock, error) {
	for _, b := range s.c.Stacks {
		if b.Digest == digest && b.Lock != nil {
			return b.lock(s.now), nil
		}
	}
	return s.Tx.StackLock(digest)
}

// Lock is a stack laid out from what is kept, for the part that lays stacks out.
func (c *Stacks) Lock(ctx context.Context, digest string) (st *runtime.Stack, err error) {
	err = c.read(ctx, fleet.System("stacks"), fleet.TypeList, func(s *step) error {
		if err := s.may("", "stack", digest); err != nil {
			return err
		}
		l, err := s.stackLock(digest)
		if err != nil {
			return err
		}
		if st, err = runtime.FromLock(l.Lock); err != nil {
			return err
		}
		if st.Digest != digest {
			return fmt.Errorf("the lock kept under %s is %s", digest, st.Digest)
		}
		st.ArchiveBytes = l.ArchiveBytes
		return nil
	})
	return st, err
}
