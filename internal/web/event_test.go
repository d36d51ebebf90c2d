package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"leat/api"
	"leat/internal/server"
	"leat/internal/servertest"
)

// follow reads a team's stream in the background: messages come on the channel,
// which is closed when the stream ends.
func follow(t *testing.T, client *api.Client, team, lastID string, topics ...string) <-chan api.Message {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out := make(chan api.Message, 1024)
	go func() {
		defer close(out)
		err := client.FollowEvents(ctx, team, topics, lastID, func(m api.Message) error {
			out <- m
			return nil
		})
		if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			t.Logf("the stream ended with: %v", err)
		}
	}()
	return out
}

// next waits for a message with the name.
func next(t *testing.T, stream <-chan api.Message, name string) api.Message {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case m, open := <-stream:
			if !open {
				t.Fatalf("the stream ended before a %s came", name)
			}
			if m.Event == name {
				return m
			}
		case <-late:
			t.Fatalf("no %s came", name)
		}
	}
}

// ends waits until the stream is closed, and says how long that took.
func ends(t *testing.T, stream <-chan api.Message) time.Duration {
	t.Helper()
	from := time.Now()
	late := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-stream:
			if !open {
				return time.Since(from)
			}
		case <-late:
			t.Fatal("the stream stays open")
		}
	}
}

