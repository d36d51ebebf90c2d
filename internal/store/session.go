package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// SignedIn is a session and what of its user decides what it may do.
type SignedIn struct {
	fleet.Session
	Username  string
	Admin     bool
	Suspended bool
	// MustChange says that the user has to choose a new password first.
	MustChange bool
}

// InsertSession adds a session; hash is of its secret.
func (tx *Tx) InsertSession(s *fleet.Session, hash string) error {
	return noun(tx.q.InsertSession(tx.ctx, query.InsertSessionParams{
		ID: s.ID, Hash: hash, UserID: s.User, CreatedAt: micros(s.CreatedAt), ActiveAt: micros(s.ActiveAt), ExpiresAt: micros(s.ExpiresAt),
		Addr: s.Addr, UserAgent: s.UserAgent,
	}), "session", "insert")
}

// SessionByHash finds a session by the hash of its secret.
func (tx *Tx) SessionByHash(hash string) (*SignedIn, error) {
	r, err := tx.q.SessionByHash(tx.ctx, hash)
	return signedInOf(query.SessionRow(r)), noun(err, "session", "read")
}

// Session finds a session.
func (tx *Tx) Session(id fleet.SessionID) (*SignedIn, error) {
	r, err := tx.q.Session(tx.ctx, id)
	return signedInOf(r), noun(err, "session", "read")
}

func signedInOf(r query.SessionRow) *SignedIn {
	return &SignedIn{
		Session: fleet.Session{
			ID: r.ID, User: r.UserID, CreatedAt: fromMicros(r.CreatedAt), ActiveAt: fromMicros(r.ActiveAt), ExpiresAt: fromMicros(r.ExpiresAt),
			Addr: r.Addr, UserAgent: r.UserAgent,
		},
		Username: r.Username, Admin: r.Admin, Suspended: r.Suspended, MustChange: r.MustChange,
	}
}

// Sessions lists a user's sessions that live at now, the newest first. Those
// without activity since idleSince have ended.
func (tx *Tx) Sessions(user fleet.UserID, now, idleSince time.Time, p Page) ([]*fleet.Session, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.SessionsOf(tx.ctx, query.SessionsOfParams{
		UserID: user, Now: micros(now), IdleSince: micros(idleSince), Before: fleet.SessionID(before), Most: p.limit(),
	})
	rows, next := cut(p, rows, func(r query.Session) []string { return []string{string(r.ID)} })
	return each(rows, func(r query.Session) *fleet.Session {
		return &fleet.Session{
			ID: r.ID, User: r.UserID, CreatedAt: fromMicros(r.CreatedAt), ActiveAt: fromMicros(r.ActiveAt), ExpiresAt: fromMicros(r.ExpiresAt),
			Addr: r.Addr, UserAgent: r.UserAgent,
		}
	}), next, noun(err, "session", "list")
}

// TouchSession moves the time a person was last active forward.
func (tx *Tx) TouchSession(id fleet.SessionID, at time.Time) error {
	_, err := tx.q.TouchSession(tx.ctx, id, micros(at))
	return noun(err, "session", "update")
}

// DeleteSession ends one session of a user.
func (tx *Tx) DeleteSession(user fleet.UserID, id fleet.SessionID) error {
	n, err := tx.q.DeleteSession(tx.ctx, id, user)
	return one(n, err, "session", "delete")
}

// DeleteSessions ends all sessions of a user but keep, and tells which.
func (tx *Tx) DeleteSessions(user fleet.UserID, keep fleet.SessionID) ([]fleet.SessionID, error) {
	ids, err := tx.q.DeleteSessionsOf(tx.ctx, user, keep)
	return ids, noun(err, "session", "delete")
}

// DeleteEndedSessions removes up to most sessions that have ended and tells how many.
func (tx *Tx) DeleteEndedSessions(now, idleSince time.Time, most int) ([]fleet.Session, error) {
	rows, err := tx.q.DeleteEndedSessions(tx.ctx, query.DeleteEndedSessionsParams{Now: micros(now), IdleSince: micros(idleSince), Most: int32(most)})
	return each(rows, func(r query.DeleteEndedSessionsRow) fleet.Session { return fleet.Session{ID: r.ID, User: r.UserID} }), noun(err, "session", "delete")
}

// CountSessions counts the sessions that are kept.
func (tx *Tx) CountSessions() (int64, error) {
	n, err := tx.q.CountSessions(tx.ctx)
	return n, noun(err, "session", "count")
}
