package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) instanceTypeRoutes(r *routes) {
	get(r, "/instance-types", fleet.TypeList, s.listInstanceTypes)
	post(r, "/instance-types", fleet.InstanceTypeEdit, s.createInstanceType, status(201), says("Create an instance type"))
	get(r, "/instance-types/{type}", fleet.TypeList, s.getInstanceType, says("See an instance type"))
	patch(r, "/instance-types/{type}", fleet.InstanceTypeEdit, s.updateInstanceType, says("Change an instance type"))
	del(r, "/instance-types/{type}", fleet.InstanceTypeEdit, s.deleteInstanceType, says("Delete an instance type"))
}

// InstanceTypePath names a size.
type InstanceTypePath struct {
	Type string `path:"type"`
}

func (s *Server) listInstanceTypes(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.List[api.InstanceType], error) {
	items, err := s.InstanceTypes.List(ctx, who)
	return listView(items, "", err, instanceTypeView)
}

type newInstanceType struct {
	Once
	Body api.NewInstanceType
}

func (s *Server) createInstanceType(ctx context.Context, who fleet.Actor, in *newInstanceType) (*api.InstanceType, error) {
	made, err := s.InstanceTypes.Create(ctx, who, in.Body, in.idem(ctx))
	return one(made, err, instanceTypeView)
}

func (s *Server) getInstanceType(ctx context.Context, who fleet.Actor, in *InstanceTypePath) (*api.InstanceType, error) {
	found, err := s.InstanceTypes.Get(ctx, who, in.Type)
	return one(found, err, instanceTypeView)
}

type editInstanceType struct {
	InstanceTypePath
	Matching
	Body api.EditInstanceType `contentType:"application/merge-patch+json"`
}

func (s *Server) updateInstanceType(ctx context.Context, who fleet.Actor, in *editInstanceType) (*api.InstanceType, error) {
	changed, err := s.InstanceTypes.Update(ctx, who, in.Type, in.Body, in.version())
	return one(changed, err, instanceTypeView)
}

func (s *Server) deleteInstanceType(ctx context.Context, who fleet.Actor, in *InstanceTypePath) error {
	return s.InstanceTypes.Delete(ctx, who, in.Type)
}

func instanceTypeView(t *control.InstanceTypeCount) api.InstanceType {
	return api.InstanceType{
		ID: t.ID, Name: t.Name, Description: t.Description, MemoryMiB: t.MemoryMiB, CPUPercent: t.CPUPercent, Order: t.Order,
		Active: t.Active, Default: t.Default, Instances: t.Instances, Version: t.Version, CreatedAt: t.CreatedAt.UTC(),
	}
}
