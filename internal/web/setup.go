package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) setupRoutes(r *routes) {
	post(r, "/setup", fleet.SetupCreate, s.setup, status(201))
}

type setupInput struct {
	Body api.Setup
}

func (s *Server) setup(ctx context.Context, who fleet.Actor, in *setupInput) (*api.SignedIn, error) {
	user, err := s.Setup.Complete(ctx, nobody(who), in.Body)
	if err != nil {
		return nil, err
	}
	s.setUp.done.Store(true)
	return &api.SignedIn{User: userView(user)}, nil
}
