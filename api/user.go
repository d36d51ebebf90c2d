package api

import "time"

// User is a person as they and administrators see them.
type User struct {
	ID         string     `json:"id"`
	Username   string     `json:"username"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	Admin      bool       `json:"admin"`
	Suspended  bool       `json:"suspended"`
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
