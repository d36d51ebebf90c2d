package fleet

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// The ids of the nouns. Each has a type of its own, so that the compiler knows
// a team from an instance; each travels as an opaque string of letters, digits
// and hyphens whose prefix names the noun.
type (
	UserID        string
	SessionID     string
	TokenID       string
	TeamID        string
	InvitationID  string
	ApplicationID string
	InstanceID    string
	AuditEventID  string
	DeployID      string
	SnapshotID    string
	TimelineID    string
	HTTPTokenID   string
	TeamTypeID    string

	NotificationID  string
	AnnouncementID  string
	SignInRequestID string
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id: the noun's prefix, a hyphen, and 23 base-32 characters that
// hold 48 bits of Unix milliseconds and 64 random bits. Ids made later sort
// later, which keeps new rows together in an index.
func NewID[T ~string](prefix string, now time.Time) T {
	var b [14]byte
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	rand.Read(b[6:])
	return T(prefix + "-" + idEncoding.EncodeToString(b[:]))
}

// NewUserID and its siblings make the ids of the nouns.
func NewUserID(now time.Time) UserID               { return NewID[UserID]("u", now) }
func NewSessionID(now time.Time) SessionID         { return NewID[SessionID]("s", now) }
func NewTokenID(now time.Time) TokenID             { return NewID[TokenID]("k", now) }
func NewTeamID(now time.Time) TeamID               { return NewID[TeamID]("t", now) }
func NewInvitationID(now time.Time) InvitationID   { return NewID[InvitationID]("v", now) }
func NewApplicationID(now time.Time) ApplicationID { return NewID[ApplicationID]("a", now) }
func NewInstanceID(now time.Time) InstanceID       { return NewID[InstanceID]("i", now) }
func NewDeployID(now time.Time) DeployID           { return NewID[DeployID]("d", now) }
func NewSnapshotID(now time.Time) SnapshotID       { return NewID[SnapshotID]("n", now) }
func NewHTTPTokenID(now time.Time) HTTPTokenID     { return NewID[HTTPTokenID]("h", now) }
func NewTeamTypeID(now time.Time) TeamTypeID       { return NewID[TeamTypeID]("y", now) }

func NewNotificationID(now time.Time) NotificationID   { return NewID[NotificationID]("m", now) }
func NewAnnouncementID(now time.Time) AnnouncementID   { return NewID[AnnouncementID]("g", now) }
func NewSignInRequestID(now time.Time) SignInRequestID { return NewID[SignInRequestID]("q", now) }

// NewAuditEventID makes the id of an audit event. Its first ten random bits are
// the microseconds instead, so that events sort as they happened.
func NewAuditEventID(now time.Time) AuditEventID {
	var b [14]byte
	rand.Read(b[7:])
	return auditEventID(b, now)
}

// FirstAuditEventID is the smallest id that an audit event of a time can have,
// and "" for the zero time.
func FirstAuditEventID(at time.Time) AuditEventID {
	if at.IsZero() {
		return ""
	}
	return auditEventID([14]byte{}, at)
}

func auditEventID(b [14]byte, at time.Time) AuditEventID {
	return AuditEventID("e-" + toTheMicrosecond(b, at))
}

// NewTimelineID makes the id of an entry of a timeline, which sorts like that of
// an audit event.
func NewTimelineID(now time.Time) TimelineID {
	var b [14]byte
	rand.Read(b[7:])
	return TimelineID("l-" + toTheMicrosecond(b, now))
}

// FirstTimelineID is the smallest id that an entry of a time can have.
func FirstTimelineID(at time.Time) TimelineID {
	if at.IsZero() {
		return ""
	}
	return TimelineID("l-" + toTheMicrosecond([14]byte{}, at))
}

func toTheMicrosecond(b [14]byte, at time.Time) string {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(b[:6], ms[2:])
	micros := at.UnixMicro() % 1000
	b[6], b[7] = byte(micros>>2), byte(micros<<6)|b[7]&0x3f
	return idEncoding.EncodeToString(b[:])
}
