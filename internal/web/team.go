package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) teamRoutes(r *routes) {
	get(r, "/teams", fleet.TeamList, s.listTeams)
	post(r, "/teams", fleet.TeamCreate, s.createTeam, status(201))
	get(r, "/teams/{team}", fleet.TeamRead, s.getTeam)
	patch(r, "/teams/{team}", fleet.TeamEdit, s.updateTeam)
	del(r, "/teams/{team}", fleet.TeamDelete, s.deleteTeam)
}

// TeamPath names a team by its id or its short name.
type TeamPath struct {
	Team string `path:"team" doc:"id or short name"`
}

type teamPage struct {
	TeamPath
	Named
}

func (s *Server) listTeams(ctx context.Context, who fleet.Actor, in *Named) (*api.List[api.Team], error) {
	items, next, err := s.Teams.List(ctx, who, in.store())
	return listView(items, next, err, teamView)
}

type newTeam struct {
	Once
	Body api.NewTeam
}

func (s *Server) createTeam(ctx context.Context, who fleet.Actor, in *newTeam) (*api.Team, error) {
	team, err := s.Teams.Create(ctx, who, in.Body, in.idem(ctx))
	return one(team, err, teamView)
}

func (s *Server) getTeam(ctx context.Context, who fleet.Actor, in *TeamPath) (*api.Team, error) {
	team, err := s.Teams.Get(ctx, who, in.Team)
	return one(team, err, teamView)
}

type editTeam struct {
	TeamPath
	Matching
	Body api.EditTeam `contentType:"application/merge-patch+json"`
}

func (s *Server) updateTeam(ctx context.Context, who fleet.Actor, in *editTeam) (*api.Team, error) {
	team, err := s.Teams.Update(ctx, who, in.Team, in.Body, in.version())
	return one(team, err, teamView)
}

func (s *Server) deleteTeam(ctx context.Context, who fleet.Actor, in *TeamPath) error {
	return s.Teams.Delete(ctx, who, in.Team)
}

func teamView(t *store.TeamRole) api.Team {
	return api.Team{
		ID: string(t.ID), Name: t.Name, Slug: t.Slug, Role: string(t.Role), Permissions: permissionNames(fleet.PermissionsOf(t.Role)),
		Type: string(t.Type), Suspended: t.Suspended(), SuspendReason: t.SuspendReason,
		Version: t.Version, CreatedAt: t.CreatedAt.UTC(),
	}
}

func permissionNames(list []fleet.Permission) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = string(p)
	}
	return out
}
