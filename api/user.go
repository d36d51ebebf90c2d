package api

import (
	"context"
	"net/http"
	"time"
)

// User is a person as they and administrators see them.
type User struct {
	ID         string     `json:"id"`
	Username   string     `json:"username"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	Admin      bool       `json:"admin"`
	Suspended  bool       `json:"suspended"`
	MustChange bool       `json:"mustChangePassword" doc:"nothing else is possible until a new password is chosen"`
	Teams      int        `json:"teams,omitempty" doc:"how many teams the user is in; for administrators"`
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"createdAt"`
	SignedInAt *time.Time `json:"signedInAt"`
}

// NewUser creates a user.
type NewUser struct {
	Username string `json:"username" maxLength:"256"`
	Email    string `json:"email" maxLength:"512"`
	Name     string `json:"name,omitempty" maxLength:"12000"`
	Password string `json:"password" maxLength:"1024" format:"password"`
	Admin    bool   `json:"admin,omitempty"`
}

// EditUser changes a user. Password needs CurrentPassword where people change
// their own.
type EditUser struct {
	Name            Opt[string] `json:"name,omitzero"`
	Email           Opt[string] `json:"email,omitzero"`
	Password        Opt[string] `json:"password,omitzero"`
	CurrentPassword string      `json:"currentPassword,omitempty"`
	Admin           Opt[bool]   `json:"admin,omitzero"`
	Suspended       Opt[bool]   `json:"suspended,omitzero"`
	// MustChange ends the user's sessions and asks for a new password at the next
	// sign-in.
	MustChange Opt[bool] `json:"mustChangePassword,omitzero"`
}

// UserFilter chooses users; empty fields choose all.
type UserFilter struct {
	Admin     string // "true" or "false"
	Suspended string
	// Seen is "never" for who never signed in, "recent" for the last 30 days, "idle"
	// for who has not signed in within them.
	Seen string
}

// UserDeletion is what deleting a user would do.
type UserDeletion struct {
	Teams       []UserTeam `json:"teams"`
	Tokens      int        `json:"tokens" doc:"that would stop working"`
	Sessions    int        `json:"sessions"`
	Invitations int        `json:"invitations" doc:"made by the user and open, which would be taken back"`
	LastAdmin   bool       `json:"lastAdmin"`
	// Allowed is false where a team would have no owner or the platform no administrator.
	Allowed bool `json:"allowed"`
}

// UserTeam is a team that a user is in.
type UserTeam struct {
	Team      string `json:"team"`
	Slug      string `json:"slug"`
	Name      string `json:"name"`
	Role      string `json:"role" enum:"owner,member,viewer,dashboard"`
	SoleOwner bool   `json:"soleOwner"`
}

// Setup makes the first administrator and, with TeamName, a first team.
type Setup struct {
	Secret   string `json:"secret" doc:"from the setup link"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password" format:"password"`
	TeamName string `json:"teamName,omitempty"`
}

// SignIn asks for a session; Username may be the e-mail address.
type SignIn struct {
	Username string `json:"username" maxLength:"512"`
	Password string `json:"password" maxLength:"1024" format:"password"`
}

// SignedIn answers a sign-in.
type SignedIn struct {
	User User `json:"user"`
}

// Session is one signed-in browser of the caller.
type Session struct {
	ID        string    `json:"id"`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"createdAt"`
	ActiveAt  time.Time `json:"activeAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	IdleEndAt time.Time `json:"idleEndAt" doc:"when it ends if the person does nothing more"`
	Address   string    `json:"address"`
	UserAgent string    `json:"userAgent"`
}

