package web_test

import (
	"testing"
	"time"

	"leat/api"
	"leat/internal/server"
	"leat/internal/servertest"
)

func TestAPersonSignsInAndOut(t *testing.T) {
	s := servertest.New(t)
	client := s.SignIn(servertest.AdminName, servertest.AdminPassword)
	user, err := client.User(t.Context())
	if err != nil || user.Username != servertest.AdminName || !user.Admin {
		t.Fatalf("user %+v, %v; want the administrator", user, err)
	}
	sessions, err := client.Sessions(t.Context(), api.Page{})
	if err != nil || len(sessions.Items) != 1 || !sessions.Items[0].Current {
		t.Fatalf("sessions %+v, %v; want the one in use", sessions, err)
	}
	twin := *client
	if err := client.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := twin.User(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("after signing out: %v; want session_ended", err)
	}
}

func TestASessionEndsWhenItsPersonIsIdle(t *testing.T) {
	s := servertest.New(t, func(c *server.Config) { c.Session.Idle, c.Session.Life = time.Hour, 3*time.Hour })
	client := s.SignIn(servertest.AdminName, servertest.AdminPassword)
	s.Clock.Step(50 * time.Minute)
	if _, err := client.User(t.Context()); err != nil {
		t.Fatalf("before the idle end: %v", err)
	}
	if _, err := client.Touch(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Clock.Step(50 * time.Minute)
	if _, err := client.User(t.Context()); err != nil {
		t.Fatalf("activity did not put the idle end off: %v", err)
	}
	s.Clock.Step(20 * time.Minute)
	if _, err := client.User(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("after the idle end: %v; want session_ended (requests of the page are no activity)", err)
	}
}

func TestASessionEndsAfterItsLifeHoweverBusy(t *testing.T) {
	s := servertest.New(t, func(c *server.Config) { c.Session.Idle, c.Session.Life = time.Hour, 2*time.Hour })
	client := s.SignIn(servertest.AdminName, servertest.AdminPassword)
	for range 3 {
		s.Clock.Step(39 * time.Minute)
		if _, err := client.Touch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.Clock.Step(5 * time.Minute)
	if _, err := client.Touch(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("after its life: %v; want session_ended", err)
	}
}

func TestClockStepsDoNotOpenOrCloseSessionsForGood(t *testing.T) {
	s := servertest.New(t)
	client := s.SignIn(servertest.AdminName, servertest.AdminPassword)
	s.Clock.Step(-48 * time.Hour)
	if _, err := client.User(t.Context()); err != nil {
		t.Errorf("after the clock went back two days: %v", err)
	}
	if _, err := client.CreateToken(t.Context(), api.NewToken{Name: "made in the past"}); err != nil {
		t.Errorf("a change after the clock went back: %v", err)
	}
	s.Clock.Step(49 * time.Hour)
	if _, err := client.User(t.Context()); err != nil {
		t.Errorf("after the clock came back: %v", err)
	}
	s.Clock.Step(366 * 24 * time.Hour)
	if _, err := client.User(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("a year ahead: %v; want session_ended", err)
	}
}
