package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) settingRoutes(r *routes) {
	get(r, "/settings", fleet.SettingRead, s.getSettings)
	patch(r, "/settings", fleet.SettingEdit, s.updateSettings)
}

func (s *Server) getSettings(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.Settings, error) {
	set, err := s.Settings.Get(ctx, who)
	return one(set, err, s.settingsView)
}

type editSettings struct {
	Matching
	Body api.EditSettings `contentType:"application/merge-patch+json"`
}

func (s *Server) updateSettings(ctx context.Context, who fleet.Actor, in *editSettings) (*api.Settings, error) {
	set, err := s.Settings.Update(ctx, who, in.Body, in.version())
	return one(set, err, s.settingsView)
}

func (s *Server) settingsView(set *control.PlatformSettings) api.Settings {
	return api.Settings{
		Name: set.Name, SignInMessage: set.SignInMessage, SupportContact: set.SupportContact, TeamCreation: string(set.TeamCreation),
		InviteNewUsers: set.InviteNewUsers, DefaultTeamType: string(set.DefaultTeamType), ConfiguredName: s.Name,
		SessionIdle: int(s.SessionIdle.Seconds()), SessionLife: int(s.SessionLife.Seconds()), BaseURL: s.BaseURL.String(), Version: set.Version,
	}
}
