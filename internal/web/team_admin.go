package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) teamAdminRoutes(r *routes) {
	get(r, "/teams/{team}/usage", fleet.TeamRead, s.getTeamUsage, says("See what a team may have and has"))
	get(r, "/admin/teams", fleet.PlatformTeams, s.listAllTeams)
	get(r, "/admin/teams/{team}", fleet.PlatformTeams, s.getAnyTeam, says("See any team"))
	patch(r, "/admin/teams/{team}", fleet.PlatformTeamEdit, s.administerTeam)
}

func (s *Server) getTeamUsage(ctx context.Context, who fleet.Actor, in *TeamPath) (*api.TeamUsage, error) {
	usage, err := s.Teams.Usage(ctx, who, in.Team)
	return one(usage, err, func(u *control.TeamUsage) api.TeamUsage {
		out := api.TeamUsage{
			Type: string(u.Type.ID), TypeName: u.Type.Name, Limits: limitsView(u.Limits), Members: u.Usage.Members,
			Instances: u.Usage.Instances, InstancesBy: u.Usage.InstancesOfType, InstanceTypes: u.InstanceTypes,
		}
		if out.InstanceTypes == nil {
			out.InstanceTypes = []string{}
		}
		return out
	})
}

type allTeamsPage struct {
	Named
	Type      fleet.TeamTypeID `query:"type" maxLength:"64" doc:"only teams of this type"`
	Suspended string           `query:"suspended" enum:"true,false" doc:"only suspended teams, or only others"`
}

func (s *Server) listAllTeams(ctx context.Context, who fleet.Actor, in *allTeamsPage) (*api.List[api.AdminTeam], error) {
	items, next, err := s.Teams.ListAll(ctx, who, store.TeamFilter{Type: in.Type, Suspended: yesNo(in.Suspended)}, in.store())
	return listView(items, next, err, adminTeamView)
}

// yesNo reads a filter of true, false or neither.
func yesNo(text string) *bool {
	if text == "" {
		return nil
	}
	yes := text == "true"
	return &yes
}

func (s *Server) getAnyTeam(ctx context.Context, who fleet.Actor, in *TeamPath) (*api.AdminTeam, error) {
	team, err := s.Teams.Overview(ctx, who, in.Team)
	return one(team, err, adminTeamView)
}

type administerTeam struct {
	TeamPath
	Matching
	Body api.EditAdminTeam `contentType:"application/merge-patch+json"`
}

func (s *Server) administerTeam(ctx context.Context, who fleet.Actor, in *administerTeam) (*api.AdminTeam, error) {
	team, err := s.Teams.Administer(ctx, who, in.Team, in.Body, in.version())
	return one(team, err, adminTeamView)
}

func adminTeamView(t *control.TeamOverview) api.AdminTeam {
	return api.AdminTeam{
		ID: string(t.ID), Name: t.Name, Slug: t.Slug, Type: string(t.Type), TypeName: t.TypeName, Limits: limitsView(t.Limits),
		Suspended: t.Suspended(), SuspendReason: t.SuspendReason, SuspendedAt: when(t.SuspendedAt), Members: t.Members, Owners: t.Owners,
		Applications: t.Applications, Instances: t.Instances, Running: t.Running, Version: t.Version, CreatedAt: t.CreatedAt.UTC(),
	}
}
