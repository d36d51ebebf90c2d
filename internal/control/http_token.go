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

// HTTPTokens is the verbs of the tokens by which machines use the HTTP endpoints
// of one instance's flows.
type HTTPTokens struct {
	*core
	mu sync.Mutex
	// used are tokens whose last use is not written down yet.
	used map[fleet.HTTPTokenID]time.Time
}

const maxHTTPTokens = 50

// List lists an instance's tokens, the newest first.
func (c *HTTPTokens) List(ctx context.Context, who fleet.Actor, id fleet.InstanceID, p store.Page) (list []*fleet.HTTPToken, next string, err error) {
	err = c.read(ctx, who, fleet.HTTPTokenList, func(s *step) error {
		if _, err := s.inInstance(id); err != nil {
			return err
		}
		list, next, err = s.Tx.HTTPTokens(id, p)
		return err
	})
	return list, next, err
}

// Create makes a token; the secret is shown this once.
func (c *HTTPTokens) Create(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.NewHTTPToken, key Key) (t *fleet.HTTPToken, token string, err error) {
	err = c.write(ctx, who, fleet.HTTPTokenCreate, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(made string) error {
				if token, err = s.shownOnce(done); err == nil {
					t, err = s.Tx.HTTPToken(id, fleet.HTTPTokenID(made))
				}
				return err
			})
		}
		token = secret.Mint(fleet.HTTPTokenPrefix)
		if t, err = newHTTPToken(s, id, in, token); err != nil {
			return err
		}
		if n, err := s.CountHTTPTokens(id); err != nil || n >= maxHTTPTokens {
			return orTooMany(err, "too_many_tokens", "The instance has 50 HTTP tokens. Revoke those that nothing uses any more.")
		}
		if err := s.InsertHTTPToken(t, secret.Hash(token)); err != nil {
			return err
		}
		if err := s.remember(key, string(t.ID), []byte(token)); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "http-token", ID: string(t.ID), Team: i.Team})
		return s.auditHTTPToken("http-token.create", i, t)
	})
	if err != nil {
		return nil, "", err
	}
	return t, token, nil
}

func newHTTPToken(s *step, id fleet.InstanceID, in api.NewHTTPToken, token string) (*fleet.HTTPToken, error) {
	name, err1 := fleet.CleanName("name", in.Name)
	ends, err2 := endOf(in.ExpiresAt, s.now)
	return &fleet.HTTPToken{
		ID: fleet.NewHTTPTokenID(s.now), Instance: id, Name: name, Hint: token[len(token)-4:], CreatedBy: s.who.Username, CreatedAt: s.now, ExpiresAt: ends,
	}, together(err1, err2)
}

// endOf checks the end that somebody chose; nil means never.
func endOf(at *time.Time, now time.Time) (time.Time, error) {
	if at == nil {
		return time.Time{}, nil
	}
	end := at.UTC().Truncate(time.Microsecond)
	if !end.After(now) || end.Year() > 9999 {
		return end, fleet.InvalidField("expiresAt", "The end lies in the past. Choose a later day.")
	}
	return end, nil
}

func (s *step) auditHTTPToken(event string, i *Instance, t *fleet.HTTPToken) error {
	detail := map[string]any{"instance": i.Name, "hint": t.Hint}
	if !t.ExpiresAt.IsZero() {
		detail["expiresAt"] = t.ExpiresAt.Format(time.RFC3339)
	}
	return s.audit(fleet.AuditEvent{Event: event, Team: i.Team, Application: i.Application, Object: string(t.ID), Name: t.Name, Detail: detail})
}

// Revoke ends a token, and what is open with it, at once.
func (c *HTTPTokens) Revoke(ctx context.Context, who fleet.Actor, id fleet.InstanceID, token fleet.HTTPTokenID) error {
	return c.write(ctx, who, fleet.HTTPTokenRevoke, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		t, err := s.Tx.HTTPToken(id, token)
		if err != nil {
			return err
		}
		if err := s.DeleteHTTPToken(id, token); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "http-token", ID: string(token), Team: i.Team, Deleted: true})
		return s.auditHTTPToken("http-token.revoke", i, t)
	})
}

// enter says who comes with an HTTP token: nobody of the platform, but one whom
// the flows of the token's instance answer.
func (c *HTTPTokens) enter(tx *store.Tx, e *Entry, token string) error {
	t, err := tx.HTTPTokenByHash(secret.Hash(token))
	if fleet.IsKind(err, fleet.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := c.Now()
	if t.Instance != e.Instance.ID || !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return nil
	}
	e.HTTPToken, e.EndsAt = t.ID, t.ExpiresAt
	e.Actor = fleet.Actor{Kind: fleet.ActorToken, Username: t.Name, Token: fleet.TokenID(t.ID)}
	if now.Sub(t.UsedAt) >= touchEvery {
		c.mu.Lock()
		c.used[t.ID] = now
		c.mu.Unlock()
	}
	return nil
}

// NoteUse writes down when tokens were last used.
func (c *HTTPTokens) NoteUse(ctx context.Context) error {
	c.mu.Lock()
	used := c.used
	c.used = map[fleet.HTTPTokenID]time.Time{}
	c.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		for id, at := range used {
			if err := tx.UseHTTPToken(id, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// Expire removes the tokens that have expired.
func (c *HTTPTokens) Expire(ctx context.Context) error {
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteExpiredHTTPTokens(c.Now(), expireBatch) })
}
