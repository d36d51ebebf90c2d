package control_test

import (
	"fmt"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

// withPassword is a person who can sign in.
func (w *world) withPassword(username string) fleet.Actor {
	w.t.Helper()
	admin := fleet.System("test")
	u, err := w.Users.Create(w.t.Context(), admin, api.NewUser{Username: username, Email: username + "@example.com", Password: password}, control.Key{})
	if err != nil {
		w.t.Fatal(err)
	}
	return actorOf(u)
}

func TestASessionLivesByWhatThePersonDoes(t *testing.T) {
	w := newWorld(t)
	w.withPassword("olga")
	stranger := fleet.Anonymous("192.0.2.7", "")
	_, secret, err := w.Sessions.SignIn(t.Context(), stranger, " OLGA@example.com ", password, "Firefox")
	if err != nil {
		t.Fatal(err)
	}
	who, ses, err := w.Sessions.Authenticate(t.Context(), secret)
	if err != nil || who.Username != "olga" || ses.UserAgent != "Firefox" || ses.Addr != "192.0.2.7" {
		t.Fatalf("authenticated %+v %+v %v", who, ses, err)
	}
	for range 3 {
		w.sleep(fleet.SessionIdle - time.Minute)
		if _, err := w.Sessions.Touch(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	w.sleep(fleet.SessionIdle)
	_, _, err = w.Sessions.Authenticate(t.Context(), secret)
	wantCode(t, err, "session_ended")
	_, err = w.Sessions.Touch(t.Context(), who)
	wantCode(t, err, "session_ended")
	hints := w.events.Subscribe(t.Context(), nil)
	if err := w.Sessions.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h := <-hints.Events(); h.Noun != "session" || !h.Deleted || h.User != who.User {
		t.Errorf("hinted %+v", h)
	}
}

func TestASessionEndsAtItsLifesEndHoweverBusy(t *testing.T) {
	w := newWorld(t)
	w.withPassword("olga")
	_, secret, err := w.Sessions.SignIn(t.Context(), fleet.Anonymous("", ""), "olga", password, "")
	if err != nil {
		t.Fatal(err)
	}
	for end := w.clock().Add(fleet.SessionLife); w.clock().Add(time.Hour).Before(end); w.sleep(time.Hour) {
		who, _, err := w.Sessions.Authenticate(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Sessions.Touch(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	w.sleep(time.Hour)
	_, _, err = w.Sessions.Authenticate(t.Context(), secret)
	wantCode(t, err, "session_ended")
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	w := newWorld(t)
	w.withPassword("olga")
	signIn := func() (string, fleet.Actor) {
		t.Helper()
		_, secret, err := w.Sessions.SignIn(t.Context(), fleet.Anonymous("", ""), "olga", password, "")
		if err != nil {
			t.Fatal(err)
		}
		who, _, err := w.Sessions.Authenticate(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		return secret, who
	}
	other, _ := signIn()
	mine, who := signIn()
	edit := api.EditUser{Password: api.Some("walnut-harbour-tin-93"), CurrentPassword: "wrong"}
	_, err := w.Users.Edit(t.Context(), who, edit, 0)
	wantCode(t, err, "invalid_input")
	edit.CurrentPassword = password
	must(w.Users.Edit(t.Context(), who, edit, 0))(t)
	_, _, err = w.Sessions.Authenticate(t.Context(), other)
	wantCode(t, err, "session_ended")
	if _, _, err := w.Sessions.Authenticate(t.Context(), mine); err != nil {
		t.Errorf("the own session ended: %v", err)
	}
	_, _, err = w.Sessions.SignIn(t.Context(), fleet.Anonymous("", ""), "olga", password, "")
	wantCode(t, err, "bad_credentials")
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	w := newWorld(t)
	w.withPassword("olga")
	var whos []fleet.Actor
	for range 3 {
		_, secret, err := w.Sessions.SignIn(t.Context(), fleet.Anonymous("", ""), "olga", password, "")
		if err != nil {
			t.Fatal(err)
		}
		who, _, err := w.Sessions.Authenticate(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		whos = append(whos, who)
		w.sleep(time.Second)
	}
	list, _, err := w.Sessions.List(t.Context(), whos[2], store.Page{})
	if err != nil || len(list) != 3 || list[0].ID != whos[2].Session {
		t.Fatalf("listed %+v, %v; want three, the newest first", list, err)
	}
	if err := w.Sessions.Revoke(t.Context(), whos[2], whos[0].Session); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Sessions.Revoke(t.Context(), w.person("eve", false), whos[1].Session), "session_not_found")
	if err := w.Sessions.RevokeOthers(t.Context(), whos[2]); err != nil {
		t.Fatal(err)
	}
	if list, _, _ = w.Sessions.List(t.Context(), whos[2], store.Page{}); len(list) != 1 {
		t.Errorf("left %+v; want the present one", list)
	}
	for range 2 {
		if err := w.Sessions.SignOut(t.Context(), whos[2]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASuspendedUserIsOutAtOnce(t *testing.T) {
	w := newWorld(t)
	olga, ada := w.withPassword("olga"), w.person("ada", true)
	_, secret, err := w.Sessions.SignIn(t.Context(), fleet.Anonymous("", ""), "olga", password, "")
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := w.Tokens.Create(t.Context(), olga, api.NewToken{Name: "ci"}, control.Key{})
	if err != nil {
		t.Fatal(err)
	}
	must(w.Users.Update(t.Context(), ada, olga.User, api.EditUser{Suspended: api.Some(true)}, 0))(t)
	_, _, err = w.Sessions.Authenticate(t.Context(), secret)
	wantCode(t, err, "session_ended")
	_, err = w.Tokens.Authenticate(t.Context(), token)
	wantCode(t, err, "bad_token")
	_, _, err = w.Sessions.SignIn(t.Context(), fleet.Anonymous("", ""), "olga", password, "")
	wantCode(t, err, "bad_credentials")
}

func TestGuessingIsSlowedDownAndAuditedWithoutFillingTheLog(t *testing.T) {
	w := newWorld(t)
	w.withPassword("olga")
	guess := func(username, addr string) error {
		_, _, err := w.Sessions.SignIn(t.Context(), fleet.Anonymous(addr, ""), username, "wrong", "")
		return err
	}
	for range 5 {
		wantCode(t, guess("olga", "192.0.2.66"), "bad_credentials")
	}
	err := guess("olga", "192.0.2.66")
	var e *fleet.Error
	if !asError(err, &e) || e.Kind != fleet.TooMany || e.RetryAfterSeconds < 1 {
		t.Fatalf("err = %v; want TooMany with a wait", err)
	}
	if _, _, err := w.Sessions.SignIn(t.Context(), fleet.Anonymous("198.51.100.1", ""), "olga", password, ""); err != nil {
		t.Errorf("olga herself is locked out: %v", err)
	}
	w.sleep(10 * time.Minute)
	wantCode(t, guess("olga", "192.0.2.66"), "bad_credentials")
	for range 1000 {
		guess("olga", "192.0.2.66")
	}
	w.sleep(time.Hour)
	if err := w.AuditEvents.NoteFailures(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	events := w.audited(store.AuditFilter{Event: "session.create"})
	counted := 0
	for _, ev := range events {
		if more, ok := ev.Detail["more"].(float64); ok {
			counted += int(more)
		}
	}
	if len(events) > 10 || counted < 1000 {
		t.Errorf("%d events that count %d more; want few that count all", len(events), counted)
	}
}

func TestManyStrangersCannotFillTheLog(t *testing.T) {
	w := newWorld(t)
	olga, vera := w.person("olga", false), w.person("vera", false)
	team := w.team(olga, "Plant", map[fleet.Role]fleet.Actor{fleet.RoleViewer: vera})
	for n := range 2000 {
		vera.Addr = fmt.Sprintf("10.0.%d.%d", n/256, n%256)
		if _, err := w.Applications.Create(t.Context(), vera, team.Slug, api.NewApplication{Name: "X"}, control.Key{}); !fleet.IsCode(err, "forbidden") {
			t.Fatal(err)
		}
	}
	if err := w.AuditEvents.NoteFailures(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	events := w.audited(store.AuditFilter{Event: "application.create"})
	counted := len(events)
	for _, ev := range events {
		if more, ok := ev.Detail["more"].(float64); ok {
			counted += int(more) - 1
		}
	}
	if len(events) > 310 || counted < 1999 {
		t.Errorf("%d events tell of %d refusals; want few that tell of 2000", len(events), counted)
	}
}

func TestTokensReadOnlyExpireAndAreRevoked(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	end := w.clock().Add(time.Hour)
	tok, secret, err := w.Tokens.Create(t.Context(), olga, api.NewToken{Name: "ci", Scopes: []string{"read"}, ExpiresAt: &end}, control.Key{})
	if err != nil {
		t.Fatal(err)
	}
	who := must(w.Tokens.Authenticate(t.Context(), secret))(t)
	if !who.ReadOnly || who.Token != tok.ID || who.User != olga.User {
		t.Errorf("authenticated %+v", who)
	}
	if err := w.Tokens.NoteUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, _, err := w.Tokens.List(t.Context(), who, store.Page{})
	if err != nil || len(list) != 1 || !list[0].UsedAt.Equal(w.clock()) || list[0].Hint != secret[len(secret)-4:] {
		t.Errorf("listed %+v, %v", list, err)
	}
	_, err = w.Teams.Create(t.Context(), who, api.NewTeam{Name: "X"}, control.Key{})
	wantCode(t, err, "read_only_token")
	w.sleep(time.Hour)
	_, err = w.Tokens.Authenticate(t.Context(), secret)
	wantCode(t, err, "bad_token")
	_, full, err := w.Tokens.Create(t.Context(), olga, api.NewToken{Name: "full"}, control.Key{})
	if err != nil {
		t.Fatal(err)
	}
	who = must(w.Tokens.Authenticate(t.Context(), full))(t)
	if err := w.Tokens.Revoke(t.Context(), olga, who.Token); err != nil {
		t.Fatal(err)
	}
	_, err = w.Tokens.Authenticate(t.Context(), full)
	wantCode(t, err, "bad_token")
	if err := w.Tokens.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, _, _ = w.Tokens.List(t.Context(), olga, store.Page{}); len(list) != 0 {
		t.Errorf("left %+v", list)
	}
}
