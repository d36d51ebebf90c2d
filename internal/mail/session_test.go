package mail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"leat/internal/mail"
	"leat/internal/mail/mailtest"
)

var platform = mail.Platform{Name: "Plant One", URL: "https://leat.example.com"}

func settings(s *mailtest.Server, change func(*mail.Settings)) mail.Settings {
	out := mail.Settings{Host: s.Host, Port: s.Port, Security: mail.None, From: "leat@example.com", FromName: "Leat"}
	if change != nil {
		change(&out)
	}
	return out
}

func message(to string) mail.Message {
	return mail.Message{ID: "w-1", To: to, At: time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC), Letter: mail.Compose(&mail.Test{By: "ada"}, platform)}
}

// hand hands one letter over and tells the steps.
func hand(ctx context.Context, s *mailtest.Server, with mail.Settings, m mail.Message) ([]mail.Step, error) {
	var steps []mail.Step
	session, err := mail.Open(ctx, with, platform, s.Roots, func(x mail.Step) { steps = append(steps, x) })
	if err != nil {
		return steps, err
	}
	defer session.Close()
	return steps, session.Send(m)
}

func TestALetterArrivesInEveryWayOfSpeakingToTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		how    mailtest.Behaviour
		change func(*mail.Settings)
		steps  string
	}{
		"in the clear":  {mailtest.Behaviour{}, nil, "connect greeting sender recipient letter"},
		"with STARTTLS": {mailtest.Behaviour{StartTLS: true}, func(s *mail.Settings) { s.Security = mail.StartTLS }, "connect greeting encryption sender recipient letter"},
		"with TLS":      {mailtest.Behaviour{TLS: true}, func(s *mail.Settings) { s.Security = mail.TLS }, "connect encryption greeting sender recipient letter"},
		"signed in by PLAIN": {mailtest.Behaviour{StartTLS: true, Username: "u", Password: "p w"}, func(s *mail.Settings) {
			s.Security, s.Username, s.Password = mail.StartTLS, "u", "p w"
		}, "connect greeting encryption sign in sender recipient letter"},
		"signed in by LOGIN": {mailtest.Behaviour{TLS: true, Username: "u", Password: "p w", Mechanism: "LOGIN"}, func(s *mail.Settings) {
			s.Security, s.Username, s.Password = mail.TLS, "u", "p w"
		}, "connect encryption greeting sign in sender recipient letter"},
		"signed in on this machine": {mailtest.Behaviour{Username: "u", Password: "p w"}, func(s *mail.Settings) {
			s.Username, s.Password = "u", "p w"
		}, "connect greeting sign in sender recipient letter"},
	} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.New(t, c.how)
			with := settings(server, c.change)
			steps, err := hand(t.Context(), server, with, message("olga@example.com"))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range steps {
				names = append(names, s.Name)
				if !s.OK || s.Text == "" {
					t.Errorf("step %+v", s)
				}
			}
			if got := strings.Join(names, " "); got != c.steps {
				t.Errorf("steps %q; want %q", got, c.steps)
			}
			l := server.Await(1)[0]
			if l.From != "leat@example.com" || l.To != "olga@example.com" || l.Secure != (with.Security != mail.None) || l.User != with.Username {
				t.Errorf("%+v", l)
			}
			if l.Header.Get("Message-Id") != "<w-1@example.com>" || l.Header.Get("Auto-Submitted") != "auto-generated" || l.Header.Get("From") != `"Leat" <leat@example.com>` {
				t.Errorf("headers %v", l.Header)
			}
		})
	}
}

