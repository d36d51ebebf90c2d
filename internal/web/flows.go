package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) flowsRoutes(r *routes) {
	get(r, "/instances/{instance}/flows", fleet.FlowsRead, s.getFlows)
	put(r, "/instances/{instance}/flows", fleet.FlowsEdit, s.putFlows, large)
}

func (s *Server) getFlows(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Flows, error) {
	flows, err := s.Flows.Get(ctx, who, in.Instance)
	return flows, err
}

type putFlows struct {
	InstancePath
	Body api.PutFlows
}

func (s *Server) putFlows(ctx context.Context, who fleet.Actor, in *putFlows) (*api.Flows, error) {
	flows, err := s.Flows.Put(ctx, who, in.Instance, in.Body)
	return flows, err
}