func eventOf(t *testing.T, m api.Message) api.Event {
	t.Helper()
	var e api.Event
	if err := json.Unmarshal(m.Data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAStreamTellsWhatChangesAndGoesOnWhereItWasCut(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	stream := follow(t, owner, s.Team.Slug, "", "application")
	open := next(t, stream, "open")
	first := s.Application("Intake")
	m := next(t, stream, "change")
	if e := eventOf(t, m); e.Noun != "application" || e.ID != first.ID || e.Team != s.Team.ID || e.Version != 1 {
		t.Errorf("event %+v; want the application that was made", e)
	}
	second := s.Application("Outlet")
	resumed := follow(t, owner, s.Team.ID, m.ID, "application")
	if e := eventOf(t, next(t, resumed, "change")); e.ID != second.ID {
		t.Errorf("resumed at %s; want the one made meanwhile", e.ID)
	}
	all := follow(t, owner, s.Team.ID, open.ID, "application")
	if e := eventOf(t, next(t, all, "change")); e.ID != first.ID {
		t.Errorf("from the first id: %s; want the first application", e.ID)
	}
	next(t, follow(t, owner, s.Team.ID, "another-17"), "reset")
}

func TestAStreamShowsNobodyMoreThanTheyMaySee(t *testing.T) {
	s := servertest.New(t)
	s.As("owner")
	dashboard := follow(t, s.As("dashboard"), s.Team.ID, "")
	next(t, dashboard, "open")
	alone := follow(t, s.As("other"), "", "")
	next(t, alone, "open")
	application := s.Application("Intake")
	instance, err := s.As("owner").CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Pump"})
	if err != nil {
		t.Fatal(err)
	}
	if e := eventOf(t, next(t, dashboard, "change")); e.Noun != "instance" || e.ID != instance.ID {
		t.Errorf("a dashboard user was told of %s %s first; want the instance", e.Noun, e.ID)
	}
	if err := s.As("other").FollowEvents(t.Context(), s.Team.ID, nil, "", nil); !api.Is(err, "team_not_found") {
		t.Errorf("another team's stream: %v; want team_not_found", err)
	}
	select {
	case m := <-alone:
		t.Errorf("somebody outside was told: %s %s", m.Event, m.Data)
	default:
	}
}

func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	s.As("viewer")
	for _, row := range []struct {
		what string
		end  func(t *testing.T) (<-chan api.Message, func())
	}{
		{"the membership", func(t *testing.T) (<-chan api.Message, func()) {
			return follow(t, s.As("viewer"), s.Team.ID, ""), func() {
				if err := owner.RemoveMember(t.Context(), s.Team.ID, s.User("viewer").ID); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"the token", func(t *testing.T) (<-chan api.Message, func()) {
			token, err := owner.CreateToken(t.Context(), api.NewToken{Name: "stream"})
			if err != nil {
				t.Fatal(err)
			}
			return follow(t, owner.With(token.Secret), s.Team.ID, ""), func() {
				if err := owner.RevokeToken(t.Context(), token.ID); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"the session", func(t *testing.T) (<-chan api.Message, func()) {
			browser := s.SignIn("olga", servertest.Password)
			twin := *browser
			return follow(t, &twin, s.Team.ID, ""), func() {
				if err := browser.SignOut(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"the time of a token", func(t *testing.T) (<-chan api.Message, func()) {
			soon := s.Clock.Now().Add(time.Hour)
			token, err := owner.CreateToken(t.Context(), api.NewToken{Name: "short", ExpiresAt: &soon})
			if err != nil {
				t.Fatal(err)
			}
			return follow(t, owner.With(token.Secret), s.Team.ID, ""), func() { s.Clock.Step(2 * time.Hour) }
		}},
	} {
		t.Run(row.what, func(t *testing.T) {
			stream, end := row.end(t)
			next(t, stream, "open")
			end()
			if took := ends(t, stream); took > time.Second {
				t.Errorf("ended after %v; want within a second", took)
			}
		})
	}
}

func TestAStreamIsNoActivity(t *testing.T) {
	s := servertest.New(t, func(c *server.Config) { c.Session.Idle = time.Hour })
	browser := s.SignIn(servertest.AdminName, servertest.AdminPassword)
	stream := follow(t, browser, "", "")
	next(t, stream, "open")
	s.Clock.Step(61 * time.Minute)
	if took := ends(t, stream); took > 2*time.Second {
		t.Errorf("ended %v after the idle end", took)
	}
	if _, err := browser.User(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("after the idle end: %v; want session_ended", err)
	}
}

func TestStoppingEndsStreamsFirst(t *testing.T) {
	s := servertest.New(t)
	stream := follow(t, s.Admin(), "", "")
	next(t, stream, "open")
	from := time.Now()
	s.Stop()
	if took := time.Since(from); took > 5*time.Second {
		t.Errorf("the server took %v to stop with a stream open", took)
	}
	ends(t, stream)
}

func TestTooManyStreamsOfOnePersonAreRefused(t *testing.T) {
	s := servertest.New(t)
	admin := s.Admin()
	for range 64 {
		next(t, follow(t, admin, "", ""), "open")
	}
	if err := admin.FollowEvents(t.Context(), "", nil, "", nil); !api.Is(err, "too_many_streams") {
		t.Errorf("stream 65: %v; want too_many_streams", err)
	}
}

func TestALogOnAStreamNeedsTheRightToReadIt(t *testing.T) {
	s := servertest.New(t)
	owner, viewer := s.As("owner"), s.As("viewer")
	application := s.Application("Intake")
	instance, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Pump"})
	if err != nil {
		t.Fatal(err)
	}
	topic := "logs:" + instance.ID
	if err := s.As("dashboard").FollowEvents(t.Context(), s.Team.ID, []string{topic}, "", nil); !api.Is(err, "forbidden") {
		t.Errorf("a dashboard user: %v; want forbidden", err)
	}
	if err := s.As("other").FollowEvents(t.Context(), "", []string{topic}, "", nil); !api.Is(err, "instance_not_found") {
		t.Errorf("another team: %v; want instance_not_found", err)
	}
	stream := follow(t, viewer, s.Team.ID, "", "instance", topic)
	next(t, stream, "open")
	if _, err := owner.SetRole(t.Context(), s.Team.ID, s.User("viewer").ID, "dashboard"); err != nil {
		t.Fatal(err)
	}
	if took := ends(t, stream); took > time.Second {
		t.Errorf("a stream with a log ended %v after its reader lost the right; want within a second", took)
	}
}
