package servertest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"leat/api"
	"leat/internal/server"
)

// Usernames are who has which role; all but the administrator have Password.
var Usernames = map[string]string{
	"admin": AdminName, "owner": "olga", "member": "u-member", "viewer": "u-viewer", "dashboard": "u-dashboard", "other": "oscar",
}

// settle starts the server and makes everybody there is on it.
func (s *Server) settle() {
	s.t.Helper()
	s.config.Admin.Username, s.config.Admin.Password, s.config.Admin.Email = AdminName, AdminPassword, AdminEmail
	s.Start()
	s.token("admin", AdminPassword)
	for _, role := range []string{"owner", "member", "viewer", "dashboard", "other"} {
		s.makeUser(Usernames[role])
		s.token(role, Password)
	}
	owner := s.As("owner")
	team, err := owner.CreateTeam(s.t.Context(), api.NewTeam{Name: "Water works"})
	if err != nil {
		s.t.Fatalf("create the team: %v", err)
	}
	s.Team = team
	for _, role := range []string{"member", "viewer", "dashboard"} {
		s.Join(owner, s.As(role), Usernames[role], role)
	}
	reader, err := owner.CreateToken(s.t.Context(), api.NewToken{Name: "reader", Scopes: []string{"read"}})
	if err != nil {
		s.t.Fatalf("create a read-only token: %v", err)
	}
	s.tokens["reader"] = reader.Secret
}

func (s *Server) makeUser(username string) {
	s.t.Helper()
	_, err := s.Admin().CreateUser(s.t.Context(), api.NewUser{Username: username, Email: username + "@leat.example", Name: username, Password: Password})
	if err != nil {
		s.t.Fatalf("create user %s: %v", username, err)
	}
}

// token signs somebody in, makes them a token, and signs them out.
func (s *Server) token(role, password string) {
	s.t.Helper()
	client := s.SignIn(Usernames[role], password)
	token, err := client.CreateToken(s.t.Context(), api.NewToken{Name: "test"})
	if err != nil {
		s.t.Fatalf("create a token for %s: %v", role, err)
	}
	if err := client.SignOut(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.tokens[role] = token.Secret
}

// model is a settled data directory, made once: hashing a dozen passwords for
// each test would take longer than the tests.
var model struct {
	once   sync.Once
	files  map[string][]byte
	tokens map[string]string
	team   *api.Team
}

// moveIn starts the server on a copy of the model.
func (s *Server) moveIn() {
	s.t.Helper()
	model.once.Do(func() { makeModel(s.t) })
	if model.team == nil {
		s.t.Fatal("the model of a settled server could not be made; see the first test that failed")
	}
	if err := os.MkdirAll(s.config.Data, 0o711); err != nil {
		s.t.Fatal(err)
	}
	for name, content := range model.files {
		if err := os.WriteFile(filepath.Join(s.config.Data, name), content, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	for role, token := range model.tokens {
		s.tokens[role] = token
	}
	team := *model.team
	s.Team = &team
	s.Start()
}

func makeModel(t testing.TB) {
	t.Helper()
	s := prepare(t, []func(*server.Config){func(c *server.Config) { c.DB.URL = "" }})
	s.settle()
	s.Stop()
	model.files = map[string][]byte{}
	for _, name := range []string{"leat.db", "platform.key"} {
		content, err := os.ReadFile(filepath.Join(s.config.Data, name))
		if err != nil {
			t.Fatal(err)
		}
		model.files[name] = content
	}
	if wal, err := os.Stat(filepath.Join(s.config.Data, "leat.db-wal")); err == nil && wal.Size() > 0 {
		t.Fatal("the database was closed and left a log behind")
	}
	model.tokens, model.team = s.tokens, s.Team
}
