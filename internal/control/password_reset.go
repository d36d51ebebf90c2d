package control

import (
	"context"
	"strings"
	"sync"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/secret"
	"leat/internal/store"
)

// PasswordResets is the verbs of who forgot their password.
type PasswordResets struct {
	*core
	throttle *throttle

	mu     sync.Mutex
	minute time.Time
	asked  int
}

const (
	// resetLife is how long the link of a letter is good.
	resetLife = 30 * time.Minute
	// resetsAnHour is how many such letters one person gets.
	resetsAnHour = 5
	// resetsAMinute bounds what strangers together can put into the outbox.
	resetsAMinute = 60
)

// Ask asks for a letter with a link to a new password. All it does is to write
// down what was asked, whoever it is for and whether there is such an account
// or not: neither the answer nor its time tells. The account is looked for when
// the letter is sent.
func (c *PasswordResets) Ask(ctx context.Context, who fleet.Actor, in api.NewPasswordReset) error {
	if (in.Email == "") == (in.Username == "") {
		return fleet.InvalidField("email", "Give an e-mail address or a username, one of the two.")
	}
	login := strings.ToLower(strings.TrimSpace(cutText(in.Email+in.Username, 254)))
	return c.write(ctx, who, fleet.PasswordReset, func(s *step) error {
		if err := s.may("", "password", ""); err != nil {
			return err
		}
		can, err := s.canMail()
		if err != nil {
			return err
		}
		if !can {
			return &fleet.Error{Kind: fleet.Conflict, Code: "mail_not_set", Msg: "This platform sends no letters. Ask an administrator for a new password."}
		}
		if err := c.throttle.try(login, who.Addr, s.now); err != nil {
			return err
		}
		if !c.room(s.now) {
			return nil
		}
		return s.sendLetter(recipient{}, &mail.PasswordReset{Username: login, Addr: who.Addr}, resetLife)
	})
}

// room counts who asked in this minute.
func (c *PasswordResets) room(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := now.Truncate(time.Minute); !m.Equal(c.minute) {
		c.minute, c.asked = m, 0
	}
	c.asked++
	return c.asked <= resetsAMinute
}

// resolve finds whom a letter is for, and makes its link; "" where it is for
// nobody.
func (c *PasswordResets) resolve(ctx context.Context, l *fleet.Letter, letter *mail.PasswordReset) (to string, err error) {
	token := secret.Mint("leat_pwr_")
	err = c.chore(ctx, "letters", func(s *step) error {
		s.who = fleet.Actor{Kind: fleet.ActorAnonymous, Addr: letter.Addr}
		u, err := s.userByLogin(letter.Username)
		if u == nil || err != nil || u.Suspended {
			return err
		}
		if n, err := s.CountPasswordResets(u.ID, s.now.Add(-time.Hour)); err != nil || n >= resetsAnHour {
			return err
		}
		letter.ExpiresAt = s.now.Add(resetLife)
		if err := s.InsertPasswordReset(secret.Hash(token), u.ID, s.now, letter.ExpiresAt); err != nil {
			return err
		}
		to, letter.Username, letter.Link = u.Email, u.Username, c.PlatformURL+"/password-reset#"+token
		return s.audit(fleet.AuditEvent{Event: "password.letter", Object: string(u.ID), Name: u.Username, Detail: map[string]any{"letter": string(l.ID)}})
	})
	return to, err
}

// userByLogin finds the user with this name or address, nil where there is none.
func (s *step) userByLogin(login string) (u *fleet.User, err error) {
	if strings.Contains(login, "@") {
		u, err = s.UserByEmail(login)
	} else {
		u, err = s.UserByUsername(login)
	}
	if fleet.IsKind(err, fleet.NotFound) {
		return nil, nil
	}
	return u, err
}

// errBadReset is the same for links that expired, that were used and that never
// were.
var errBadReset = &fleet.Error{Kind: fleet.NotFound, Code: "password_reset_not_found", Msg: "This link is not in force any more. Ask for a new one on the sign-in page."}

