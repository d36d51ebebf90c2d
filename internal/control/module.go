package control

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/store"
	"leat/internal/wire"
)

// Modules is the verbs of palette modules: a change is resolved first and kept
// once its tree lies ready beside the instance.
type Modules struct{ *core }

// Resolver turns wanted modules, by name and range, into the lock of a tree that
// runs on the stack of a digest. npm stands behind it, and tests put something
// quicker there.
type Resolver interface {
	Resolve(ctx context.Context, stack string, wanted map[string]string, base json.RawMessage) (json.RawMessage, error)
}

// Resolve tells what the modules would be after a change, and changes nothing.
func (c *Modules) Resolve(ctx context.Context, who fleet.Actor, in wire.ModuleChange) (out wire.Modules, err error) {
	var i *store.Instance
	var have *store.Modules
	var before *store.ModuleChange
	var stack string // the digest of its lock
	err = c.read(ctx, who, fleet.RunnerDeploy, func(s *step) error {
		if err := s.may("", "instance", string(who.Runner)); err != nil {
			return err
		}
		if i, err = s.InstanceAlone(who.Runner); err != nil {
			return err
		}
		if have, err = s.Tx.Modules(i.ID); err != nil {
			return err
		}
		if stack, err = s.stackDigest(&i.Instance); err != nil {
			return err
		}
		before, err = s.ModuleChange(i.ID, in.ID)
		if fleet.IsKind(err, fleet.NotFound) {
			before, err = nil, nil
		}
		return err
	})
	switch {
	case err != nil:
		return out, err
	case before != nil:
		return wireModules(&before.Modules), nil
	case in.Base != have.Digest:
		return out, errModulesChanged
	}
	next, err := c.resolve(ctx, stack, have, in)
	if err != nil {
		return out, err
	}
	err = c.DB.Update(ctx, func(tx *store.Tx) error {
		return tx.InsertModuleChange(&store.ModuleChange{
			ID: in.ID, Instance: i.ID, CreatedAt: c.Now(), Summary: summary(in, next), Base: have.Digest, Modules: *next,
		})
	})
	return wireModules(next), err
}

var errModulesChanged = &fleet.Error{Kind: fleet.Conflict, Code: "modules_changed", Msg: "The modules were changed elsewhere in the meantime. Try again."}

func wireModules(m *store.Modules) wire.Modules {
	if len(m.Direct) == 0 {
		return wire.Modules{}
	}
	return wire.Modules{Direct: m.Direct, Lock: m.Lock, Digest: m.Digest}
}

func (c *Modules) resolve(ctx context.Context, stack string, have *store.Modules, in wire.ModuleChange) (*store.Modules, error) {
	wanted := map[string]string{}
	maps.Copy(wanted, have.Direct)
	switch {
	case in.ID == "" || (in.Install == "") == (in.Remove == ""):
		return nil, &fleet.Error{Kind: fleet.Invalid, Code: "invalid_input", Msg: "Name one module to install or one to remove."}
	case in.Remove != "":
		if _, there := wanted[in.Remove]; !there {
			return nil, &fleet.Error{Kind: fleet.NotFound, Code: "module_not_found", Msg: fmt.Sprintf("The module %s is not installed by itself.", in.Remove)}
		}
		delete(wanted, in.Remove)
	case in.Version != "":
		wanted[in.Install] = in.Version
	default:
		wanted[in.Install] = "latest"
	}
	if len(wanted) == 0 {
		return &store.Modules{Change: in.ID}, nil
	}
	if c.Resolver == nil {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "no_registry", Msg: "This platform has no package registry, so modules cannot be changed."}
	}
	lock, err := c.Resolver.Resolve(ctx, stack, wanted, have.Lock)
	if err != nil {
		return nil, err
	}
	return resolved(lock, wanted, in.ID)
}

// resolved reads from a lock which exact versions were chosen. It is read again
// here, whoever made it: only names, versions and integrity may stand in it.
func resolved(text json.RawMessage, wanted map[string]string, change fleet.DeployID) (*store.Modules, error) {
	lock, err := npm.ParseLock(text)
	if err != nil {
		return nil, err
	}
	m := &store.Modules{Direct: map[string]string{}, Lock: text, Change: change}
	for name := range wanted {
		p := lock.Packages["node_modules/"+name]
		if p == nil {
			return nil, fmt.Errorf("the lock lacks %s, which was asked for", name)
		}
		m.Direct[name] = p.Version
	}
	m.Digest, err = wire.Digest(text)
	return m, err
}

func summary(in wire.ModuleChange, next *store.Modules) string {
	if in.Remove != "" {
		return "remove " + in.Remove
	}
	return "install " + in.Install + "@" + next.Direct[in.Install]
}

