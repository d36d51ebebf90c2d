package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) settingCommand() *cobra.Command {
	return noun("setting settings", "The platform's settings, for administrators", w.settingShowCommand(), w.settingEditCommand(), w.mailCommand())
}

var settingColumns = []column[api.Settings]{
	{title: "Name", value: func(s api.Settings) any { return s.Name }},
	{title: "Address", value: func(s api.Settings) any { return s.BaseURL }},
	{title: "Sign-in message", value: func(s api.Settings) any { return s.SignInMessage }},
	{title: "Support", value: func(s api.Settings) any { return s.SupportContact }},
	{title: "Who creates teams", value: func(s api.Settings) any { return s.TeamCreation }},
	{title: "Invite new people", value: func(s api.Settings) any { return s.InviteNewUsers }},
	{title: "Type of new teams", value: func(s api.Settings) any { return s.DefaultTeamType }},
	{title: "Sessions idle", value: func(s api.Settings) any { return span(time.Duration(s.SessionIdle) * time.Second) }},
	{title: "Sessions last", value: func(s api.Settings) any { return span(time.Duration(s.SessionLife) * time.Second) }},
}

func settingID(api.Settings) string { return "settings" }

func (w World) settingShowCommand() *cobra.Command {
	return w.verb(verb{use: "show", short: "Show the platform's settings", aliases: []string{"get", "list"},
		run: func(ctx context.Context, c *call, _ []string) error {
			s, err := c.client.Settings(ctx)
			if err != nil {
				return err
			}
			return show(c.out, *s, settingID, settingColumns)
		}})
}

func (w World) settingEditCommand() *cobra.Command {
	var name, message, support, creation, kind string
	var invite bool
	return w.verb(verb{use: "edit", short: "Change the platform's settings", aliases: []string{"update"}, example: "  leat setting edit --support ops@example.com --team-creation administrators",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "what the platform is called; empty for what its configuration says")
			f.StringVar(&message, "sign-in-message", "", "shown on the sign-in page")
			f.StringVar(&support, "support", "", "where people get help: an address or a few words")
			f.StringVar(&creation, "team-creation", "", "who may create teams: everybody or administrators")
			f.BoolVar(&invite, "invite-new-users", false, "let owners invite who has no account yet")
			f.StringVar(&kind, "team-type", "", "the type that new teams get")
		},
		run: func(ctx context.Context, c *call, _ []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			s, err := c.client.UpdateSettings(ctx, api.EditSettings{
				Name: changed(c, "name", name), SignInMessage: changed(c, "sign-in-message", message), SupportContact: changed(c, "support", support),
				TeamCreation: changed(c, "team-creation", creation), InviteNewUsers: changed(c, "invite-new-users", invite), DefaultTeamType: changed(c, "team-type", kind),
			})
			if err != nil {
				return err
			}
			return show(c.out, *s, settingID, settingColumns)
		}})
}

func (w World) mailCommand() *cobra.Command {
	return noun("mail", "The mail server that the platform's letters go through", w.mailShowCommand(), w.mailTestCommand())
}

var mailColumns = []column[api.MailSettings]{
	{title: "Settings from", value: func(m api.MailSettings) any { return m.Source }},
	{title: "Server", value: func(m api.MailSettings) any {
		if m.Host == "" {
			return ""
		}
		return fmt.Sprintf("%s:%d (%s)", m.Host, m.Port, m.Security)
	}},
	{title: "Username", value: func(m api.MailSettings) any { return m.Username }},
	{title: "Password set", value: func(m api.MailSettings) any { return m.PasswordSet }},
	{title: "Sender", value: func(m api.MailSettings) any { return m.From }},
	{title: "Waiting", value: func(m api.MailSettings) any { return m.Waiting }},
	{title: "Failed", value: func(m api.MailSettings) any { return m.Failed }},
	{title: "Last sent", value: func(m api.MailSettings) any { return m.SentAt }},
	{title: "Last fault", value: func(m api.MailSettings) any { return m.LastError }},
}

func (w World) mailShowCommand() *cobra.Command {
	return w.verb(verb{use: "show", short: "Show the mail server's settings; its password is not shown",
		run: func(ctx context.Context, c *call, _ []string) error {
			m, err := c.client.MailSettings(ctx)
			if err != nil {
				return err
			}
			return show(c.out, *m, func(api.MailSettings) string { return "mail" }, mailColumns)
		}})
}

var mailStepColumns = []column[api.MailStep]{
	{title: "Step", value: func(s api.MailStep) any { return s.Name }},
	{title: "Result", value: func(s api.MailStep) any { return state(map[bool]string{true: "done", false: "failed"}[s.OK]) }},
	{title: "ms", value: func(s api.MailStep) any { return s.Millis }},
	{title: "What it said", value: func(s api.MailStep) any { return s.Text }},
}

func (w World) mailTestCommand() *cobra.Command {
	return w.verb(verb{use: "test EMAIL", short: "Send a letter and tell each step of it",
		run: func(ctx context.Context, c *call, args []string) error {
			got, err := c.client.TestMail(ctx, api.TestMail{To: args[0]})
			if err != nil {
				return err
			}
			if err := list(c.out, got.Steps, func(s api.MailStep) string { return s.Name }, mailStepColumns); err != nil {
				return err
			}
			if !got.OK {
				return exitError{exitFailed}
			}
			return nil
		}})
}
