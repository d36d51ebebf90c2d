package control_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
)

var anonymous = fleet.Actor{Kind: fleet.ActorAnonymous, Addr: "192.0.2.9"}

var resetLink = regexp.MustCompile(`http://leat\.localhost:3000/password-reset#(leat_pwr_[A-Za-z0-9]+)`)

// secretIn is what stands in the link of a letter.
func secretIn(t *testing.T, l mailtest.Letter) string {
	t.Helper()
	m := resetLink.FindStringSubmatch(strings.ReplaceAll(l.Raw, "=\r\n", ""))
	if m == nil {
		t.Fatalf("no link in\n%s", l.Raw)
	}
	return m[1]
}

func TestWhoForgotTheirPasswordGetsALetterAndSetsANewOneOnce(t *testing.T) {
	w := newWorld(t)
	olga := must(w.Users.Create(t.Context(), fleet.System("test"), api.NewUser{Username: "olga", Email: "olga@example.com", Password: password}, noKey))(t)
	server := w.post(mailtest.Behaviour{})
	_, token, err := w.Sessions.SignIn(t.Context(), anonymous, "olga", password, "test")
	if err != nil {
		t.Fatal(err)
	}
	w.reset("Olga@example.com ")
	got := w.deliver(server)
	if len(got) != 1 || got[0].To != "olga@example.com" {
		t.Fatalf("%+v", got)
	}
	link := secretIn(t, got[0])
	if r := must(w.PasswordResets.Read(t.Context(), anonymous, link))(t); r.Username != "olga" || !r.ExpiresAt.Equal(w.clock().Add(30*time.Minute)) {
		t.Errorf("%+v", r)
	}
	use := func(password string) error {
		return w.PasswordResets.Use(t.Context(), anonymous, api.UsePasswordReset{Secret: link, Password: password})
	}
	wantCode(t, use("olga"), "invalid_input")
	if err := use("quince-mortar-tidal-18"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, use("quince-mortar-tidal-19"), "password_reset_not_found")
	if _, _, err := w.Sessions.Authenticate(t.Context(), token); err == nil {
		t.Error("the session from before lives on")
	}
	if _, _, err := w.Sessions.SignIn(t.Context(), anonymous, "olga", "quince-mortar-tidal-18", "test"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if told := w.deliver(server); len(told) != 1 || !strings.Contains(told[0].Header.Get("Subject"), "was changed") {
		t.Errorf("%+v", told)
	}
	events := w.audited(store.AuditFilter{Object: string(olga.ID)})
	if len(events) < 2 || !has(events, "password.letter") || !has(events, "password.reset") {
		t.Errorf("audit %+v", events)
	}
}

func TestALinkToANewPasswordEndsByItself(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	server := w.post(mailtest.Behaviour{})
	link := func() string {
		w.reset("olga")
		return secretIn(t, w.deliver(server)[0])
	}
	late := link()
	w.sleep(30 * time.Minute)
	_, err := w.PasswordResets.Read(t.Context(), anonymous, late)
	wantCode(t, err, "password_reset_not_found")
	changed := link()
	w.change(olga, "new@example.com")
	_, err = w.PasswordResets.Read(t.Context(), anonymous, changed)
	wantCode(t, err, "password_reset_not_found")
	w.deliver(server)
	suspended := link()
	if _, err := w.Users.Update(t.Context(), fleet.System("test"), olga.User, api.EditUser{Suspended: api.Some(true)}, 0); err != nil {
		t.Fatal(err)
	}
	_, err = w.PasswordResets.Read(t.Context(), anonymous, suspended)
	wantCode(t, err, "password_reset_not_found")
	if got := w.deliver(server); len(got) != 1 || !strings.Contains(got[0].Header.Get("Subject"), "suspended") {
		t.Errorf("%+v; want the letter that tells of it", got)
	}
	w.reset("olga")
	if got := w.deliver(server); len(got) != 0 {
		t.Errorf("who is suspended got a link: %+v", got)
	}
	if err := w.PasswordResets.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNobodyLearnsWhetherThereIsAnAccount(t *testing.T) {
	w := newWorld(t)
	w.person("olga", false)
	server := w.post(mailtest.Behaviour{})
	for _, login := range []string{"nobody", "nobody@example.com", "olga", "x\r\nBcc: all@example.com"} {
		w.reset(login)
	}
	if m := w.mailState(); m.Waiting != 4 {
		t.Errorf("%d wait; want the same of all four", m.Waiting)
	}
	if got := w.deliver(server); len(got) != 1 || got[0].To != "olga@example.com" {
		t.Errorf("%+v", got)
	}
	err := w.PasswordResets.Ask(t.Context(), anonymous, api.NewPasswordReset{})
	wantCode(t, err, "invalid_input")
}

func TestNobodyIsFloodedWithLettersToNewPasswords(t *testing.T) {
	w := newWorld(t)
	w.person("olga", false)
	server := w.post(mailtest.Behaviour{})
	refused := 0
	for range 20 {
		err := w.PasswordResets.Ask(t.Context(), anonymous, api.NewPasswordReset{Username: "olga"})
		if fleet.IsCode(err, "too_many_attempts") {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if refused == 0 {
		t.Error("twenty times from one place, and nobody was told to wait")
	}
	for n := range 20 { // from everywhere
		who := fleet.Actor{Kind: fleet.ActorAnonymous, Addr: "198.51.100." + string(rune('0'+n%10)) + string(rune('0'+n/10))}
		if err := w.PasswordResets.Ask(t.Context(), who, api.NewPasswordReset{Username: "olga"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.deliver(server); len(got) != 5 {
		t.Errorf("%d letters in an hour; want 5", len(got))
	}
	for n := range 200 { // of anybody, within a minute
		who := fleet.Actor{Kind: fleet.ActorAnonymous, Addr: "203.0.113." + string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))}
		if err := w.PasswordResets.Ask(t.Context(), who, api.NewPasswordReset{Username: who.Addr}); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.mailState(); m.Waiting > 60 {
		t.Errorf("strangers put %d letters into the outbox", m.Waiting)
	}
}

func TestWithoutLettersAPasswordIsAnAdministratorsMatter(t *testing.T) {
	w := newWorld(t)
	wantCode(t, w.PasswordResets.Ask(t.Context(), anonymous, api.NewPasswordReset{Username: "olga"}), "mail_not_set")
}
