package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// PasswordReset lets its holder set a user's password.
type PasswordReset struct {
	User      fleet.UserID
	ExpiresAt time.Time
}

// InsertPasswordReset adds one; hash is of its secret.
func (tx *Tx) InsertPasswordReset(hash string, user fleet.UserID, now, expires time.Time) error {
	return noun(tx.q.InsertPasswordReset(tx.ctx, query.InsertPasswordResetParams{
		Hash: hash, UserID: user, CreatedAt: micros(now), ExpiresAt: micros(expires),
	}), "password_reset", "insert")
}

// PasswordResetByHash finds one by the hash of its secret.
func (tx *Tx) PasswordResetByHash(hash string) (*PasswordReset, error) {
	r, err := tx.q.PasswordResetByHash(tx.ctx, hash)
	return &PasswordReset{User: r.UserID, ExpiresAt: fromMicros(r.ExpiresAt)}, noun(err, "password_reset", "read")
}

// CountPasswordResets counts a user's since a time.
func (tx *Tx) CountPasswordResets(user fleet.UserID, since time.Time) (int, error) {
	n, err := tx.q.CountPasswordResets(tx.ctx, user, micros(since))
	return int(n), noun(err, "password_reset", "count")
}

// DeletePasswordResets removes all of a user.
func (tx *Tx) DeletePasswordResets(user fleet.UserID) error {
	return noun(tx.q.DeletePasswordResetsOf(tx.ctx, user), "password_reset", "delete")
}

// DeleteExpiredPasswordResets removes up to most that have expired.
func (tx *Tx) DeleteExpiredPasswordResets(now time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteExpiredPasswordResets(tx.ctx, micros(now), int32(most))
	return n, noun(err, "password_reset", "delete")
}
