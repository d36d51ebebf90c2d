package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) statusRoutes(r *routes) {
	get(r, "/status", fleet.StatusRead, s.getStatus)
}

func (s *Server) getStatus(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.Status, error) {
	needed := false
	if !s.setUp.done.Load() {
		var err error
		if needed, err = s.Setup.Needed(ctx); err != nil {
			return nil, err
		}
	}
	out := &api.Status{
		Name: s.Name, SetupNeeded: needed, Demo: len(s.Demo) > 0, DemoAccounts: s.Demo,
		SessionIdle: int(s.SessionIdle.Seconds()), SessionLife: int(s.SessionLife.Seconds()),
	}
	if who.SignedIn() {
		out.Version = s.Version
	}
	return out, nil
}
