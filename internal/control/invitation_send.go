package control

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/secret"
	"leat/internal/store"
)

// sendAgain is how long somebody rests who has just got a letter of an invitation.
const sendAgain = time.Minute

// invitationSecret makes the secret of an invitation's link. It can be made
// again, for a letter that reminds of the same link, by who has the platform key
// alone.
func (c *core) invitationSecret(i *fleet.Invitation) string {
	mac := c.Key.Derive("invitation").MAC(string(i.ID), strconv.FormatInt(i.Round, 10))
	return "leat_inv_" + hex.EncodeToString(mac)
}

// mayInviteByMail refuses addresses where only administrators make accounts: an
// address may be anybody's.
func (s *step) mayInviteByMail() error {
	set, err := s.settings()
	if err == nil && !set.InviteNewUsers {
		return fleet.InvalidField("email", "On this platform administrators make the accounts. Invite by username, or ask one for an account.")
	}
	return err
}

// mayMakeAccount refuses a new account with an invitation where only
// administrators make accounts.
func (s *step) mayMakeAccount() error {
	set, err := s.settings()
	if err == nil && !set.InviteNewUsers {
		return &fleet.Error{Kind: fleet.Forbidden, Code: "accounts_by_administrators", Msg: "On this platform administrators make the accounts. Ask one for yours, sign in with it, and open the link again."}
	}
	return err
}

// tellInvited writes the letter of an invitation and, for a user whom it names,
// a notification. What is told of a username goes to who has it, and nobody else
// learns whether there is such a person.
func (s *step) tellInvited(t *fleet.Team, i *fleet.Invitation, token string) error {
	letter := &mail.Invitation{
		Team: t.Name, Inviter: s.who.Username, Role: string(i.Role), Link: s.c.PlatformURL + "/invitation#" + token, ExpiresAt: i.ExpiresAt,
	}
	rested := s.now.Sub(i.SentAt) >= sendAgain
	if i.Username != "" {
		i.SentAt = s.now
		return s.tellNamed(t, i, letter, rested)
	}
	can, err := s.canMail()
	if err != nil || !can || !rested || !s.c.postage.take(s.who.User, i.Email, s.now) {
		return err
	}
	i.Mailed, i.SentAt = true, s.now
	return s.sendLetter(toAddress(i.Email), letter, i.ExpiresAt.Sub(s.now))
}

func (s *step) tellNamed(t *fleet.Team, i *fleet.Invitation, letter *mail.Invitation, rested bool) error {
	u, err := s.UserByUsername(i.Username)
	if fleet.IsKind(err, fleet.NotFound) || err == nil && u.Suspended {
		return nil
	}
	if err != nil {
		return err
	}
	if rested && s.c.postage.take(s.who.User, u.Email, s.now) {
		if err := s.sendLetter(toUser(u.ID), letter, i.ExpiresAt.Sub(s.now)); err != nil {
			return err
		}
	}
	return s.notify(fleet.Notification{
		User: u.ID, Kind: fleet.NoteInvitation, Level: fleet.LevelInfo, Reference: string(i.ID), Name: t.Name, Team: t.ID,
		Title: fmt.Sprintf("%s invites you to the team %s", s.who.Username, t.Name),
		Text:  fmt.Sprintf("You would join as %s. The invitation is good until %s.", i.Role, i.ExpiresAt.Format("2 January 2006")),
		Link:  "/invitation#" + string(i.ID),
	})
}

// untell takes out of an inbox what tellNamed put there and nobody has read:
// invitations that are taken back and made again must not push out the rest.
func (s *step) untell(i *fleet.Invitation) error {
	if i.Username == "" {
		return nil
	}
	u, err := s.UserByUsername(i.Username)
	if fleet.IsKind(err, fleet.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.supersede(u.ID, string(i.ID))
}

// Resend makes a new link for an invitation, with a full life, and sends it where
// it can. The old link ends.
func (c *Invitations) Resend(ctx context.Context, who fleet.Actor, team string, id fleet.InvitationID) (i *store.InvitationBy, token string, err error) {
	err = c.write(ctx, who, fleet.InviteCreate, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		old, err := s.Invitation(t.ID, id)
		if err != nil {
			return err
		}
		if wait := sendAgain - s.now.Sub(old.SentAt); wait > 0 {
			return &fleet.Error{
				Kind: fleet.TooMany, Code: "sent_just_now", RetryAfterSeconds: int(math.Ceil(wait.Seconds())), Msg: "This invitation was sent just now. Wait a minute before you send it again.",
			}
		}
		old.Round++
		old.ExpiresAt, old.RemindedAt = s.now.Add(fleet.InvitationLife), time.Time{}
		token = s.c.invitationSecret(old)
		if err := s.tellInvited(t, old, token); err != nil {
			return err
		}
		if err := s.RenewInvitation(old, secret.Hash(token)); err != nil {
			return err
		}
		by, err := s.User(old.InvitedBy)
		if err != nil {
			return err
		}
		i = &store.InvitationBy{Invitation: *old, Inviter: by.Username}
		s.hint(fleet.Event{Noun: "invitation", ID: string(id), Team: t.ID})
		return s.audit(fleet.AuditEvent{
			Event: "invitation.resend", Team: t.ID, Object: string(id), Name: old.Email + old.Username, Detail: map[string]any{"mailed": old.Mailed},
		})
	})
	return i, token, err
}

// ListAll lists the open invitations of all teams, for administrators.
func (c *Invitations) ListAll(ctx context.Context, who fleet.Actor, p store.Page) (list []*store.InvitationBy, next string, err error) {
	err = c.read(ctx, who, fleet.PlatformTeams, func(s *step) error {
		if err := s.may("", "invitation", ""); err != nil {
			return err
		}
		list, next, err = s.AllInvitations(s.now, p)
		return err
	})
	return list, next, err
}

// Remind sends once more the letters of invitations that nobody accepted and
// that soon end.
func (c *Invitations) Remind(ctx context.Context) error {
	for {
		var n int
		err := c.write(ctx, fleet.System("invitations"), fleet.InviteCreate, func(s *step) error {
			if err := s.may("", "invitation", ""); err != nil {
				return err
			}
			list, err := s.InvitationsToRemind(s.now, s.now.Add(fleet.InvitationReminder), remindBatch)
			n = len(list)
			for _, i := range list {
				if err == nil {
					err = s.remind(i)
				}
			}
			return err
		})
		if err != nil || n < remindBatch {
			return err
		}
	}
}

// remindBatch keeps reminding from holding the writer for long.
const remindBatch = 100

func (s *step) remind(i *store.InvitationBy) error {
	first, err := s.RemindInvitation(i.ID, s.now)
	if err != nil || !first || i.Round == 0 {
		return err
	}
	t, err := s.Team(i.Team)
	if err != nil {
		return err
	}
	return s.sendLetter(toAddress(i.Email), &mail.Invitation{
		Team: t.Name, Inviter: i.Inviter, Role: string(i.Role), Link: s.c.PlatformURL + "/invitation#" + s.c.invitationSecret(&i.Invitation), ExpiresAt: i.ExpiresAt, Reminder: true,
	}, i.ExpiresAt.Sub(s.now))
}
