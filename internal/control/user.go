package control

import (
	"context"
	"errors"
	"strings"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// Users is the verbs of users. Get and Edit are of the caller's own account, the
// others are for administrators.
type Users struct {
	*core
	throttle *throttle
}

// Get returns the caller's own account.
func (c *Users) Get(ctx context.Context, who fleet.Actor) (u *fleet.User, err error) {
	err = c.read(ctx, who, fleet.SelfRead, func(s *step) error {
		if err := s.may("", "user", string(who.User)); err != nil {
			return err
		}
		u, err = s.User(who.User)
		return err
	})
	return u, err
}

// List lists all users by username.
func (c *Users) List(ctx context.Context, who fleet.Actor, f store.UserFilter, p store.Page) (users []*store.UserCount, next string, err error) {
	err = c.read(ctx, who, fleet.UserList, func(s *step) error {
		if err := s.may("", "user", ""); err != nil {
			return err
		}
		users, next, err = s.Users(f, p)
		return err
	})
	return users, next, err
}

// Find returns any user.
func (c *Users) Find(ctx context.Context, who fleet.Actor, id fleet.UserID) (u *fleet.User, err error) {
	err = c.read(ctx, who, fleet.UserList, func(s *step) error {
		if err := s.may("", "user", string(id)); err != nil {
			return err
		}
		u, err = s.User(id)
		return err
	})
	return u, err
}

// Create makes a user who can sign in at once.
func (c *Users) Create(ctx context.Context, who fleet.Actor, in api.NewUser, key Key) (u *fleet.User, err error) {
	if err := c.read(ctx, who, fleet.UserCreate, func(s *step) error { return s.may("", "user", "") }); err != nil {
		return nil, err
	}
	draft, err := c.newUser(ctx, in)
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.UserCreate, func(s *step) error {
		if err := s.may("", "user", ""); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error { u, err = s.User(fleet.UserID(id)); return err })
		}
		u = draft
		if err := s.insertUser(u, "user.create"); err != nil {
			return err
		}
		return s.remember(key, string(u.ID), nil)
	})
	return u, err
}

// newUser checks an account to be and hashes its password.
func (c *core) newUser(ctx context.Context, in api.NewUser) (*fleet.User, error) {
	username, err1 := fleet.CleanUsername(in.Username)
	email, err2 := fleet.CleanEmail(in.Email)
	name := in.Name
	if strings.TrimSpace(name) == "" {
		name = username
	}
	name, err3 := fleet.CleanName("name", name)
	if username == "" && strings.TrimSpace(in.Name) == "" {
		err3 = nil
	}
	var err4 error
	if weak := secret.Weakness(in.Password, username, email, in.Name); weak != "" {
		err4 = fleet.InvalidField("password", weak)
	}
	if err := together(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	hash, err := c.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	now := c.Now()
	return &fleet.User{
		ID: fleet.NewUserID(now), Username: username, Email: email, Name: name, Admin: in.Admin, PasswordHash: hash, Version: 1, CreatedAt: now,
	}, nil
}

// together makes one error of the faults of several inputs.
func together(errs ...error) error {
	var all *fleet.Error
	for _, err := range errs {
		var e *fleet.Error
		switch {
		case err == nil:
		case !errors.As(err, &e) || e.Kind != fleet.Invalid:
			return err
		case all == nil:
			first := *e
			all = &first
		default:
			all.Fields = append(all.Fields, e.Fields...)
		}
	}
	if all == nil {
		return nil
	}
	return all
}

func (s *step) insertUser(u *fleet.User, event string) error {
	if err := s.InsertUser(u); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "user", ID: string(u.ID), Version: u.Version})
	return s.audit(fleet.AuditEvent{Event: event, Object: string(u.ID), Name: u.Username, Detail: map[string]any{"email": u.Email, "admin": u.Admin}})
}

// Edit changes the caller's own account. A new password needs the old one and
// ends the caller's other sessions.
func (c *Users) Edit(ctx context.Context, who fleet.Actor, in api.EditUser, match int64) (u *fleet.User, err error) {
	if in.Admin.Set || in.Suspended.Set || in.MustChange.Set {
		return nil, &fleet.Error{Kind: fleet.Forbidden, Code: "forbidden", Msg: "Only an administrator changes who is one and who is suspended, and under Users."}
	}
	hash, err := c.ownPassword(ctx, who, in)
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.SelfEdit, func(s *step) error {
		if err := s.may("", "user", string(who.User)); err != nil {
			return err
		}
		if u, err = s.User(who.User); err != nil {
			return err
		}
		if u.MustChange && hash == "" {
			return &fleet.Error{Kind: fleet.Forbidden, Code: "password_change_required", Msg: "Choose a new password first: an administrator asked for it."}
		}
		if hash != "" {
			in.MustChange = api.Some(false)
		}
		if err := mayMoveMail(who, u, in); err != nil {
			return err
		}
		return s.editUser(u, in, hash, match, "user.edit", who.Session)
	})
	return u, err
}

// mayMoveMail refuses a token the change of its owner's address: a letter to the
// new one would make a new password, and of a token the whole account.
func mayMoveMail(who fleet.Actor, u *fleet.User, in api.EditUser) error {
	if who.Kind != fleet.ActorToken || !in.Email.Set || strings.EqualFold(strings.TrimSpace(in.Email.Value), u.Email) {
		return nil
	}
	return &fleet.Error{Kind: fleet.Forbidden, Code: "session_required", Msg: "A token does not change the e-mail address of its owner. Change it in the browser, in your account."}
}

