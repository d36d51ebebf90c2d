package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/store"
	"leat/internal/wire"
)

// Packages brings the packages of a lock to where instances take them from. It
// fails where one is no longer to be had.
type Packages interface {
	Fetch(ctx context.Context, lock json.RawMessage) error
}

// Restored is an instance after a restore or an import.
type Restored struct {
	*Instance
	// Safety is the snapshot of what it held before, "" where nothing changed.
	Safety fleet.SnapshotID
	// Changed are the components that differed.
	Changed []string
}

// fetchFor is how long a restore waits for packages that are not at hand. What
// has come by then is there at the next try.
const fetchFor = 25 * time.Second

// Restore gives an instance the content of a snapshot, or some of it. What it
// held before is kept first; restoring that undoes it.
func (c *Snapshots) Restore(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.Restore) (*Restored, error) {
	wanted, err := componentsOf(in.Components)
	if err != nil {
		return nil, err
	}
	p, snap, err := c.planRestore(ctx, who, id, fleet.SnapshotID(in.Snapshot), wanted)
	if err != nil || len(p.changed) == 0 {
		return &Restored{Instance: p.instance, Changed: p.changed}, err
	}
	next, err := c.preflight(ctx, p.next.stack, &p.next.modules, &p.old.modules)
	if err != nil {
		return nil, err
	}
	p.next.modules = *next
	if err := c.makeReady(ctx, p); err != nil {
		return nil, err
	}
	return c.replace(ctx, who, fleet.InstanceRestore, p, replacing{
		event: "instance.restore", kind: fleet.TimelineRestore, trigger: fleet.TriggerRestore, from: string(snap.ID), name: nameOf(snap),
		detail: map[string]any{"snapshot": string(snap.ID), "digest": snap.Digest},
	})
}

// nameOf is what people call a snapshot.
func nameOf(snap *fleet.Snapshot) string {
	if snap.Name != "" {
		return snap.Name
	}
	return snap.CreatedAt.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// plan is how an instance is to come by another content.
type plan struct {
	instance  *Instance
	old, next holding
	was       sketch
	// stack is the id of the stack it is to run on, "" for the one it has: its lock
	// may be an earlier one that no stack has any more.
	stack   string
	changed []string
	// safety holds the old content, draft the next one.
	safety, draft *draft
	// flows are the next ones, made ready for their row.
	flows *flowsReady
}

// planRestore reads both sides and says what of the instance would change.
func (c *Snapshots) planRestore(ctx context.Context, who fleet.Actor, id fleet.InstanceID, from fleet.SnapshotID, wanted fleet.Components) (p *plan, snap *fleet.Snapshot, err error) {
	p = &plan{}
	err = c.read(ctx, who, fleet.InstanceRestore, func(s *step) error {
		if p.instance, err = s.inContent(id); err != nil {
			return err
		}
		snap, err = s.Snapshot(from)
		if err == nil && snap.Team != p.instance.Team {
			err = fleet.ErrNotFound("snapshot")
		}
		if err != nil {
			return err
		}
		m, err := s.SnapshotContent(snap.ID)
		if err != nil {
			return err
		}
		secrets := &fleet.Secrets{}
		if wanted.Credentials || wanted.Environment == fleet.EnvironmentAll {
			if secrets, err = s.openSecrets(snap); err != nil {
				return err
			}
		}
		return s.plan(p, m, secrets, wanted)
	})
	return p, snap, err
}

// plan fills in what an instance holds and what it would hold.
func (s *step) plan(p *plan, m *fleet.Manifest, secrets *fleet.Secrets, wanted fleet.Components) error {
	old, err := s.lookAt(&p.instance.Instance, true)
	if err != nil {
		return err
	}
	p.old, p.next = *old, *old
	if p.was, err = old.sketch(s.c); err != nil {
		return err
	}
	if err := p.next.take(m, secrets, wanted); err != nil {
		return err
	}
	if p.next.stack != old.stack {
		st, found, err := s.stackOf(p.next.stack)
		if err != nil {
			return err
		}
		if found {
			p.stack = st.ID
		} else if _, err := s.stackLock(p.next.stack); fleet.IsKind(err, fleet.NotFound) {
			return &fleet.Error{Kind: fleet.Conflict, Code: "stack_unknown", Msg: "This platform does not have the stack of the snapshot. Nothing was changed. Restore it without its stack, or ask an administrator to add the stack."}
		} else if err != nil {
			return err
		}
	}
	p.changed, err = p.old.differs(&p.next)
	return err
}

// take sets what was chosen of a manifest. What the manifest does not have stays
// as it is.
func (h *holding) take(m *fleet.Manifest, secrets *fleet.Secrets, wanted fleet.Components) (err error) {
	if wanted.Flows && m.Has(fleet.PartFlows) {
		h.flows = m.Flows
		if len(h.flows) == 0 {
			h.flows = json.RawMessage("[]")
		}
		if h.flowsDigest, err = wire.Digest(h.flows); err != nil {
			return fmt.Errorf("digest of a snapshot's flows: %w", err)
		}
	}
	if wanted.Credentials && m.Has(fleet.PartCredentials) {
		if err := h.takeCredentials(secrets.Credentials, wanted.Flows); err != nil {
			return err
		}
	}
	if wanted.Environment != fleet.EnvironmentNone && m.Has(fleet.PartEnvironment) {
		h.environment = environmentFrom(h.environment, m, secrets.Hidden, wanted.Environment == fleet.EnvironmentAll)
	}
	if wanted.Settings && m.Has(fleet.PartSettings) {
		h.timeZone, h.persistent = settingsOf(m)
	}
	if wanted.Modules && m.Has(fleet.PartModules) {
		h.modules = store.Modules{Direct: m.Modules.Direct, Lock: m.Modules.Lock}
		if len(m.Modules.Direct) == 0 {
			h.modules = store.Modules{}
		}
		if h.modules.Digest, err = wire.Digest(h.modules.Lock); err != nil {
			return fmt.Errorf("digest of a snapshot's modules: %w", err)
		}
	}
	if wanted.Stack && m.Has(fleet.PartStack) && m.Stack != "" {
		h.stack = m.Stack
	}
	return nil
}

// takeCredentials replaces credentials together with the flows; without them it
// adds to what is there.
func (h *holding) takeCredentials(credentials map[string]json.RawMessage, whole bool) error {
	all := map[string]json.RawMessage{}
	if !whole && len(h.credentials) > 0 {
		if err := json.Unmarshal(h.credentials, &all); err != nil {
			return fmt.Errorf("read credentials: %w", err)
		}
	}
	for id, fields := range credentials {
		all[id] = fields
	}
	text, err := wire.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode credentials: %w", err)
	}
	h.credentials = text
	return nil
}

