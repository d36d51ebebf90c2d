package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) environmentRoutes(r *routes) {
	get(r, "/instances/{instance}/environment", fleet.EnvRead, s.getEnvironment, secret)
	put(r, "/instances/{instance}/environment", fleet.EnvEdit, s.putEnvironment, environmentBody)
}

func (s *Server) getEnvironment(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.Environment, error) {
	environment, err := s.Environment.Get(ctx, who, in.Instance)
	return environment, err
}

type putEnvironment struct {
	InstancePath
	Matching
	Body api.PutEnvironment
}

func (s *Server) putEnvironment(ctx context.Context, who fleet.Actor, in *putEnvironment) (*api.Environment, error) {
	wanted := api.Environment{Items: make([]api.Variable, len(in.Body.Items))}
	for i, v := range in.Body.Items {
		wanted.Items[i] = api.Variable(v)
	}
	environment, err := s.Environment.Put(ctx, who, in.Instance, wanted, in.version())
	return environment, err
}

// environmentBody lets an environment be larger than most bodies: many variables
// hold certificates.
func environmentBody(r *Route, _ *huma.Operation) { r.limit = 1 << 20 }
