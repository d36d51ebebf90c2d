package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// TokenUser is a token and what of its user decides what it may do.
type TokenUser struct {
	fleet.Token
	Username  string
	Admin     bool
	Suspended bool
}

// InsertToken adds a token; hash is of its secret.
func (tx *Tx) InsertToken(t *fleet.Token, hash string) error {
	return noun(tx.q.InsertToken(tx.ctx, query.InsertTokenParams{
		ID: t.ID, Hash: hash, UserID: t.User, Name: t.Name, Scope: t.Scope, Hint: t.Hint,
		CreatedAt: micros(t.CreatedAt), ExpiresAt: micros(t.ExpiresAt), UsedAt: micros(t.UsedAt),
	}), "token", "insert")
}

// TokenByHash finds a token by the hash of its secret.
func (tx *Tx) TokenByHash(hash string) (*TokenUser, error) {
	r, err := tx.q.TokenByHash(tx.ctx, hash)
	if err != nil {
		return nil, noun(err, "token", "read")
	}
	return &TokenUser{
		Token:    fleet.Token{ID: r.ID, User: r.UserID, Scope: r.Scope, ExpiresAt: fromMicros(r.ExpiresAt), UsedAt: fromMicros(r.UsedAt)},
		Username: r.Username, Admin: r.Admin, Suspended: r.Suspended,
	}, nil
}

// Token finds a token of a user.
func (tx *Tx) Token(user fleet.UserID, id fleet.TokenID) (*fleet.Token, error) {
	r, err := tx.q.Token(tx.ctx, id, user)
	return tokenOf(r), noun(err, "token", "read")
}

// Tokens lists the tokens of a user, the newest first.
func (tx *Tx) Tokens(user fleet.UserID, p Page) ([]*fleet.Token, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.TokensOf(tx.ctx, query.TokensOfParams{UserID: user, Before: fleet.TokenID(before), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.Token) []string { return []string{string(r.ID)} })
	return each(rows, tokenOf), next, noun(err, "token", "list")
}

func tokenOf(r query.Token) *fleet.Token {
	return &fleet.Token{
		ID: r.ID, User: r.UserID, Name: r.Name, Scope: r.Scope, Hint: r.Hint,
		CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt), UsedAt: fromMicros(r.UsedAt),
	}
}

// CountTokens counts the tokens of a user.
func (tx *Tx) CountTokens(user fleet.UserID) (int64, error) {
	n, err := tx.q.CountTokensOf(tx.ctx, user)
	return n, noun(err, "token", "count")
}

// UseToken notes when a token was last used.
func (tx *Tx) UseToken(id fleet.TokenID, at time.Time) error {
	return noun(tx.q.UseToken(tx.ctx, id, micros(at)), "token", "update")
}

// DeleteToken revokes a token of a user.
func (tx *Tx) DeleteToken(user fleet.UserID, id fleet.TokenID) error {
	n, err := tx.q.DeleteToken(tx.ctx, id, user)
	return one(n, err, "token", "delete")
}

// DeleteExpiredTokens removes up to most tokens that have expired.
func (tx *Tx) DeleteExpiredTokens(now time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteExpiredTokens(tx.ctx, micros(now), int32(most))
	return n, noun(err, "token", "delete")
}
