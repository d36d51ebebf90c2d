package control

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Setup is the verbs that make the first administrator.
type Setup struct{ *core }

// Needed reports whether there is no user yet.
func (c *Setup) Needed(ctx context.Context) (needed bool, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		n, err := tx.CountUsers()
		needed = n == 0
		return err
	})
	return needed, err
}

// Complete makes the administrator and their first team for who holds the setup
// link. It works once.
func (c *Setup) Complete(ctx context.Context, who fleet.Actor, in api.Setup) (*fleet.User, error) {
	note(ctx, fleet.SetupCreate)
	if c.SetupSecret == nil || !c.SetupSecret(in.Secret) {
		c.noteFailure(ctx, fleet.AuditEvent{Event: "setup.create", Result: fleet.AuditFailed, Actor: who})
		return nil, &fleet.Error{Kind: fleet.Forbidden, Code: "bad_setup_link", Msg: "This setup link is not in force. The server prints a new one each time it starts, for one hour."}
	}
	return c.first(ctx, who, in)
}

// FromEnvironment makes the administrator from the configuration, where there is
// no user yet; created says whether it did.
func (c *Setup) FromEnvironment(ctx context.Context, in api.Setup) (created bool, err error) {
	needed, err := c.Needed(ctx)
	if err != nil || !needed {
		return false, err
	}
	_, err = c.first(ctx, fleet.System("setup"), in)
	if fleet.IsCode(err, "already_set_up") {
		return false, nil
	}
	return err == nil, err
}

func (c *Setup) first(ctx context.Context, who fleet.Actor, in api.Setup) (u *fleet.User, err error) {
	if needed, err := c.Needed(ctx); err != nil || !needed {
		return nil, orSetUp(err)
	}
	draft, err := c.newUser(ctx, api.NewUser{Username: in.Username, Email: in.Email, Name: in.Name, Password: in.Password, Admin: true})
	if err != nil {
		return nil, err
	}
	teamName := in.TeamName
	if teamName == "" {
		teamName = draft.Name
	}
	if teamName, err = fleet.CleanName("teamName", teamName); err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.SetupCreate, func(s *step) error {
		if err := s.may("", "setup", ""); err != nil {
			return err
		}
		if n, err := s.CountUsers(); err != nil || n > 0 {
			return orSetUp(err)
		}
		u = draft
		if err := s.insertUser(u, "setup.create"); err != nil {
			return err
		}
		_, err := s.createTeam(teamName, "", u.ID)
		return err
	})
	return u, err
}

func orSetUp(err error) error {
	if err != nil {
		return err
	}
	return &fleet.Error{Kind: fleet.Conflict, Code: "already_set_up", Msg: "The platform is set up already. Sign in instead."}
}
