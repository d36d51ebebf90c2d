package control

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"leat/api"
	"leat/internal/fleet"
)

// TeamTypes is the verbs of what teams may have.
type TeamTypes struct{ *core }

// TeamTypeCount is a team type and how many teams have it.
type TeamTypeCount struct {
	fleet.TeamType
	Teams int
}

// List lists the team types in their order; how many have each is for
// administrators.
func (c *TeamTypes) List(ctx context.Context, who fleet.Actor) (list []*TeamTypeCount, err error) {
	err = c.read(ctx, who, fleet.TeamTypeList, func(s *step) error {
		if err := s.may("", "team_type", ""); err != nil {
			return err
		}
		types, err := s.Tx.TeamTypes()
		if err != nil {
			return err
		}
		for _, t := range types {
			counted, err := s.countTeamType(t)
			if err != nil {
				return err
			}
			list = append(list, counted)
		}
		return nil
	})
	return list, err
}

func (s *step) countTeamType(t *fleet.TeamType) (*TeamTypeCount, error) {
	out := &TeamTypeCount{TeamType: *t}
	if !s.who.Admin {
		return out, nil
	}
	n, err := s.CountTeamsOfType(t.ID)
	out.Teams = int(n)
	return out, err
}

// Get returns a team type.
func (c *TeamTypes) Get(ctx context.Context, who fleet.Actor, id fleet.TeamTypeID) (t *TeamTypeCount, err error) {
	err = c.read(ctx, who, fleet.TeamTypeList, func(s *step) error {
		if err := s.may("", "team_type", string(id)); err != nil {
			return err
		}
		found, err := s.Tx.TeamType(id)
		if err != nil {
			return err
		}
		t, err = s.countTeamType(found)
		return err
	})
	return t, err
}

// Create makes a team type.
func (c *TeamTypes) Create(ctx context.Context, who fleet.Actor, in api.NewTeamType, key Key) (t *TeamTypeCount, err error) {
	err = c.write(ctx, who, fleet.TeamTypeEdit, func(s *step) error {
		if err := s.may("", "team_type", ""); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error {
				made, err := s.Tx.TeamType(fleet.TeamTypeID(id))
				t = &TeamTypeCount{TeamType: *made}
				return err
			})
		}
		made := fleet.TeamType{
			ID: fleet.NewTeamTypeID(s.now), Name: in.Name, Description: in.Description, Order: in.Order, Active: in.Active == nil || *in.Active,
			Default: in.Default, Limits: limitsIn(in.Limits), InstanceTypes: in.InstanceTypes, Version: 1, CreatedAt: s.now,
		}
		if err := s.insertTeamType(&made); err != nil {
			return err
		}
		t = &TeamTypeCount{TeamType: made}
		return s.remember(key, string(made.ID), nil)
	})
	return t, err
}

func (s *step) insertTeamType(t *fleet.TeamType) error {
	all, err := s.Tx.TeamTypes()
	if err != nil || len(all) >= maxTypes {
		return orTooMany(err, "too_many_types", "There are 100 team types. Delete those that no team has.")
	}
	if err := s.checkTeamType(t); err != nil {
		return err
	}
	if err := s.InsertTeamType(t); err != nil {
		return err
	}
	if err := s.oneDefaultTeamType(t); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "team-type", ID: string(t.ID), Version: t.Version})
	return s.audit(fleet.AuditEvent{Event: "team-type.create", Object: string(t.ID), Name: t.Name, Detail: map[string]any{
		"limits": limitsDetail(t.Limits), "instanceTypes": sizesDetail(t.InstanceTypes), "active": t.Active, "default": t.Default,
	}})
}

// limitsIn reads limits as people send them.
func limitsIn(l api.TeamLimits) fleet.Limits {
	return fleet.Limits{Members: l.Members, Instances: l.Instances, InstancesOfType: l.InstancesOfType, Snapshots: l.Snapshots}
}

// limitsDetail is how an audit event tells of limits.
func limitsDetail(l fleet.Limits) map[string]any {
	out := map[string]any{}
	for name, n := range map[string]*int{"members": l.Members, "instances": l.Instances, "snapshots": l.Snapshots} {
		if n != nil {
			out[name] = *n
		}
	}
	for name, n := range l.InstancesOfType {
		out["instances:"+name] = n
	}
	return out
}

func sizesDetail(list []string) any {
	if len(list) == 0 {
		return "all"
	}
	return list
}

// checkTeamType cleans what people wrote and checks it.
func (s *step) checkTeamType(t *fleet.TeamType) error {
	var err1, err2, err3 error
	t.Name, err1 = fleet.CleanName("name", t.Name)
	t.Description, err2 = cleanDescription(t.Description)
	if t.Default && !t.Active {
		err3 = fleet.InvalidField("active", "The default must be active. Make another one the default first.")
	}
	if err := together(err1, err2, err3, t.Limits.Check("limits")); err != nil {
		return err
	}
	t.Limits = t.Limits.Tidy()
	slices.Sort(t.InstanceTypes)
	t.InstanceTypes = slices.Compact(t.InstanceTypes)
	return s.knownSizes(t.Limits, t.InstanceTypes)
}

