package server

import (
	"context"

	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/web"
)

// Mail is how letters are sent. Where it is set, nobody changes it on the pages.
type Mail struct {
	Host     string `help:"name of the mail server (SMTP); letters are set up on the pages where empty"`
	Port     int    `min:"0" max:"65535" help:"587, or 465 with tls and 25 without encryption, where 0"`
	Security string `default:"starttls" oneof:"starttls tls none" help:"how the connection is protected; nothing is sent where the server cannot do it"`
	Username string
	Password string `secret:"true"`
	From     string `help:"address that letters come from"`
	FromName string `help:"name beside it; that of the platform where empty"`
}

func (m *Mail) given() mail.Settings {
	return mail.Settings{
		Host: m.Host, Port: m.Port, Security: mail.Security(m.Security), Username: m.Username, Password: m.Password, From: m.From, FromName: m.FromName,
	}
}

// settings are the same with what was left open filled in.
func (m *Mail) settings() mail.Settings { return m.given().Clean(func(string, string) {}) }

// Validate checks what belongs together.
func (m *Mail) Validate(fault func(path, message string)) {
	m.given().Clean(func(field, message string) {
		if field == "fromName" {
			field = "from_name"
		}
		fault(field, message)
	})
}

// logTail gives the last lines of an instance's log.
func (s *Server) logTail(ctx context.Context, id fleet.InstanceID, most int) []string {
	if s.world.WithoutHost || s.instances == nil {
		return nil
	}
	lines, err := hostLogs{s.instances.host}.Read(ctx, id, web.LogQuery{Limit: most})
	if err != nil {
		s.world.Log.DebugContext(ctx, "no log for a letter", "instance", id, "error", err)
		return nil
	}
	out := make([]string, len(lines.Items))
	for n, line := range lines.Items {
		out[n] = line.Time.UTC().Format("15:04:05") + "  " + line.Text
	}
	return out
}
