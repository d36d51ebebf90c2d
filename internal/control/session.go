package control

import (
	"context"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// Sessions is the verbs of signed-in browsers.
type Sessions struct {
	*core
	throttle *throttle
}

const maxUserAgent = 300

// errBadCredentials is the same for an unknown user, a wrong password and a
// suspended user.
var errBadCredentials = &fleet.Error{Kind: fleet.Unauthenticated, Code: "bad_credentials", Msg: "Username or password is wrong."}

// SignIn begins a session for who knows the password of the user with this name
// or e-mail address. The secret goes into the cookie and is not kept.
func (c *Sessions) SignIn(ctx context.Context, who fleet.Actor, username, password, userAgent string) (u *fleet.User, token string, err error) {
	note(ctx, fleet.SessionCreate)
	username = strings.ToLower(strings.TrimSpace(username))
	u, err = c.byLogin(ctx, username)
	if err != nil {
		return nil, "", err
	}
	account, hash := username, ""
	if u != nil {
		account, hash = u.Username, u.PasswordHash
	}
	attempt := fleet.AuditEvent{Event: "session.create", Result: fleet.AuditFailed, Actor: who, Name: cutText(username, fleet.MaxName)}
	if u != nil {
		attempt.Object = string(u.ID)
	}
	if err := c.throttle.try(account, who.Addr, c.Now()); err != nil {
		attempt.Result = fleet.AuditRefused
		c.noteFailure(ctx, attempt)
		return nil, "", err
	}
	right, err := c.Passwords.Verify(ctx, password, hash)
	if err != nil {
		return nil, "", err
	}
	if !right || u.Suspended {
		c.noteFailure(ctx, attempt)
		return nil, "", errBadCredentials
	}
	c.throttle.passed(account, who.Addr)
	return c.begin(ctx, who, u, password, userAgent)
}

// byLogin finds the user with this name or address, nil where there is none.
func (c *Sessions) byLogin(ctx context.Context, login string) (u *fleet.User, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		if strings.Contains(login, "@") {
			u, err = tx.UserByEmail(login)
		} else {
			u, err = tx.UserByUsername(login)
		}
		return err
	})
	if fleet.IsKind(err, fleet.NotFound) {
		return nil, nil
	}
	return u, err
}

// begin writes the session of a user whose password was right.
func (c *Sessions) begin(ctx context.Context, who fleet.Actor, checked *fleet.User, password, userAgent string) (u *fleet.User, token string, err error) {
	var rehash string
	if c.Passwords.NeedsRehash(checked.PasswordHash) {
		if rehash, err = c.Passwords.Hash(ctx, password); err != nil {
			return nil, "", err
		}
	}
	token = secret.Mint("leat_ses_")
	err = c.write(ctx, who, fleet.SessionCreate, func(s *step) error {
		if err := s.may("", "session", ""); err != nil {
			return err
		}
		u, err = s.User(checked.ID)
		if fleet.IsKind(err, fleet.NotFound) || err == nil && (u.Suspended || u.PasswordHash != checked.PasswordHash) {
			return errBadCredentials // it was changed while we looked
		}
		if err != nil {
			return err
		}
		if rehash != "" {
			if err := s.SetUserPasswordHash(u.ID, rehash); err != nil {
				return err
			}
		}
		if err := s.SetUserSignedIn(u.ID, s.now); err != nil {
			return err
		}
		u.SignedInAt = s.now
		ses := &fleet.Session{
			ID: fleet.NewSessionID(s.now), User: u.ID, CreatedAt: s.now, ActiveAt: s.now, ExpiresAt: s.now.Add(c.SessionLife),
			Addr: who.Addr, UserAgent: cutText(userAgent, maxUserAgent),
		}
		if err := s.InsertSession(ses, secret.Hash(token)); err != nil {
			return err
		}
		by := fleet.Actor{Kind: fleet.ActorUser, User: u.ID, Username: u.Username, Session: ses.ID, Addr: who.Addr}
		s.hint(fleet.Event{Noun: "session", ID: string(ses.ID), User: u.ID})
		return s.audit(fleet.AuditEvent{Event: "session.create", Actor: by, Object: string(ses.ID), Name: u.Username})
	})
	if err != nil {
		return nil, "", err
	}
	return u, token, nil
}

// Authenticate finds who a session's secret belongs to.
func (c *Sessions) Authenticate(ctx context.Context, token string) (who fleet.Actor, ses fleet.Session, err error) {
	var in *store.SignedIn
	err = c.DB.Look(ctx, func(tx *store.Tx) error {
		in, err = tx.SessionByHash(secret.Hash(token))
		return err
	})
	if fleet.IsKind(err, fleet.NotFound) || err == nil && !c.lives(in) {
		return who, ses, errSessionEnded
	}
	if err != nil {
		return who, ses, err
	}
	return actorOf(in), in.Session, nil
}

