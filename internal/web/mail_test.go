package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/mail/mailtest"
	"leat/internal/server"
	"leat/internal/servertest"
)

// withMail configures a server to send its letters to another.
func withMail(to *mailtest.Server) func(*server.Config) {
	return func(c *server.Config) {
		c.Mail = server.Mail{Host: to.Host, Port: to.Port, Security: "none", From: "leat@example.com"}
	}
}

func TestAForgottenPasswordIsSetAnewThroughALetter(t *testing.T) {
	post := mailtest.New(t, mailtest.Behaviour{})
	s := servertest.New(t, withMail(post))
	stranger := s.Anonymous()
	if status, err := stranger.Status(t.Context()); err != nil || !status.Mail {
		t.Errorf("the sign-in page is not told that there are letters: %+v, %v", status, err)
	}
	for _, in := range []api.NewPasswordReset{{Email: "nobody@leat.example"}, {Email: "olga@leat.example"}} {
		if err := stranger.AskPasswordReset(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	reset := regexp.MustCompile(`/password-reset#(leat_pwr_[A-Za-z0-9]+)`)
	text := func(l mailtest.Letter) string { return strings.ReplaceAll(l.Raw, "=\r\n", "") }
	link := reset.FindStringSubmatch(text(letterTo(post, "olga@leat.example", func(l mailtest.Letter) bool { return reset.MatchString(text(l)) })))
	if r, err := stranger.ReadPasswordReset(t.Context(), link[1]); err != nil || r.Username != "olga" {
		t.Errorf("%+v, %v", r, err)
	}
	use := func(password string) error {
		return stranger.UsePasswordReset(t.Context(), api.UsePasswordReset{Secret: link[1], Password: password})
	}
	if err := use("olga"); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("a weak password: %v", err)
	}
	if err := use("eleven green bottles 5"); err != nil {
		t.Fatal(err)
	}
	s.SignIn("olga", "eleven green bottles 5")
	if err := use("twelve green bottles 5"); !api.Is(err, "password_reset_not_found") {
		t.Errorf("the same link again: %v", err)
	}
	letterTo(post, "olga@leat.example", func(l mailtest.Letter) bool { return strings.Contains(l.Header.Get("Subject"), "was changed") })
}

// letterTo waits for a letter to somebody: others, such as the invitations that
// made the people of the test, may come before it or later.
func letterTo(post *mailtest.Server, to string, fits func(mailtest.Letter) bool) mailtest.Letter {
	for n := 1; ; n++ {
		if l := post.Await(n)[n-1]; l.To == to && fits(l) {
			return l
		}
	}
}

func TestMailOfTheConfigurationIsShownAndNotChanged(t *testing.T) {
	post := mailtest.New(t, mailtest.Behaviour{})
	s := servertest.New(t, withMail(post))
	m, err := s.Admin().MailSettings(t.Context())
	if err != nil || m.Source != "configuration" || m.Host != post.Host || m.Port != post.Port || m.PasswordSet {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := s.Admin().PutMailSettings(t.Context(), api.PutMailSettings{Host: "elsewhere.example", From: "a@b.example"}); !api.Is(err, "mail_configured") {
		t.Errorf("%v; want mail_configured", err)
	}
	test, err := s.Admin().TestMail(t.Context(), api.TestMail{To: "ada@leat.example", Settings: &api.PutMailSettings{Host: "elsewhere.example", From: "a@b.example"}})
	if err != nil || !test.OK {
		t.Errorf("%+v, %v", test, err)
	}
	post.Await(1)
}

func TestMailOfThePageGoesWithItsVersion(t *testing.T) {
	s := servertest.New(t)
	in := api.PutMailSettings{Host: "mail.example.com", Username: "leat", Password: api.Some("six white horses"), From: "leat@example.com"}
	m, err := s.Admin().PutMailSettings(t.Context(), in)
	if err != nil || m.Version != 1 || !m.PasswordSet {
		t.Fatalf("%+v, %v", m, err)
	}
	again, err := s.Admin().MailSettings(t.Context())
	if err != nil || *again != *m {
		t.Errorf("%+v; want %+v, %v", again, m, err)
	}
	if _, err := s.Admin().PutMailSettings(t.Context(), in, api.IfMatch(7)); api.StatusOf(err) != http.StatusPreconditionFailed {
		t.Errorf("%v; want 412", err)
	}
}

func TestABadgeMovesWithoutBeingAskedFor(t *testing.T) {
	s := servertest.New(t)
	olga := s.As("owner")
	stream := follow(t, olga, "", "", "notification")
	next(t, stream, "open")
	made, err := s.Admin().Announce(t.Context(), api.NewAnnouncement{Title: "Maintenance tonight", Banner: true, Level: "warning", Audience: api.Audience{Roles: []string{"owner"}}})
	if err != nil || made.State != "sending" || made.BannerUntil == nil {
		t.Fatalf("%+v, %v", made, err)
	}
	e := eventOf(t, next(t, stream, "change"))
	list, err := olga.Notifications(t.Context(), api.NotificationQuery{Unread: true})
	if err != nil || e.Noun != "notification" || len(list.Items) != 1 || list.Items[0].ID != e.ID || list.Items[0].Title != made.Title || list.Items[0].Level != "warning" {
		t.Errorf("%+v: %+v, %v", e, list, err)
	}
	if banners, err := olga.Banners(t.Context()); err != nil || len(banners.Items) != 1 || banners.Items[0].Title != made.Title {
		t.Errorf("%+v, %v", banners, err)
	}
	if n, err := olga.EditNotifications(t.Context(), api.EditNotifications{IDs: []string{e.ID}, Read: true}); err != nil || n.Unread != 0 {
		t.Errorf("%+v, %v", n, err)
	}
	next(t, stream, "change")
	if err := s.Admin().DeleteAnnouncement(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	next(t, stream, "change")
	if banners, err := olga.Banners(t.Context()); err != nil || len(banners.Items) != 0 {
		t.Errorf("%+v, %v", banners, err)
	}
	if n, err := olga.NotificationCount(t.Context()); err != nil || n.Unread != 0 {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestAlertsOfAnInstanceAreChangedOneByOne(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	instance, err := owner.CreateInstance(t.Context(), s.Application("Water").ID, api.NewInstance{Name: "Pump"})
	if err != nil || !instance.Alerts.Crash || instance.Alerts.CPU || instance.Alerts.Recipients != "owners" || !instance.Alerts.Mail {
		t.Fatalf("%+v, %v", instance, err)
	}
	changed, err := owner.UpdateInstance(t.Context(), instance.ID, api.EditInstance{Alerts: &api.EditAlerts{CPU: api.Some(true)}}, api.IfMatch(instance.Version))
	want := instance.Alerts
	want.CPU = true
	if err != nil || changed.Alerts != want || changed.Version != instance.Version+1 {
		t.Errorf("%+v, %v", changed.Alerts, err)
	}
	samples, err := owner.SamplesBetween(t.Context(), instance.ID, api.SampleQuery{Points: 10})
	if err != nil || len(samples.Items) != 0 || samples.MemoryLimitMiB != 256 {
		t.Errorf("%+v, %v", samples, err)
	}
}
