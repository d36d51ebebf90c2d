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
}

func invitationOf(r query.Invitation) *fleet.Invitation {
	return &fleet.Invitation{
		ID: r.ID, Team: r.TeamID, Role: r.Role, Email: r.Email, Username: r.Username, InvitedBy: r.InvitedBy,
		CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt),
	}
}

// InsertInvitation adds an invitation; hash is of its secret.
func (tx *Tx) InsertInvitation(i *fleet.Invitation, hash string) error {
	return noun(tx.q.InsertInvitation(tx.ctx, query.InsertInvitationParams{
		ID: i.ID, Hash: hash, TeamID: i.Team, Role: i.Role, Email: i.Email, Username: i.Username, InvitedBy: i.InvitedBy,
		CreatedAt: micros(i.CreatedAt), ExpiresAt: micros(i.ExpiresAt),
	}), "invitation", "insert")
}

// Invitation finds an invitation of a team.
func (tx *Tx) Invitation(team fleet.TeamID, id fleet.InvitationID) (*fleet.Invitation, error) {
	r, err := tx.q.Invitation(tx.ctx, id, team)
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
	rows, next := cut(p, rows, func(r query.InvitationsRow) []string { return []string{string(r.ID)} })
	return each(rows, func(r query.InvitationsRow) *InvitationBy {
		return &InvitationBy{Inviter: r.Inviter, Invitation: fleet.Invitation{
			ID: r.ID, Team: r.TeamID, Role: r.Role, Email: r.Email, Username: r.Username, InvitedBy: r.InvitedBy,
			CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt),
		}}
	}), next, noun(err, "invitation", "list")
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
