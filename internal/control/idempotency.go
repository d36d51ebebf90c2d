package control

import (
	"context"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// Key is the Idempotency-Key of a create: the route, the key the caller chose,
// and a digest of the request's body. The zero Key asks for nothing.
type Key struct {
	Route, Value, Digest string
}

// keyLife is how long a create is remembered.
const keyLife = 24 * time.Hour

// replay finds what was created under the key before, nil where nothing was.
func (s *step) replay(key Key) (*store.Idempotency, error) {
	if key.Value == "" || !s.who.SignedIn() {
		return nil, nil
	}
	done, err := s.Idempotency(s.who.User, key.Route, key.Value)
	switch {
	case fleet.IsKind(err, fleet.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case s.now.Sub(done.CreatedAt) >= keyLife:
		return nil, s.DeleteIdempotency(s.who.User, key.Route, key.Value)
	case done.Digest != key.Digest:
		return nil, &fleet.Error{Kind: fleet.Conflict, Code: "idempotency_conflict", Msg: "This Idempotency-Key was used for another request. Use a new key for each."}
	}
	return done, nil
}

// replayed answers with what was created before. Where that is gone by now, so
// it is said.
func replayed(done *store.Idempotency, err error, read func(id string) error) error {
	if err != nil {
		return err
	}
	if err := read(done.Object); fleet.IsKind(err, fleet.NotFound) {
		return &fleet.Error{Kind: fleet.Conflict, Code: "idempotency_conflict", Msg: "What this Idempotency-Key created was deleted since. Use a new key to create another.", Err: err}
	} else if err != nil {
		return err
	}
	return nil
}

// remember keeps what was created under the key; shown is a secret that a replay
// has to show again.
func (s *step) remember(key Key, id string, shown []byte) error {
	if key.Value == "" || !s.who.SignedIn() {
		return nil
	}
	var sealed []byte
	if len(shown) > 0 {
		sealed = s.c.Key.Derive("idempotency").Seal(shown, []byte(id))
	}
	return s.InsertIdempotency(&store.Idempotency{
		User: s.who.User, Route: key.Route, Key: key.Value, Digest: key.Digest, Object: id, Secret: sealed, CreatedAt: s.now,
	})
}

// shownOnce opens the secret that the first answer showed.
func (s *step) shownOnce(done *store.Idempotency) (string, error) {
	plain, err := s.c.Key.Derive("idempotency").Open(done.Secret, []byte(done.Object))
	return string(plain), err
}

// Keys is the memory of creates that were asked for under a key.
type Keys struct{ *core }

// Expire forgets the creates from more than a day ago.
func (c *Keys) Expire(ctx context.Context) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteOldIdempotency(c.Now().Add(-keyLife))
		return err
	})
}
