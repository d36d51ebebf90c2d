package control

import (
	"context"
	"strings"
	"unicode"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// SignInRequests is the verbs of programs that ask to be let in as a person.
type SignInRequests struct{ *core }

// How many requests may wait: on the platform, and from one subscriber's network.
// One that got its token does not count any more.
const (
	maxSignInRequests     = 10_000
	maxSignInRequestsNear = 30
)

// Create notes that a program asks to be let in.
func (c *SignInRequests) Create(ctx context.Context, who fleet.Actor, in api.NewSignInRequest) (r *fleet.SignInRequest, err error) {
	err = c.write(ctx, who, fleet.SignInAsk, func(s *step) error {
		if err := s.may("", "sign-in-request", ""); err != nil {
			return err
		}
		if r, err = newSignInRequest(who, in); err != nil {
			return err
		}
		r.ID, r.CreatedAt, r.ExpiresAt = fleet.NewSignInRequestID(s.now), s.now, s.now.Add(fleet.SignInRequestLife)
		all, near, err := s.CountSignInRequests(r.Network, s.now)
		if err != nil {
			return err
		}
		if all >= maxSignInRequests || near >= maxSignInRequestsNear {
			return &fleet.Error{
				Kind: fleet.TooMany, Code: "too_many_sign_in_requests", RetryAfterSeconds: 60,
				Msg: "Too many programs from your network wait to be let in. Approve or deny those, or wait ten minutes.",
			}
		}
		return s.InsertSignInRequest(r)
	})
	return r, err
}

func newSignInRequest(who fleet.Actor, in api.NewSignInRequest) (*fleet.SignInRequest, error) {
	r := &fleet.SignInRequest{
		Code: fleet.NewSignInCode(), Challenge: in.Challenge, Scope: fleet.ScopeFull, State: fleet.SignInWaiting,
		System: plainWord(in.System), Addr: who.Addr, Network: network(who.Addr),
	}
	var err1, err2, err3, err4 error
	r.Program, err1 = fleet.CleanName("program", in.Program)
	r.Machine, err2 = fleet.CleanName("machine", in.Machine)
	if !fleet.ValidChallenge(in.Challenge) {
		err3 = fleet.InvalidField("challenge", "A challenge is the SHA-256 of a verifier, in base64url without padding.")
	}
	switch fleet.TokenScope(in.Scope) {
	case fleet.ScopeFull, "":
	case fleet.ScopeRead:
		r.Scope = fleet.ScopeRead
	default:
		err4 = fleet.InvalidField("scope", `A scope is "full" or "read".`)
	}
	return r, together(err1, err2, err3, err4)
}

// plainWord keeps what stands for a system, such as linux/amd64.
func plainWord(text string) string {
	return cutText(strings.Map(func(r rune) rune {
		if r == '/' || r == '-' || r == '.' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, text), fleet.MaxName)
}

// Get is a request as who decides about it sees it.
func (c *SignInRequests) Get(ctx context.Context, who fleet.Actor, id fleet.SignInRequestID) (r *fleet.SignInRequest, err error) {
	err = c.read(ctx, who, fleet.SignInApprove, func(s *step) error {
		if err := s.may("", "sign-in-request", string(id)); err != nil {
			return err
		}
		r, err = s.openSignIn(id)
		if err == nil && r.User != "" && r.User != who.User {
			return errNoSignIn
		}
		return err
	})
	return r, err
}

// errNoSignIn is the same for requests that expired, ended, and never were.
var errNoSignIn = &fleet.Error{
	Kind: fleet.NotFound, Code: "sign_in_request_not_found", Msg: "This request is not in force any more. Let the program ask again.",
}

func (s *step) openSignIn(id fleet.SignInRequestID) (*fleet.SignInRequest, error) {
	r, err := s.SignInRequest(id)
	if fleet.IsKind(err, fleet.NotFound) || err == nil && !s.now.Before(r.ExpiresAt) {
		return nil, errNoSignIn
	}
	return r, err
}

// Decide approves or denies a request, once.
func (c *SignInRequests) Decide(ctx context.Context, who fleet.Actor, id fleet.SignInRequestID, state fleet.SignInState) error {
	return c.write(ctx, who, fleet.SignInApprove, func(s *step) error {
		if err := s.may("", "sign-in-request", string(id)); err != nil {
			return err
		}
		r, err := s.openSignIn(id)
		if err != nil {
			return err
		}
		if r.State != fleet.SignInWaiting {
			return &fleet.Error{Kind: fleet.Conflict, Code: "sign_in_decided", Msg: "Somebody decided about this request already. Let the program ask again."}
		}
		event := "sign-in-request.deny"
		if state == fleet.SignInApproved {
			event = "sign-in-request.approve"
			if n, err := s.CountTokens(who.User); err != nil || n >= maxTokens {
				return orTooMany(err, "too_many_tokens", "You have 100 tokens. Revoke those that nothing uses any more.")
			}
		}
		if err := s.DecideSignInRequest(id, state, who.User); err != nil {
			return err
		}
		return s.audit(fleet.AuditEvent{
			Event: event, Object: string(id), Name: r.Machine,
			Detail: map[string]any{"program": r.Program, "address": r.Addr, "scope": string(r.Scope)},
		})
	})
}

// Take gives the program its token: once, after somebody approved, and only to
// who holds the verifier. Waiting is set while nobody has decided.
func (c *SignInRequests) Take(ctx context.Context, who fleet.Actor, id fleet.SignInRequestID, verifier string) (t *store.TokenUser, token string, err error) {
	err = c.read(ctx, who, fleet.SignInAsk, func(s *step) error {
		if err := s.may("", "sign-in-request", ""); err != nil {
			return err
		}
		_, err := s.decided(id, verifier)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	token = secret.Mint("leat_pat_")
	err = c.write(ctx, who, fleet.SignInAsk, func(s *step) error {
		if err := s.may("", "sign-in-request", ""); err != nil {
			return err
		}
		r, err := s.decided(id, verifier)
		if err != nil {
			return err
		}
		t, err = s.letIn(r, token)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return t, token, nil
}

// ErrSignInWaits says that nobody has decided about a request yet.
var ErrSignInWaits = &fleet.Error{Kind: fleet.Conflict, Code: "sign_in_waits", Msg: "Nobody has decided about this request yet."}

// decided finds a request that was approved, for who holds its verifier.
func (s *step) decided(id fleet.SignInRequestID, verifier string) (*fleet.SignInRequest, error) {
	r, err := s.openSignIn(id)
	switch {
	case err != nil:
		return nil, err
	case !r.Knows(verifier):
		return nil, errNoSignIn
	case r.State == fleet.SignInDenied:
		return nil, &fleet.Error{Kind: fleet.Conflict, Code: "sign_in_denied", Msg: "The request was denied."}
	case r.State == fleet.SignInWaiting:
		return nil, ErrSignInWaits
	}
	return r, nil
}

// letIn turns an approved request into a token of who approved it.
func (s *step) letIn(r *fleet.SignInRequest, token string) (*store.TokenUser, error) {
	u, err := s.User(r.User)
	if fleet.IsKind(err, fleet.NotFound) || err == nil && (u.Suspended || u.MustChange) {
		return nil, errNoSignIn
	}
	if err != nil {
		return nil, err
	}
	// From here on who approved acts, from where the program runs.
	s.who = fleet.Actor{Kind: fleet.ActorUser, User: u.ID, Username: u.Username, Addr: s.who.Addr, RequestID: s.who.RequestID}
	end := s.now.AddDate(0, 0, fleet.SignInTokenDays)
	t, err := newToken(s.who, api.NewToken{Name: r.Machine, Scopes: []string{string(r.Scope)}, ExpiresAt: &end}, s.now, token)
	if err != nil {
		return nil, err
	}
	if err := s.InsertToken(t, secret.Hash(token)); err != nil {
		return nil, err
	}
	if err := s.DeleteSignInRequest(r.ID); err != nil {
		return nil, err
	}
	s.hint(fleet.Event{Noun: "token", ID: string(t.ID), User: u.ID})
	detail := tokenDetail(t)
	detail["request"] = string(r.ID)
	return &store.TokenUser{Token: *t, Username: u.Username}, s.audit(fleet.AuditEvent{Event: "token.create", Object: string(t.ID), Name: t.Name, Detail: detail})
}

// Expire removes requests that nobody decided about in time.
func (c *SignInRequests) Expire(ctx context.Context) error {
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteExpiredSignInRequests(c.Now(), expireBatch) })
}
