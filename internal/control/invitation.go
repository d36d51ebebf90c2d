package control

import (
	"context"
	"errors"
	"fmt"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// Invitations is the verbs of asking people into a team.
type Invitations struct{ *core }

const maxInvitations = 200

// InvitationView is what the holder of a link may know.
type InvitationView struct {
	fleet.Invitation
	TeamName string
	Inviter  string
}

// Create makes an invitation; the secret belongs into the link and is shown this
// once. An older invitation of the same person is replaced.
func (c *Invitations) Create(ctx context.Context, who fleet.Actor, team string, in api.NewInvitation, key Key) (i *store.InvitationBy, token string, err error) {
	err = c.write(ctx, who, fleet.InviteCreate, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error {
				if token, err = s.shownOnce(done); err != nil {
					return err
				}
				old, err := s.Invitation(t.ID, fleet.InvitationID(id))
				i = &store.InvitationBy{Invitation: *old, Inviter: who.Username}
				return err
			})
		}
		if i, token, err = s.invite(t, in); err != nil {
			return err
		}
		return s.remember(key, string(i.ID), []byte(token))
	})
	if err != nil {
		return nil, "", err
	}
	return i, token, nil
}

func (s *step) invite(t *fleet.Team, in api.NewInvitation) (*store.InvitationBy, string, error) {
	i := &fleet.Invitation{
		ID: fleet.NewInvitationID(s.now), Team: t.ID, Role: fleet.Role(in.Role), InvitedBy: s.who.User, CreatedAt: s.now, ExpiresAt: s.now.Add(fleet.InvitationLife), Round: 1,
	}
	if err := s.invitee(i, in); err != nil {
		return nil, "", err
	}
	if err := s.roomForMember(t); err != nil {
		return nil, "", err
	}
	if n, err := s.CountInvitations(t.ID, s.now); err != nil || n >= maxInvitations {
		return nil, "", orTooMany(err, "too_many_invitations", "The team has 200 open invitations. Delete those that nobody accepts.")
	}
	before, err := s.Tx.InvitationFor(t.ID, i.Email, i.Username)
	if err == nil {
		i.SentAt, err = before.SentAt, errors.Join(s.untell(before), s.DeleteInvitationsFor(t.ID, i.Email, i.Username))
	}
	if err != nil && !fleet.IsKind(err, fleet.NotFound) {
		return nil, "", err
	}
	token := s.c.invitationSecret(i)
	if err := s.tellInvited(t, i, token); err != nil {
		return nil, "", err
	}
	if err := s.InsertInvitation(i, secret.Hash(token)); err != nil {
		return nil, "", err
	}
	s.hint(fleet.Event{Noun: "invitation", ID: string(i.ID), Team: t.ID})
	return &store.InvitationBy{Invitation: *i, Inviter: s.who.Username}, token, s.audit(fleet.AuditEvent{
		Event: "invitation.create", Team: t.ID, Object: string(i.ID), Name: i.Email + i.Username, Detail: map[string]any{"role": string(i.Role), "mailed": i.Mailed},
	})
}

// invitee checks whom an invitation is for.
func (s *step) invitee(i *fleet.Invitation, in api.NewInvitation) error {
	var err1, err2 error
	if !i.Role.Valid() {
		err1 = fleet.InvalidField("role", "A role is owner, member, viewer or dashboard.")
	}
	switch {
	case (in.Email == "") == (in.Username == ""):
		err2 = fleet.InvalidField("email", "Give an e-mail address or a username, one of the two.")
	case in.Email != "":
		if i.Email, err2 = fleet.CleanEmail(in.Email); err2 == nil {
			err2 = s.mayInviteByMail()
		}
	default:
		i.Username, err2 = fleet.CleanUsername(in.Username)
	}
	if err := together(err1, err2); err != nil {
		return err
	}
	u, err := s.invitedUser(i)
	if u == nil || err != nil {
		return err
	}
	if role, err := s.Role(i.Team, u.ID); err != nil || role.Valid() {
		return orTooMany(err, "already_member", "This person is in the team already.")
	}
	return nil
}

// invitedUser finds the account of who is invited, nil where there is none. A
// username that nobody has can be invited just the same: the answer must not
// tell who has an account.
func (s *step) invitedUser(i *fleet.Invitation) (u *fleet.User, err error) {
	if i.Username != "" {
		u, err = s.UserByUsername(i.Username)
	} else {
		u, err = s.UserByEmail(i.Email)
	}
	if fleet.IsKind(err, fleet.NotFound) {
		return nil, nil
	}
	return u, err
}

// List lists a team's open invitations.
func (c *Invitations) List(ctx context.Context, who fleet.Actor, team string, p store.Page) (list []*store.InvitationBy, next string, err error) {
	err = c.read(ctx, who, fleet.InviteCreate, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		list, next, err = s.Invitations(t.ID, s.now, p)
		return err
	})
	return list, next, err
}

// Delete takes an invitation back.
func (c *Invitations) Delete(ctx context.Context, who fleet.Actor, team string, id fleet.InvitationID) error {
	return c.write(ctx, who, fleet.InviteCreate, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		i, err := s.Invitation(t.ID, id)
		if err != nil {
			return err
		}
		if err := s.DeleteInvitation(id); err != nil {
			return err
		}
		if err := s.untell(i); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "invitation", ID: string(id), Team: t.ID, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "invitation.delete", Team: t.ID, Object: string(id), Name: i.Email + i.Username})
	})
}

