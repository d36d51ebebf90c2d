package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

func letterOf(r query.Letter) *fleet.Letter {
	return &fleet.Letter{
		ID: r.ID, Kind: r.Kind, State: r.State, User: r.UserID, Address: r.Address, Team: r.TeamID, Roles: unbarred[fleet.Role](r.Roles),
		Sealed: r.Sealed, Attempts: int(r.Attempts), DueAt: fromMicros(r.DueAt), ExpiresAt: fromMicros(r.ExpiresAt), CreatedAt: fromMicros(r.CreatedAt), Fault: r.Fault,
	}
}

// InsertLetter puts a letter into the outbox.
func (tx *Tx) InsertLetter(l *fleet.Letter) error {
	return noun(tx.q.InsertLetter(tx.ctx, query.InsertLetterParams{
		ID: l.ID, Kind: l.Kind, State: l.State, UserID: l.User, Address: l.Address, TeamID: l.Team, Roles: barred(l.Roles), Sealed: l.Sealed,
		Attempts: int64(l.Attempts), DueAt: micros(l.DueAt), ExpiresAt: micros(l.ExpiresAt), CreatedAt: micros(l.CreatedAt), Fault: l.Fault,
	}), "letter", "insert")
}

// LettersDue are up to most letters that are to be tried now, the one that waits
// longest first.
func (tx *Tx) LettersDue(now time.Time, most int) ([]*fleet.Letter, error) {
	rows, err := tx.q.LettersDue(tx.ctx, micros(now), int32(most))
	return each(rows, letterOf), noun(err, "letter", "list")
}

// NextLetter is when the next letter is to be tried, NotFound where none waits.
func (tx *Tx) NextLetter() (time.Time, error) {
	at, err := tx.q.NextLetter(tx.ctx)
	return fromMicros(at), noun(err, "letter", "read")
}

// NoteLetter writes how the last attempt of a letter went.
func (tx *Tx) NoteLetter(l *fleet.Letter) error {
	n, err := tx.q.NoteLetter(tx.ctx, query.NoteLetterParams{
		ID: l.ID, State: l.State, Attempts: int64(l.Attempts), DueAt: micros(l.DueAt), Fault: l.Fault, Sealed: l.Sealed,
	})
	return one(n, err, "letter", "update")
}

// CountLetters counts the letters of a state since a time.
func (tx *Tx) CountLetters(state fleet.LetterState, since time.Time) (int, error) {
	n, err := tx.q.CountLetters(tx.ctx, state, micros(since))
	return int(n), noun(err, "letter", "count")
}

// LastLetter is when the last letter came into a state and why, NotFound where
// none did.
func (tx *Tx) LastLetter(state fleet.LetterState) (at time.Time, fault string, err error) {
	r, err := tx.q.LastLetter(tx.ctx, state)
	return fromMicros(r.DueAt), r.Fault, noun(err, "letter", "read")
}

// LetterTrouble is why a letter that waits could not be sent, "" where none had
// trouble.
func (tx *Tx) LetterTrouble() (string, error) {
	r, err := tx.q.LastTroubledLetter(tx.ctx)
	if err = noun(err, "letter", "read"); fleet.IsKind(err, fleet.NotFound) {
		return "", nil
	}
	return r.Fault, err
}

// HurryLetters makes every letter that waits due now.
func (tx *Tx) HurryLetters(now time.Time) error {
	_, err := tx.q.HurryLetters(tx.ctx, micros(now))
	return noun(err, "letter", "update")
}

// DeleteOldLetters removes up to most letters that came into a state before a time.
func (tx *Tx) DeleteOldLetters(state fleet.LetterState, before time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteOldLetters(tx.ctx, query.DeleteOldLettersParams{State: state, Before: micros(before), Most: int32(most)})
	return n, noun(err, "letter", "delete")
}