// Commit keeps what Resolve answered, once the tree lies ready.
func (c *Modules) Commit(ctx context.Context, who fleet.Actor, in wire.ModuleCommit) (out wire.Deployed, err error) {
	next, err := c.draftOf(ctx, who, fleet.RunnerDeploy, who.Runner, func(h *holding) error { return c.withChange(ctx, who.Runner, in.ID, h) })
	if err != nil {
		return out, err
	}
	err = c.write(ctx, who, fleet.RunnerDeploy, func(s *step) error {
		if err := s.may("", "instance", string(who.Runner)); err != nil {
			return err
		}
		i, err := s.Instance(who.Runner)
		if err != nil {
			return err
		}
		have, err := s.Tx.Modules(i.ID)
		if err != nil {
			return err
		}
		if have.Change == in.ID && in.ID != "" {
			out.Version = i.SpecVersion
			return nil
		}
		change, err := s.ModuleChange(i.ID, in.ID)
		if fleet.IsKind(err, fleet.NotFound) || err == nil && (change.Base != have.Digest || change.Modules.Digest != in.Digest) {
			return errModulesChanged
		}
		if err != nil {
			return err
		}
		out.Version, err = s.commitModules(i, have, change, next)
		return err
	})
	return out, err
}

// withChange sets the modules that a change leads to. One that is not known is
// refused later, or was made already.
func (c *Modules) withChange(ctx context.Context, id fleet.InstanceID, change fleet.DeployID, h *holding) error {
	return c.DB.View(ctx, func(tx *store.Tx) error {
		m, err := tx.ModuleChange(id, change)
		if fleet.IsKind(err, fleet.NotFound) {
			return nil
		}
		if err == nil {
			h.modules = m.Modules
		}
		return err
	})
}

// changedModule names what differs between two sets of modules: the one that
// somebody installed, updated or removed.
func changedModule(before, after map[string]string) string {
	for _, names := range []map[string]string{after, before} {
		for name := range names {
			if before[name] != after[name] {
				return name
			}
		}
	}
	return ""
}

// moduleWitnessed is how old what the door saw may be when a change of modules
// is committed: downloads lie in between.
const moduleWitnessed = 15 * time.Minute

// moduleAuthor is the person who came through the door for a change of modules,
// or the instance itself.
func (s *step) moduleAuthor(id fleet.InstanceID, module string) (fleet.Actor, error) {
	self := s.who
	self.Username = selfAuthor
	door, err := s.DoorDeploy(id, moduleDigest(module), s.now.Add(-moduleWitnessed))
	if fleet.IsKind(err, fleet.NotFound) {
		return self, nil
	}
	if err != nil {
		return self, err
	}
	return fleet.Actor{Kind: fleet.ActorUser, User: door.User, Username: door.Username, Session: door.Session, Addr: door.Addr}, s.DeleteDoorDeploy(door.ID)
}

func (s *step) commitModules(i *store.Instance, have *store.Modules, change *store.ModuleChange, next *draft) (int64, error) {
	if err := s.UpdateModules(i.ID, &change.Modules, s.now); err != nil {
		return 0, err
	}
	if err := s.DeleteModuleChange(change.ID); err != nil {
		return 0, err
	}
	version, err := s.BumpSpec(i.ID, s.now)
	if err != nil {
		return 0, err
	}
	s.hintInstance(&i.Instance)
	detail := map[string]any{"change": change.Summary, "digest": change.Modules.Digest}
	if s.who, err = s.moduleAuthor(i.ID, changedModule(have.Direct, change.Modules.Direct)); err != nil {
		return 0, err
	}
	v := revision{kind: fleet.TimelineModules, trigger: fleet.TriggerModules, by: s.who, summary: api.TimelineSummary{Modules: diffModules(have.Direct, change.Modules.Direct)}}
	if err := s.keepVersion(i, next, v); err != nil {
		return 0, err
	}
	return version, s.auditInstance("module.change", &i.Instance, detail)
}

// diffModules names what differs between two sets of modules, each with the
// version it has afterwards.
func diffModules(before, after map[string]string) *api.ChangedNames {
	out := &api.ChangedNames{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		is := name + "@" + after[name]
		switch was, there := before[name]; {
		case !there:
			out.Added = append(out.Added, is)
		case was != after[name]:
			out.Changed = append(out.Changed, is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[name]; !there {
			out.Removed = append(out.Removed, name)
		}
	}
	return out
}

// Expire forgets changes that nobody committed.
func (c *Modules) Expire(ctx context.Context) error {
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) {
		return tx.DeleteOldModuleChanges(c.Now().Add(-time.Hour), expireBatch)
	})
}