// ownPassword hashes the new password of who knows the old one.
func (c *Users) ownPassword(ctx context.Context, who fleet.Actor, in api.EditUser) (hash string, err error) {
	if !in.Password.Set {
		return "", nil
	}
	var u *fleet.User
	err = c.read(ctx, who, fleet.SelfEdit, func(s *step) error {
		if err := s.may("", "user", string(who.User)); err != nil {
			return err
		}
		u, err = s.User(who.User)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := c.throttle.try(u.Username, who.Addr, c.Now()); err != nil {
		return "", err
	}
	right, err := c.Passwords.Verify(ctx, in.CurrentPassword, u.PasswordHash)
	if err != nil {
		return "", err
	}
	if !right {
		c.noteFailure(ctx, fleet.AuditEvent{Event: "user.password", Result: fleet.AuditFailed, Actor: who, Object: string(u.ID), Name: u.Username})
		return "", fleet.InvalidField("currentPassword", "This is not your present password.")
	}
	c.throttle.passed(u.Username, who.Addr)
	if u.MustChange && in.Password.Value == in.CurrentPassword {
		return "", fleet.InvalidField("password", "This is your present password. Choose another one.")
	}
	return c.newPassword(ctx, in, u)
}

func (c *core) newPassword(ctx context.Context, in api.EditUser, u *fleet.User) (string, error) {
	if weak := secret.Weakness(in.Password.Value, u.Username, u.Email, u.Name); weak != "" {
		return "", fleet.InvalidField("password", weak)
	}
	return c.Passwords.Hash(ctx, in.Password.Value)
}

// Update changes any user.
func (c *Users) Update(ctx context.Context, who fleet.Actor, id fleet.UserID, in api.EditUser, match int64) (u *fleet.User, err error) {
	err = c.read(ctx, who, fleet.UserEdit, func(s *step) error {
		if err := s.may("", "user", string(id)); err != nil {
			return err
		}
		u, err = s.User(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	var hash string
	if in.Password.Set {
		if hash, err = c.newPassword(ctx, in, u); err != nil {
			return nil, err
		}
	}
	err = c.write(ctx, who, fleet.UserEdit, func(s *step) error {
		if err := s.may("", "user", string(id)); err != nil {
			return err
		}
		if u, err = s.User(id); err != nil {
			return err
		}
		var keep fleet.SessionID
		if id == who.User {
			keep = who.Session
		}
		if err := s.editUser(u, in, hash, match, "users.edit", keep); err != nil {
			return err
		}
		if id == who.User && u.Suspended {
			return &fleet.Error{Kind: fleet.Conflict, Code: "own_account", Msg: "You cannot suspend yourself. Ask another administrator."}
		}
		return nil
	})
	return u, err
}

// editUser is the step that Edit and Update share. The session keep outlives a
// new password.
func (s *step) editUser(u *fleet.User, in api.EditUser, hash string, match int64, event string, keep fleet.SessionID) error {
	if err := stale(match, u.Version, u); err != nil {
		return err
	}
	old, diff := *u, changes{}
	if err := applyUser(u, in); err != nil {
		return err
	}
	diff.note("name", old.Name, u.Name)
	diff.note("email", old.Email, u.Email)
	diff.note("admin", old.Admin, u.Admin)
	diff.note("suspended", old.Suspended, u.Suspended)
	diff.note("mustChangePassword", old.MustChange, u.MustChange)
	if hash != "" {
		u.PasswordHash = hash
		diff["password"] = "changed"
	}
	if len(diff) == 0 {
		return nil
	}
	if err := s.UpdateUser(u); err != nil {
		return err
	}
	if lost := old.Admin && !old.Suspended && (!u.Admin || u.Suspended); lost {
		if err := s.keepAnAdmin(); err != nil {
			return err
		}
	}
	if asked := u.MustChange && !old.MustChange; hash != "" || u.Suspended || asked {
		if u.Suspended {
			keep = ""
		}
		if err := s.endSessions(u.ID, keep); err != nil {
			return err
		}
	}
	if err := s.accountChanged(&old, u, hash != "", false); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "user", ID: string(u.ID), User: u.ID, Version: u.Version})
	return s.audit(fleet.AuditEvent{Event: event, Object: string(u.ID), Name: u.Username, Detail: diff})
}

func applyUser(u *fleet.User, in api.EditUser) error {
	var err1, err2 error
	if in.Name.Set {
		u.Name, err1 = fleet.CleanName("name", in.Name.Value)
	}
	if in.Email.Set {
		u.Email, err2 = fleet.CleanEmail(in.Email.Value)
	}
	if in.Admin.Set {
		u.Admin = in.Admin.Value
	}
	if in.Suspended.Set {
		u.Suspended = in.Suspended.Value
	}
	set(&u.MustChange, in.MustChange)
	return together(err1, err2)
}

// keepAnAdmin refuses a change after which nobody could administer the platform.
func (s *step) keepAnAdmin() error {
	n, err := s.CountActiveAdmins()
	if err == nil && n == 0 {
		return &fleet.Error{Kind: fleet.Conflict, Code: "last_admin", Msg: "This is the last administrator. Make somebody else one first."}
	}
	return err
}

// endSessions ends a user's sessions but one and tells who holds streams open.
func (s *step) endSessions(user fleet.UserID, keep fleet.SessionID) error {
	ids, err := s.DeleteSessions(user, keep)
	for _, id := range ids {
		s.hint(fleet.Event{Noun: "session", ID: string(id), User: user, Deleted: true})
	}
	return err
}
