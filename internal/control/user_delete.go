package control

import (
	"context"
	"fmt"

	"leat/internal/fleet"
	"leat/internal/store"
)

// UserDeletion is what deleting a user would do.
type UserDeletion struct {
	Teams                         []store.UserTeam
	Tokens, Sessions, Invitations int
	LastAdmin                     bool
}

// Allowed is false where a team would have no owner or the platform no
// administrator.
func (d *UserDeletion) Allowed() bool {
	for _, t := range d.Teams {
		if t.SoleOwner {
			return false
		}
	}
	return !d.LastAdmin
}

// Deletion tells what deleting a user would do.
func (c *Users) Deletion(ctx context.Context, who fleet.Actor, id fleet.UserID) (d *UserDeletion, err error) {
	err = c.read(ctx, who, fleet.UserList, func(s *step) error {
		if err := s.may("", "user", string(id)); err != nil {
			return err
		}
		u, err := s.User(id)
		if err != nil {
			return err
		}
		d = &UserDeletion{}
		if d.Teams, err = s.TeamsOfUser(id); err != nil {
			return err
		}
		if d.Tokens, d.Sessions, d.Invitations, err = s.UserHoldings(id, s.now); err != nil {
			return err
		}
		admins, err := s.CountActiveAdmins()
		d.LastAdmin = u.Admin && !u.Suspended && admins == 1
		return err
	})
	return d, err
}

// EndSessions ends all sessions of a user; the caller's own present one stays.
func (c *Users) EndSessions(ctx context.Context, who fleet.Actor, id fleet.UserID) error {
	return c.write(ctx, who, fleet.UserEdit, func(s *step) error {
		if err := s.may("", "user", string(id)); err != nil {
			return err
		}
		u, err := s.User(id)
		if err != nil {
			return err
		}
		var keep fleet.SessionID
		if id == who.User {
			keep = who.Session
		}
		if err := s.endSessions(id, keep); err != nil {
			return err
		}
		return s.audit(fleet.AuditEvent{Event: "session.revoke", Object: string(id), Name: u.Username, Detail: map[string]any{"all": true}})
	})
}

// Delete removes a user with their sessions, tokens and memberships.
func (c *Users) Delete(ctx context.Context, who fleet.Actor, id fleet.UserID) error {
	return c.write(ctx, who, fleet.UserDelete, func(s *step) error {
		if err := s.may("", "user", string(id)); err != nil {
			return err
		}
		u, err := s.User(id)
		if err != nil {
			return err
		}
		teams, err := s.SoleOwnedTeams(id)
		if err != nil {
			return err
		}
		if len(teams) > 0 {
			return soleOwner(teams)
		}
		if err := s.endSessions(id, ""); err != nil {
			return err
		}
		if err := s.DeleteUser(id); err != nil {
			return err
		}
		if err := s.keepAnAdmin(); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "user", ID: string(id), User: id, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "user.delete", Object: string(id), Name: u.Username, Detail: map[string]any{"email": u.Email}})
	})
}

func soleOwner(teams []*fleet.Team) error {
	msg := fmt.Sprintf("This person is the only owner of the team %s. Give the team another owner first, or delete it.", teams[0].Name)
	if len(teams) > 1 {
		msg = fmt.Sprintf("This person is the only owner of %d teams, %s among them. Give each another owner first, or delete it.", len(teams), teams[0].Name)
	}
	return &fleet.Error{Kind: fleet.Conflict, Code: "sole_owner", Msg: msg}
}
