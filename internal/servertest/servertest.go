// Package servertest runs a real server on a temporary database, for tests of
// what stands on it. Every request is checked: one whose verb asked for another
// permission than its route states fails the test.
package servertest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"leat/api"
	"leat/internal/config"
	"leat/internal/fleet"
	"leat/internal/server"
	"leat/internal/web"
)

// The administrator of every test server.
const (
	AdminName     = "ada"
	AdminPassword = "correct horse battery staple 9"
	AdminEmail    = "ada@leat.example"
)

// Password is the one of every user that a test server makes.
const Password = "nine lives of a purple cat 7"

// Server is a running platform.
type Server struct {
	*server.Server
	Clock *Clock
	// URL is where it answers.
	URL string
	// Team is the team that roles are held in; nil on a bare server.
	Team *api.Team

	t      testing.TB
	config server.Config
	log    *journal
	stop   context.CancelFunc
	done   chan error
	// tokens of the roles, by their names.
	tokens map[string]string
}

// New starts a server with an administrator and Team, with somebody in every
// role; change may alter its configuration.
func New(t testing.TB, change ...func(*server.Config)) *Server {
	t.Helper()
	s := prepare(t, change)
	if s.config.DB.URL == "" {
		s.moveIn()
	} else {
		s.settle()
	}
	return s
}

// NewBare starts a server that nobody has set up.
func NewBare(t testing.TB, change ...func(*server.Config)) *Server {
	t.Helper()
	s := prepare(t, change)
	s.Start()
	return s
}

// prepare configures a server that is not started yet.
func prepare(t testing.TB, change []func(*server.Config)) *Server {
	t.Helper()
	s := &Server{t: t, Clock: &Clock{}, log: &journal{}, tokens: map[string]string{}}
	if err := config.Load(&s.config, config.Source{Prefix: "LEAT"}); err != nil {
		t.Fatal(err)
	}
	s.config.Data, s.config.HTTP.Listen, s.config.Version = t.TempDir(), "127.0.0.1:0", "test"
	s.config.DB.URL = databaseURL(t)
	for _, alter := range change {
		alter(&s.config)
	}
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log)
		}
	})
	return s
}

// Start runs the server; New has done so already.
func (s *Server) Start() {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	opened, err := server.Open(ctx, &s.config, server.World{
		Out: s.log, Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: s.level()})), Now: s.Clock.Now, Asked: s.asked, WithoutHost: true,
	})
	if err != nil {
		stop()
		s.t.Fatalf("open the server: %v", err)
	}
	s.Server, s.stop, s.done = opened, stop, make(chan error, 1)
	s.URL = "http://" + opened.Addr().String()
	s.config.HTTP.Listen = config.Addr(opened.Addr().String())
	go func() { s.done <- opened.Run(ctx) }()
}

// Stop ends the server in order; it may be started again on the same data.
func (s *Server) Stop() {
	s.t.Helper()
	if s.stop == nil {
		return
	}
	s.stop()
	s.stop = nil
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("the server ended with: %v", err)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the server did not stop; its log:\n%s", s.log)
	}
}

// Output is everything that the server logged and printed.
func (s *Server) Output() string { return s.log.String() }

// asked fails the test when a verb asked for what its route does not state.
func (s *Server) asked(route web.Route, asked []fleet.Permission) {
	for _, p := range asked {
		if !route.States(p) {
			s.t.Errorf("%s %s states %s, and its verb asked for %s", route.Method, route.Path, route.Permission, p)
		}
	}
}

// Anonymous is a client that nobody has signed in with.
func (s *Server) Anonymous() *api.Client {
	s.t.Helper()
	client, err := api.NewClient(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(client.Close)
	return client
}

// Admin is the administrator's client.
func (s *Server) Admin() *api.Client {
	s.t.Helper()
	return s.As("admin")
}

// As is the client of somebody with a role in Team: owner, member, viewer or
// dashboard; "reader" is the owner with a read-only token, "other" an owner of
// another team, "admin" the administrator and "stranger" nobody.
func (s *Server) As(role string) *api.Client {
	s.t.Helper()
	if role == "stranger" {
		return s.Anonymous()
	}
	token, ok := s.tokens[role]
	if !ok {
		s.t.Fatalf("nobody is %q on this server", role)
	}
	return s.Anonymous().With(token)
}

// User is who stands behind a role.
func (s *Server) User(role string) *api.User {
	s.t.Helper()
	user, err := s.As(role).User(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return user
}

// Join brings a user into Team with a role.
func (s *Server) Join(owner, client *api.Client, username, role string) {
	s.t.Helper()
	invitation, err := owner.Invite(s.t.Context(), s.Team.ID, api.NewInvitation{Username: username, Role: role})
	if err != nil {
		s.t.Fatalf("invite %s: %v", username, err)
	}
	if _, err := client.AcceptInvitation(s.t.Context(), api.AcceptInvitation{Secret: Fragment(s.t, invitation.Link)}); err != nil {
		s.t.Fatalf("accept the invitation of %s: %v", username, err)
	}
}

// SignIn is a client with a session, as a browser has.
func (s *Server) SignIn(username, password string) *api.Client {
	s.t.Helper()
	client := s.Anonymous()
	if _, err := client.SignIn(s.t.Context(), username, password); err != nil {
		s.t.Fatalf("sign in as %s: %v", username, err)
	}
	return client
}

// Application makes an application in Team.
func (s *Server) Application(name string) *api.Application {
	s.t.Helper()
	owner := s.As("owner")
	application, err := owner.CreateApplication(s.t.Context(), s.Team.ID, api.NewApplication{Name: name})
	if err != nil {
		s.t.Fatalf("create an application: %v", err)
	}
	return application
}

// Do sends a request as it is and gives the status, headers and body of the answer.
func (s *Server) Do(req *http.Request) *Answer {
	s.t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DialContext: api.DialLocalhost, DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		s.t.Fatalf("%s %s: read the answer: %v", req.Method, req.URL.Path, err)
	}
	return &Answer{Response: res, Text: body.String()}
}

// Answer is an answer that was read to its end.
type Answer struct {
	*http.Response
	Text string
}

// Request makes a request to the server; headers are pairs of name and value.
func (s *Server) Request(method, path, body string, headers ...string) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		if pair[0] == "Host" {
			req.Host = pair[1]
			continue
		}
		req.Header.Add(pair[0], pair[1])
	}
	return req
}

// Fragment is what stands behind the # of a link.
func Fragment(t testing.TB, link string) string {
	t.Helper()
	_, fragment, ok := bytes.Cut([]byte(link), []byte("#"))
	if !ok {
		t.Fatalf("the link has no fragment")
	}
	return string(fragment)
}

// String tells a test which server it is.
func (s *Server) String() string { return fmt.Sprintf("server at %s", s.URL) }

// level is what the server logs: everything in a test, in a benchmark what a
// server in use does.
func (s *Server) level() slog.Level {
	if _, bench := s.t.(*testing.B); bench {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
