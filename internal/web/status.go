package web

import (
	"cmp"
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
	set, err := s.Settings.Public(ctx, who)
	if err != nil {
		return nil, err
	}
	mail, err := s.MailSettings.Ready(ctx, who)
	if err != nil {
		return nil, err
	}
	out := &api.Status{
		Name: cmp.Or(set.Name, s.Name), SignInMessage: set.SignInMessage, SupportContact: set.SupportContact, SetupNeeded: needed, Mail: mail, Demo: len(s.Demo) > 0, DemoAccounts: s.Demo,
		SessionIdle: int(s.SessionIdle.Seconds()), SessionLife: int(s.SessionLife.Seconds()),
	}
	if who.SignedIn() {
		out.Version, out.TeamCreation, out.InviteNewUsers = s.Version, string(set.TeamCreation), set.InviteNewUsers
	}
	return out, nil
}
