// Package api holds the shapes that cross Leat's public HTTP API, one file per
// noun, and the Go client for it. It imports nothing of Leat's other packages.
// Times are RFC 3339 in UTC; ids are opaque.
package api

import (
	"encoding/json"
	"time"
)

// List is a page of things. Next is the cursor of the page behind it, null on
// the last one.
type List[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// Problem is an error answer (RFC 9457).
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail" doc:"a sentence that a person can act on"`
	Code      string         `json:"code" doc:"stable, snake_case"`
	Errors    []ProblemField `json:"errors,omitempty"`
	Limits    []OverLimit    `json:"limits,omitempty" doc:"with limit_reached and over_limit: which limits stand in the way"`
	Reference string         `json:"reference,omitempty" doc:"quote it to whoever runs the platform; set where we cannot explain"`
	Current   any            `json:"current,omitempty" doc:"with 412: the thing as it is now"`
}

// ProblemField is one input that breaks a rule.
type ProblemField struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Opt is a field of a merge patch: absent, null or a value.
type Opt[T any] struct {
	Set   bool
	Null  bool
	Value T
}

// Some makes an Opt that sets a value.
func Some[T any](v T) Opt[T] { return Opt[T]{Set: true, Value: v} }

// UnmarshalJSON notes that the field was there.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	o.Set = true
	if string(b) == "null" {
		o.Null = true
		return nil
	}
	return json.Unmarshal(b, &o.Value)
}

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Set || o.Null {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// IsZero leaves an absent field out where the tag says omitzero.
func (o Opt[T]) IsZero() bool { return !o.Set }

// Status is what anybody may know of the platform.
type Status struct {
	Name         string        `json:"name"`
	Version      string        `json:"version" doc:"empty for strangers"`
	SetupNeeded  bool          `json:"setupNeeded"`
	SessionIdle  int           `json:"sessionIdleSeconds"`
	SessionLife  int           `json:"sessionLifeSeconds"`
	Mail         bool          `json:"mail" doc:"the platform can send letters: a forgotten password, invitations"`
	Demo         bool          `json:"demo" doc:"this is the demo plant: its accounts are listed on the sign-in page"`
	DemoAccounts []DemoAccount `json:"demoAccounts,omitempty"`

	SignInMessage  string `json:"signInMessage,omitempty" doc:"plain text for the sign-in page"`
	SupportContact string `json:"supportContact,omitempty" doc:"where people get help"`
	// TeamCreation and InviteNewUsers are told to who is signed in.
	TeamCreation   string `json:"teamCreation,omitempty" enum:"everybody,administrators"`
	InviteNewUsers bool   `json:"inviteNewUsers,omitempty"`
}

// DemoAccount is an account of the demo plant, shown on its sign-in page.
type DemoAccount struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Role     string `json:"role"`
	Hint     string `json:"hint"`
}

// Event is a hint on the live stream: what changed, not what it is now.
type Event struct {
	Noun    string    `json:"noun" doc:"application, instance, member, team, session, audit-event …"`
	ID      string    `json:"id"`
	Team    string    `json:"team,omitempty"`
	Version int64     `json:"version,omitempty"`
	State   string    `json:"state,omitempty"`
	Deleted bool      `json:"deleted,omitempty"`
	Time    time.Time `json:"time"`
}
