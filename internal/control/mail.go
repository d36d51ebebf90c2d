package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail"
)

// MailSettings is the verbs of how letters are sent.
type MailSettings struct{ *core }

// MailState is how letters are sent, without the password, and how that goes.
type MailState struct {
	mail.Settings
	Source          string // none, page or configuration
	PasswordSet     bool
	Version         int64
	Waiting, Failed int
	SentAt          time.Time
	LastError       string
}

const (
	mailSetting = "mail"
	mailKey     = "mail password"
)

// keptMail is what an administrator entered, as it is kept.
type keptMail struct {
	Host     string        `json:"host"`
	Port     int           `json:"port"`
	Security mail.Security `json:"security"`
	Username string        `json:"username"`
	Password []byte        `json:"password"` // sealed for this server and user
	From     string        `json:"from"`
	FromName string        `json:"fromName"`
	Version  int64         `json:"version"`
}

// server is what a password is for: it opens for no other.
func (k *keptMail) server() []byte {
	return []byte(fmt.Sprintf("%s\x00%d\x00%s", k.Host, k.Port, k.Username))
}

func (s *step) keptMail() (*keptMail, error) {
	kept := &keptMail{}
	text, there, err := s.Setting(mailSetting)
	if err != nil || !there {
		return kept, err
	}
	if err := json.Unmarshal([]byte(text), kept); err != nil {
		return nil, fmt.Errorf("setting %s: %w", mailSetting, err)
	}
	return kept, nil
}

func (k *keptMail) settings() mail.Settings {
	return mail.Settings{Host: k.Host, Port: k.Port, Security: k.Security, Username: k.Username, From: k.From, FromName: k.FromName}
}

// mailSettings are how letters are sent now, with the password.
func (s *step) mailSettings() (mail.Settings, error) {
	if s.c.Mail.Set() {
		return s.c.Mail, nil
	}
	kept, err := s.keptMail()
	if err != nil || kept.Host == "" {
		return mail.Settings{}, err
	}
	out := kept.settings()
	out.Password, err = s.c.mailPassword(kept)
	return out, err
}

func (c *core) mailPassword(k *keptMail) (string, error) {
	if len(k.Password) == 0 {
		return "", nil
	}
	plain, err := c.Key.Derive(mailKey).Open(k.Password, k.server())
	if err != nil {
		return "", fmt.Errorf("open the mail password: %w", err)
	}
	return string(plain), nil
}

// Read tells how letters are sent.
func (c *MailSettings) Read(ctx context.Context, who fleet.Actor) (m *MailState, err error) {
	err = c.read(ctx, who, fleet.SettingRead, func(s *step) error {
		if err := s.may("", "setting", mailSetting); err != nil {
			return err
		}
		m, err = s.mailState()
		return err
	})
	return m, err
}

func (s *step) mailState() (*MailState, error) {
	kept, err := s.keptMail()
	if err != nil {
		return nil, err
	}
	m := &MailState{Settings: kept.settings(), Source: "none", PasswordSet: len(kept.Password) > 0, Version: kept.Version}
	switch {
	case s.c.Mail.Set():
		m.Settings, m.Source, m.PasswordSet = s.c.Mail, "configuration", s.c.Mail.Password != ""
		m.Password = ""
	case kept.Host != "":
		m.Source = "page"
	}
	return m, s.howLettersGo(m)
}

// howLettersGo fills in how many letters wait, and why the last one had trouble:
// one that waits or, where none does, one that was given up after the last that
// was sent.
func (s *step) howLettersGo(m *MailState) error {
	var errs [5]error
	m.Waiting, errs[0] = s.CountLetters(fleet.LetterWaiting, time.Time{})
	m.Failed, errs[1] = s.CountLetters(fleet.LetterFailed, s.now.Add(-lettersKept))
	m.LastError, errs[2] = s.LetterTrouble()
	var failedAt time.Time
	var fault string
	m.SentAt, _, errs[3] = s.LastLetter(fleet.LetterSent)
	failedAt, fault, errs[4] = s.LastLetter(fleet.LetterFailed)
	for i, err := range errs {
		if fleet.IsKind(err, fleet.NotFound) {
			errs[i] = nil
		}
	}
	if m.LastError == "" && failedAt.After(m.SentAt) {
		m.LastError = fault
	}
	return errors.Join(errs[:]...)
}

