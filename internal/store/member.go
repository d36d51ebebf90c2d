package store

import (
	"database/sql"
	"errors"
	"fmt"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Member is a membership and who it is.
type Member struct {
	fleet.Membership
	Username string
	Name     string
	Email    string
}

// InsertMember puts a user into a team.
func (tx *Tx) InsertMember(m *fleet.Membership) error {
	err := tx.q.InsertMember(tx.ctx, query.InsertMemberParams{TeamID: m.Team, UserID: m.User, Role: m.Role, CreatedAt: micros(m.CreatedAt)})
	return taken(err, "member", "already_member", "This person is in the team already.")
}

// Role is a user's role in a team, RoleNone outside of it.
func (tx *Tx) Role(team fleet.TeamID, user fleet.UserID) (fleet.Role, error) {
	r, err := tx.q.Role(tx.ctx, team, user)
	if errors.Is(err, sql.ErrNoRows) {
		return fleet.RoleNone, nil
	}
	if err != nil {
		return "", fmt.Errorf("read role: %w", err)
	}
	return r, nil
}

// Member finds a member of a team.
func (tx *Tx) Member(team fleet.TeamID, user fleet.UserID) (*Member, error) {
	r, err := tx.q.Member(tx.ctx, team, user)
	return memberOf(query.MembersRow(r)), noun(err, "member", "read")
}

// Members lists a team's members by username.
func (tx *Tx) Members(team fleet.TeamID, p Page) ([]*Member, string, error) {
	after, err := p.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.Members(tx.ctx, query.MembersParams{TeamID: team, After: after[0], Prefix: prefixPattern(p.Q), Words: wordPattern(p.Q), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.MembersRow) []string { return []string{r.Username} })
	return each(rows, memberOf), next, noun(err, "member", "list")
}

func memberOf(r query.MembersRow) *Member {
	return &Member{
		Membership: fleet.Membership{Team: r.TeamID, User: r.UserID, Role: r.Role, CreatedAt: fromMicros(r.CreatedAt)},
		Username:   r.Username, Name: r.Name, Email: r.Email,
	}
}

// SetMemberRole changes a member's role.
func (tx *Tx) SetMemberRole(team fleet.TeamID, user fleet.UserID, role fleet.Role) error {
	n, err := tx.q.SetMemberRole(tx.ctx, query.SetMemberRoleParams{TeamID: team, UserID: user, Role: role})
	return one(n, err, "member", "update")
}

// DeleteMember takes a user out of a team.
func (tx *Tx) DeleteMember(team fleet.TeamID, user fleet.UserID) error {
	n, err := tx.q.DeleteMember(tx.ctx, team, user)
	return one(n, err, "member", "delete")
}

// CountOwners counts a team's owners.
func (tx *Tx) CountOwners(team fleet.TeamID) (int64, error) {
	n, err := tx.q.CountOwners(tx.ctx, team)
	return n, noun(err, "member", "count")
}