// Token is a personal access token, without its secret.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scope     string     `json:"scope" enum:"full,read"`
	Hint      string     `json:"hint" doc:"its last characters"`
	CreatedAt time.Time  `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
	UsedAt    *time.Time `json:"usedAt"`
}

// NewToken creates a token. Scopes is ["full"] (also when absent) or ["read"].
type NewToken struct {
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes,omitempty" maxItems:"4"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// CreatedToken carries a new token's secret: the only time it is shown.
type CreatedToken struct {
	Token
	Secret string `json:"token"`
}

// Status tells what anybody may know of the platform.
func (c *Client) Status(ctx context.Context) (*Status, error) { return take[Status](ctx, c, "/status") }

// Setup makes the first administrator.
func (c *Client) Setup(ctx context.Context, in Setup) (*SignedIn, error) {
	return send[SignedIn](ctx, c, http.MethodPost, "/setup", in)
}

// SignIn begins a session, which the client then uses.
func (c *Client) SignIn(ctx context.Context, username, password string) (*SignedIn, error) {
	c.token = ""
	return send[SignedIn](ctx, c, http.MethodPost, "/session", SignIn{Username: username, Password: password})
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) error {
	err := c.do(ctx, http.MethodDelete, "/session", nil, nil)
	c.cookie = ""
	return err
}

// Touch says that the person did something.
func (c *Client) Touch(ctx context.Context) (*Session, error) {
	return send[Session](ctx, c, http.MethodPost, "/session/activity", nil)
}

// Sessions lists the caller's sessions.
func (c *Client) Sessions(ctx context.Context, p Page) (*List[Session], error) {
	return list[Session](ctx, c, "/user/sessions", p)
}

// RevokeSession ends one session of the caller.
func (c *Client) RevokeSession(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/user/sessions/", id), nil, nil)
}

// RevokeOtherSessions ends all sessions of the caller but this one.
func (c *Client) RevokeOtherSessions(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/user/sessions", nil, nil)
}

// User is the caller.
func (c *Client) User(ctx context.Context) (*User, error) { return take[User](ctx, c, "/user") }

// EditSelf changes the caller.
func (c *Client) EditSelf(ctx context.Context, in EditUser, o ...RequestOption) (*User, error) {
	return send[User](ctx, c, http.MethodPatch, "/user", in, o...)
}

// Users lists the platform's users.
func (c *Client) Users(ctx context.Context, p Page) (*List[User], error) {
	return list[User](ctx, c, "/users", p)
}

// FilterUsers lists the users that a filter chooses.
func (c *Client) FilterUsers(ctx context.Context, f UserFilter, p Page) (*List[User], error) {
	return list[User](ctx, c, "/users", p, query("admin", f.Admin, "suspended", f.Suspended, "seen", f.Seen))
}

// UserDeletion is what deleting a user would do.
func (c *Client) UserDeletion(ctx context.Context, id string) (*UserDeletion, error) {
	return take[UserDeletion](ctx, c, at("/users/", id, "/deletion"))
}

// EndSessions ends all sessions of a user.
func (c *Client) EndSessions(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/users/", id, "/sessions"), nil, nil)
}

// CreateUser makes a user.
func (c *Client) CreateUser(ctx context.Context, in NewUser, o ...RequestOption) (*User, error) {
	return send[User](ctx, c, http.MethodPost, "/users", in, o...)
}

// FindUser is a user by id.
func (c *Client) FindUser(ctx context.Context, id string) (*User, error) {
	return take[User](ctx, c, at("/users/", id))
}

// UpdateUser changes a user.
func (c *Client) UpdateUser(ctx context.Context, id string, in EditUser, o ...RequestOption) (*User, error) {
	return send[User](ctx, c, http.MethodPatch, at("/users/", id), in, o...)
}

// DeleteUser removes a user.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/users/", id), nil, nil)
}

// Tokens lists the caller's tokens.
func (c *Client) Tokens(ctx context.Context, p Page) (*List[Token], error) {
	return list[Token](ctx, c, "/user/tokens", p)
}

// CreateToken makes a token; its secret is in the answer and nowhere else.
func (c *Client) CreateToken(ctx context.Context, in NewToken, o ...RequestOption) (*CreatedToken, error) {
	return send[CreatedToken](ctx, c, http.MethodPost, "/user/tokens", in, o...)
}

// RevokeToken ends a token of the caller.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/user/tokens/", id), nil, nil)
}