// Ready tells anybody whether letters can be sent.
func (c *MailSettings) Ready(ctx context.Context, who fleet.Actor) (ready bool, err error) {
	err = c.read(ctx, who, fleet.StatusRead, func(s *step) error {
		if err := s.may("", "status", ""); err != nil {
			return err
		}
		ready, err = s.canMail()
		return err
	})
	return ready, err
}

// Put sets how letters are sent. The letters that wait are tried at once.
func (c *MailSettings) Put(ctx context.Context, who fleet.Actor, in api.PutMailSettings, match int64) (m *MailState, err error) {
	err = c.write(ctx, who, fleet.SettingEdit, func(s *step) error {
		if err := s.may("", "setting", mailSetting); err != nil {
			return err
		}
		if err := s.putMail(in, match); err != nil {
			return err
		}
		m, err = s.mailState()
		return err
	})
	return m, err
}

func (s *step) putMail(in api.PutMailSettings, match int64) error {
	if s.c.Mail.Set() {
		return &fleet.Error{Kind: fleet.Conflict, Code: "mail_configured", Msg: "The server's configuration says how letters are sent. Change it there, and start the server again."}
	}
	old, err := s.keptMail()
	if err != nil {
		return err
	}
	if match != 0 && match != old.Version {
		now, err := s.mailState()
		return errors.Join(err, stale(match, old.Version, now))
	}
	next, err := s.c.newMail(in, old)
	if err != nil {
		return err
	}
	next.Version = old.Version + 1
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode setting %s: %w", mailSetting, err)
	}
	if err := s.PutSetting(mailSetting, string(text)); err != nil {
		return err
	}
	if err := s.HurryLetters(s.now); err != nil {
		return err
	}
	s.lettered = true
	s.hint(fleet.Event{Noun: "setting", ID: mailSetting, Version: next.Version})
	return s.audit(fleet.AuditEvent{Event: "setting.edit", Object: mailSetting, Name: mailSetting, Detail: mailChanges(old, next, in)})
}

func mailChanges(old, next *keptMail, in api.PutMailSettings) map[string]any {
	diff := changes{}
	diff.note("host", old.Host, next.Host)
	diff.note("port", old.Port, next.Port)
	diff.note("security", string(old.Security), string(next.Security))
	diff.note("username", old.Username, next.Username)
	diff.note("from", old.From, next.From)
	diff.note("fromName", old.FromName, next.FromName)
	if in.Password.Set {
		diff["password"] = "changed"
	}
	return diff
}

// newMail checks what an administrator entered. The password stays where none is
// given and the server and user are the same: it must not go to another server
// because somebody changed the name of it.
func (c *core) newMail(in api.PutMailSettings, old *keptMail) (*keptMail, error) {
	given := mail.Settings{
		Host: in.Host, Port: in.Port, Security: mail.Security(in.Security), Username: in.Username, Password: in.Password.Value, From: in.From, FromName: in.FromName,
	}
	var faults []error
	clean := given.Clean(func(field, message string) { faults = append(faults, fleet.InvalidField(field, "This "+message+".")) })
	next := &keptMail{Host: clean.Host, Port: clean.Port, Security: clean.Security, Username: clean.Username, From: clean.From, FromName: clean.FromName}
	same := string(next.server()) == string(old.server())
	switch {
	case in.Password.Set && in.Password.Value != "":
		next.Password = c.Key.Derive(mailKey).Seal([]byte(clean.Password), next.server())
	case in.Password.Set || len(old.Password) == 0 || next.Username == "":
	case !same:
		faults = append(faults, fleet.InvalidField("password", "Enter the password again: it is kept for the server, port and username that were there before."))
	case clean.Security == mail.None && old.Security != mail.None:
		faults = append(faults, fleet.InvalidField("security", "This must be starttls or tls where there is a password: it would cross the network for all to read."))
	default:
		next.Password = old.Password
	}
	return next, together(faults...)
}
