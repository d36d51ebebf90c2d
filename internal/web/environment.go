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
	Body api.Environment
}

func (s *Server) putEnvironment(ctx context.Context, who fleet.Actor, in *putEnvironment) (*api.Environment, error) {
	environment, err := s.Environment.Put(ctx, who, in.Instance, in.Body, in.version())
	return environment, err
}

// environmentBody lets an environment be larger than most bodies: many variables
// hold certificates.
func environmentBody(r *Route, _ *huma.Operation) { r.limit = 1 << 20 }
