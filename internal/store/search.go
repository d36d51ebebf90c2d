package store

import (
	"slices"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Search is what is looked for, for whom, and how many of each kind are wanted.
type Search struct {
	Terms fleet.SearchTerms
	User  fleet.UserID
	// Everywhere finds in all teams, and not in those of the user alone.
	Everywhere bool
	// Team, where not empty, finds in one team.
	Team fleet.TeamID
	Most int
}

// Hit is one thing that was found. What does not concern its kind is empty.
type Hit struct {
	ID, Name, Detail   string
	Fit                fleet.Fit
	Team               fleet.TeamID
	TeamName, TeamSlug string
	Application        fleet.ApplicationID
	Instance           fleet.InstanceID
	State              fleet.State
}

// patterns are the arguments that all searches share, in the form of one.
func (s Search) patterns() query.SearchApplicationsParams {
	like := func(text string) string { return "%" + likeEscaper.Replace(text) + "%" }
	phrase, parts := likeEscaper.Replace(s.Terms.Phrase()), s.Terms.Parts()
	p := query.SearchApplicationsParams{
		Exact: s.Terms.Whole, Prefix: " " + phrase + "%", Word: "% " + phrase + "%", Part1: like(parts[0]), Part2: like(parts[1]), Part3: like(parts[2]),
		UserID: s.User, Team: string(s.Team), Most: int32(s.Most),
	}
	if s.Everywhere {
		p.Everywhere = 1
	}
	return p
}

// fitting drops what fits worse than counts; hits are sorted.
func (s Search) fitting(hits []Hit) []Hit {
	n := slices.IndexFunc(hits, func(h Hit) bool { return h.Fit > s.Terms.Worst() })
	if n < 0 {
		return hits
	}
	return hits[:n]
}

// SearchTeams finds teams by name and short name.
func (tx *Tx) SearchTeams(s Search) ([]Hit, error) {
	rows, err := tx.q.SearchTeams(tx.ctx, query.SearchTeamsParams(s.patterns()))
	return s.fitting(each(rows, func(r query.SearchTeamsRow) Hit {
		return Hit{ID: string(r.ID), Name: r.Name, Detail: r.Slug, Fit: fleet.Fit(r.Fit), Team: r.ID, TeamName: r.Name, TeamSlug: r.Slug}
	})), noun(err, "team", "search")
}

// SearchApplications finds applications by name.
func (tx *Tx) SearchApplications(s Search) ([]Hit, error) {
	rows, err := tx.q.SearchApplications(tx.ctx, s.patterns())
	return s.fitting(each(rows, func(r query.SearchApplicationsRow) Hit {
		return Hit{ID: string(r.ID), Name: r.Name, Fit: fleet.Fit(r.Fit), Team: r.TeamID, TeamName: r.TeamName, TeamSlug: r.Slug, Application: r.ID}
	})), noun(err, "application", "search")
}

// SearchInstances finds instances by name and label.
func (tx *Tx) SearchInstances(s Search) ([]Hit, error) {
	rows, err := tx.q.SearchInstances(tx.ctx, query.SearchInstancesParams(s.patterns()))
	return s.fitting(each(rows, instanceHit)), noun(err, "instance", "search")
}

// SearchDashboards finds dashboards in the teams where the user sees nothing else.
func (tx *Tx) SearchDashboards(s Search) ([]Hit, error) {
	p := s.patterns()
	rows, err := tx.q.SearchDashboards(tx.ctx, query.SearchDashboardsParams{
		Exact: p.Exact, Prefix: p.Prefix, Word: p.Word, UserID: p.UserID, Team: p.Team, Part1: p.Part1, Part2: p.Part2, Part3: p.Part3, Most: p.Most,
	})
	return s.fitting(each(rows, func(r query.SearchDashboardsRow) Hit { return instanceHit(query.SearchInstancesRow(r)) })), noun(err, "instance", "search")
}

func instanceHit(r query.SearchInstancesRow) Hit {
	return Hit{
		ID: string(r.ID), Name: r.Name, Detail: r.Label, Fit: fleet.Fit(r.Fit), Team: r.TeamID, TeamName: r.TeamName, TeamSlug: r.Slug,
		Application: r.ApplicationID, Instance: r.ID, State: r.State,
	}
}

// SearchSnapshots finds by name the snapshots that people made or imported.
func (tx *Tx) SearchSnapshots(s Search) ([]Hit, error) {
	rows, err := tx.q.SearchSnapshots(tx.ctx, query.SearchSnapshotsParams(s.patterns()))
	return s.fitting(each(rows, func(r query.SearchSnapshotsRow) Hit {
		return Hit{
			ID: string(r.ID), Name: r.Name, Detail: r.InstanceName, Fit: fleet.Fit(r.Fit), Team: r.TeamID, TeamName: r.TeamName, TeamSlug: r.Slug,
			Application: r.ApplicationID, Instance: r.InstanceID,
		}
	})), noun(err, "snapshot", "search")
}

// SearchMembers finds people by username and name, each in one team.
func (tx *Tx) SearchMembers(s Search) ([]Hit, error) {
	rows, err := tx.q.SearchMembers(tx.ctx, query.SearchMembersParams(s.patterns()))
	return s.fitting(each(rows, func(r query.SearchMembersRow) Hit {
		return Hit{ID: string(r.ID), Name: r.Name, Detail: r.Username, Fit: fleet.Fit(r.Fit), Team: r.TeamID, TeamName: r.TeamName, TeamSlug: r.Slug}
	})), noun(err, "member", "search")
}

// SearchUsers finds all users by username, name and e-mail address.
func (tx *Tx) SearchUsers(s Search) ([]Hit, error) {
	p := s.patterns()
	rows, err := tx.q.SearchUsers(tx.ctx, query.SearchUsersParams{
		Exact: p.Exact, Prefix: p.Prefix, Word: p.Word, Part1: p.Part1, Part2: p.Part2, Part3: p.Part3, Most: p.Most,
	})
	return s.fitting(each(rows, func(r query.SearchUsersRow) Hit {
		return Hit{ID: string(r.ID), Name: r.Name, Detail: r.Username, Fit: fleet.Fit(r.Fit)}
	})), noun(err, "user", "search")
}