// What a server does wrong ends with a sentence, and soon.
func TestAServerThatMisbehavesEndsTheAttempt(t *testing.T) {
	encrypt := func(s *mail.Settings) { s.Security = mail.StartTLS }
	signIn := func(s *mail.Settings) { s.Security, s.Username, s.Password = mail.StartTLS, "u", "wrong" }
	for name, c := range map[string]struct {
		how       mailtest.Behaviour
		change    func(*mail.Settings)
		step      string
		says      string
		permanent bool
		ofLetter  bool
	}{
		"no encryption offered": {mailtest.Behaviour{}, encrypt, "encryption", "does not offer STARTTLS", true, false},
		"TLS expected":          {mailtest.Behaviour{}, func(s *mail.Settings) { s.Security = mail.TLS }, "encryption", "did not answer with TLS", false, false},
		"wrong password":        {mailtest.Behaviour{StartTLS: true, Username: "u", Password: "p"}, signIn, "sign in", "535", true, false},
		"no users":              {mailtest.Behaviour{StartTLS: true}, signIn, "sign in", "takes no username", true, false},
		"odd mechanism":         {mailtest.Behaviour{StartTLS: true, Username: "u", Password: "p", Mechanism: "GSSAPI"}, signIn, "sign in", "GSSAPI", true, false},
		"user wanted":           {mailtest.Behaviour{Username: "u", Password: "p"}, nil, "sender", "530", true, false},
		"unknown reader":        {mailtest.Behaviour{Refuse: func(string) string { return "550 5.1.1 no such user here" }}, nil, "recipient", "no such user here", true, true},
		"reader busy":           {mailtest.Behaviour{Refuse: func(string) string { return "450 4.2.1 try later" }}, nil, "recipient", "450", false, true},
		"server shuts down":     {mailtest.Behaviour{Refuse: func(string) string { return "421 4.3.2 going down" }}, nil, "recipient", "421", false, false},
		"letter refused":        {mailtest.Behaviour{Answer: "554 5.7.1 looks like spam"}, nil, "letter", "spam", true, true},
		"dropped at once":       {mailtest.Behaviour{Drop: "connect"}, nil, "greeting", "closed the connection", false, false},
		"dropped at EHLO":       {mailtest.Behaviour{Drop: "EHLO"}, nil, "greeting", "closed the connection", false, false},
		"dropped in the middle": {mailtest.Behaviour{Drop: "DATA"}, nil, "letter", "closed the connection", false, false},
		"dropped at the end":    {mailtest.Behaviour{Drop: "letter"}, nil, "letter", "closed the connection", false, false},
		"dropped encrypting":    {mailtest.Behaviour{StartTLS: true, Drop: "STARTTLS"}, encrypt, "encryption", "Encryption could not be agreed on", false, false},
		"endless talk":          {mailtest.Behaviour{Babble: "EHLO"}, nil, "greeting", "far more than a mail server says", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.New(t, c.how)
			steps, err := hand(t.Context(), server, settings(server, c.change), message("olga@example.com"))
			var fault *mail.Fault
			if !errors.As(err, &fault) || fault.Step != c.step || !strings.Contains(fault.Text, c.says) || fault.Permanent != c.permanent || fault.OfLetter != c.ofLetter {
				t.Errorf("fault %+v of %v; want %q at %s", fault, err, c.says, c.step)
			}
			if last := steps[len(steps)-1]; last.OK || last.Name != c.step || last.Text != fault.Text {
				t.Errorf("the last step is %+v", last)
			}
		})
	}
}

func TestAServerThatHangsIsLeftWhenTheTimeIsOver(t *testing.T) {
	for _, step := range []string{"connect", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "letter"} {
		t.Run(step, func(t *testing.T) {
			server := mailtest.New(t, mailtest.Behaviour{StartTLS: true, Username: "u", Password: "p", Hang: step})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			begun := time.Now()
			_, err := hand(ctx, server, settings(server, func(s *mail.Settings) { s.Security, s.Username, s.Password = mail.StartTLS, "u", "p" }), message("olga@example.com"))
			var fault *mail.Fault
			if !errors.As(err, &fault) || fault.Permanent {
				t.Errorf("%v; want a fault that may pass", err)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestACertificateThatNobodyTrustsIsRefused(t *testing.T) {
	server := mailtest.New(t, mailtest.Behaviour{StartTLS: true})
	_, err := mail.Open(t.Context(), settings(server, func(s *mail.Settings) { s.Security = mail.StartTLS }), platform, nil, nil)
	var fault *mail.Fault
	if !errors.As(err, &fault) || fault.Step != "encryption" || !strings.Contains(fault.Text, "certificate is not trusted") {
		t.Errorf("%v", err)
	}
}

func TestAfterARefusedLetterTheNextOneGoes(t *testing.T) {
	server := mailtest.New(t, mailtest.Behaviour{Refuse: func(to string) string {
		if strings.HasPrefix(to, "nobody") {
			return "550 no such user"
		}
		return ""
	}})
	session, err := mail.Open(t.Context(), settings(server, nil), platform, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var fault *mail.Fault
	if err := session.Send(message("nobody@example.com")); !errors.As(err, &fault) || !fault.OfLetter {
		t.Errorf("%v; want a fault of the letter", err)
	}
	if err := session.Send(message("olga@example.com")); err != nil {
		t.Error(err)
	}
	if got := server.Await(1); got[0].To != "olga@example.com" || server.Opened() != 1 {
		t.Errorf("%d connections, %+v", server.Opened(), got)
	}
}

func TestNothingThatAPersonEntersBecomesAHeader(t *testing.T) {
	server := mailtest.New(t, mailtest.Behaviour{})
	evil := "Olga\r\nBcc: all@example.com\r\n\r\nhidden"
	with := settings(server, func(s *mail.Settings) { s.FromName = evil })
	m := message("olga@example.com")
	m.Letter = mail.Compose(&mail.Invitation{Team: evil, Inviter: evil, Role: "owner", Link: "https://leat.example.com/invitation#x"}, platform)
	if _, err := hand(t.Context(), server, with, m); err != nil {
		t.Fatal(err)
	}
	l := server.Await(1)[0]
	if l.Header.Get("Bcc") != "" || strings.Contains(strings.SplitN(l.Raw, "\r\n\r\n", 2)[0], "\r\nBcc:") {
		t.Errorf("a header was smuggled in:\n%s", l.Raw)
	}
	for _, to := range []string{"olga@example.com\r\nRCPT TO:<all@example.com>", "olga@example.com> <all@example.com", ""} {
		m := message(to)
		if _, err := hand(t.Context(), server, settings(server, nil), m); err == nil && to != "" {
			t.Errorf("a letter to %q was sent", to)
		}
	}
}
