package fleet

import "time"

// Audience is whom an announcement is for: who has one of the roles in a team of
// one of the types. Nothing named means everybody.
type Audience struct {
	Roles     []Role
	TeamTypes []TeamTypeID
}

// Announcement is something that an administrator told people.
type Announcement struct {
	ID          AnnouncementID
	Title, Text string
	Link        string
	Level       Level
	Audience    Audience
	// Mail says that letters are sent too.
	Mail bool
	// BannerUntil is when it goes from the pages; zero where it never stood there.
	BannerUntil time.Time
	Author      string
	AuthorID    UserID
	// Sent is set once everybody has it; Reached is the last user who has,
	// Recipients how many there are so far.
	Sent       bool
	Reached    UserID
	Recipients int
	Version    int64
	CreatedAt  time.Time
}

// AnnouncementLife is how long announcements are kept.
const AnnouncementLife = 2 * 365 * 24 * time.Hour
