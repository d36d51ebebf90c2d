package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

const password = "tidal-mortar-quince-17"

var passwords = sync.OnceValue(func() *secret.Passwords { return secret.NewPasswords(2) })

// world is the verbs on a new database, with a clock that only the test moves.
type world struct {
	*control.Control
	t      testing.TB
	db     *store.DB
	events *bus.Bus[fleet.Event]
	dir    string
	url    string
	key    secret.Key

	keep     time.Duration
	resolver control.Resolver
	packages control.Packages

	mu  sync.Mutex
	now time.Time
	// tick, where set, is the clock instead.
	tick func() time.Time
	// stacks are those of this version, ready those that are laid out; keeper
	// answers for instances.
	stacks []control.Stack
	ready  func(digest string) bool
	keeper control.ContextKeeper
}

// newWorld is on SQLite, and on PostgreSQL with the tag real.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, t.TempDir(), storetest.Default(t))
}

// newFileWorld is on SQLite always: for tests that reach behind the verbs.
func newFileWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	return newWorldOn(t, dir, "sqlite:"+filepath.Join(dir, "leat.db"))
}

func newWorldOn(t testing.TB, dir, url string) *world {
	w := &world{t: t, dir: dir, url: url, now: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), key: secret.NewKey(), events: bus.New[fleet.Event](1024)}
	w.open()
	t.Cleanup(func() { w.db.Close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db = db
	stacks := w.stacks
	if stacks == nil {
		stacks = []control.Stack{{ID: "node-red-5", Digest: "5374"}}
	}
	w.Control = control.New(control.Deps{
		DB: db, Bus: w.events, Key: w.key, Passwords: passwords(), Now: w.clock, Log: slog.New(slog.DiscardHandler),
		SessionIdle: fleet.SessionIdle, SessionLife: fleet.SessionLife,
		SetupSecret:    func(s string) bool { return s == "open sesame" },
		CheckpointFile: filepath.Join(w.dir, "checkpoints"), AuditKeep: w.keep,
		Stacks: stacks, StackReady: w.ready, Context: w.keeper,
		Blueprints: map[string]json.RawMessage{"first": json.RawMessage(`[{"id":"t","type":"tab"},{"id":"i","type":"inject","z":"t"}]`)},
		Resolver:   w.resolver, Packages: w.packages, PlatformName: "Plant One", PlatformURL: "http://leat.localhost:3000", ReservedPorts: []uint16{3000},
	})
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tick != nil {
		return w.tick()
	}
	return w.now
}

func (w *world) sleep(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// person makes a user without the price of a password, and acts as them.
func (w *world) person(username string, admin bool) fleet.Actor {
	w.t.Helper()
	u := &fleet.User{
		ID: fleet.NewUserID(w.clock()), Username: username, Email: username + "@example.com", Name: username, Admin: admin,
		PasswordHash: "none", Version: 1, CreatedAt: w.clock(),
	}
	if err := w.db.Update(w.t.Context(), func(tx *store.Tx) error { return tx.InsertUser(u) }); err != nil {
		w.t.Fatal(err)
	}
	return fleet.Actor{Kind: fleet.ActorUser, User: u.ID, Username: username, Admin: admin, Addr: "192.0.2.1"}
}

// team makes a team of an owner and puts others into it.
func (w *world) team(owner fleet.Actor, name string, others map[fleet.Role]fleet.Actor) *store.TeamRole {
	w.t.Helper()
	team, err := w.Teams.Create(w.t.Context(), owner, api.NewTeam{Name: name}, control.Key{})
	if err != nil {
		w.t.Fatal(err)
	}
	for role, who := range others {
		w.join(team.ID, who, role)
	}
	return team
}

func (w *world) join(team fleet.TeamID, who fleet.Actor, role fleet.Role) {
	w.t.Helper()
	m := &fleet.Membership{Team: team, User: who.User, Role: role, CreatedAt: w.clock()}
	if err := w.db.Update(w.t.Context(), func(tx *store.Tx) error { return tx.InsertMember(m) }); err != nil {
		w.t.Fatal(err)
	}
}

// audited is all audit events, the newest first.
func (w *world) audited(f store.AuditFilter) []*control.AuditEvent {
	w.t.Helper()
	list, _, err := w.AuditEvents.ListAll(w.t.Context(), fleet.System("test"), f, store.Page{Limit: store.MaxLimit})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !fleet.IsCode(err, code) {
		t.Errorf("err = %v; want %s", err, code)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func asError(err error, e **fleet.Error) bool { return errors.As(err, e) }

// reopen closes the database and opens it again, with what the test has set.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.db.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func contextWithCancel(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func jsonText(v any) ([]byte, error) { return json.Marshal(v) }

// has reports whether there is an event of a name.
func has(events []*control.AuditEvent, name string) bool {
	for _, e := range events {
		if e.Event == name {
			return true
		}
	}
	return false
}
