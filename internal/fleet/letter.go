package fleet

import "time"

// LetterID names a letter of the outbox.
type LetterID string

// NewLetterID makes the id of a letter.
func NewLetterID(now time.Time) LetterID { return NewID[LetterID]("w", now) }

// LetterState is how far a letter of the outbox is.
type LetterState string

// The states of a letter. What was sent or given up is kept for a while, without
// its content.
const (
	LetterWaiting LetterState = "waiting"
	LetterSent    LetterState = "sent"
	LetterFailed  LetterState = "failed"
	// LetterDropped is one whose reader may not have it any more.
	LetterDropped LetterState = "dropped"
)

// Letter is a letter of the outbox. Who it is for is looked up when it is sent:
// by User, who must still have one of Roles in Team where that is set, or by
// Address alone.
type Letter struct {
	ID        LetterID
	Kind      string
	State     LetterState
	User      UserID
	Address   string
	Team      TeamID
	Roles     []Role
	Sealed    []byte
	Attempts  int
	DueAt     time.Time // of one that waits when it is tried next, of others when they ended
	ExpiresAt time.Time
	CreatedAt time.Time
	Fault     string // why the last attempt failed
}

// Pause is how long a letter waits after this many attempts failed.
func (l *Letter) Pause() time.Duration {
	pauses := []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	if n := l.Attempts - 1; n >= 0 && n < len(pauses) {
		return pauses[n]
	}
	return time.Hour
}
