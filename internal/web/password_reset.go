package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) passwordResetRoutes(r *routes) {
	tell(r, "/password-resets", fleet.PasswordReset, s.askPasswordReset)
	post(r, "/password-resets/read", fleet.PasswordReset, s.readPasswordReset, says("Read whose the link to a new password is"))
	tell(r, "/password-resets/use", fleet.PasswordReset, s.usePasswordReset, says("Set a new password with the link of a letter"))
}

type askPasswordReset struct {
	Body api.NewPasswordReset
}

func (s *Server) askPasswordReset(ctx context.Context, who fleet.Actor, in *askPasswordReset) error {
	return s.PasswordResets.Ask(ctx, nobody(who), in.Body)
}

type readPasswordReset struct {
	Body struct {
		Secret string `json:"secret" maxLength:"256"`
	}
}

func (s *Server) readPasswordReset(ctx context.Context, who fleet.Actor, in *readPasswordReset) (*api.PasswordReset, error) {
	reset, err := s.PasswordResets.Read(ctx, nobody(who), in.Body.Secret)
	return one(reset, err, func(r *api.PasswordReset) api.PasswordReset { return *r })
}

type usePasswordReset struct {
	Body api.UsePasswordReset
}

func (s *Server) usePasswordReset(ctx context.Context, who fleet.Actor, in *usePasswordReset) error {
	return s.PasswordResets.Use(ctx, nobody(who), in.Body)
}