// errBadInvitation is the same for invitations that expired and that never were.
var errBadInvitation = &fleet.Error{Kind: fleet.NotFound, Code: "invitation_not_found", Msg: "This invitation is not in force any more. Ask for a new one."}

// Read tells the holder of a link what it is for.
func (c *Invitations) Read(ctx context.Context, who fleet.Actor, token string) (v *InvitationView, err error) {
	err = c.read(ctx, who, fleet.InviteRead, func(s *step) error {
		if err := s.may("", "invitation", ""); err != nil {
			return err
		}
		i, t, err := s.openInvitation(token)
		if err != nil {
			return err
		}
		by, err := s.User(i.InvitedBy)
		if err != nil {
			return err
		}
		v = &InvitationView{Invitation: *i, TeamName: t.Name, Inviter: by.Username}
		return nil
	})
	return v, err
}

// openInvitation finds an invitation that can be accepted, and its team: by the
// secret or, for the user whom it names, by its id.
func (s *step) openInvitation(token string) (*fleet.Invitation, *fleet.Team, error) {
	i, err := s.InvitationByHash(secret.Hash(token))
	if fleet.IsKind(err, fleet.NotFound) && s.who.SignedIn() {
		if i, err = s.InvitationAlone(fleet.InvitationID(token)); err == nil && i.Username != s.who.Username {
			return nil, nil, errBadInvitation
		}
	}
	if fleet.IsKind(err, fleet.NotFound) || err == nil && !s.now.Before(i.ExpiresAt) {
		return nil, nil, errBadInvitation
	}
	if err != nil {
		return nil, nil, err
	}
	t, err := s.Team(i.Team)
	return i, t, err
}

// Accept puts the caller into the team: as who they are signed in as or, where
// nobody is signed in, with a new account.
func (c *Invitations) Accept(ctx context.Context, who fleet.Actor, in api.AcceptInvitation) (t *fleet.Team, u *fleet.User, err error) {
	if who.SignedIn() {
		t, u, err = c.acceptAs(ctx, who, in.Secret)
		return t, u, err
	}
	err = c.read(ctx, who, fleet.InviteAccept, func(s *step) error {
		if err := s.may("", "invitation", ""); err != nil {
			return err
		}
		_, _, err := s.openInvitation(in.Secret)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	draft, err := c.newUser(ctx, api.NewUser{Username: in.Username, Email: in.Email, Name: in.Name, Password: in.Password})
	if err != nil {
		return nil, nil, err
	}
	err = c.write(ctx, who, fleet.InviteAccept, func(s *step) error {
		if err := s.may("", "invitation", ""); err != nil {
			return err
		}
		i, team, err := s.openInvitation(in.Secret)
		if err != nil {
			return err
		}
		if err := s.mayMakeAccount(); err != nil {
			return err
		}
		if err := invitedAs(i, draft); err != nil {
			return err
		}
		t, u = team, draft
		// From here on the new user acts.
		s.who = fleet.Actor{Kind: fleet.ActorUser, User: u.ID, Username: u.Username, Addr: who.Addr, RequestID: who.RequestID}
		if err := s.insertUser(u, "user.create"); err != nil {
			return err
		}
		return s.join(i, t, u)
	})
	return t, u, err
}

func (c *Invitations) acceptAs(ctx context.Context, who fleet.Actor, token string) (t *fleet.Team, u *fleet.User, err error) {
	err = c.write(ctx, who, fleet.InviteAccept, func(s *step) error {
		if err := s.may("", "invitation", ""); err != nil {
			return err
		}
		i, team, err := s.openInvitation(token)
		if err != nil {
			return err
		}
		if u, err = s.User(who.User); err != nil {
			return err
		}
		if i.Username != "" && i.Username != u.Username {
			return otherInvitee(i.Username)
		}
		t = team
		return s.join(i, t, u)
	})
	return t, u, err
}

// invitedAs holds a new account to the name or address that was invited: whoever
// got hold of a link must not take another's name with it.
func invitedAs(i *fleet.Invitation, u *fleet.User) error {
	if i.Username != "" && i.Username != u.Username {
		return otherInvitee(i.Username)
	}
	if i.Email != "" && i.Email != u.Email {
		return fleet.InvalidField("email", "Use the e-mail address that the invitation was made for.")
	}
	return nil
}

func otherInvitee(username string) error {
	return &fleet.Error{Kind: fleet.Conflict, Code: "invitation_for_another", Msg: fmt.Sprintf("This invitation is for %s. Sign in with that account.", username)}
}

// join turns an invitation into a membership.
func (s *step) join(i *fleet.Invitation, t *fleet.Team, u *fleet.User) error {
	if err := s.roomForMember(t); err != nil {
		return err
	}
	if err := s.InsertMember(&fleet.Membership{Team: t.ID, User: u.ID, Role: i.Role, CreatedAt: s.now}); err != nil {
		return err
	}
	if err := s.DeleteInvitation(i.ID); err != nil {
		return err
	}
	if err := s.supersede(u.ID, string(i.ID)); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "invitation", ID: string(i.ID), Team: t.ID, Deleted: true})
	s.hint(fleet.Event{Noun: "member", ID: string(u.ID), Team: t.ID, User: u.ID})
	return s.audit(fleet.AuditEvent{
		Event: "invitation.accept", Team: t.ID, Object: string(u.ID), Name: u.Username, Detail: map[string]any{"role": string(i.Role), "invitation": string(i.ID)},
	})
}

// Expire removes invitations that nobody accepted in time.
func (c *Invitations) Expire(ctx context.Context) error {
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteExpiredInvitations(c.Now(), expireBatch) })
}
