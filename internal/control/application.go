package control

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Applications is the verbs of applications.
type Applications struct{ *core }

// ApplicationCount is an application and how its instances are.
type ApplicationCount struct {
	fleet.Application
	Instances, Running, Trouble int
}

const maxDescription = 2000

// Create makes an application in a team.
func (c *Applications) Create(ctx context.Context, who fleet.Actor, team string, in api.NewApplication, key Key) (a *ApplicationCount, err error) {
	name, err1 := fleet.CleanName("name", in.Name)
	description, err2 := cleanDescription(in.Description)
	if err := together(err1, err2); err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.ApplicationCreate, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error { a, err = s.applicationCount(fleet.ApplicationID(id)); return err })
		}
		a = &ApplicationCount{Application: fleet.Application{
			ID: fleet.NewApplicationID(s.now), Team: t.ID, Name: name, Description: description, Version: 1, CreatedAt: s.now,
		}}
		if err := s.InsertApplication(&a.Application); err != nil {
			return err
		}
		if err := s.remember(key, string(a.ID), nil); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "application", ID: string(a.ID), Team: t.ID, Version: a.Version})
		return s.audit(fleet.AuditEvent{Event: "application.create", Team: t.ID, Application: a.ID, Object: string(a.ID), Name: a.Name})
	})
	return a, err
}

func cleanDescription(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case !utf8.ValidString(text):
		return "", fleet.InvalidField("description", "The description is not valid text.")
	case utf8.RuneCountInString(text) > maxDescription:
		return "", fleet.InvalidField("description", "The description is too long: at most 2,000 characters.")
	case strings.ContainsRune(text, 0):
		return "", fleet.InvalidField("description", "The description holds a character that cannot be kept.")
	}
	return text, nil
}

// inApplication finds an application and asks whether the actor has the verb's
// permission in its team.
func (s *step) inApplication(id fleet.ApplicationID) (*fleet.Application, error) {
	a, err := s.Application(id)
	if fleet.IsKind(err, fleet.NotFound) {
		s.asked = true
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	err = s.may(a.Team, "application", string(id))
	s.refusal.Application = id
	return a, err
}

func (s *step) applicationCount(id fleet.ApplicationID) (*ApplicationCount, error) {
	a, err := s.Application(id)
	if err != nil {
		return nil, err
	}
	counts, err := s.CountInstancesOf(id)
	out := &ApplicationCount{Application: *a}
	out.add(counts)
	return out, err
}

func (a *ApplicationCount) add(counts []store.StateCount) {
	for _, n := range counts {
		a.Instances += int(n.Instances)
		if n.State == fleet.StateRunning {
			a.Running += int(n.Instances)
		}
		if n.State.Trouble() {
			a.Trouble += int(n.Instances)
		}
	}
}

// List lists a team's applications with how their instances are.
func (c *Applications) List(ctx context.Context, who fleet.Actor, team string, p store.Page) (list []*ApplicationCount, next string, err error) {
	err = c.read(ctx, who, fleet.ApplicationGet, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		var found []*fleet.Application
		if found, next, err = s.Applications(t.ID, p); err != nil {
			return err
		}
		counts, err := s.CountInstancesByState(t.ID)
		if err != nil {
			return err
		}
		by := map[fleet.ApplicationID][]store.StateCount{}
		for _, n := range counts {
			by[n.Application] = append(by[n.Application], n)
		}
		list = make([]*ApplicationCount, len(found))
		for i, a := range found {
			list[i] = &ApplicationCount{Application: *a}
			list[i].add(by[a.ID])
		}
		return nil
	})
	return list, next, err
}

// Get returns an application.
func (c *Applications) Get(ctx context.Context, who fleet.Actor, id fleet.ApplicationID) (a *ApplicationCount, err error) {
	err = c.read(ctx, who, fleet.ApplicationGet, func(s *step) error {
		if _, err := s.inApplication(id); err != nil {
			return err
		}
		a, err = s.applicationCount(id)
		return err
	})
	return a, err
}

// Update changes an application.
func (c *Applications) Update(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, in api.EditApplication, match int64) (a *ApplicationCount, err error) {
	err = c.write(ctx, who, fleet.ApplicationEdit, func(s *step) error {
		if _, err := s.inApplication(id); err != nil {
			return err
		}
		if a, err = s.applicationCount(id); err != nil {
			return err
		}
		if err := stale(match, a.Version, a); err != nil {
			return err
		}
		return s.editApplication(&a.Application, in)
	})
	return a, err
}

func (s *step) editApplication(a *fleet.Application, in api.EditApplication) error {
	old, diff := *a, changes{}
	var err1, err2 error
	if in.Name.Set {
		a.Name, err1 = fleet.CleanName("name", in.Name.Value)
	}
	if in.Description.Set {
		a.Description, err2 = cleanDescription(in.Description.Value)
	}
	if err := together(err1, err2); err != nil {
		return err
	}
	diff.note("name", old.Name, a.Name)
	diff.note("description", old.Description, a.Description)
	if len(diff) == 0 {
		return nil
	}
	if err := s.UpdateApplication(a); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "application", ID: string(a.ID), Team: a.Team, Version: a.Version})
	return s.audit(fleet.AuditEvent{Event: "application.edit", Team: a.Team, Application: a.ID, Object: string(a.ID), Name: a.Name, Detail: diff})
}

// Delete removes an application that has no instances any more.
func (c *Applications) Delete(ctx context.Context, who fleet.Actor, id fleet.ApplicationID) error {
	return c.write(ctx, who, fleet.ApplicationDelete, func(s *step) error {
		a, err := s.inApplication(id)
		if err != nil {
			return err
		}
		counts, err := s.CountInstancesOf(id)
		if err != nil {
			return err
		}
		if len(counts) > 0 {
			n := ApplicationCount{}
			n.add(counts)
			return &fleet.Error{Kind: fleet.Conflict, Code: "application_not_empty", Msg: fmt.Sprintf("The application has instances (%d). Delete these first.", n.Instances)}
		}
		if err := s.DeleteApplication(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "application", ID: string(id), Team: a.Team, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "application.delete", Team: a.Team, Application: id, Object: string(id), Name: a.Name})
	})
}
