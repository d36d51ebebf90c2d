package fleet

import (
	"regexp"
	"time"
)

// Team owns everything that users make.
type Team struct {
	ID   TeamID
	Name string
	Slug string
	Type TeamTypeID
	// Limits are its own, over those of its type.
	Limits Limits
	// SuspendedAt is zero where it is not suspended; SuspendReason is for its members.
	SuspendedAt   time.Time
	SuspendReason string
	Version       int64
	CreatedAt     time.Time
}

// Suspended reports whether an administrator keeps the team's instances from
// running.
func (t *Team) Suspended() bool { return !t.SuspendedAt.IsZero() }

// HoldReason is the sentence that its instances show while it is suspended.
func (t *Team) HoldReason() string {
	text := "An administrator suspended the team " + t.Name + "."
	if t.SuspendReason != "" {
		text = "An administrator suspended the team " + t.Name + ": " + t.SuspendReason
	}
	return text
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// CheckSlug checks the short name of a team that stands in addresses.
func CheckSlug(slug string) error {
	if !slugPattern.MatchString(slug) || slug == "create" || slug == "new" {
		return InvalidField("slug", "A short name has 1 to 40 letters a–z, digits and hyphens, and starts and ends with a letter or digit.")
	}
	if IsTeamID(slug) {
		return InvalidField("slug", "This short name looks like the id of a team. Choose another.")
	}
	return nil
}

var teamIDPattern = regexp.MustCompile(`^t-[0-9a-z]{23}$`)

// IsTeamID tells the id of a team from a short name, where either may stand.
func IsTeamID(s string) bool { return teamIDPattern.MatchString(s) }

// Membership is a user's place in a team.
type Membership struct {
	Team      TeamID
	User      UserID
	Role      Role
	CreatedAt time.Time
}

// Invitation asks somebody into a team. Its link carries a secret of which only
// the hash is kept.
type Invitation struct {
	ID        InvitationID
	Team      TeamID
	Role      Role
	Email     string // whom it is for; empty where Username is set
	Username  string
	InvitedBy UserID
	CreatedAt time.Time
	ExpiresAt time.Time
	// Round counts the links there have been; 0 is one that nobody can make again.
	Round int64
	// Mailed says that the link went out as a letter, SentAt when it last did, and
	// RemindedAt when somebody was reminded; zero for never.
	Mailed     bool
	SentAt     time.Time
	RemindedAt time.Time
}

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 7 * 24 * time.Hour

// InvitationReminder is how long before its end somebody is reminded of an
// invitation, once.
const InvitationReminder = 2 * 24 * time.Hour

// Application groups what belongs together.
type Application struct {
	ID          ApplicationID
	Team        TeamID
	Name        string
	Description string
	Version     int64
	CreatedAt   time.Time
}
