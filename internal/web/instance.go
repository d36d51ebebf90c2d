package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) instanceRoutes(r *routes) {
	get(r, "/applications/{application}/instances", fleet.InstanceRead, s.listInstances, says("List an application's instances"))
	post(r, "/applications/{application}/instances", fleet.InstanceCreate, s.createInstance, status(201), large)
	get(r, "/teams/{team}/instances", fleet.InstanceRead, s.listTeamInstances, says("List a team's instances"))
	get(r, "/teams/{team}/dashboards", fleet.DashboardList, s.listDashboards)
	get(r, "/instances/{instance}", fleet.InstanceRead, s.getInstance)
	patch(r, "/instances/{instance}", fleet.InstanceEdit, s.updateInstance, also(fleet.InstanceProtect))
	del(r, "/instances/{instance}", fleet.InstanceDelete, s.deleteInstance, status(202))
	post(r, "/instances/{instance}/start", fleet.InstanceOperate, s.startInstance, status(202), says("Start an instance"))
	post(r, "/instances/{instance}/stop", fleet.InstanceOperate, s.stopInstance, status(202), says("Stop an instance"))
	post(r, "/instances/{instance}/restart", fleet.InstanceOperate, s.restartInstance, status(202), says("Restart an instance"))
	post(r, "/instances/{instance}/suspend", fleet.InstanceOperate, s.suspendInstance, status(202), says("Suspend an instance"))
}

// InstancePath names an instance.
type InstancePath struct {
	Instance fleet.InstanceID `path:"instance"`
}

type applicationPage struct {
	ApplicationPath
	Named
}

func (s *Server) listInstances(ctx context.Context, who fleet.Actor, in *applicationPage) (*api.List[api.Instance], error) {
	items, next, err := s.Instances.List(ctx, who, in.Application, in.store())
	return listView(items, next, err, s.instanceView(callOf(ctx)))
}

func (s *Server) listTeamInstances(ctx context.Context, who fleet.Actor, in *teamPage) (*api.List[api.Instance], error) {
	items, next, err := s.Instances.ListTeam(ctx, who, in.Team, in.store())
	return listView(items, next, err, s.instanceView(callOf(ctx)))
}

func (s *Server) listDashboards(ctx context.Context, who fleet.Actor, in *teamPage) (*api.List[api.Dashboard], error) {
	items, next, err := s.Instances.Dashboards(ctx, who, in.Team, in.store())
	return listView(items, next, err, s.dashboardView(callOf(ctx)))
}

type newInstance struct {
	ApplicationPath
	Once
	Body api.NewInstance
}

func (s *Server) createInstance(ctx context.Context, who fleet.Actor, in *newInstance) (*api.Instance, error) {
	instance, err := s.Instances.Create(ctx, who, in.Application, in.Body, in.idem(ctx))
	return one(instance, err, s.instanceView(callOf(ctx)))
}

func (s *Server) getInstance(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Instance, error) {
	instance, err := s.Instances.Get(ctx, who, in.Instance)
	return one(instance, err, s.instanceView(callOf(ctx)))
}

type editInstance struct {
	InstancePath
	Matching
	Body api.EditInstance `contentType:"application/merge-patch+json"`
}

func (s *Server) updateInstance(ctx context.Context, who fleet.Actor, in *editInstance) (*api.Instance, error) {
	instance, err := s.Instances.Update(ctx, who, in.Instance, in.Body, in.version())
	return one(instance, err, s.instanceView(callOf(ctx)))
}

func (s *Server) deleteInstance(ctx context.Context, who fleet.Actor, in *InstancePath) error {
	return s.Instances.Delete(ctx, who, in.Instance)
}

func (s *Server) startInstance(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Instance, error) {
	instance, err := s.Instances.Start(ctx, who, in.Instance)
	return one(instance, err, s.instanceView(callOf(ctx)))
}

func (s *Server) stopInstance(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Instance, error) {
	instance, err := s.Instances.Stop(ctx, who, in.Instance)
	return one(instance, err, s.instanceView(callOf(ctx)))
}

func (s *Server) restartInstance(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Instance, error) {
	instance, err := s.Instances.Restart(ctx, who, in.Instance)
	return one(instance, err, s.instanceView(callOf(ctx)))
}

func (s *Server) suspendInstance(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Instance, error) {
	instance, err := s.Instances.Suspend(ctx, who, in.Instance)
	return one(instance, err, s.instanceView(callOf(ctx)))
}
