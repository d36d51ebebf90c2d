package api

import (
	"context"
	"net/http"
	"time"
)

// NewSignInRequest asks for a program to be let in as whoever approves it in a
// browser. Challenge is the SHA-256 of a verifier that the program keeps to
// itself, in base64url without padding.
type NewSignInRequest struct {
	Program   string `json:"program" maxLength:"256" doc:"what asks, such as \"leat 1.4\""`
	Machine   string `json:"machine" maxLength:"256" doc:"the name of the machine it runs on; the token is named after it"`
	System    string `json:"system,omitempty" maxLength:"64" doc:"such as linux/amd64"`
	Scope     string `json:"scope,omitempty" enum:"full,read" doc:"full where absent"`
	Challenge string `json:"challenge" maxLength:"64"`
}

// CreatedSignInRequest says where a person approves the request.
type CreatedSignInRequest struct {
	ID        string    `json:"id"`
	Code      string    `json:"code" doc:"shown by the program and by the page: the person compares them"`
	URL       string    `json:"url" doc:"the page to approve it on"`
	ExpiresAt time.Time `json:"expiresAt"`
	Interval  int       `json:"intervalSeconds" doc:"how long to wait between asking for the token"`
}

// SignInRequest is what a person decides about.
type SignInRequest struct {
	ID        string    `json:"id"`
	Code      string    `json:"code"`
	Program   string    `json:"program"`
	Machine   string    `json:"machine"`
	System    string    `json:"system"`
	Scope     string    `json:"scope" enum:"full,read"`
	Address   string    `json:"address" doc:"where the request came from"`
	Near      bool      `json:"near" doc:"the caller asks from the same address"`
	State     string    `json:"state" enum:"waiting,approved,denied"`
	TokenDays int       `json:"tokenDays" doc:"how long the program stays signed in"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// TakeSignInToken proves that the same program asks, with its verifier.
type TakeSignInToken struct {
	Verifier string `json:"verifier" maxLength:"128"`
}

// SignInToken carries the token of an approved request: the only time it is
// given. While nobody has decided the answer is 202, with Waiting and no token.
type SignInToken struct {
	Waiting   bool       `json:"waiting"`
	Token     string     `json:"token,omitempty"`
	ID        string     `json:"id,omitempty" doc:"the token's id, to revoke it by"`
	Username  string     `json:"username,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// RequestSignIn asks for a program to be let in.
func (c *Client) RequestSignIn(ctx context.Context, in NewSignInRequest) (*CreatedSignInRequest, error) {
	return send[CreatedSignInRequest](ctx, c, http.MethodPost, "/sign-in-requests", in)
}

// SignInRequest is a request as a signed-in person sees it.
func (c *Client) SignInRequest(ctx context.Context, id string) (*SignInRequest, error) {
	return take[SignInRequest](ctx, c, at("/sign-in-requests/", id))
}

// ApproveSignIn lets the program in as the caller.
func (c *Client) ApproveSignIn(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodPost, at("/sign-in-requests/", id, "/approve"), nil, nil)
}

// DenySignIn turns the program away.
func (c *Client) DenySignIn(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodPost, at("/sign-in-requests/", id, "/deny"), nil, nil)
}

// TakeSignInToken gives the token once the request is approved.
func (c *Client) TakeSignInToken(ctx context.Context, id, verifier string) (*SignInToken, error) {
	return send[SignInToken](ctx, c, http.MethodPost, at("/sign-in-requests/", id, "/token"), TakeSignInToken{Verifier: verifier})
}
