package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) mailRoutes(r *routes) {
	get(r, "/settings/mail", fleet.SettingRead, s.readMail, says("See how letters are sent"))
	put(r, "/settings/mail", fleet.SettingEdit, s.putMail, says("Change how letters are sent"))
	post(r, "/settings/mail/test", fleet.SettingEdit, s.testMail, says("Send a test letter and see what the mail server says"))
}

func (s *Server) readMail(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.MailSettings, error) {
	state, err := s.MailSettings.Read(ctx, who)
	return one(state, err, mailView)
}

type putMail struct {
	Matching
	Body api.PutMailSettings
}

func (s *Server) putMail(ctx context.Context, who fleet.Actor, in *putMail) (*api.MailSettings, error) {
	state, err := s.MailSettings.Put(ctx, who, in.Body, in.version())
	return one(state, err, mailView)
}

type testMail struct {
	Body api.TestMail
}

func (s *Server) testMail(ctx context.Context, who fleet.Actor, in *testMail) (*api.MailTest, error) {
	return s.MailSettings.Test(ctx, who, in.Body)
}

func mailView(m *control.MailState) api.MailSettings {
	return api.MailSettings{
		Source: m.Source, Host: m.Host, Port: m.Port, Security: string(m.Security), Username: m.Username, PasswordSet: m.PasswordSet,
		From: m.From, FromName: m.FromName, Version: m.Version, Waiting: m.Waiting, Failed: m.Failed, SentAt: when(m.SentAt), LastError: m.LastError,
	}
}
