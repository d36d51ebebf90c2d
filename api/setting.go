package api

import (
	"context"
	"net/http"
)

// Settings are what administrators decide for the whole platform.
type Settings struct {
	Name           string `json:"name" doc:"what the platform is called; empty means as it was configured"`
	SignInMessage  string `json:"signInMessage" doc:"shown on the sign-in page, as plain text"`
	SupportContact string `json:"supportContact" doc:"an e-mail address, an http(s) address or a few words: where people get help"`
	TeamCreation   string `json:"teamCreation" enum:"everybody,administrators" doc:"who may create teams"`
	// InviteNewUsers lets people who have no account yet be invited and make one.
	InviteNewUsers  bool   `json:"inviteNewUsers" doc:"owners of teams may invite by e-mail who has no account yet"`
	DefaultTeamType string `json:"defaultTeamType" doc:"the team type that new teams get"`

	// The rest comes from the server's configuration and is only shown.
	ConfiguredName string `json:"configuredName"`
	SessionIdle    int    `json:"sessionIdleSeconds"`
	SessionLife    int    `json:"sessionLifeSeconds"`
	BaseURL        string `json:"baseUrl"`
	Version        int64  `json:"version"`
}

// EditSettings changes settings.
type EditSettings struct {
	Name            Opt[string] `json:"name,omitzero"`
	SignInMessage   Opt[string] `json:"signInMessage,omitzero"`
	SupportContact  Opt[string] `json:"supportContact,omitzero"`
	TeamCreation    Opt[string] `json:"teamCreation,omitzero"`
	InviteNewUsers  Opt[bool]   `json:"inviteNewUsers,omitzero"`
	DefaultTeamType Opt[string] `json:"defaultTeamType,omitzero"`
}

// Settings are the platform's settings, for administrators.
func (c *Client) Settings(ctx context.Context) (*Settings, error) {
	return take[Settings](ctx, c, "/settings")
}

// UpdateSettings changes the platform's settings.
func (c *Client) UpdateSettings(ctx context.Context, in EditSettings, o ...RequestOption) (*Settings, error) {
	return send[Settings](ctx, c, http.MethodPatch, "/settings", in, o...)
}
