package mail_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/mail"
)

var update = flag.Bool("update", false, "write the golden letters anew")

var (
	at   = time.Date(2026, 11, 22, 16, 5, 0, 0, time.UTC)
	pump = mail.Instance{
		ID: "i-1", Name: "Pump station", Application: "Line 4", Team: "Water works", Link: "https://leat.example.com/team/water-works/instance/i-1", Zone: "Europe/Berlin",
	}
	incident = mail.Incident{
		Instance: pump, At: at, Reason: "A flow threw an error that nothing caught: TypeError in node read.level.", Count: 1,
		Lines: []string{"16:04:58  [error] TypeError: Cannot read properties of undefined", "16:04:59  see http://example.com/x"},
	}
)

func again(n int) mail.Incident {
	out := incident
	out.Count, out.Lines = n, nil
	return out
}

// Every letter there is, as its reader sees it.
func TestLettersAreThoseThatWereAgreedOn(t *testing.T) {
	for name, c := range map[string]mail.Content{
		"invitation":          &mail.Invitation{Team: "Water works", Inviter: "olga", Role: "owner", Link: "https://leat.example.com/invitation#leat_inv_x", ExpiresAt: at},
		"invitation-reminder": &mail.Invitation{Team: "Water works", Inviter: "olga", Role: "viewer", Link: "https://leat.example.com/invitation#leat_inv_x", ExpiresAt: at, Reminder: true},
		"password-reset":      &mail.PasswordReset{Username: "olga", Link: "https://leat.example.com/password-reset#leat_pwr_x", ExpiresAt: at, Addr: "192.0.2.7"},
		"password-changed":    &mail.PasswordChanged{Username: "olga", At: at, Addr: "192.0.2.7"},
		"password-by-admin":   &mail.PasswordChanged{Username: "olga", At: at, By: "ada"},
		"password-by-letter":  &mail.PasswordChanged{Username: "olga", At: at, Addr: "192.0.2.7", Reset: true},
		"email-changed-old":   &mail.EmailChanged{Username: "olga", Old: "olga@old.example", New: "olga@new.example", At: at, ToOld: true},
		"email-changed-new":   &mail.EmailChanged{Username: "olga", Old: "olga@old.example", New: "olga@new.example", At: at, By: "ada"},
		"account-suspended":   &mail.AccountSuspended{Username: "olga", Contact: "help@example.com"},
		"crash":               &mail.Crash{Incident: incident},
		"crash-again":         &mail.Crash{Incident: again(5)},
		"safe-mode":           &mail.SafeMode{Incident: incident},
		"hang":                &mail.Hang{Incident: incident},
		"silent":              &mail.Hang{Incident: mail.Incident{Instance: pump, At: at, Count: 1}, Silent: true},
		"cpu":                 &mail.HighCPU{Load: mail.Load{Incident: mail.Incident{Instance: pump, At: at, Count: 1}, Percent: 91, Limit: "50 % of one core"}},
		"memory":              &mail.HighMemory{Load: mail.Load{Incident: mail.Incident{Instance: pump, At: at, Count: 2}, Percent: 82, Limit: "256 MiB"}},
		"recovered":           &mail.Recovered{Instance: pump, At: at, What: "It crashed 3 times", Since: at.Add(-time.Hour)},
		"announcement":        &mail.Announcement{Title: "Maintenance tonight", Text: "The platform is away from 22:00 to 22:15.\n\nFlows go on running.", Link: "/team", By: "ada"},
		"test":                &mail.Test{By: "ada"},
		"hostile-names": &mail.Invitation{
			Team: "Win at https://evil.example/\u202egpj.exe", Inviter: "<b>olga</b>@evil.example", Role: "owner", Link: `https://leat.example.com/invitation#"><script>`, ExpiresAt: at,
		},
	} {
		t.Run(name, func(t *testing.T) {
			// As it is after it waited in the outbox.
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			back, err := mail.Decode(c.Kind(), text)
			if err != nil {
				t.Fatal(err)
			}
			l := mail.Compose(back, platform)
			plain, rich, err := l.Render(platform)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", "Subject: "+l.Subject+"\n\n"+plain)
			golden(t, name+".html", rich)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is another (-want +got); go test -update writes it anew:\n%s", name, diff)
	}
}

// A name that looks like an address must not become a link in a mail program.
func TestNamesDoNotBecomeLinks(t *testing.T) {
	l := mail.Compose(&mail.Crash{Incident: mail.Incident{Instance: mail.Instance{Name: "www.evil.example", Team: "mail me@evil.example", Link: "https://leat.example.com/x"}, Reason: "see https://evil.example/x"}}, platform)
	plain, rich, err := l.Render(platform)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{plain, rich} {
		for _, bad := range []string{"evil.example", "www.evil", "me@evil", "https://evil", "http:&#x2f;&#x2f;evil"} {
			if strings.Contains(text, bad) {
				t.Errorf("the letter holds %q:\n%s", bad, text)
			}
		}
	}
}

func TestAKindThatNobodyWritesIsRefused(t *testing.T) {
	if _, err := mail.Decode("poem", []byte("{}")); err == nil {
		t.Error("a poem was read")
	}
	if _, err := mail.Decode("crash", []byte("{")); err == nil {
		t.Error("half a letter was read")
	}
}

func TestSettingsSayEverythingThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		in     mail.Settings
		faults string
		want   mail.Settings
	}{
		"nothing":          {mail.Settings{}, "", mail.Settings{}},
		"the least":        {mail.Settings{Host: " mail.example.com ", From: "Leat@Example.com"}, "", mail.Settings{Host: "mail.example.com", Port: 587, Security: mail.StartTLS, From: "leat@example.com"}},
		"TLS":              {mail.Settings{Host: "::1", From: "a@b.example", Security: mail.TLS}, "", mail.Settings{Host: "::1", Port: 465, Security: mail.TLS, From: "a@b.example"}},
		"a URL":            {mail.Settings{Host: "smtp://mail.example.com", From: "a@b.example"}, "host", mail.Settings{}},
		"everything":       {mail.Settings{Host: "a b", Port: 70000, Security: "ssl", From: "nobody", FromName: "a\nb"}, "from fromName host port security", mail.Settings{}},
		"password alone":   {mail.Settings{Host: "mail.example.com", Password: "p", From: "a@b.example"}, "username", mail.Settings{}},
		"password for all": {mail.Settings{Host: "mail.example.com", Username: "u", Password: "p", Security: mail.None, From: "a@b.example"}, "security", mail.Settings{}},
		"password on loopback": {mail.Settings{Host: "127.0.0.1", Username: "u", Password: "p", Security: mail.None, From: "a@b.example"}, "",
			mail.Settings{Host: "127.0.0.1", Port: 25, Username: "u", Password: "p", Security: mail.None, From: "a@b.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			faults := map[string]bool{}
			got := c.in.Clean(func(field, _ string) { faults[field] = true })
			var names []string
			for _, field := range []string{"from", "fromName", "host", "password", "port", "security", "username"} {
				if faults[field] {
					names = append(names, field)
				}
			}
			if text := strings.Join(names, " "); text != c.faults {
				t.Errorf("faults %q; want %q", text, c.faults)
			}
			if diff := cmp.Diff(c.want, got); c.faults == "" && diff != "" {
				t.Error(diff)
			}
		})
	}
}
