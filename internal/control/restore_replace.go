package control

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// replacing says by what and why an instance's content is replaced.
type replacing struct {
	event   string
	kind    fleet.TimelineKind
	trigger fleet.SnapshotTrigger
	// from is what the content came from, name what people call that.
	from, name string
	detail     map[string]any
}

// replace gives an instance the content of a plan in one transaction, with a
// snapshot of what it held before. Should the instance have changed since the
// plan was made, nothing happens.
func (c *core) replace(ctx context.Context, who fleet.Actor, perm fleet.Permission, p *plan, r replacing) (out *Restored, err error) {
	err = c.write(ctx, who, perm, func(s *step) error {
		i, err := s.inContent(p.instance.ID)
		if err != nil {
			return err
		}
		h, err := s.lookAt(&i.Instance, false)
		if err != nil {
			return err
		}
		if now, err := h.sketch(c); err != nil || now != p.was {
			return orMoved(err)
		}
		out = &Restored{Changed: p.changed}
		if out.Safety, err = s.keepBefore(&i.Instance, p.safety, r); err != nil {
			return err
		}
		if err := s.putHolding(&i.Instance, p); err != nil {
			return err
		}
		sum := api.TimelineSummary{Nodes: p.flows.nodes, NodeChanges: p.draft.nodes, Credentials: p.draft.credentials, Name: r.name, Source: r.from, Components: p.changed}
		if err := s.keepVersion(&i.Instance, p.draft, revision{kind: r.kind, trigger: r.trigger, by: s.who, from: r.from, summary: sum}); err != nil {
			return err
		}
		detail := map[string]any{"components": p.changed, "safety": string(out.Safety)}
		maps.Copy(detail, r.detail)
		if err := s.auditInstance(r.event, &i.Instance.Instance, detail); err != nil {
			return err
		}
		out.Instance, err = s.seeInstance(i.ID)
		return err
	})
	return out, err
}

func orMoved(err error) error {
	if err != nil {
		return err
	}
	return &fleet.Error{Kind: fleet.Conflict, Code: "instance_changed", Msg: "Somebody changed the instance in this moment, so nothing was replaced. Look at what it holds now and try again."}
}

// keepBefore gives the snapshot of what an instance holds, and makes it where
// there is none.
func (s *step) keepBefore(i *store.Instance, d *draft, r replacing) (fleet.SnapshotID, error) {
	newest, err := s.newest(i.ID)
	if err != nil {
		return "", err
	}
	if newest != nil && newest.Digest == d.content.Digest && newest.SecretsDigest == d.secrets {
		return newest.ID, nil
	}
	snap := s.snapshotOf(i, s.who)
	snap.Kind, snap.Trigger, snap.SecretsDigest = fleet.SnapshotSafety, r.trigger, d.secrets
	if err := s.InsertSnapshot(snap, d.content, d.sealed); err != nil {
		return "", err
	}
	s.hintSnapshot(snap)
	return snap.ID, nil
}

// putHolding writes what a plan changes.
func (s *step) putHolding(i *store.Instance, p *plan) error {
	changed := func(component string) bool { return slices.Contains(p.changed, component) }
	if changed("flows") || changed("credentials") {
		d := &fleet.Deploy{ID: fleet.NewDeployID(s.now), Author: s.who.Username, AuthorID: s.who.User}
		credentials := p.next.credentials
		if len(credentials) == 0 {
			credentials = []byte("{}")
		}
		if _, err := s.putFlows(i, d, p.flows, credentials); err != nil {
			return err
		}
	}
	if changed("environment") {
		if err := s.replaceEnvironment(i, p.next.environment); err != nil {
			return err
		}
	}
	if changed("modules") {
		next := p.next.modules
		next.Change = fleet.NewDeployID(s.now)
		if err := s.UpdateModules(i.ID, &next, s.now); err != nil {
			return err
		}
	}
	if changed("settings") || changed("stack") {
		if err := s.putSettings(i, p); err != nil {
			return err
		}
	}
	_, err := s.BumpSpec(i.ID, s.now)
	s.hintInstance(&i.Instance)
	return err
}

// replaceEnvironment writes variables whose hidden values are all known.
func (s *step) replaceEnvironment(i *store.Instance, vars []fleet.Variable) error {
	next, err := s.sealVariables(i.ID, nil, vars)
	if err != nil {
		return err
	}
	return s.PutEnvironment(i.ID, i.EnvVersion, s.now, next)
}

// putSettings writes the settings and the stack of a plan.
func (s *step) putSettings(i *store.Instance, p *plan) error {
	old := i.Instance
	i.TimeZone, i.PersistentContext, i.UpdatedAt = p.next.timeZone, p.next.persistent, s.now
	if err := checkZone(i.TimeZone); err != nil {
		return err
	}
	if p.stack != "" {
		i.Stack = p.stack
	}
	if err := s.UpdateInstance(i); err != nil {
		return err
	}
	if _, err := s.framed(&i.Instance, &old); err != nil || p.next.stack == p.old.stack {
		return err
	}
	if i.Given.MemoryMiB == 0 {
		if err := s.reframe(&i.Instance); err != nil {
			return err
		}
	}
	i.Given.Digest = p.next.stack // the very lock, whatever its stack has now
	return s.FrameInstance(&i.Instance)
}

// differs names the components in which two holdings differ.
func (h *holding) differs(o *holding) ([]string, error) {
	a, err := h.secrets()
	if err != nil {
		return nil, err
	}
	b, err := o.secrets()
	if err != nil {
		return nil, err
	}
	left, err := (&fleet.Secrets{Credentials: a.Credentials}).Canonical()
	if err != nil {
		return nil, err
	}
	right, err := (&fleet.Secrets{Credentials: b.Credentials}).Canonical()
	if err != nil {
		return nil, err
	}
	out := []string{}
	note := func(component string, same bool) {
		if !same {
			out = append(out, component)
		}
	}
	note("flows", h.flowsDigest == o.flowsDigest)
	note("credentials", bytes.Equal(left, right))
	note("environment", slices.Equal(h.environment, o.environment))
	note("settings", h.timeZone == o.timeZone && h.persistent == o.persistent)
	note("modules", h.modules.Digest == o.modules.Digest && maps.Equal(h.modules.Direct, o.modules.Direct))
	note("stack", h.stack == o.stack)
	return out, nil
}
