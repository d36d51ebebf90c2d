package control

import (
	"context"
	"errors"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail"
)

// testBound is how long the test of a mail server may take.
const testBound = 10 * time.Second

// Test sends a letter now and tells what the mail server said, step by step.
func (c *MailSettings) Test(ctx context.Context, who fleet.Actor, in api.TestMail) (*api.MailTest, error) {
	var settings mail.Settings
	var head mail.Platform
	err := c.read(ctx, who, fleet.SettingEdit, func(s *step) (err error) {
		if err := s.may("", "setting", mailSetting); err != nil {
			return err
		}
		if head, err = s.letterHead(); err != nil {
			return err
		}
		settings, err = s.settingsToTest(in)
		return err
	})
	if err != nil {
		return nil, err
	}
	to, err := fleet.CleanEmail(in.To)
	if err != nil {
		return nil, fleet.InvalidField("to", "This is not an e-mail address.")
	}
	return c.try(ctx, settings, head, to, who.Username), nil
}

// settingsToTest are those in force, or those of the page before they are kept.
func (s *step) settingsToTest(in api.TestMail) (mail.Settings, error) {
	if in.Settings == nil || s.c.Mail.Set() {
		settings, err := s.mailSettings()
		if err == nil && !settings.Set() {
			err = &fleet.Error{Kind: fleet.Conflict, Code: "mail_not_set", Msg: "The platform has no mail server yet. Enter one first."}
		}
		return settings, err
	}
	old, err := s.keptMail()
	if err != nil {
		return mail.Settings{}, err
	}
	next, err := s.c.newMail(*in.Settings, old)
	if err != nil {
		return mail.Settings{}, err
	}
	if next.Host == "" {
		return mail.Settings{}, fleet.InvalidField("settings.host", "Give the name of a mail server.")
	}
	settings := next.settings()
	settings.Password, err = s.c.mailPassword(next)
	return settings, err
}

func (c *MailSettings) try(ctx context.Context, settings mail.Settings, head mail.Platform, to, by string) *api.MailTest {
	bounded, cancel := context.WithTimeout(ctx, testBound)
	defer cancel()
	out := &api.MailTest{Steps: []api.MailStep{}}
	note := func(s mail.Step) {
		out.Steps = append(out.Steps, api.MailStep{Name: s.Name, OK: s.OK, Text: s.Text, Millis: int(s.Took.Milliseconds())})
	}
	session, err := mail.Open(bounded, settings, head, c.MailTLS, note)
	if err == nil {
		defer session.Close()
		now := c.Now()
		err = session.Send(mail.Message{
			ID: string(fleet.NewLetterID(now)), To: to, At: now, Letter: mail.Compose(&mail.Test{By: by}, head),
		})
	}
	var fault *mail.Fault
	if err != nil && !errors.As(err, &fault) {
		c.Log.WarnContext(ctx, "the mail server could not be tested", "error", err)
	}
	out.OK = err == nil
	return out
}

// letterHead is who writes.
func (s *step) letterHead() (mail.Platform, error) {
	name, err := s.platformName()
	return mail.Platform{Name: name, URL: s.c.PlatformURL}, err
}
