package store

import (
	"leat/internal/fleet"
	"leat/internal/store/query"
)

// TeamRole is a team and the role that the asking user has in it.
type TeamRole struct {
	fleet.Team
	Role fleet.Role
}

func teamOf(r query.Team) *fleet.Team {
	return &fleet.Team{ID: r.ID, Name: r.Name, Slug: r.Slug, Version: r.Version, CreatedAt: fromMicros(r.CreatedAt)}
}

const slugTaken = "Another team has this short name. Choose another."

// InsertTeam adds a team; a short name that another has is a Conflict.
func (tx *Tx) InsertTeam(t *fleet.Team) error {
	err := tx.q.InsertTeam(tx.ctx, query.InsertTeamParams{
		ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Slug: t.Slug, Version: t.Version, CreatedAt: micros(t.CreatedAt),
	})
	return taken(err, "team", "slug_taken", slugTaken)
}

// Team finds a team.
func (tx *Tx) Team(id fleet.TeamID) (*fleet.Team, error) {
	r, err := tx.q.Team(tx.ctx, id)
	return teamOf(r), noun(err, "team", "read")
}

// TeamBySlug finds a team by its short name.
func (tx *Tx) TeamBySlug(slug string) (*fleet.Team, error) {
	r, err := tx.q.TeamBySlug(tx.ctx, slug)
	return teamOf(r), noun(err, "team", "read")
}

// Teams lists the teams a user is in, by name.
func (tx *Tx) Teams(user fleet.UserID, p Page) ([]*TeamRole, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.TeamsOf(tx.ctx, query.TeamsOfParams{UserID: user, AfterName: after[0], AfterID: fleet.TeamID(after[1]), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.TeamsOfRow) []string { return []string{r.NameKey, string(r.ID)} })
	return each(rows, func(r query.TeamsOfRow) *TeamRole {
		return &TeamRole{Role: r.Role, Team: fleet.Team{ID: r.ID, Name: r.Name, Slug: r.Slug, Version: r.Version, CreatedAt: fromMicros(r.CreatedAt)}}
	}), next, noun(err, "team", "list")
}

// UpdateTeam writes what t holds over the version that t was read at.
func (tx *Tx) UpdateTeam(t *fleet.Team) error {
	n, err := tx.q.UpdateTeam(tx.ctx, query.UpdateTeamParams{ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Slug: t.Slug, Version: t.Version})
	if isDuplicate(err) {
		return taken(err, "team", "slug_taken", slugTaken)
	}
	t.Version++
	return versioned(n, err, "team")
}

// DeleteTeam removes a team with its memberships and invitations.
func (tx *Tx) DeleteTeam(id fleet.TeamID) error {
	n, err := tx.q.DeleteTeam(tx.ctx, id)
	return one(n, err, "team", "delete")
}

// CountOfTeam counts a team's applications and instances.
func (tx *Tx) CountOfTeam(id fleet.TeamID) (applications, instances int64, err error) {
	applications, err = tx.q.CountApplicationsOfTeam(tx.ctx, id)
	if err == nil {
		instances, err = tx.q.CountInstancesOfTeam(tx.ctx, id)
	}
	return applications, instances, noun(err, "team", "count")
}
