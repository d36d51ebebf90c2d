package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// InvitationBy is an invitation and the username of who made it.
type InvitationBy struct {
	fleet.Invitation
	Inviter string
	// TeamName is set in lists of the invitations of all teams.
	TeamName string
}

func invitationOf(r query.Invitation) *fleet.Invitation {
	return &fleet.Invitation{
		ID: r.ID, Team: r.TeamID, Role: r.Role, Email: r.Email, Username: r.Username, InvitedBy: r.InvitedBy,
		CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt), Round: r.Round, Mailed: r.Mailed,
		SentAt: fromMicros(r.SentAt), RemindedAt: fromMicros(r.RemindedAt),
	}
}

// InsertInvitation adds an invitation; hash is of its secret.
func (tx *Tx) InsertInvitation(i *fleet.Invitation, hash string) error {
	return noun(tx.q.InsertInvitation(tx.ctx, query.InsertInvitationParams{
		ID: i.ID, Hash: hash, TeamID: i.Team, Role: i.Role, Email: i.Email, Username: i.Username, InvitedBy: i.InvitedBy,
		CreatedAt: micros(i.CreatedAt), ExpiresAt: micros(i.ExpiresAt), Round: i.Round, Mailed: i.Mailed, SentAt: micros(i.SentAt), RemindedAt: micros(i.RemindedAt),
	}), "invitation", "insert")
}

// Invitation finds an invitation of a team.
func (tx *Tx) Invitation(team fleet.TeamID, id fleet.InvitationID) (*fleet.Invitation, error) {
	r, err := tx.q.Invitation(tx.ctx, id, team)
	return invitationOf(r), noun(err, "invitation", "read")
}

// InvitationAlone finds an invitation of any team.
func (tx *Tx) InvitationAlone(id fleet.InvitationID) (*fleet.Invitation, error) {
	r, err := tx.q.InvitationAlone(tx.ctx, id)
	return invitationOf(r), noun(err, "invitation", "read")
}

// InvitationFor finds a team's last invitation of one person.
func (tx *Tx) InvitationFor(team fleet.TeamID, email, username string) (*fleet.Invitation, error) {
	r, err := tx.q.InvitationFor(tx.ctx, query.InvitationForParams{TeamID: team, Email: email, Username: username})
	return invitationOf(r), noun(err, "invitation", "read")
}

// InvitationByHash finds an invitation by the hash of its secret.
func (tx *Tx) InvitationByHash(hash string) (*fleet.Invitation, error) {
	r, err := tx.q.InvitationByHash(tx.ctx, hash)
	return invitationOf(r), noun(err, "invitation", "read")
}

// Invitations lists a team's invitations that can be accepted at now, the newest first.
func (tx *Tx) Invitations(team fleet.TeamID, now time.Time, p Page) ([]*InvitationBy, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.Invitations(tx.ctx, query.InvitationsParams{TeamID: team, Now: micros(now), Before: fleet.InvitationID(before), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.InvitationsRow) []string { return []string{string(r.Invitation.ID)} })
	return each(rows, func(r query.InvitationsRow) *InvitationBy {
		return &InvitationBy{Inviter: r.Inviter, Invitation: *invitationOf(r.Invitation)}
	}), next, noun(err, "invitation", "list")
}

// AllInvitations lists the invitations of all teams that can be accepted at now,
// the newest first.
func (tx *Tx) AllInvitations(now time.Time, p Page) ([]*InvitationBy, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.AllInvitations(tx.ctx, query.AllInvitationsParams{Now: micros(now), Before: fleet.InvitationID(before), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.AllInvitationsRow) []string { return []string{string(r.Invitation.ID)} })
	return each(rows, func(r query.AllInvitationsRow) *InvitationBy {
		return &InvitationBy{Inviter: r.Inviter, TeamName: r.TeamName, Invitation: *invitationOf(r.Invitation)}
	}), next, noun(err, "invitation", "list")
}

// CountAllInvitations counts the invitations that can be accepted at now.
func (tx *Tx) CountAllInvitations(now time.Time) (int64, error) {
	n, err := tx.q.CountAllInvitations(tx.ctx, micros(now))
	return n, noun(err, "invitation", "count")
}

// RenewInvitation writes the round, the end and the sending that i holds, with the
// hash of the new secret.
func (tx *Tx) RenewInvitation(i *fleet.Invitation, hash string) error {
	n, err := tx.q.RenewInvitation(tx.ctx, query.RenewInvitationParams{
		ID: i.ID, Hash: hash, Round: i.Round, ExpiresAt: micros(i.ExpiresAt), Mailed: i.Mailed, SentAt: micros(i.SentAt), RemindedAt: micros(i.RemindedAt),
	})
	return one(n, err, "invitation", "update")
}

// InvitationsToRemind lists mailed invitations that end between now and soon, and
// of which nobody was reminded.
func (tx *Tx) InvitationsToRemind(now, soon time.Time, most int) ([]*InvitationBy, error) {
	rows, err := tx.q.InvitationsToRemind(tx.ctx, query.InvitationsToRemindParams{Now: micros(now), Soon: micros(soon), Most: int32(most)})
	return each(rows, func(r query.InvitationsToRemindRow) *InvitationBy {
		return &InvitationBy{Inviter: r.Inviter, Invitation: *invitationOf(r.Invitation)}
	}), noun(err, "invitation", "list")
}

// RemindInvitation notes that somebody was reminded; false where that was noted
// before.
func (tx *Tx) RemindInvitation(id fleet.InvitationID, at time.Time) (bool, error) {
	n, err := tx.q.RemindInvitation(tx.ctx, id, micros(at))
	return n > 0, noun(err, "invitation", "update")
}

// CountInvitations counts a team's invitations that can be accepted at now.
func (tx *Tx) CountInvitations(team fleet.TeamID, now time.Time) (int64, error) {
	n, err := tx.q.CountInvitations(tx.ctx, team, micros(now))
	return n, noun(err, "invitation", "count")
}

// DeleteInvitation removes an invitation.
func (tx *Tx) DeleteInvitation(id fleet.InvitationID) error {
	n, err := tx.q.DeleteInvitation(tx.ctx, id)
	return one(n, err, "invitation", "delete")
}

// DeleteInvitationsFor removes a team's invitations of one person.
func (tx *Tx) DeleteInvitationsFor(team fleet.TeamID, email, username string) error {
	return noun(tx.q.DeleteInvitationsFor(tx.ctx, query.DeleteInvitationsForParams{TeamID: team, Email: email, Username: username}), "invitation", "delete")
}

// DeleteExpiredInvitations removes up to most invitations that have expired.
func (tx *Tx) DeleteExpiredInvitations(now time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteExpiredInvitations(tx.ctx, micros(now), int32(most))
	return n, noun(err, "invitation", "delete")
}
