package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) applicationRoutes(r *routes) {
	get(r, "/teams/{team}/applications", fleet.ApplicationGet, s.listApplications, says("List applications"))
	post(r, "/teams/{team}/applications", fleet.ApplicationCreate, s.createApplication, status(201))
	get(r, "/applications/{application}", fleet.ApplicationGet, s.getApplication)
	patch(r, "/applications/{application}", fleet.ApplicationEdit, s.updateApplication)
	del(r, "/applications/{application}", fleet.ApplicationDelete, s.deleteApplication)
}

// ApplicationPath names an application.
type ApplicationPath struct {
	Application fleet.ApplicationID `path:"application"`
}

func (s *Server) listApplications(ctx context.Context, who fleet.Actor, in *teamPage) (*api.List[api.Application], error) {
	items, next, err := s.Applications.List(ctx, who, in.Team, in.store())
	return listView(items, next, err, applicationView)
}

type newApplication struct {
	TeamPath
	Once
	Body api.NewApplication
}

func (s *Server) createApplication(ctx context.Context, who fleet.Actor, in *newApplication) (*api.Application, error) {
	application, err := s.Applications.Create(ctx, who, in.Team, in.Body, in.idem(ctx))
	return one(application, err, applicationView)
}

func (s *Server) getApplication(ctx context.Context, who fleet.Actor, in *ApplicationPath) (*api.Application, error) {
	application, err := s.Applications.Get(ctx, who, in.Application)
	return one(application, err, applicationView)
}

type editApplication struct {
	ApplicationPath
	Matching
	Body api.EditApplication `contentType:"application/merge-patch+json"`
}

func (s *Server) updateApplication(ctx context.Context, who fleet.Actor, in *editApplication) (*api.Application, error) {
	application, err := s.Applications.Update(ctx, who, in.Application, in.Body, in.version())
	return one(application, err, applicationView)
}

func (s *Server) deleteApplication(ctx context.Context, who fleet.Actor, in *ApplicationPath) error {
	return s.Applications.Delete(ctx, who, in.Application)
}

func applicationView(a *control.ApplicationCount) api.Application {
	return api.Application{
		ID: string(a.ID), Team: string(a.Team), Name: a.Name, Description: a.Description, Version: a.Version,
		CreatedAt: a.CreatedAt.UTC(), Instances: a.Instances, Running: a.Running, Trouble: a.Trouble,
	}
}