// knownSizes refuses limits and lists that name a size that is not there.
func (s *step) knownSizes(l fleet.Limits, list []string) error {
	sizes, err := s.Tx.InstanceTypes()
	if err != nil {
		return err
	}
	known := func(id string) bool {
		return slices.ContainsFunc(sizes, func(t *fleet.InstanceType) bool { return t.ID == id })
	}
	for n, id := range list {
		if !known(id) {
			return fleet.InvalidField(fmt.Sprintf("instanceTypes[%d]", n), "There is no such instance type. Choose one of the list.")
		}
	}
	for id := range l.InstancesOfType {
		if !known(id) {
			return fleet.InvalidField("limits.instancesOfType", "There is no such instance type. Choose one of the list.")
		}
	}
	return nil
}

// oneDefaultTeamType keeps the default to one type.
func (s *step) oneDefaultTeamType(t *fleet.TeamType) error {
	if !t.Default {
		return nil
	}
	return s.ClearDefaultTeamType(t.ID)
}

// Update changes a team type. Teams that have more than new limits allow keep it
// and get no more.
func (c *TeamTypes) Update(ctx context.Context, who fleet.Actor, id fleet.TeamTypeID, in api.EditTeamType, match int64) (t *TeamTypeCount, err error) {
	err = c.write(ctx, who, fleet.TeamTypeEdit, func(s *step) error {
		if err := s.may("", "team_type", string(id)); err != nil {
			return err
		}
		found, err := s.Tx.TeamType(id)
		if err != nil {
			return err
		}
		if t, err = s.countTeamType(found); err != nil {
			return err
		}
		if err := stale(match, t.Version, t); err != nil {
			return err
		}
		return s.editTeamType(&t.TeamType, in)
	})
	return t, err
}

func (s *step) editTeamType(t *fleet.TeamType, in api.EditTeamType) error {
	old := *t
	set(&t.Name, in.Name)
	set(&t.Description, in.Description)
	set(&t.Order, in.Order)
	set(&t.Active, in.Active)
	set(&t.Default, in.Default)
	set(&t.InstanceTypes, in.InstanceTypes)
	if in.Limits.Set {
		t.Limits = limitsIn(in.Limits.Value)
	}
	if old.Default && !t.Default {
		return fleet.InvalidField("default", "One type is always the default. Make another one the default instead.")
	}
	if err := s.checkTeamType(t); err != nil {
		return err
	}
	diff := teamTypeChanges(&old, t)
	if len(diff) == 0 {
		return nil
	}
	if err := s.UpdateTeamType(t); err != nil {
		return err
	}
	if err := s.oneDefaultTeamType(t); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "team-type", ID: string(t.ID), Version: t.Version})
	return s.audit(fleet.AuditEvent{Event: "team-type.edit", Object: string(t.ID), Name: t.Name, Detail: diff})
}

func teamTypeChanges(old, t *fleet.TeamType) changes {
	diff := changes{}
	diff.note("name", old.Name, t.Name)
	diff.note("description", old.Description, t.Description)
	diff.note("order", old.Order, t.Order)
	diff.note("active", old.Active, t.Active)
	diff.note("default", old.Default, t.Default)
	diff.noteAny("limits", limitsDetail(old.Limits), limitsDetail(t.Limits))
	diff.noteAny("instanceTypes", sizesDetail(old.InstanceTypes), sizesDetail(t.InstanceTypes))
	return diff
}

// noteAny is note for values that Go does not compare.
func (c changes) noteAny(field string, from, to any) {
	if !reflect.DeepEqual(from, to) {
		c[field] = map[string]any{"from": from, "to": to}
	}
}

// Delete removes a team type that no team has.
func (c *TeamTypes) Delete(ctx context.Context, who fleet.Actor, id fleet.TeamTypeID) error {
	return c.write(ctx, who, fleet.TeamTypeEdit, func(s *step) error {
		if err := s.may("", "team_type", string(id)); err != nil {
			return err
		}
		t, err := s.Tx.TeamType(id)
		if err != nil {
			return err
		}
		n, err := s.CountTeamsOfType(id)
		switch {
		case err != nil:
			return err
		case n > 0:
			return &fleet.Error{Kind: fleet.Conflict, Code: "type_in_use", Msg: fmt.Sprintf("Teams (%d) have this type. Give them another one first, or switch the type off for new ones.", n)}
		case t.Default:
			return &fleet.Error{Kind: fleet.Conflict, Code: "default_type", Msg: "This is the default type. Make another one the default first."}
		}
		if err := s.DeleteTeamType(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "team-type", ID: string(id), Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "team-type.delete", Object: string(id), Name: t.Name})
	})
}
