package control

import (
	"context"
	"fmt"
	"slices"

	"leat/api"
	"leat/internal/fleet"
)

// InstanceTypes is the verbs of the sizes that instances have.
type InstanceTypes struct{ *core }

// InstanceTypeCount is a size and how many instances have it.
type InstanceTypeCount struct {
	fleet.InstanceType
	Instances int
}

// List lists the sizes in their order; how many have each is for administrators.
func (c *InstanceTypes) List(ctx context.Context, who fleet.Actor) (list []*InstanceTypeCount, err error) {
	err = c.read(ctx, who, fleet.TypeList, func(s *step) error {
		if err := s.may("", "instance_type", ""); err != nil {
			return err
		}
		types, err := s.Tx.InstanceTypes()
		if err != nil {
			return err
		}
		for _, t := range types {
			counted, err := s.countInstanceType(t)
			if err != nil {
				return err
			}
			list = append(list, counted)
		}
		return nil
	})
	return list, err
}

func (s *step) countInstanceType(t *fleet.InstanceType) (*InstanceTypeCount, error) {
	out := &InstanceTypeCount{InstanceType: *t}
	if !s.who.Admin {
		return out, nil
	}
	n, err := s.CountInstancesOfType(t.ID)
	out.Instances = int(n)
	return out, err
}

// Get returns a size.
func (c *InstanceTypes) Get(ctx context.Context, who fleet.Actor, id string) (t *InstanceTypeCount, err error) {
	err = c.read(ctx, who, fleet.TypeList, func(s *step) error {
		if err := s.may("", "instance_type", id); err != nil {
			return err
		}
		found, err := s.Tx.InstanceType(id)
		if err != nil {
			return err
		}
		t, err = s.countInstanceType(found)
		return err
	})
	return t, err
}

// maxTypes bounds sizes and team types: each stands in lists that people choose from.
const maxTypes = 100

// Create makes a size. An id is made from the name where none is given.
func (c *InstanceTypes) Create(ctx context.Context, who fleet.Actor, in api.NewInstanceType, key Key) (t *InstanceTypeCount, err error) {
	err = c.write(ctx, who, fleet.InstanceTypeEdit, func(s *step) error {
		if err := s.may("", "instance_type", in.ID); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error {
				made, err := s.Tx.InstanceType(id)
				t = &InstanceTypeCount{InstanceType: *made}
				return err
			})
		}
		made := fleet.InstanceType{
			ID: in.ID, Name: in.Name, Description: in.Description, MemoryMiB: in.MemoryMiB, CPUPercent: in.CPUPercent, Order: in.Order,
			Active: in.Active == nil || *in.Active, Default: in.Default, Version: 1, CreatedAt: s.now,
		}
		if err := s.insertInstanceType(&made); err != nil {
			return err
		}
		t = &InstanceTypeCount{InstanceType: made}
		return s.remember(key, made.ID, nil)
	})
	return t, err
}

func (s *step) insertInstanceType(t *fleet.InstanceType) error {
	all, err := s.Tx.InstanceTypes()
	if err != nil || len(all) >= maxTypes {
		return orTooMany(err, "too_many_types", "There are 100 instance types. Delete those that nothing uses.")
	}
	if t.ID == "" {
		t.ID = freeTypeID(t.Name, func(id string) bool {
			return slices.ContainsFunc(all, func(o *fleet.InstanceType) bool { return o.ID == id })
		})
	}
	if err := checkInstanceType(t); err != nil {
		return err
	}
	if err := s.InsertInstanceType(t); err != nil {
		return err
	}
	if err := s.oneDefaultSize(t); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "instance-type", ID: t.ID, Version: t.Version})
	return s.audit(fleet.AuditEvent{Event: "instance-type.create", Object: t.ID, Name: t.Name, Detail: map[string]any{
		"memoryMiB": t.MemoryMiB, "cpuPercent": t.CPUPercent, "active": t.Active, "default": t.Default,
	}})
}

// freeTypeID makes an id of a name that is not taken.
func freeTypeID(name string, taken func(id string) bool) string {
	base := fleet.LabelFrom(name)
	for n := 1; ; n++ {
		if id := fleet.Numbered(base, n); !taken(id) {
			return id
		}
	}
}

