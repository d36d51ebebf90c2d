package api

import (
	"context"
	"net/http"
	"time"
)

// Team as a member sees it. Permissions are the caller's in it.
type Team struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Slug          string    `json:"slug"`
	Role          string    `json:"role" enum:"owner,member,viewer,dashboard,none"`
	Permissions   []string  `json:"permissions"`
	Type          string    `json:"type" doc:"the id of its team type"`
	Suspended     bool      `json:"suspended" doc:"an administrator stopped its instances and keeps them from starting"`
	SuspendReason string    `json:"suspendReason,omitempty"`
	Version       int64     `json:"version"`
	CreatedAt     time.Time `json:"createdAt"`
}

// NewTeam creates a team; a short name is made from the name where none is given.
type NewTeam struct {
	Name string `json:"name"`
	Slug string `json:"slug,omitempty"`
}

// EditTeam changes a team.
type EditTeam struct {
	Name Opt[string] `json:"name,omitzero"`
	Slug Opt[string] `json:"slug,omitzero"`
}

// Member is a user's place in a team.
type Member struct {
	User      string    `json:"user"`
	Username  string    `json:"username"`
	Name      string    `json:"name"`
	Email     string    `json:"email" doc:"empty unless the caller may change members"`
	Role      string    `json:"role" enum:"owner,member,viewer,dashboard"`
	CreatedAt time.Time `json:"createdAt"`
}

// EditMember changes a member's role.
type EditMember struct {
	Role string `json:"role"`
}

// Invitation waits to be accepted.
type Invitation struct {
	ID        string    `json:"id"`
	Email     string    `json:"email,omitempty"`
	Username  string    `json:"username,omitempty"`
	Role      string    `json:"role"`
	InvitedBy string    `json:"invitedBy"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	Link      string    `json:"link,omitempty" doc:"only in the answers that create and resend it"`
	// Mailed says that the link went out as a letter, SentAt when it last did.
	Mailed bool       `json:"mailed"`
	SentAt *time.Time `json:"sentAt"`
	// Team and TeamName are set in the list of all, for administrators.
	Team     string `json:"team,omitempty"`
	TeamName string `json:"teamName,omitempty"`
}

// NewInvitation invites somebody, by e-mail address or by username.
type NewInvitation struct {
	Email    string `json:"email,omitempty"`
	Username string `json:"username,omitempty"`
	Role     string `json:"role"`
}

// InvitationView is what the holder of a link may know before accepting.
type InvitationView struct {
	Team      string    `json:"team"`
	Role      string    `json:"role"`
	InvitedBy string    `json:"invitedBy"`
	Email     string    `json:"email,omitempty"`
	Username  string    `json:"username,omitempty"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// AcceptInvitation accepts an invitation: as the signed-in caller, or with a new
// account made from the other fields.
type AcceptInvitation struct {
	Secret   string `json:"secret"`
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password,omitempty" format:"password"`
}

// AcceptedInvitation says which team was joined, and as whom; a new account then
// signs in with its password.
type AcceptedInvitation struct {
	Team     string `json:"team"`
	Slug     string `json:"slug"`
	Name     string `json:"name"`
	Username string `json:"username"`
}

// Teams lists the caller's teams.
func (c *Client) Teams(ctx context.Context, p Page) (*List[Team], error) {
	return list[Team](ctx, c, "/teams", p)
}

// CreateTeam makes a team that the caller owns.
func (c *Client) CreateTeam(ctx context.Context, in NewTeam, o ...RequestOption) (*Team, error) {
	return send[Team](ctx, c, http.MethodPost, "/teams", in, o...)
}

// Team is a team by id or short name.
func (c *Client) Team(ctx context.Context, team string) (*Team, error) {
	return take[Team](ctx, c, at("/teams/", team))
}

// UpdateTeam changes a team.
func (c *Client) UpdateTeam(ctx context.Context, team string, in EditTeam, o ...RequestOption) (*Team, error) {
	return send[Team](ctx, c, http.MethodPatch, at("/teams/", team), in, o...)
}

// DeleteTeam removes a team.
func (c *Client) DeleteTeam(ctx context.Context, team string) error {
	return c.do(ctx, http.MethodDelete, at("/teams/", team), nil, nil)
}

// Members lists a team's members.
func (c *Client) Members(ctx context.Context, team string, p Page) (*List[Member], error) {
	return list[Member](ctx, c, at("/teams/", team, "/members"), p)
}

// SetRole changes a member's role.
func (c *Client) SetRole(ctx context.Context, team, user, role string) (*Member, error) {
	return send[Member](ctx, c, http.MethodPatch, at("/teams/", team, "/members/", user), EditMember{Role: role})
}

// RemoveMember takes a member, or the caller, out of a team.
func (c *Client) RemoveMember(ctx context.Context, team, user string) error {
	return c.do(ctx, http.MethodDelete, at("/teams/", team, "/members/", user), nil, nil)
}

// Invitations lists a team's invitations that wait.
func (c *Client) Invitations(ctx context.Context, team string, p Page) (*List[Invitation], error) {
	return list[Invitation](ctx, c, at("/teams/", team, "/invitations"), p)
}

// Invite invites somebody; the answer holds the link to hand over.
func (c *Client) Invite(ctx context.Context, team string, in NewInvitation, o ...RequestOption) (*Invitation, error) {
	return send[Invitation](ctx, c, http.MethodPost, at("/teams/", team, "/invitations"), in, o...)
}

// ResendInvitation makes a new link with a full life, and sends it where it can;
// the old one ends.
func (c *Client) ResendInvitation(ctx context.Context, team, id string) (*Invitation, error) {
	return send[Invitation](ctx, c, http.MethodPost, at("/teams/", team, "/invitations/", id, "/resend"), nil)
}

// AllInvitations lists the invitations of all teams that wait, for administrators.
func (c *Client) AllInvitations(ctx context.Context, p Page) (*List[Invitation], error) {
	return list[Invitation](ctx, c, "/invitations", p)
}

// DeleteInvitation takes an invitation back.
func (c *Client) DeleteInvitation(ctx context.Context, team, id string) error {
	return c.do(ctx, http.MethodDelete, at("/teams/", team, "/invitations/", id), nil, nil)
}

// ReadInvitation tells the holder of a link what it is for.
func (c *Client) ReadInvitation(ctx context.Context, secret string) (*InvitationView, error) {
	return send[InvitationView](ctx, c, http.MethodPost, "/invitations/read", map[string]string{"secret": secret})
}

// AcceptInvitation joins a team.
func (c *Client) AcceptInvitation(ctx context.Context, in AcceptInvitation) (*AcceptedInvitation, error) {
	return send[AcceptedInvitation](ctx, c, http.MethodPost, "/invitations/accept", in)
}
