package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) teamTypeRoutes(r *routes) {
	get(r, "/team-types", fleet.TeamTypeList, s.listTeamTypes)
	post(r, "/team-types", fleet.TeamTypeEdit, s.createTeamType, status(201), says("Create a team type"))
	get(r, "/team-types/{type}", fleet.TeamTypeList, s.getTeamType, says("See a team type"))
	patch(r, "/team-types/{type}", fleet.TeamTypeEdit, s.updateTeamType, says("Change a team type"))
	del(r, "/team-types/{type}", fleet.TeamTypeEdit, s.deleteTeamType, says("Delete a team type"))
}

// TeamTypePath names a team type.
type TeamTypePath struct {
	Type fleet.TeamTypeID `path:"type"`
}

func (s *Server) listTeamTypes(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.List[api.TeamType], error) {
	items, err := s.TeamTypes.List(ctx, who)
	return listView(items, "", err, teamTypeView)
}

type newTeamType struct {
	Once
	Body api.NewTeamType
}

func (s *Server) createTeamType(ctx context.Context, who fleet.Actor, in *newTeamType) (*api.TeamType, error) {
	made, err := s.TeamTypes.Create(ctx, who, in.Body, in.idem(ctx))
	return one(made, err, teamTypeView)
}

func (s *Server) getTeamType(ctx context.Context, who fleet.Actor, in *TeamTypePath) (*api.TeamType, error) {
	found, err := s.TeamTypes.Get(ctx, who, in.Type)
	return one(found, err, teamTypeView)
}

type editTeamType struct {
	TeamTypePath
	Matching
	Body api.EditTeamType `contentType:"application/merge-patch+json"`
}

func (s *Server) updateTeamType(ctx context.Context, who fleet.Actor, in *editTeamType) (*api.TeamType, error) {
	changed, err := s.TeamTypes.Update(ctx, who, in.Type, in.Body, in.version())
	return one(changed, err, teamTypeView)
}

func (s *Server) deleteTeamType(ctx context.Context, who fleet.Actor, in *TeamTypePath) error {
	return s.TeamTypes.Delete(ctx, who, in.Type)
}

func teamTypeView(t *control.TeamTypeCount) api.TeamType {
	out := api.TeamType{
		ID: string(t.ID), Name: t.Name, Description: t.Description, Order: t.Order, Active: t.Active, Default: t.Default,
		Limits: limitsView(t.Limits), InstanceTypes: t.InstanceTypes, Teams: t.Teams, Version: t.Version, CreatedAt: t.CreatedAt.UTC(),
	}
	if out.InstanceTypes == nil {
		out.InstanceTypes = []string{}
	}
	return out
}

func limitsView(l fleet.Limits) api.TeamLimits {
	return api.TeamLimits{Members: l.Members, Instances: l.Instances, InstancesOfType: l.InstancesOfType, Snapshots: l.Snapshots}
}
