package fleet

import "time"

// User is a person who may sign in.
type User struct {
	ID       UserID
	Username string
	Email    string
	Name     string
	Admin    bool
	// Suspended users cannot sign in and their tokens do nothing.
	Suspended bool
	// MustChange asks for a new password before anything else can be done.
	MustChange   bool
	PasswordHash string
	Version      int64
	CreatedAt    time.Time
	// SignedInAt is zero for who never has.
	SignedInAt time.Time
}

// Session is one signed-in browser.
type Session struct {
	ID        SessionID
	User      UserID
	CreatedAt time.Time
	// ActiveAt is when the person last did something; the page's own requests do
	// not count.
	ActiveAt  time.Time
	ExpiresAt time.Time
	Addr      string
	UserAgent string
}

// Session lengths. Idle is counted from the last thing a person did, Life from
// signing in.
const (
	SessionIdle = 8 * time.Hour
	SessionLife = 7 * 24 * time.Hour
)

// EndsAt is when the session ends if the person does nothing more, given the
// idle length in force.
func (s Session) EndsAt(idle time.Duration) time.Time {
	if t := s.ActiveAt.Add(idle); t.Before(s.ExpiresAt) {
		return t
	}
	return s.ExpiresAt
}

// TokenScope says what a personal access token may do.
type TokenScope string

// The scopes of a token.
const (
	ScopeFull TokenScope = "full"
	ScopeRead TokenScope = "read"
)

// Token is a personal access token: a password for programs.
type Token struct {
	ID        TokenID
	User      UserID
	Name      string
	Scope     TokenScope
	Hint      string // its last characters, to tell tokens apart
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // zero: never; kept to the minute
}
