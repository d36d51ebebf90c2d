package control

import (
	"context"
	"fmt"
	"strings"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Teams is the verbs of teams. A team stands in a request by its id or its short
// name.
type Teams struct{ *core }

// findTeam finds a team by id or short name.
func (s *step) findTeam(ref string) (*fleet.Team, error) {
	if fleet.IsTeamID(ref) {
		return s.Team(fleet.TeamID(ref))
	}
	return s.TeamBySlug(ref)
}

// inTeam finds a team and asks whether the actor has the verb's permission in it.
func (s *step) inTeam(ref string) (*fleet.Team, error) {
	t, err := s.findTeam(ref)
	if fleet.IsKind(err, fleet.NotFound) {
		s.asked = true
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return t, s.may(t.ID, "team", string(t.ID))
}

// Create makes a team whose owner is the caller. A short name is made from the
// name where none is given.
func (c *Teams) Create(ctx context.Context, who fleet.Actor, in api.NewTeam, key Key) (t *store.TeamRole, err error) {
	name, err := fleet.CleanName("name", in.Name)
	if err != nil {
		return nil, err
	}
	if in.Slug != "" {
		if err := fleet.CheckSlug(in.Slug); err != nil {
			return nil, err
		}
	}
	err = c.write(ctx, who, fleet.TeamCreate, func(s *step) error {
		if err := s.may("", "team", ""); err != nil {
			return err
		}
		if err := s.mayMakeTeams(); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error { t, err = s.teamRole(fleet.TeamID(id)); return err })
		}
		made, err := s.createTeam(name, in.Slug, who.User)
		if err != nil {
			return err
		}
		t = &store.TeamRole{Team: *made, Role: fleet.RoleOwner}
		return s.remember(key, string(t.ID), nil)
	})
	return t, err
}

// mayMakeTeams refuses teams to all but administrators, where these decided so.
func (s *step) mayMakeTeams() error {
	set, err := s.settings()
	if err == nil && set.TeamCreation == fleet.ByAdministrators && !s.who.Admin {
		return &fleet.Error{Kind: fleet.Forbidden, Code: "team_creation_off", Msg: "On this platform administrators create the teams. Ask one for yours."}
	}
	return err
}

// createTeam is the step that Create and the setup share.
func (s *step) createTeam(name, slug string, owner fleet.UserID) (*fleet.Team, error) {
	var err error
	if slug == "" {
		if slug, err = s.freeSlug(name); err != nil {
			return nil, err
		}
	}
	kind, err := s.DefaultTeamType()
	if err != nil {
		return nil, err
	}
	t := &fleet.Team{ID: fleet.NewTeamID(s.now), Name: name, Slug: slug, Type: kind.ID, Version: 1, CreatedAt: s.now}
	if err := s.InsertTeam(t); err != nil {
		return nil, err
	}
	if err := s.InsertMember(&fleet.Membership{Team: t.ID, User: owner, Role: fleet.RoleOwner, CreatedAt: s.now}); err != nil {
		return nil, err
	}
	s.hint(fleet.Event{Noun: "team", ID: string(t.ID), Team: t.ID, User: owner, Version: t.Version})
	return t, s.audit(fleet.AuditEvent{Event: "team.create", Team: t.ID, Object: string(t.ID), Name: t.Name, Detail: map[string]any{"slug": t.Slug}})
}

// freeSlug makes a short name that no team has.
func (s *step) freeSlug(name string) (string, error) {
	base := fleet.LabelFrom(name)
	// A label that is kept for the platform is no bad short name of a team.
	if own, made := strings.CutPrefix(base, "instance-"); made && !strings.HasPrefix(fleet.NameKey(name), "instance") {
		base = own
	}
	if base == "instance" || fleet.CheckSlug(base) != nil {
		base = "team"
	}
	for n := 1; n < 10_000; n++ {
		slug := fleet.Numbered(base, n)
		_, err := s.TeamBySlug(slug)
		if fleet.IsKind(err, fleet.NotFound) {
			return slug, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", &fleet.Error{Kind: fleet.Conflict, Code: "slug_taken", Msg: "Many teams have this name. Give it a short name of its own."}
}

// teamRole reads a team and the caller's role in it.
func (s *step) teamRole(id fleet.TeamID) (*store.TeamRole, error) {
	t, err := s.Team(id)
	if err != nil {
		return nil, err
	}
	role, err := s.Role(id, s.who.User)
	return &store.TeamRole{Team: *t, Role: role}, err
}

// List lists the teams the caller is in.
func (c *Teams) List(ctx context.Context, who fleet.Actor, p store.Page) (list []*store.TeamRole, next string, err error) {
	err = c.read(ctx, who, fleet.TeamList, func(s *step) error {
		if err := s.may("", "team", ""); err != nil {
			return err
		}
		list, next, err = s.Teams(who.User, p)
		return err
	})
	return list, next, err
}

// Get returns a team and the caller's role in it: RoleNone for an administrator
// who is not a member.
func (c *Teams) Get(ctx context.Context, who fleet.Actor, team string) (t *store.TeamRole, err error) {
	err = c.read(ctx, who, fleet.TeamRead, func(s *step) error {
		found, err := s.inTeam(team)
		if err != nil {
			return err
		}
		t = &store.TeamRole{Team: *found, Role: s.role}
		return nil
	})
	return t, err
}

// Update changes a team.
func (c *Teams) Update(ctx context.Context, who fleet.Actor, team string, in api.EditTeam, match int64) (t *store.TeamRole, err error) {
	err = c.write(ctx, who, fleet.TeamEdit, func(s *step) error {
		found, err := s.inTeam(team)
		if err != nil {
			return err
		}
		t = &store.TeamRole{Team: *found, Role: s.role}
		if err := stale(match, t.Version, t); err != nil {
			return err
		}
		return s.editTeam(&t.Team, in)
	})
	return t, err
}

func (s *step) editTeam(t *fleet.Team, in api.EditTeam) error {
	old, diff := *t, changes{}
	var err1, err2 error
	if in.Name.Set {
		t.Name, err1 = fleet.CleanName("name", in.Name.Value)
	}
	if in.Slug.Set {
		t.Slug, err2 = strings.TrimSpace(in.Slug.Value), fleet.CheckSlug(strings.TrimSpace(in.Slug.Value))
	}
	if err := together(err1, err2); err != nil {
		return err
	}
	diff.note("name", old.Name, t.Name)
	diff.note("slug", old.Slug, t.Slug)
	if len(diff) == 0 {
		return nil
	}
	if err := s.UpdateTeam(t); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "team", ID: string(t.ID), Team: t.ID, Version: t.Version})
	return s.audit(fleet.AuditEvent{Event: "team.edit", Team: t.ID, Object: string(t.ID), Name: t.Name, Detail: diff})
}

// Delete removes a team that holds nothing any more.
func (c *Teams) Delete(ctx context.Context, who fleet.Actor, team string) error {
	return c.write(ctx, who, fleet.TeamDelete, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		applications, instances, err := s.CountOfTeam(t.ID)
		if err != nil {
			return err
		}
		if applications > 0 {
			msg := fmt.Sprintf("The team has applications (%d) and instances (%d). Delete these first.", applications, instances)
			return &fleet.Error{Kind: fleet.Conflict, Code: "team_not_empty", Msg: msg}
		}
		if err := s.DeleteTeam(t.ID); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "team", ID: string(t.ID), Team: t.ID, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "team.delete", Team: t.ID, Object: string(t.ID), Name: t.Name})
	})
}
