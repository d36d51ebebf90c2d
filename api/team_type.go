package api

import (
	"context"
	"net/http"
	"time"
)

// TeamType says what teams of it may have.
type TeamType struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Order       int        `json:"order" doc:"its place in lists, from small to large"`
	Active      bool       `json:"active" doc:"new teams may have it"`
	Default     bool       `json:"default" doc:"new teams get it"`
	Limits      TeamLimits `json:"limits"`
	// InstanceTypes are the sizes its teams may use; none listed means all.
	InstanceTypes []string  `json:"instanceTypes"`
	Teams         int       `json:"teams" doc:"how many have it; 0 unless the caller is an administrator"`
	Version       int64     `json:"version"`
	CreatedAt     time.Time `json:"createdAt"`
}

// TeamLimits are how much a team may have. Null or absent means without limit in
// a team type, and as the type says in the limits of one team, where -1 means
// without limit.
type TeamLimits struct {
	Members   *int `json:"members,omitempty" nullable:"true" minimum:"-1" maximum:"1000000"`
	Instances *int `json:"instances,omitempty" nullable:"true" minimum:"-1" maximum:"1000000"`
	// InstancesOfType bounds instances by the id of their type.
	InstancesOfType map[string]int `json:"instancesOfType,omitempty"`
	Snapshots       *int           `json:"snapshots,omitempty" nullable:"true" minimum:"-1" maximum:"1000000" doc:"made by hand and kept, of each instance"`
}

// NewTeamType creates a team type.
type NewTeamType struct {
	Name          string     `json:"name"`
	Description   string     `json:"description,omitempty"`
	Order         int        `json:"order,omitempty"`
	Active        *bool      `json:"active,omitempty" doc:"true where absent"`
	Default       bool       `json:"default,omitempty"`
	Limits        TeamLimits `json:"limits,omitzero"`
	InstanceTypes []string   `json:"instanceTypes,omitempty" maxItems:"100"`
}

// EditTeamType changes a team type. Limits and InstanceTypes replace what there was.
type EditTeamType struct {
	Name          Opt[string]     `json:"name,omitzero"`
	Description   Opt[string]     `json:"description,omitzero"`
	Order         Opt[int]        `json:"order,omitzero"`
	Active        Opt[bool]       `json:"active,omitzero"`
	Default       Opt[bool]       `json:"default,omitzero"`
	Limits        Opt[TeamLimits] `json:"limits,omitzero"`
	InstanceTypes Opt[[]string]   `json:"instanceTypes,omitzero"`
}

// TeamUsage is what a team may have and what it has.
type TeamUsage struct {
	Type     string `json:"type"`
	TypeName string `json:"typeName"`
	// Limits are those in force; what is absent has none.
	Limits        TeamLimits     `json:"limits"`
	Members       int            `json:"members"`
	Instances     int            `json:"instances"`
	InstancesBy   map[string]int `json:"instancesByType"`
	InstanceTypes []string       `json:"instanceTypes" doc:"sizes it may use for new instances"`
}

// OverLimit is one thing of which a team has as much as it may, or more.
type OverLimit struct {
	What  string `json:"what" doc:"members, instances, instances:<type>, snapshots or instance-type:<type>"`
	Limit int    `json:"limit"`
	Count int    `json:"count"`
}

// AdminTeam is a team as administrators see it.
type AdminTeam struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Slug          string     `json:"slug"`
	Type          string     `json:"type"`
	TypeName      string     `json:"typeName"`
	Limits        TeamLimits `json:"limits" doc:"this team's own, over those of its type"`
	Suspended     bool       `json:"suspended"`
	SuspendReason string     `json:"suspendReason,omitempty"`
	SuspendedAt   *time.Time `json:"suspendedAt"`
	Members       int        `json:"members"`
	Owners        int        `json:"owners"`
	Applications  int        `json:"applications"`
	Instances     int        `json:"instances"`
	Running       int        `json:"running"`
	Version       int64      `json:"version"`
	CreatedAt     time.Time  `json:"createdAt"`
}

// EditAdminTeam changes what administrators decide about a team.
type EditAdminTeam struct {
	Type          Opt[string]     `json:"type,omitzero"`
	Limits        Opt[TeamLimits] `json:"limits,omitzero" doc:"null takes all limits of its own away"`
	Suspended     Opt[bool]       `json:"suspended,omitzero" doc:"true stops its instances and keeps them from starting"`
	SuspendReason Opt[string]     `json:"suspendReason,omitzero" doc:"shown to its members"`
}

// TeamTypes lists the team types.
func (c *Client) TeamTypes(ctx context.Context) (*List[TeamType], error) {
	return list[TeamType](ctx, c, "/team-types", Page{})
}

// TeamType is a team type by id.
func (c *Client) TeamType(ctx context.Context, id string) (*TeamType, error) {
	return take[TeamType](ctx, c, at("/team-types/", id))
}

// CreateTeamType makes a team type.
func (c *Client) CreateTeamType(ctx context.Context, in NewTeamType, o ...RequestOption) (*TeamType, error) {
	return send[TeamType](ctx, c, http.MethodPost, "/team-types", in, o...)
}

// UpdateTeamType changes a team type.
func (c *Client) UpdateTeamType(ctx context.Context, id string, in EditTeamType, o ...RequestOption) (*TeamType, error) {
	return send[TeamType](ctx, c, http.MethodPatch, at("/team-types/", id), in, o...)
}

// DeleteTeamType removes a team type that no team has.
func (c *Client) DeleteTeamType(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/team-types/", id), nil, nil)
}

// TeamUsage is what a team may have and what it has.
func (c *Client) TeamUsage(ctx context.Context, team string) (*TeamUsage, error) {
	return take[TeamUsage](ctx, c, at("/teams/", team, "/usage"))
}

// AdminTeamFilter chooses teams; empty fields choose all.
type AdminTeamFilter struct {
	Type      string
	Suspended string // "true" or "false"
}

// AdminTeams lists all teams, for administrators.
func (c *Client) AdminTeams(ctx context.Context, f AdminTeamFilter, p Page) (*List[AdminTeam], error) {
	return list[AdminTeam](ctx, c, "/admin/teams", p, query("type", f.Type, "suspended", f.Suspended))
}

// AdminTeam is any team, for administrators.
func (c *Client) AdminTeam(ctx context.Context, team string) (*AdminTeam, error) {
	return take[AdminTeam](ctx, c, at("/admin/teams/", team))
}

// UpdateAdminTeam changes what administrators decide about a team.
func (c *Client) UpdateAdminTeam(ctx context.Context, team string, in EditAdminTeam, o ...RequestOption) (*AdminTeam, error) {
	return send[AdminTeam](ctx, c, http.MethodPatch, at("/admin/teams/", team), in, o...)
}
