package api

import (
	"context"
	"net/http"
	"time"
)

// HTTPToken lets a machine use the HTTP endpoints of one instance's flows, as
// "Authorization: Bearer" or as the password of Basic, whatever the username.
// It opens no editor and nothing else of the platform.
type HTTPToken struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Hint      string     `json:"hint" doc:"its last characters"`
	CreatedBy string     `json:"createdBy" doc:"username"`
	CreatedAt time.Time  `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
	UsedAt    *time.Time `json:"usedAt" doc:"to the minute"`
}

// NewHTTPToken creates a token.
type NewHTTPToken struct {
	Name      string     `json:"name"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// CreatedHTTPToken carries a new token's secret: the only time it is shown.
type CreatedHTTPToken struct {
	HTTPToken
	Secret string `json:"token"`
}

// HTTPTokens lists an instance's tokens.
func (c *Client) HTTPTokens(ctx context.Context, instance string, p Page) (*List[HTTPToken], error) {
	return list[HTTPToken](ctx, c, at("/instances/", instance, "/http-tokens"), p)
}

// CreateHTTPToken makes a token; its secret is in the answer and nowhere else.
func (c *Client) CreateHTTPToken(ctx context.Context, instance string, in NewHTTPToken, o ...RequestOption) (*CreatedHTTPToken, error) {
	return send[CreatedHTTPToken](ctx, c, http.MethodPost, at("/instances/", instance, "/http-tokens"), in, o...)
}

// RevokeHTTPToken ends a token at once.
func (c *Client) RevokeHTTPToken(ctx context.Context, instance, id string) error {
	return c.do(ctx, http.MethodDelete, at("/instances/", instance, "/http-tokens/", id), nil, nil)
}