// errSessionEnded is the same for sessions that ended and that never were.
var errSessionEnded = &fleet.Error{Kind: fleet.Unauthenticated, Code: "session_ended", Msg: "Your session has ended. Sign in again."}

// lives reports whether a session is in force now.
func (c *core) lives(in *store.SignedIn) bool {
	return !in.Suspended && c.Now().Before(in.EndsAt(c.SessionIdle))
}

func actorOf(in *store.SignedIn) fleet.Actor {
	return fleet.Actor{Kind: fleet.ActorUser, User: in.User, Username: in.Username, Admin: in.Admin, Session: in.ID, MustChange: in.MustChange}
}

// touchEvery is how often a person's activity is written down at most.
const touchEvery = time.Minute

// Touch notes that the person has done something just now.
func (c *Sessions) Touch(ctx context.Context, who fleet.Actor) (ses fleet.Session, err error) {
	if who.Session == "" {
		return ses, fleet.ErrNotFound("session")
	}
	var in *store.SignedIn
	err = c.read(ctx, who, fleet.SelfRead, func(s *step) error {
		if err := s.may("", "session", string(who.Session)); err != nil {
			return err
		}
		in, err = s.Session(who.Session)
		return err
	})
	if fleet.IsKind(err, fleet.NotFound) || err == nil && !c.lives(in) {
		return ses, errSessionEnded
	}
	if err != nil {
		return ses, err
	}
	now := c.Now()
	if now.Sub(in.ActiveAt) < touchEvery && now.Sub(in.ActiveAt) < c.SessionIdle/4 {
		return in.Session, nil
	}
	in.ActiveAt = now
	return in.Session, c.DB.Update(ctx, func(tx *store.Tx) error { return tx.TouchSession(in.ID, now) })
}

// List lists the caller's sessions.
func (c *Sessions) List(ctx context.Context, who fleet.Actor, p store.Page) (list []*fleet.Session, next string, err error) {
	err = c.read(ctx, who, fleet.SessionList, func(s *step) error {
		if err := s.may("", "session", ""); err != nil {
			return err
		}
		list, next, err = s.Sessions(who.User, s.now, s.now.Add(-c.SessionIdle), p)
		return err
	})
	return list, next, err
}

// Revoke ends one session of the caller.
func (c *Sessions) Revoke(ctx context.Context, who fleet.Actor, id fleet.SessionID) error {
	return c.write(ctx, who, fleet.SessionRevoke, func(s *step) error {
		if err := s.may("", "session", string(id)); err != nil {
			return err
		}
		return s.endSession(who.User, id, "session.revoke")
	})
}

// RevokeOthers ends every session of the caller but the present one.
func (c *Sessions) RevokeOthers(ctx context.Context, who fleet.Actor) error {
	return c.write(ctx, who, fleet.SessionRevoke, func(s *step) error {
		if err := s.may("", "session", ""); err != nil {
			return err
		}
		if err := s.endSessions(who.User, who.Session); err != nil {
			return err
		}
		return s.audit(fleet.AuditEvent{Event: "session.revoke", Object: string(who.User), Name: who.Username, Detail: map[string]any{"all": true}})
	})
}

// SignOut ends the session the caller came by.
func (c *Sessions) SignOut(ctx context.Context, who fleet.Actor) error {
	err := c.write(ctx, who, fleet.SessionRevoke, func(s *step) error {
		if err := s.may("", "session", string(who.Session)); err != nil {
			return err
		}
		return s.endSession(who.User, who.Session, "session.delete")
	})
	if fleet.IsKind(err, fleet.NotFound) {
		return nil
	}
	return err
}

func (s *step) endSession(user fleet.UserID, id fleet.SessionID, event string) error {
	if err := s.DeleteSession(user, id); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "session", ID: string(id), User: user, Deleted: true})
	return s.audit(fleet.AuditEvent{Event: event, Object: string(id), Name: s.who.Username})
}

// Expire removes the sessions that have ended.
func (c *Sessions) Expire(ctx context.Context) error {
	for {
		var ended []fleet.Session
		err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
			now := c.Now()
			ended, err = tx.DeleteEndedSessions(now, now.Add(-c.SessionIdle), expireBatch)
			return err
		})
		for _, s := range ended {
			c.Bus.Publish(fleet.Event{Noun: "session", ID: string(s.ID), User: s.User, Deleted: true, Time: c.Now()})
		}
		if err != nil || len(ended) < expireBatch {
			return err
		}
	}
}

// expireBatch keeps a clean-up from holding the writer for long.
const expireBatch = 500

// cutText shortens what a stranger sent to what is worth keeping.
func cutText(s string, most int) string {
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-1]) + "…"
}

// errBadToken is the same for tokens that expired and that never were.
var errBadToken = &fleet.Error{Kind: fleet.Unauthenticated, Code: "bad_token", Msg: "This token is not in force. Create a new one in your account."}
