package store

import (
	"database/sql"
	"errors"
	"math"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

func userOf(r query.AppUser) *fleet.User {
	return &fleet.User{
		ID: r.ID, Username: r.Username, Email: r.Email, Name: r.Name, Admin: r.Admin, Suspended: r.Suspended, MustChange: r.MustChange, PasswordHash: r.PasswordHash,
		Version: r.Version, CreatedAt: fromMicros(r.CreatedAt), SignedInAt: fromMicros(r.SignedInAt),
	}
}

// InsertUser adds a user; a username or address that another has is a Conflict.
func (tx *Tx) InsertUser(u *fleet.User) error {
	if err := tx.userIsNew(u); err != nil {
		return err
	}
	err := tx.q.InsertUser(tx.ctx, query.InsertUserParams{
		ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name, NameKey: fleet.NameKey(u.Name), Admin: u.Admin, Suspended: u.Suspended,
		PasswordHash: u.PasswordHash, Version: u.Version, CreatedAt: micros(u.CreatedAt), SignedInAt: micros(u.SignedInAt),
	})
	return taken(err, "user", "username_taken", "This username or e-mail address is taken. Choose another.")
}

// userIsNew says which of the two is taken.
func (tx *Tx) userIsNew(u *fleet.User) error {
	other, err := tx.q.UserByUsername(tx.ctx, u.Username)
	if err == nil && other.ID != u.ID {
		return &fleet.Error{Kind: fleet.Conflict, Code: "username_taken", Msg: "This username is taken. Choose another."}
	}
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		other, err = tx.q.UserByEmail(tx.ctx, u.Email)
	}
	if err == nil && other.ID != u.ID {
		return &fleet.Error{Kind: fleet.Conflict, Code: "email_taken", Msg: "Another account has this e-mail address."}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return noun(err, "user", "read")
}

// User finds a user.
func (tx *Tx) User(id fleet.UserID) (*fleet.User, error) {
	r, err := tx.q.User(tx.ctx, id)
	return userOf(r), noun(err, "user", "read")
}

// UserByUsername finds a user by the name they sign in with.
func (tx *Tx) UserByUsername(username string) (*fleet.User, error) {
	r, err := tx.q.UserByUsername(tx.ctx, username)
	return userOf(r), noun(err, "user", "read")
}

// UserByEmail finds a user by e-mail address.
func (tx *Tx) UserByEmail(email string) (*fleet.User, error) {
	r, err := tx.q.UserByEmail(tx.ctx, email)
	return userOf(r), noun(err, "user", "read")
}

// UserCount is a user and how many teams they are in.
type UserCount struct {
	fleet.User
	Teams int
}

// UserFilter chooses users; the zero filter chooses all.
type UserFilter struct {
	// Admin and Suspended are nil for both.
	Admin, Suspended *bool
	// SeenFrom and SeenTo bound when they last signed in. Never is before all times;
	// a zero SeenTo is after all.
	SeenFrom, SeenTo time.Time
	// NeverSeen keeps who never signed in.
	NeverSeen bool
}

// Users lists users by username.
func (tx *Tx) Users(f UserFilter, p Page) ([]*UserCount, string, error) {
	after, err := p.after(1)
	if err != nil {
		return nil, "", err
	}
	seenTo := int64(math.MaxInt64)
	switch {
	case f.NeverSeen:
		seenTo = 0
	case !f.SeenTo.IsZero():
		seenTo = micros(f.SeenTo)
	}
	rows, err := tx.q.Users(tx.ctx, query.UsersParams{
		After: after[0], Prefix: prefixPattern(p.Q), Words: wordPattern(p.Q), Admin: choice(f.Admin), Suspended: choice(f.Suspended),
		SeenFrom: micros(f.SeenFrom), SeenTo: seenTo, Most: p.limit(),
	})
	rows, next := cut(p, rows, func(r query.UsersRow) []string { return []string{r.AppUser.Username} })
	return each(rows, func(r query.UsersRow) *UserCount { return &UserCount{*userOf(r.AppUser), int(r.Teams)} }), next, noun(err, "user", "list")
}

// UpdateUser writes what u holds over the version that u was read at.
func (tx *Tx) UpdateUser(u *fleet.User) error {
	if err := tx.userIsNew(u); err != nil {
		return err
	}
	n, err := tx.q.UpdateUser(tx.ctx, query.UpdateUserParams{
		ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name, NameKey: fleet.NameKey(u.Name), Admin: u.Admin, Suspended: u.Suspended,
		PasswordHash: u.PasswordHash, MustChange: u.MustChange, Version: u.Version,
	})
	if isDuplicate(err) {
		return taken(err, "user", "username_taken", "This username or e-mail address is taken. Choose another.")
	}
	u.Version++
	return versioned(n, err, "user")
}

// SetUserPasswordHash replaces a hash by one of the same password at another cost.
func (tx *Tx) SetUserPasswordHash(id fleet.UserID, hash string) error {
	return noun(tx.q.SetUserPasswordHash(tx.ctx, id, hash), "user", "update")
}

// SetUserSignedIn notes when a user last signed in.
func (tx *Tx) SetUserSignedIn(id fleet.UserID, at time.Time) error {
	return noun(tx.q.SetUserSignedIn(tx.ctx, id, micros(at)), "user", "update")
}

// DeleteUser removes a user with their sessions, tokens, memberships and invitations.
func (tx *Tx) DeleteUser(id fleet.UserID) error {
	n, err := tx.q.DeleteUser(tx.ctx, id)
	return one(n, err, "user", "delete")
}

// CountUsers counts all users.
func (tx *Tx) CountUsers() (int64, error) {
	n, err := tx.q.CountUsers(tx.ctx)
	return n, noun(err, "user", "count")
}

// CountActiveAdmins counts administrators who can sign in.
func (tx *Tx) CountActiveAdmins() (int64, error) {
	n, err := tx.q.CountActiveAdmins(tx.ctx)
	return n, noun(err, "user", "count")
}

// SoleOwnedTeams lists the teams that have no owner but this user.
func (tx *Tx) SoleOwnedTeams(id fleet.UserID) ([]*fleet.Team, error) {
	rows, err := tx.q.SoleOwnedTeams(tx.ctx, id)
	return each(rows, teamOf), noun(err, "team", "list")
}

// UserTeam is a team that a user is in.
type UserTeam struct {
	Team       fleet.TeamID
	Slug, Name string
	Role       fleet.Role
	// SoleOwner says that nobody else owns the team.
	SoleOwner bool
}

// TeamsOfUser lists all teams that a user is in, by name.
func (tx *Tx) TeamsOfUser(id fleet.UserID) ([]UserTeam, error) {
	rows, err := tx.q.TeamsOfUser(tx.ctx, id)
	return each(rows, func(r query.TeamsOfUserRow) UserTeam {
		return UserTeam{r.ID, r.Slug, r.Name, r.Role, r.Role == fleet.RoleOwner && r.OtherOwners == 0}
	}), noun(err, "team", "list")
}

// UserHoldings counts what goes with a user: tokens, sessions, and open
// invitations that they made.
func (tx *Tx) UserHoldings(id fleet.UserID, now time.Time) (tokens, sessions, invitations int, err error) {
	r, err := tx.q.UserHoldings(tx.ctx, id, micros(now))
	return int(r.Tokens), int(r.Sessions), int(r.Invitations), noun(err, "user", "count")
}

// UserKinds is how many users there are of each kind.
type UserKinds struct{ Total, Admins, Suspended, Recent, Never int }

// UserKinds counts users: all, administrators, suspended ones, who signed in
// since a time, and who never did.
func (tx *Tx) UserKinds(since time.Time) (UserKinds, error) {
	r, err := tx.q.UserKinds(tx.ctx, micros(since))
	return UserKinds{int(r.Total), int(r.Admins), int(r.Suspended), int(r.Recent), int(r.Never)}, noun(err, "user", "count")
}
