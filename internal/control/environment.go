package control

import (
	"context"
	"slices"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Environment is the verbs of the variables that flows read.
type Environment struct{ *core }

// Get returns an instance's variables; hidden values come back empty.
func (c *Environment) Get(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (out *api.Environment, err error) {
	err = c.read(ctx, who, fleet.EnvRead, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		out, err = s.environment(&i.Instance)
		return err
	})
	return out, err
}

func (s *step) environment(i *store.Instance) (*api.Environment, error) {
	vars, err := s.Tx.Environment(i.ID)
	out := &api.Environment{Version: i.EnvVersion, Items: make([]api.Variable, len(vars))}
	for n, v := range vars {
		out.Items[n] = api.Variable{Name: v.Name, Value: v.Value, Hidden: v.Hidden}
	}
	return out, err
}

// Put replaces an instance's variables. A hidden one without a value keeps the
// value it had.
func (c *Environment) Put(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.Environment, match int64) (out *api.Environment, err error) {
	vars := make([]fleet.Variable, len(in.Items))
	for n, v := range in.Items {
		vars[n] = fleet.Variable{Name: v.Name, Value: v.Value, Hidden: v.Hidden}
	}
	if err := fleet.CheckEnvironment(vars); err != nil {
		return nil, err
	}
	next, err := c.draftOf(ctx, who, fleet.EnvEdit, id, func(h *holding) error { h.environment = withHidden(h.environment, vars); return nil })
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.EnvEdit, func(s *step) error {
		i, err := s.inContent(id)
		if err != nil {
			return err
		}
		if match != 0 && match != i.EnvVersion {
			if out, err = s.environment(&i.Instance); err != nil {
				return err
			}
			return stale(match, i.EnvVersion, out)
		}
		if err := s.putEnvironment(i, vars, next); err != nil {
			return err
		}
		out, err = s.environment(&i.Instance)
		return err
	})
	return out, err
}

// withHidden completes variables that were sent by somebody who cannot see the
// hidden values: one without a value has the value of before.
func withHidden(old, vars []fleet.Variable) []fleet.Variable {
	out := slices.Clone(vars)
	for n, v := range out {
		was := slices.IndexFunc(old, func(o fleet.Variable) bool { return o.Name == v.Name && o.Hidden })
		if v.Hidden && v.Value == "" && was >= 0 {
			out[n].Value = old[was].Value
		}
	}
	return out
}

func (s *step) putEnvironment(i *Instance, vars []fleet.Variable, next *draft) error {
	detail, changed, err := s.changeEnvironment(&i.Instance, vars)
	if err != nil || !changed {
		return err
	}
	v := revision{kind: fleet.TimelineEnvironment, trigger: fleet.TriggerEnvironment, by: s.who, summary: api.TimelineSummary{Variables: changedNames(detail)}}
	if err := s.keepVersion(&i.Instance, next, v); err != nil {
		return err
	}
	return s.auditInstance("environment.edit", &i.Instance.Instance, detail)
}

// changeEnvironment replaces the variables of an instance, unless they are those
// that it has, and names the ones that differ.
func (s *step) changeEnvironment(i *store.Instance, vars []fleet.Variable) (detail map[string]any, changed bool, err error) {
	old, err := s.Tx.Environment(i.ID)
	if err != nil {
		return nil, false, err
	}
	next, err := s.sealVariables(i.ID, old, vars)
	if err != nil {
		return nil, false, err
	}
	detail = diffEnvironment(old, next)
	if len(detail) == 0 && slices.EqualFunc(old, next, func(a, b store.Variable) bool { return a.Name == b.Name }) {
		return nil, false, nil
	}
	if err := s.PutEnvironment(i.ID, i.EnvVersion, s.now, next); err != nil {
		return nil, false, err
	}
	i.EnvVersion++
	i.SpecVersion++
	s.hintInstance(&i.Instance)
	return detail, true, nil
}

// changedNames shows what diffEnvironment found, in the timeline.
func changedNames(detail map[string]any) *api.ChangedNames {
	list := func(what string) []string { names, _ := detail[what].([]string); return names }
	return &api.ChangedNames{Added: list("added"), Changed: list("changed"), Removed: list("removed")}
}

// sealVariables seals hidden values and keeps those that were left empty.
func (s *step) sealVariables(id fleet.InstanceID, old []store.Variable, vars []fleet.Variable) ([]store.Variable, error) {
	next := make([]store.Variable, len(vars))
	for n, v := range vars {
		next[n].Variable = v
		if !v.Hidden {
			continue
		}
		next[n].Value = ""
		was := slices.IndexFunc(old, func(o store.Variable) bool { return o.Name == v.Name && o.Hidden })
		switch {
		case v.Value == "" && was >= 0:
			next[n].Sealed = old[was].Sealed
		default:
			next[n].Sealed = s.c.Key.Derive("environment").Seal([]byte(v.Value), []byte(string(id)+" "+v.Name))
		}
	}
	return next, nil
}

// diffEnvironment names what changed, and no value.
func diffEnvironment(old, next []store.Variable) map[string]any {
	was := map[string]store.Variable{}
	for _, v := range old {
		was[v.Name] = v
	}
	names := map[string][]string{}
	for _, v := range next {
		o, there := was[v.Name]
		delete(was, v.Name)
		switch {
		case !there:
			names["added"] = append(names["added"], v.Name)
		case o.Value != v.Value || o.Hidden != v.Hidden || string(o.Sealed) != string(v.Sealed):
			names["changed"] = append(names["changed"], v.Name)
		}
	}
	for name := range was {
		names["removed"] = append(names["removed"], name)
	}
	out := map[string]any{}
	for what, list := range names {
		slices.Sort(list)
		out[what] = list
	}
	return out
}

// openEnvironment opens every value, for the runner alone.
func (s *step) openEnvironment(id fleet.InstanceID) ([]fleet.Variable, error) {
	vars, err := s.Tx.Environment(id)
	if err != nil {
		return nil, err
	}
	out := make([]fleet.Variable, len(vars))
	for n, v := range vars {
		out[n] = v.Variable
		if !v.Hidden {
			continue
		}
		plain, err := s.c.Key.Derive("environment").Open(v.Sealed, []byte(string(id)+" "+v.Name))
		if err != nil {
			return nil, &fleet.Error{Kind: fleet.Conflict, Code: "wrong_platform_key",
				Msg: "The hidden variables were sealed with another platform key. Put the platform's own key file back, or enter their values anew.", Err: err}
		}
		out[n].Value = string(plain)
	}
	return out, nil
}