// checkInstanceType cleans what people wrote and checks it.
func checkInstanceType(t *fleet.InstanceType) error {
	var err1, err2 error
	t.Name, err1 = fleet.CleanName("name", t.Name)
	t.Description, err2 = cleanDescription(t.Description)
	errs := append([]error{err1, err2, fleet.CheckTypeID(t.ID)}, t.Check()...)
	return together(errs...)
}

// oneDefaultSize keeps the default to one size.
func (s *step) oneDefaultSize(t *fleet.InstanceType) error {
	if !t.Default {
		return nil
	}
	return s.ClearDefaultInstanceType(t.ID)
}

// Update changes a size. Instances that have it take new limits at their next
// start: until then they run as they are.
func (c *InstanceTypes) Update(ctx context.Context, who fleet.Actor, id string, in api.EditInstanceType, match int64) (t *InstanceTypeCount, err error) {
	err = c.write(ctx, who, fleet.InstanceTypeEdit, func(s *step) error {
		if err := s.may("", "instance_type", id); err != nil {
			return err
		}
		found, err := s.Tx.InstanceType(id)
		if err != nil {
			return err
		}
		if t, err = s.countInstanceType(found); err != nil {
			return err
		}
		if err := stale(match, t.Version, t); err != nil {
			return err
		}
		return s.editInstanceType(&t.InstanceType, in)
	})
	return t, err
}

func (s *step) editInstanceType(t *fleet.InstanceType, in api.EditInstanceType) error {
	old, diff := *t, changes{}
	set(&t.Name, in.Name)
	set(&t.Description, in.Description)
	set(&t.MemoryMiB, in.MemoryMiB)
	set(&t.CPUPercent, in.CPUPercent)
	set(&t.Order, in.Order)
	set(&t.Active, in.Active)
	set(&t.Default, in.Default)
	if old.Default && !t.Default {
		return fleet.InvalidField("default", "One type is always the default. Make another one the default instead.")
	}
	if err := checkInstanceType(t); err != nil {
		return err
	}
	diff.note("name", old.Name, t.Name)
	diff.note("description", old.Description, t.Description)
	diff.note("memoryMiB", old.MemoryMiB, t.MemoryMiB)
	diff.note("cpuPercent", old.CPUPercent, t.CPUPercent)
	diff.note("order", old.Order, t.Order)
	diff.note("active", old.Active, t.Active)
	diff.note("default", old.Default, t.Default)
	if len(diff) == 0 {
		return nil
	}
	if err := s.UpdateInstanceType(t); err != nil {
		return err
	}
	if err := s.oneDefaultSize(t); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "instance-type", ID: t.ID, Version: t.Version})
	return s.audit(fleet.AuditEvent{Event: "instance-type.edit", Object: t.ID, Name: t.Name, Detail: diff})
}

// set writes what a patch sets. Null stands for the zero value.
func set[T any](to *T, from api.Opt[T]) {
	if from.Set {
		*to = from.Value
	}
}

// Delete removes a size that no instance has.
func (c *InstanceTypes) Delete(ctx context.Context, who fleet.Actor, id string) error {
	return c.write(ctx, who, fleet.InstanceTypeEdit, func(s *step) error {
		if err := s.may("", "instance_type", id); err != nil {
			return err
		}
		t, err := s.Tx.InstanceType(id)
		if err != nil {
			return err
		}
		n, err := s.CountInstancesOfType(id)
		switch {
		case err != nil:
			return err
		case n > 0:
			return &fleet.Error{Kind: fleet.Conflict, Code: "type_in_use", Msg: fmt.Sprintf("Instances (%d) have this type. Give them another one first, or switch the type off for new ones.", n)}
		case t.Default:
			return &fleet.Error{Kind: fleet.Conflict, Code: "default_type", Msg: "This is the default type. Make another one the default first."}
		}
		if err := s.namedByTeamTypes(id); err != nil {
			return err
		}
		if err := s.DeleteInstanceType(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "instance-type", ID: id, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "instance-type.delete", Object: id, Name: t.Name})
	})
}

// namedByTeamTypes refuses to take away a size that team types name: a list that
// lost its only size would allow all.
func (s *step) namedByTeamTypes(id string) error {
	types, err := s.Tx.TeamTypes()
	if err != nil {
		return err
	}
	for _, t := range types {
		if _, limited := t.Limits.InstancesOfType[id]; limited || slices.Contains(t.InstanceTypes, id) {
			return &fleet.Error{Kind: fleet.Conflict, Code: "type_in_use", Msg: "The team type " + t.Name + " names this type. Take it out there first."}
		}
	}
	return nil
}
