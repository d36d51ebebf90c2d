package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

func httpTokenOf(r query.HttpToken) *fleet.HTTPToken {
	return &fleet.HTTPToken{
		ID: r.ID, Instance: r.InstanceID, Name: r.Name, Hint: r.Hint, CreatedBy: r.CreatedBy,
		CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt), UsedAt: fromMicros(r.UsedAt),
	}
}

// InsertHTTPToken adds an HTTP token; hash is of its secret.
func (tx *Tx) InsertHTTPToken(t *fleet.HTTPToken, hash string) error {
	return noun(tx.q.InsertHTTPToken(tx.ctx, query.InsertHTTPTokenParams{
		ID: t.ID, Hash: hash, InstanceID: t.Instance, Name: t.Name, Hint: t.Hint, CreatedBy: t.CreatedBy,
		CreatedAt: micros(t.CreatedAt), ExpiresAt: micros(t.ExpiresAt), UsedAt: micros(t.UsedAt),
	}), "http_token", "insert")
}

// HTTPTokenByHash finds an HTTP token by the hash of its secret.
func (tx *Tx) HTTPTokenByHash(hash string) (*fleet.HTTPToken, error) {
	r, err := tx.q.HTTPTokenByHash(tx.ctx, hash)
	return httpTokenOf(r), noun(err, "http_token", "read")
}

// HTTPToken finds an HTTP token of an instance.
func (tx *Tx) HTTPToken(instance fleet.InstanceID, id fleet.HTTPTokenID) (*fleet.HTTPToken, error) {
	r, err := tx.q.HTTPToken(tx.ctx, id, instance)
	return httpTokenOf(r), noun(err, "http_token", "read")
}

// HTTPTokens lists the HTTP tokens of an instance, the newest first.
func (tx *Tx) HTTPTokens(instance fleet.InstanceID, p Page) ([]*fleet.HTTPToken, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.HTTPTokensOf(tx.ctx, query.HTTPTokensOfParams{InstanceID: instance, Before: fleet.HTTPTokenID(before), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.HttpToken) []string { return []string{string(r.ID)} })
	return each(rows, httpTokenOf), next, noun(err, "http_token", "list")
}

// CountHTTPTokens counts the HTTP tokens of an instance.
func (tx *Tx) CountHTTPTokens(instance fleet.InstanceID) (int64, error) {
	n, err := tx.q.CountHTTPTokensOf(tx.ctx, instance)
	return n, noun(err, "http_token", "count")
}

// UseHTTPToken notes when an HTTP token was last used.
func (tx *Tx) UseHTTPToken(id fleet.HTTPTokenID, at time.Time) error {
	return noun(tx.q.UseHTTPToken(tx.ctx, id, micros(at)), "http_token", "update")
}

// DeleteHTTPToken revokes an HTTP token of an instance.
func (tx *Tx) DeleteHTTPToken(instance fleet.InstanceID, id fleet.HTTPTokenID) error {
	n, err := tx.q.DeleteHTTPToken(tx.ctx, id, instance)
	return one(n, err, "http_token", "delete")
}

// DeleteExpiredHTTPTokens removes up to most HTTP tokens that have expired.
func (tx *Tx) DeleteExpiredHTTPTokens(now time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteExpiredHTTPTokens(tx.ctx, micros(now), int32(most))
	return n, noun(err, "http_token", "delete")
}
