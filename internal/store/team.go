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
	return &fleet.Team{
		ID: r.ID, Name: r.Name, Slug: r.Slug, Type: r.TypeID, Limits: limitsOf(r.Limits), SuspendedAt: fromMicros(r.SuspendedAt),
		SuspendReason: r.SuspendReason, Version: r.Version, CreatedAt: fromMicros(r.CreatedAt),
	}
}

const slugTaken = "Another team has this short name. Choose another."

// InsertTeam adds a team; a short name that another has is a Conflict.
func (tx *Tx) InsertTeam(t *fleet.Team) error {
	err := tx.q.InsertTeam(tx.ctx, query.InsertTeamParams{
		ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Slug: t.Slug, Version: t.Version, CreatedAt: micros(t.CreatedAt), TypeID: t.Type,
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
	rows, next := cut(p, rows, func(r query.TeamsOfRow) []string { return []string{r.Team.NameKey, string(r.Team.ID)} })
	return each(rows, func(r query.TeamsOfRow) *TeamRole { return &TeamRole{Role: r.Role, Team: *teamOf(r.Team)} }), next, noun(err, "team", "list")
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

// TeamCount is a team with how much it has.
type TeamCount struct {
	fleet.Team
	Members, Owners, Applications, Instances, Running int
}

// TeamFilter chooses teams; the zero filter chooses all.
type TeamFilter struct {
	Type fleet.TeamTypeID
	// Suspended is nil for both.
	Suspended *bool
}

// AllTeams lists all teams by name, with how much each has.
func (tx *Tx) AllTeams(f TeamFilter, p Page) ([]*TeamCount, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.AllTeams(tx.ctx, query.AllTeamsParams{
		AfterName: after[0], AfterID: fleet.TeamID(after[1]), Kind: string(f.Type), Suspended: choice(f.Suspended),
		Prefix: prefixPattern(p.Q), Words: wordPattern(p.Q), Most: p.limit(),
	})
	rows, next := cut(p, rows, func(r query.AllTeamsRow) []string { return []string{r.Team.NameKey, string(r.Team.ID)} })
	return each(rows, func(r query.AllTeamsRow) *TeamCount {
		return &TeamCount{*teamOf(r.Team), int(r.Members), int(r.Owners), int(r.Applications), int(r.Instances), int(r.Running)}
	}), next, noun(err, "team", "list")
}

// choice is how a query takes a filter of yes, no or both.
func choice(b *bool) int64 {
	switch {
	case b == nil:
		return -1
	case *b:
		return 1
	}
	return 0
}

// CountTeam adds to a team how much it has.
func (tx *Tx) CountTeam(t *fleet.Team) (*TeamCount, error) {
	r, err := tx.q.TeamCounts(tx.ctx, t.ID)
	return &TeamCount{*t, int(r.Members), int(r.Owners), int(r.Applications), int(r.Instances), int(r.Running)}, noun(err, "team", "count")
}

// AdministerTeam writes the type, the limits and the suspension that t holds over
// the version that t was read at.
func (tx *Tx) AdministerTeam(t *fleet.Team) error {
	limits, err := jsonText(t.Limits)
	if err != nil {
		return err
	}
	n, err := tx.q.AdministerTeam(tx.ctx, query.AdministerTeamParams{
		ID: t.ID, TypeID: t.Type, Limits: limits, SuspendedAt: micros(t.SuspendedAt), SuspendReason: t.SuspendReason, Version: t.Version,
	})
	t.Version++
	return versioned(n, err, "team")
}

// CountMembers counts a team's members.
func (tx *Tx) CountMembers(id fleet.TeamID) (int, error) {
	n, err := tx.q.CountMembers(tx.ctx, id)
	return int(n), noun(err, "member", "count")
}

// CountInstancesByType counts a team's instances by their type.
func (tx *Tx) CountInstancesByType(id fleet.TeamID) (map[string]int, error) {
	rows, err := tx.q.CountInstancesByType(tx.ctx, id)
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Type] = int(r.Instances)
	}
	return out, noun(err, "instance", "count")
}
