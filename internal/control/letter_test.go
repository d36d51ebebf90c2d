package control_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
	"leat/internal/wire"
)

// post gives a world a mail server.
func (w *world) post(how mailtest.Behaviour) *mailtest.Server {
	w.t.Helper()
	server := mailtest.New(w.t, how)
	w.postAt(server)
	return server
}

func (w *world) postAt(server *mailtest.Server) {
	w.t.Helper()
	_, err := w.MailSettings.Put(w.t.Context(), fleet.System("test"), api.PutMailSettings{
		Host: server.Host, Port: server.Port, Security: "none", From: "leat@example.com",
	}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
}

// deliver sends what is due; the last letters of the server are given.
func (w *world) deliver(server *mailtest.Server) []mailtest.Letter {
	w.t.Helper()
	before := len(server.Letters())
	if err := w.Letters.SendDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return server.Letters()[before:]
}

// sentTo reports whether letters went to just these.
func sentTo(got []mailtest.Letter, to ...string) bool {
	var have []string
	for _, l := range got {
		have = append(have, l.To)
	}
	slices.Sort(have)
	return slices.Equal(have, to)
}

// reset puts a letter for olga into the outbox.
func (w *world) reset(login string) {
	w.t.Helper()
	in := api.NewPasswordReset{Username: login}
	if strings.Contains(login, "@") {
		in = api.NewPasswordReset{Email: login}
	}
	if err := w.PasswordResets.Ask(w.t.Context(), fleet.Actor{Kind: fleet.ActorAnonymous, Addr: "192.0.2.9"}, in); err != nil {
		w.t.Fatal(err)
	}
}

// change gives somebody another address, of which two letters tell.
func (w *world) change(who fleet.Actor, email string) {
	w.t.Helper()
	if _, err := w.Users.Edit(w.t.Context(), who, api.EditUser{Email: api.Some(email)}, 0); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) mailState() *control.MailState {
	w.t.Helper()
	return must(w.MailSettings.Read(w.t.Context(), fleet.System("test")))(w.t.(*testing.T))
}

func TestALetterIsTriedAgainUntilTheServerTakesIt(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	server := w.post(mailtest.Behaviour{Drop: "DATA"})
	w.change(olga, "new@example.com")
	if err := w.Letters.SendDue(t.Context()); err == nil {
		t.Fatal("a server that drops the connection was no error")
	}
	m := w.mailState()
	if m.Waiting != 2 || !strings.Contains(m.LastError, "closed the connection") || server.Opened() != 1 {
		t.Errorf("%d wait because of %q after %d connections; want 2 of one", m.Waiting, m.LastError, server.Opened())
	}
	server.Behave(mailtest.Behaviour{})
	if got := w.deliver(server); len(got) != 0 {
		t.Errorf("it was tried again at once: %s", subjects(got))
	}
	w.sleep(time.Minute)
	got := w.deliver(server)
	if !sentTo(got, "new@example.com", "olga@example.com") {
		t.Errorf("sent %s", subjects(got))
	}
	w.sleep(time.Hour)
	if got := w.deliver(server); len(got) != 0 {
		t.Errorf("it was sent twice: %s", subjects(got))
	}
	if m := w.mailState(); m.Waiting != 0 || m.LastError != "" || m.SentAt.IsZero() {
		t.Errorf("%+v", m)
	}
}

func TestALetterThatNobodyTakesIsGivenUp(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	server := w.post(mailtest.Behaviour{Refuse: func(to string) string {
		if to == "olga@example.com" {
			return "550 5.1.1 no such user"
		}
		return "450 4.2.1 try later"
	}})
	w.change(olga, "new@example.com")
	if err := w.Letters.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := w.mailState(); m.Waiting != 1 || m.Failed != 1 || !strings.Contains(m.LastError, "try later") {
		t.Errorf("%d wait and %d are given up; want one each: %q", m.Waiting, m.Failed, m.LastError)
	}
	for range 100 {
		w.sleep(time.Hour)
		if err := w.Letters.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.mailState(); m.Waiting != 0 || m.Failed != 2 || !strings.Contains(m.LastError, "try later") || len(server.Letters()) != 0 {
		t.Errorf("after days %d wait and %d are given up", m.Waiting, m.Failed)
	}
	if n := server.Opened(); n > 90 {
		t.Errorf("it was tried %d times", n)
	}
	w.sleep(8 * 24 * time.Hour)
	if err := w.Letters.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := w.mailState(); m.Failed != 0 {
		t.Errorf("%d are kept for ever", m.Failed)
	}
}

func TestWithoutAMailServerNothingIsWritten(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	w.change(olga, "new@example.com")
	server := w.post(mailtest.Behaviour{})
	if got := w.deliver(server); len(got) != 0 {
		t.Errorf("letters from before there was a mail server: %s", subjects(got))
	}
	if ready := must(w.MailSettings.Ready(t.Context(), fleet.Actor{Kind: fleet.ActorAnonymous}))(t); !ready {
		t.Error("nobody is told that letters can be sent")
	}
}

func TestTheOutboxHoldsNoSecretInTheClear(t *testing.T) {
	w := newFileWorld(t)
	w.person("olga", false)
	w.post(mailtest.Behaviour{Drop: "connect"})
	w.reset("olga@example.com")
	err := w.db.View(t.Context(), func(tx *store.Tx) error {
		letters, err := tx.LettersDue(w.clock(), 10)
		if err != nil || len(letters) != 1 || strings.Contains(string(letters[0].Sealed), "olga") || letters[0].Address != "" {
			t.Errorf("%+v, %v", letters, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheRunnerOfTheOutboxSendsAtOnceAndEndsWhenItIsTold(t *testing.T) {
	w := newWorld(t)
	w.tick = time.Now
	olga := w.person("olga", false)
	server := w.post(mailtest.Behaviour{})
	ctx, stop := contextWithCancel(t)
	done := make(chan error, 1)
	go func() { done <- w.Letters.Run(ctx) }()
	w.change(olga, "new@example.com")
	server.Await(2)
	server.Behave(mailtest.Behaviour{Hang: "MAIL"})
	w.change(olga, "third@example.com")
	server.AwaitOpened(server.Opened() + 1)
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a mail server that hangs keeps the platform from stopping")
	}
	if m := w.mailState(); m.Waiting != 2 {
		t.Errorf("%d letters wait for the next start; want 2", m.Waiting)
	}
}

// A platform that is stopped between two letters has not failed to read the next
// one.
func TestALetterBeforeWhichThePlatformStopsWaitsForTheNextStart(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	server := w.post(mailtest.Behaviour{})
	w.change(olga, "new@example.com")
	w.sleep(time.Second)
	w.reset("olga")
	ctx, stop := contextWithCancel(t)
	now := w.clock()
	w.tick = func() time.Time {
		if len(server.Letters()) == 2 {
			stop()
		}
		return now
	}
	if err := w.Letters.SendDue(ctx); err == nil {
		t.Error("it went on after its end")
	}
	if m := w.mailState(); m.Waiting != 1 || m.Failed != 0 || len(server.Letters()) != 2 {
		t.Fatalf("%d letters wait and %d are given up: %q; want one to wait", m.Waiting, m.Failed, m.LastError)
	}
	if got := w.deliver(server); !sentTo(got, "new@example.com") {
		t.Errorf("sent %s", subjects(got))
	}
}

// Instances that crash in any number keep nobody from a new password.
func TestAnOutboxFullOfAlertsTakesLettersThatPeopleNeed(t *testing.T) {
	p := newPlant(t)
	p.post(mailtest.Behaviour{})
	i := p.instance("Pump")
	p.report(i, func(*wire.Report) {})
	err := p.db.Update(t.Context(), func(tx *store.Tx) error {
		for range 8000 {
			err := tx.InsertLetter(&fleet.Letter{
				ID: fleet.NewLetterID(p.clock()), Kind: "crash", State: fleet.LetterWaiting, Sealed: []byte{1}, CreatedAt: p.clock(), DueAt: p.clock(), ExpiresAt: p.clock().Add(time.Hour),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.sleep(time.Minute)
	p.crash(i, 1, "exit")
	if m := p.mailState(); m.Waiting != 8000 || len(p.inbox(p.olga)) != 1 {
		t.Errorf("%d letters wait after a crash; want 8000, and the inbox told", m.Waiting)
	}
	p.reset("olga")
	p.change(p.olga, "new@example.com")
	if m := p.mailState(); m.Waiting != 8003 {
		t.Errorf("%d letters wait; want those about accounts among them", m.Waiting)
	}
}
