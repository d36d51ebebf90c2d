package fleet

import "time"

// NotificationKind says what a notification is of.
type NotificationKind string

// The kinds.
const (
	NoteCrash        NotificationKind = "instance-crash"
	NoteSafeMode     NotificationKind = "instance-safe-mode"
	NoteHang         NotificationKind = "instance-hang"
	NoteCPU          NotificationKind = "instance-cpu"
	NoteMemory       NotificationKind = "instance-memory"
	NoteRecovered    NotificationKind = "instance-recovered"
	NoteInvitation   NotificationKind = "invitation"
	NoteAnnouncement NotificationKind = "announcement"
)

// Level says how much something matters, and how it is shown.
type Level string

// The levels.
const (
	LevelInfo    Level = "info"
	LevelGood    Level = "good"
	LevelWarning Level = "warning"
	LevelError   Level = "error"
)

// Valid reports whether l is one of the levels.
func (l Level) Valid() bool {
	return l == LevelInfo || l == LevelGood || l == LevelWarning || l == LevelError
}

// Notification is something in a person's inbox.
type Notification struct {
	ID    NotificationID
	User  UserID
	Kind  NotificationKind
	Level Level
	// Reference is the same for what happens again: while the first is unread, it
	// is counted up. An empty one is never counted up.
	Reference   string
	Title, Text string
	// Name is of what it is about, Detail what its sentences were made of.
	Name        string
	Detail      map[string]any
	Team        TeamID
	Application ApplicationID
	Instance    InstanceID
	// Link is a path on the platform, or an address elsewhere.
	Link      string
	Count     int
	CreatedAt time.Time
	UpdatedAt time.Time
	ReadAt    time.Time // zero: unread
}

// Bounds of an inbox. The oldest go first.
const (
	MaxNotifications = 500
	NotificationLife = 90 * 24 * time.Hour
)