// environmentFrom are the variables of a manifest. A value that it does not have
// is the one that the instance has.
func environmentFrom(old []fleet.Variable, m *fleet.Manifest, hidden map[string]string, values bool) []fleet.Variable {
	has := map[string]fleet.Variable{}
	for _, v := range old {
		has[v.Name] = v
	}
	out := make([]fleet.Variable, len(m.Environment))
	for n, v := range m.Environment {
		secret, kept := hidden[v.Name]
		switch was, there := has[v.Name]; {
		case values && v.Hidden && kept:
			v.Value = secret
		case values && !v.Hidden && m.Has(fleet.PartValues):
		case there && (was.Hidden == v.Hidden || !was.Hidden):
			v.Value = was.Value
		default:
			v.Value = ""
		}
		out[n] = v
	}
	return out
}

// preflight makes sure that modules are to be had before anything changes, and
// chooses versions where only ranges are known. What is in use already is.
func (c *core) preflight(ctx context.Context, stack string, m, used *store.Modules) (*store.Modules, error) {
	if len(m.Direct) == 0 || used != nil && m.Digest != "" && m.Digest == used.Digest {
		return m, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchFor)
	defer cancel()
	if len(m.Lock) == 0 {
		next, err := c.chooseVersions(ctx, stack, m.Direct)
		if err != nil {
			return nil, noModules(err)
		}
		m = next
	}
	if _, err := npm.ParseLock(m.Lock); err != nil {
		return nil, noModules(err)
	}
	if c.Packages == nil {
		return m, nil
	}
	if err := c.Packages.Fetch(ctx, m.Lock); err != nil {
		return nil, noModules(err)
	}
	return m, nil
}

// chooseVersions resolves ranges for a stack.
func (c *core) chooseVersions(ctx context.Context, stack string, wanted map[string]string) (*store.Modules, error) {
	if c.Resolver == nil {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "no_registry", Msg: "This platform has no package registry."}
	}
	lock, err := c.Resolver.Resolve(ctx, stack, wanted, nil)
	if err != nil {
		return nil, err
	}
	return resolved(lock, wanted, "")
}

// noModules says that the modules of a snapshot are not to be had, why, and that
// nothing was lost.
func noModules(err error) error {
	out := &fleet.Error{Kind: fleet.Conflict, Code: "modules_unavailable", Err: err}
	why := "The platform's log says why."
	var known *fleet.Error
	switch {
	case errors.As(err, &known):
		if out.Kind = known.Kind; out.Kind == fleet.Internal || out.Kind == fleet.NotFound {
			out.Kind = fleet.Conflict
		}
		why = known.Msg
	case errors.Is(err, context.DeadlineExceeded):
		out.Kind, why = fleet.Unavailable, "The package registry is slow; what has come so far is kept, so try again."
	}
	out.Msg = "The modules of the snapshot cannot be installed, and nothing was changed. " + why + " You can restore it without its modules."
	return out
}

// makeReady makes both contents of a plan ready to be kept.
func (c *core) makeReady(ctx context.Context, p *plan) (err error) {
	if p.safety, err = c.makeDraft(&p.old); err != nil {
		return err
	}
	if p.draft, err = c.makeDraft(&p.next); err != nil {
		return err
	}
	p.draft.compare(&p.old, &p.next)
	if p.flows, err = readyFlows(p.next.flows); err != nil {
		return err
	}
	if err := c.DB.Prepare(ctx, p.safety.content); err != nil {
		return err
	}
	return c.DB.Prepare(ctx, p.draft.content)
}

// componentsOf reads what somebody chose; what is left out is taken.
func componentsOf(in *api.Components) (fleet.Components, error) {
	out := fleet.AllComponents
	if in == nil {
		return out, nil
	}
	for _, one := range []struct {
		to   *bool
		from *bool
	}{{&out.Flows, in.Flows}, {&out.Credentials, in.Credentials}, {&out.Settings, in.Settings}, {&out.Modules, in.Modules}, {&out.Stack, in.Stack}} {
		if one.from != nil {
			*one.to = *one.from
		}
	}
	return out, environmentChoice(&out, in.Environment)
}

func environmentChoice(out *fleet.Components, choice string) error {
	switch c := fleet.EnvironmentChoice(choice); c {
	case "":
	case fleet.EnvironmentAll, fleet.EnvironmentKeys, fleet.EnvironmentNone:
		out.Environment = c
	default:
		return fleet.InvalidField("components.environment", "The environment is taken as all, keys or none.")
	}
	if *out == (fleet.Components{Environment: fleet.EnvironmentNone}) {
		return fleet.InvalidField("components", "Choose at least one component.")
	}
	return nil
}
