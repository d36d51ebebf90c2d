package control_test

import (
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
)

func TestAMailPasswordIsNeverShownAndNeverGoesToAnotherServer(t *testing.T) {
	w := newFileWorld(t)
	ada, olga := w.person("ada", true), w.person("olga", false)
	put := func(in api.PutMailSettings) error {
		_, err := w.MailSettings.Put(t.Context(), ada, in, 0)
		return err
	}
	full := api.PutMailSettings{Host: "mail.example.com", Username: "leat", Password: api.Some("s3cret-of-mail"), From: "leat@example.com"}
	if err := put(full); err != nil {
		t.Fatal(err)
	}
	m := must(w.MailSettings.Read(t.Context(), ada))(t)
	if m.Source != "page" || !m.PasswordSet || m.Password != "" || m.Port != 587 || m.Security != "starttls" || m.Version != 1 {
		t.Errorf("%+v", m)
	}
	kept := full
	kept.Password = api.Opt[string]{}
	kept.FromName = "Leat"
	if err := put(kept); err != nil {
		t.Fatal(err)
	}
	if m := must(w.MailSettings.Read(t.Context(), ada))(t); !m.PasswordSet || m.FromName != "Leat" {
		t.Errorf("without a password the one there was is gone: %+v", m)
	}
	for name, change := range map[string]func(*api.PutMailSettings){
		"host": func(in *api.PutMailSettings) { in.Host = "evil.example" },
		"port": func(in *api.PutMailSettings) { in.Port = 2525 },
		"user": func(in *api.PutMailSettings) { in.Username = "other" },
		"none": func(in *api.PutMailSettings) { in.Security, in.Port = "none", 587 },
	} {
		moved := kept
		change(&moved)
		if err := put(moved); !fleet.IsCode(err, "invalid_input") {
			t.Errorf("another %s with the old password: %v; want invalid_input", name, err)
		}
		if _, err := w.MailSettings.Test(t.Context(), ada, api.TestMail{To: "a@example.com", Settings: &moved}); !fleet.IsCode(err, "invalid_input") {
			t.Errorf("a test of another %s with the old password: %v; want invalid_input", name, err)
		}
	}
	text := ""
	err := w.db.View(t.Context(), func(tx *store.Tx) (err error) { text, _, err = tx.Setting("mail"); return err })
	if err != nil || strings.Contains(text, "s3cret") || text == "" {
		t.Errorf("kept as %s, %v", text, err)
	}
	for _, e := range w.audited(store.AuditFilter{Event: "setting.edit"}) {
		if raw := string(must(jsonText(e.Detail))(t)); strings.Contains(raw, "s3cret") {
			t.Errorf("the audit log holds the password: %s", raw)
		}
	}
	_, err = w.MailSettings.Read(t.Context(), olga)
	wantCode(t, err, "forbidden")
	_, err = w.MailSettings.Put(t.Context(), ada, full, 1)
	wantCode(t, err, "stale")
	if err := put(api.PutMailSettings{}); err != nil {
		t.Fatal(err)
	}
	if m := must(w.MailSettings.Read(t.Context(), ada))(t); m.Source != "none" || m.PasswordSet {
		t.Errorf("after switching it off: %+v", m)
	}
}

func TestATestLetterTellsWhatTheServerSaid(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", true)
	_, err := w.MailSettings.Test(t.Context(), ada, api.TestMail{To: "a@example.com"})
	wantCode(t, err, "mail_not_set")
	server := mailtest.New(t, mailtest.Behaviour{})
	before := &api.PutMailSettings{Host: server.Host, Port: server.Port, Security: "none", From: "leat@example.com"}
	got := must(w.MailSettings.Test(t.Context(), ada, api.TestMail{To: "Ada@example.com", Settings: before}))(t)
	if !got.OK || len(got.Steps) != 5 || !strings.Contains(got.Steps[4].Text, "queued as 42") {
		t.Errorf("%+v", got)
	}
	if l := server.Await(1)[0]; l.To != "ada@example.com" || !strings.Contains(l.Header.Get("Subject"), "test letter of Plant One") {
		t.Errorf("%+v", l)
	}
	if m := must(w.MailSettings.Read(t.Context(), ada))(t); m.Source != "none" {
		t.Error("a test kept the settings")
	}
	server.Behave(mailtest.Behaviour{Refuse: func(string) string { return "550 5.7.1 we do not relay" }})
	got = must(w.MailSettings.Test(t.Context(), ada, api.TestMail{To: "ada@example.com", Settings: before}))(t)
	if last := got.Steps[len(got.Steps)-1]; got.OK || last.OK || last.Name != "recipient" || !strings.Contains(last.Text, "we do not relay") {
		t.Errorf("%+v", got)
	}
	_, err = w.MailSettings.Test(t.Context(), ada, api.TestMail{To: "nobody", Settings: before})
	wantCode(t, err, "invalid_input")
}

func TestATestOfAServerThatHangsEndsInTenSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("ada", true)
	server := mailtest.New(t, mailtest.Behaviour{Hang: "connect"})
	begun := time.Now()
	got := must(w.MailSettings.Test(t.Context(), ada, api.TestMail{To: "a@example.com", Settings: &api.PutMailSettings{
		Host: server.Host, Port: server.Port, Security: "none", From: "leat@example.com",
	}}))(t)
	if took := time.Since(begun); got.OK || took > 13*time.Second || took < 9*time.Second {
		t.Errorf("%v: %+v", took, got)
	}
	if last := got.Steps[len(got.Steps)-1]; last.Name != "greeting" || !strings.Contains(last.Text, "took too long") {
		t.Errorf("%+v", last)
	}
}
