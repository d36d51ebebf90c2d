package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Idempotency is the memory of a create that was asked for under a key.
type Idempotency struct {
	User   fleet.UserID
	Route  string
	Key    string
	Digest string // of the request's body
	Object string // the id of what was created
	// Secret is what was shown once, sealed; empty where there was nothing.
	Secret    []byte
	CreatedAt time.Time
}

// InsertIdempotency remembers a create.
func (tx *Tx) InsertIdempotency(i *Idempotency) error {
	if i.Secret == nil {
		i.Secret = []byte{}
	}
	return noun(tx.q.InsertIdempotency(tx.ctx, query.InsertIdempotencyParams{
		UserID: i.User, Route: i.Route, Key: i.Key, Digest: i.Digest, ObjectID: i.Object, Secret: i.Secret, CreatedAt: micros(i.CreatedAt),
	}), "idempotency", "insert")
}

// Idempotency finds the memory of a create.
func (tx *Tx) Idempotency(user fleet.UserID, route, key string) (*Idempotency, error) {
	r, err := tx.q.Idempotency(tx.ctx, query.IdempotencyParams{UserID: user, Route: route, Key: key})
	return &Idempotency{
		User: r.UserID, Route: r.Route, Key: r.Key, Digest: r.Digest, Object: r.ObjectID, Secret: r.Secret, CreatedAt: fromMicros(r.CreatedAt),
	}, noun(err, "idempotency", "read")
}

// DeleteIdempotency forgets one create.
func (tx *Tx) DeleteIdempotency(user fleet.UserID, route, key string) error {
	return noun(tx.q.DeleteIdempotency(tx.ctx, query.DeleteIdempotencyParams{UserID: user, Route: route, Key: key}), "idempotency", "delete")
}

// DeleteOldIdempotency forgets the creates from before a time.
func (tx *Tx) DeleteOldIdempotency(before time.Time) (int64, error) {
	n, err := tx.q.DeleteOldIdempotency(tx.ctx, micros(before))
	return n, noun(err, "idempotency", "delete")
}
