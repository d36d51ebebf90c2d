package fleet

import "time"

// Event is a hint that something changed; who acts on it reads the rows.
type Event struct {
	// Noun is the word of the thing, such as "instance".
	Noun string
	ID   string
	Team TeamID
	// User is set where the hint concerns one person alone, such as a session.
	User    UserID
	Version int64
	State   State
	Deleted bool
	Time    time.Time
}