// openReset finds whose a link is.
func (s *step) openReset(token string) (*fleet.User, *store.PasswordReset, error) {
	r, err := s.PasswordResetByHash(secret.Hash(token))
	if fleet.IsKind(err, fleet.NotFound) || err == nil && !s.now.Before(r.ExpiresAt) {
		return nil, nil, errBadReset
	}
	if err != nil {
		return nil, nil, err
	}
	u, err := s.User(r.User)
	if err == nil && u.Suspended {
		return nil, nil, errBadReset
	}
	return u, r, err
}

// Read tells the holder of a link whose it is.
func (c *PasswordResets) Read(ctx context.Context, who fleet.Actor, token string) (out *api.PasswordReset, err error) {
	err = c.read(ctx, who, fleet.PasswordReset, func(s *step) error {
		if err := s.may("", "password", ""); err != nil {
			return err
		}
		u, r, err := s.openReset(token)
		if err != nil {
			return err
		}
		out = &api.PasswordReset{Username: u.Username, ExpiresAt: r.ExpiresAt}
		return nil
	})
	return out, err
}

// Use sets the new password of who holds a link. It ends their sessions and
// every other link.
func (c *PasswordResets) Use(ctx context.Context, who fleet.Actor, in api.UsePasswordReset) error {
	var u *fleet.User
	err := c.read(ctx, who, fleet.PasswordReset, func(s *step) (err error) {
		if err := s.may("", "password", ""); err != nil {
			return err
		}
		u, _, err = s.openReset(in.Secret)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := c.newPassword(ctx, api.EditUser{Password: api.Some(in.Password)}, u)
	if err != nil {
		return err
	}
	return c.write(ctx, who, fleet.PasswordReset, func(s *step) error {
		if err := s.may("", "password", ""); err != nil {
			return err
		}
		if u, _, err = s.openReset(in.Secret); err != nil {
			return err
		}
		s.who = fleet.Actor{Kind: fleet.ActorUser, User: u.ID, Username: u.Username, Addr: who.Addr, RequestID: who.RequestID}
		return s.resetPassword(u, hash)
	})
}

func (s *step) resetPassword(u *fleet.User, hash string) error {
	old := *u
	u.PasswordHash, u.MustChange = hash, false
	if err := s.UpdateUser(u); err != nil {
		return err
	}
	if err := s.endSessions(u.ID, ""); err != nil {
		return err
	}
	if err := s.accountChanged(&old, u, true, true); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "user", ID: string(u.ID), User: u.ID, Version: u.Version})
	return s.audit(fleet.AuditEvent{Event: "password.reset", Object: string(u.ID), Name: u.Username})
}

// accountLetterLife is how long a letter about an account is of use.
const accountLetterLife = 3 * 24 * time.Hour

// accountChanged ends the links to new passwords, and writes to a person what was
// changed of their account: to the address they had before, so that whoever took
// the account over cannot keep it from them.
func (s *step) accountChanged(old, u *fleet.User, password, reset bool) error {
	if password || old.Email != u.Email {
		if err := s.DeletePasswordResets(u.ID); err != nil {
			return err
		}
	}
	by := ""
	if s.who.User != u.ID {
		by = s.who.Username
	}
	if password {
		letter := &mail.PasswordChanged{Username: u.Username, At: s.now, By: by, Reset: reset}
		if by == "" {
			letter.Addr = s.who.Addr
		}
		if err := s.sendLetter(toAddress(old.Email), letter, accountLetterLife); err != nil {
			return err
		}
	}
	if old.Email != u.Email {
		for _, to := range []string{old.Email, u.Email} {
			letter := &mail.EmailChanged{Username: u.Username, Old: old.Email, New: u.Email, At: s.now, By: by, ToOld: to == old.Email}
			if err := s.sendLetter(toAddress(to), letter, accountLetterLife); err != nil {
				return err
			}
		}
	}
	if u.Suspended && !old.Suspended {
		set, err := s.settings()
		if err != nil {
			return err
		}
		return s.sendLetter(toAddress(u.Email), &mail.AccountSuspended{Username: u.Username, Contact: set.SupportContact}, accountLetterLife)
	}
	return nil
}

// Expire removes links that are not in force any more.
func (c *PasswordResets) Expire(ctx context.Context) error {
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteExpiredPasswordResets(c.Now(), expireBatch) })
}
