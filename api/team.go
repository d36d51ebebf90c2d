package api

import "time"

// Team as a member sees it. Permissions are the caller's in it.
type Team struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Slug        string    `json:"slug"`
	Role        string    `json:"role" enum:"owner,member,viewer,dashboard,none"`
	Permissions []string  `json:"permissions"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
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
	Link      string    `json:"link,omitempty" doc:"only in the answer that creates it"`
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
