package control

import (
	"context"
	"sync"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// Tokens is the verbs of personal access tokens.
type Tokens struct {
	*core
	mu sync.Mutex
	// used are tokens whose last use is not written down yet.
	used map[fleet.TokenID]time.Time
}

const maxTokens = 100

// Create makes a token of the caller; the secret is shown this once.
func (c *Tokens) Create(ctx context.Context, who fleet.Actor, in api.NewToken, key Key) (t *fleet.Token, token string, err error) {
	err = c.write(ctx, who, fleet.TokenCreate, func(s *step) error {
		if err := s.may("", "token", ""); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error {
				token, err = s.shownOnce(done)
				if err == nil {
					t, err = s.Token(who.User, fleet.TokenID(id))
				}
				return err
			})
		}
		token = secret.Mint("leat_pat_")
		if t, err = newToken(who, in, s.now, token); err != nil {
			return err
		}
		if n, err := s.CountTokens(who.User); err != nil || n >= maxTokens {
			return orTooMany(err, "too_many_tokens", "You have 100 tokens. Revoke those that nothing uses any more.")
		}
		if err := s.InsertToken(t, secret.Hash(token)); err != nil {
			return err
		}
		if err := s.remember(key, string(t.ID), []byte(token)); err != nil {
			return err
		}
		return s.audit(fleet.AuditEvent{Event: "token.create", Object: string(t.ID), Name: t.Name, Detail: tokenDetail(t)})
	})
	if err != nil {
		return nil, "", err
	}
	return t, token, nil
}

func orTooMany(err error, code, msg string) error {
	if err != nil {
		return err
	}
	return &fleet.Error{Kind: fleet.Conflict, Code: code, Msg: msg}
}

func newToken(who fleet.Actor, in api.NewToken, now time.Time, token string) (*fleet.Token, error) {
	name, err1 := fleet.CleanName("name", in.Name)
	t := &fleet.Token{
		ID: fleet.NewTokenID(now), User: who.User, Name: name, Scope: fleet.ScopeFull, Hint: token[len(token)-4:], CreatedAt: now,
	}
	var err2, err3 error
	for _, scope := range in.Scopes {
		switch fleet.TokenScope(scope) {
		case fleet.ScopeFull, fleet.ScopeRead:
			t.Scope = fleet.TokenScope(scope)
		default:
			err2 = fleet.InvalidField("scopes", `A scope is "full" or "read".`)
		}
	}
	if len(in.Scopes) > 1 {
		err2 = fleet.InvalidField("scopes", `Give one scope: "full" or "read".`)
	}
	if in.ExpiresAt != nil {
		t.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Microsecond)
		if !t.ExpiresAt.After(now) || t.ExpiresAt.Year() > 9999 {
			err3 = fleet.InvalidField("expiresAt", "The end lies in the past. Choose a later day.")
		}
	}
	return t, together(err1, err2, err3)
}

func tokenDetail(t *fleet.Token) map[string]any {
	d := map[string]any{"scope": string(t.Scope), "hint": t.Hint}
	if !t.ExpiresAt.IsZero() {
		d["expiresAt"] = t.ExpiresAt.Format(time.RFC3339)
	}
	return d
}

// List lists the caller's tokens.
func (c *Tokens) List(ctx context.Context, who fleet.Actor, p store.Page) (list []*fleet.Token, next string, err error) {
	err = c.read(ctx, who, fleet.TokenList, func(s *step) error {
		if err := s.may("", "token", ""); err != nil {
			return err
		}
		list, next, err = s.Tokens(who.User, p)
		return err
	})
	return list, next, err
}

// Revoke ends a token of the caller at once.
func (c *Tokens) Revoke(ctx context.Context, who fleet.Actor, id fleet.TokenID) error {
	return c.write(ctx, who, fleet.TokenRevoke, func(s *step) error {
		if err := s.may("", "token", string(id)); err != nil {
			return err
		}
		t, err := s.Token(who.User, id)
		if err != nil {
			return err
		}
		if err := s.DeleteToken(who.User, id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "token", ID: string(id), User: who.User, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "token.revoke", Object: string(id), Name: t.Name})
	})
}

// Authenticate finds who a token's secret belongs to.
func (c *Tokens) Authenticate(ctx context.Context, token string) (who fleet.Actor, err error) {
	var t *store.TokenUser
	err = c.DB.Look(ctx, func(tx *store.Tx) error {
		t, err = tx.TokenByHash(secret.Hash(token))
		return err
	})
	now := c.Now()
	if fleet.IsKind(err, fleet.NotFound) || err == nil && (t.Suspended || !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)) {
		return who, errBadToken
	}
	if err != nil {
		return who, err
	}
	if now.Sub(t.UsedAt) >= touchEvery {
		c.mu.Lock()
		c.used[t.ID] = now
		c.mu.Unlock()
	}
	return fleet.Actor{
		Kind: fleet.ActorToken, User: t.User, Username: t.Username, Admin: t.Admin, Token: t.ID, ReadOnly: t.Scope != fleet.ScopeFull,
	}, nil
}

// NoteUse writes down when tokens were last used.
func (c *Tokens) NoteUse(ctx context.Context) error {
	c.mu.Lock()
	used := c.used
	c.used = map[fleet.TokenID]time.Time{}
	c.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		for id, at := range used {
			if err := tx.UseToken(id, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// Expire removes the tokens that have expired.
func (c *Tokens) Expire(ctx context.Context) error {
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteExpiredTokens(c.Now(), expireBatch) })
}

// inBatches removes until a batch is not full.
func (c *core) inBatches(ctx context.Context, remove func(*store.Tx) (int64, error)) error {
	for {
		var n int64
		err := c.DB.Update(ctx, func(tx *store.Tx) (err error) { n, err = remove(tx); return err })
		if err != nil || n < expireBatch {
			return err
		}
	}
}
