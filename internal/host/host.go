// Package host keeps every hosted instance in the state its row asks for: it
// starts launchers through a driver, takes over those that are already there,
// starts dead ones again, removes those of deleted instances, and hears them all
// on one socket.
package host

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// lookEvery is how often the rows are read when nobody says that they changed.
const lookEvery = 15 * time.Second

// hintsTogether is how long hints are gathered before the rows are read for them.
const hintsTogether = 20 * time.Millisecond

// Runners is what host asks of the floor below. Every error is answered to the
// launcher, in the words of a fleet.Error where it is one.
type Runners interface {
	// Wanted lists every instance that there is. One that is missing is removed,
	// unless a host that has just begun finds none at all.
	Wanted(ctx context.Context) ([]Wanted, error)
	// Spec gives the whole desired state, sealed.
	Spec(ctx context.Context, id fleet.InstanceID) (*wire.Spec, error)
	// CheckIn records what an instance is.
	CheckIn(ctx context.Context, id fleet.InstanceID, in wire.CheckIn) error
	// Deploy commits a save of flows, once for each id.
	Deploy(ctx context.Context, id fleet.InstanceID, d wire.Deploy) (wire.Deployed, error)
	// Resolve tells what the modules would be after a change, and changes nothing.
	Resolve(ctx context.Context, id fleet.InstanceID, c wire.ModuleChange) (wire.Modules, error)
	// Commit keeps what Resolve told.
	Commit(ctx context.Context, id fleet.InstanceID, c wire.ModuleCommit) (wire.Deployed, error)
	// Stack gives the lock that the instance's desired state names.
	Stack(ctx context.Context, id fleet.InstanceID, q wire.StackAsk) (wire.StackLock, error)
}

// Wanted names an instance and the version of its desired state.
type Wanted struct {
	ID      fleet.InstanceID
	Version int64
}

// Config is what a Host stands on.
type Config struct {
	Runners Runners
	Driver  driver.Driver
	// Hub is the path of the socket for launchers.
	Hub string
	// Key makes the tokens of launchers; it stays the same over restarts.
	Key []byte
	// Build and Self name this program: a launcher of another build is renewed.
	// Self may be empty where that is not possible.
	Build, Self string
	// Hear gives ids of instances whose rows changed, or nil. It carries hints:
	// what is lost is found at the next look.
	Hear func(ctx context.Context) <-chan fleet.InstanceID
	// Starting bounds how many instances start at a time; 0 means 2.
	Starting int
	Log      *slog.Logger
}

// Host keeps instances. Run does the work.
type Host struct {
	cfg   Config
	slots chan struct{}

	mu    sync.Mutex
	seats map[fleet.InstanceID]*seat
	sits  sync.WaitGroup
}

// New is a Host that has not begun.
func New(cfg Config) *Host {
	if cfg.Starting == 0 {
		cfg.Starting = 2
	}
	return &Host{cfg: cfg, slots: make(chan struct{}, cfg.Starting), seats: map[fleet.InstanceID]*seat{}}
}

// Run works until its context ends. Launchers, and with them all flows, go on.
func (h *Host) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	hub := make(chan error, 1)
	on, err := listen(h.cfg.Hub)
	if err != nil {
		cancel()
		return err
	}
	go func() { hub <- serve(ctx, h.hub(), on) }()
	h.keep(ctx)
	cancel()
	h.sits.Wait()
	return <-hub
}

// keep looks at the rows until the context ends.
func (h *Host) keep(ctx context.Context) {
	var heard <-chan fleet.InstanceID
	var soon <-chan time.Time
	if h.cfg.Hear != nil {
		heard = h.cfg.Hear(ctx)
	}
	timer := time.NewTicker(lookEvery)
	defer timer.Stop()
	h.look(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case id, open := <-heard:
			if !open {
				heard = nil
				continue
			}
			if s := h.seat(id); s != nil {
				s.changed()
			}
			if soon == nil {
				soon = time.After(hintsTogether)
			}
		case <-soon:
			soon = nil
			h.look(ctx)
		case <-timer.C:
			h.look(ctx)
		}
	}
}

// look compares the rows with the seats. A failure changes nothing.
func (h *Host) look(ctx context.Context) {
	wanted, err := h.cfg.Runners.Wanted(ctx)
	if err == nil {
		var places []fleet.InstanceID
		if places, err = h.cfg.Driver.List(ctx); err == nil {
			h.match(ctx, wanted, places)
			return
		}
	}
	if ctx.Err() == nil {
		h.cfg.Log.ErrorContext(ctx, "instances not looked at", "error", err)
	}
}

func (h *Host) match(ctx context.Context, wanted []Wanted, places []fleet.InstanceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	there := map[fleet.InstanceID]bool{}
	for _, w := range wanted {
		there[w.ID] = true
		s := h.seats[w.ID]
		if s == nil {
			s = h.sit(ctx, w.ID)
		}
		s.want(w.Version)
	}
	if len(wanted) == 0 && len(h.seats) == 0 && len(places) > 0 {
		// No row at all, and none before: rather another database than that many
		// removals. Whoever is there goes on.
		h.cfg.Log.ErrorContext(ctx, "instances lie in the data directory, and the database knows none; they are left alone", "instances", len(places))
		return
	}
	for _, id := range places {
		if !there[id] && h.seats[id] == nil {
			h.sit(ctx, id)
		}
	}
	for id, s := range h.seats {
		if !there[id] {
			s.remove()
		}
	}
}

// sit begins to keep an instance. The lock is held.
func (h *Host) sit(ctx context.Context, id fleet.InstanceID) *seat {
	s := newSeat(h, id)
	h.seats[id] = s
	h.sits.Add(1)
	go func() {
		defer h.sits.Done()
		s.run(ctx)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.seats[id] == s {
			delete(h.seats, id)
		}
	}()
	return s
}

func (h *Host) seat(id fleet.InstanceID) *seat {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seats[id]
}

// Report is what an instance told last; false before it told anything.
func (h *Host) Report(id fleet.InstanceID) (wire.Report, bool) {
	if s := h.seat(id); s != nil {
		return s.lastReport()
	}
	return wire.Report{}, false
}

// DoorKey is what the door shows to an instance's Node-RED.
func (h *Host) DoorKey(id fleet.InstanceID) (string, bool) {
	if s := h.seat(id); s != nil {
		return s.key()
	}
	return "", false
}

// Dial connects to an instance's Node-RED.
func (h *Host) Dial(ctx context.Context, id fleet.InstanceID) (net.Conn, error) {
	return h.cfg.Driver.Dial(ctx, id)
}

// secrets makes the two tokens of an instance. They need not be kept anywhere:
// the next server makes the same ones.
func (h *Host) secrets(id fleet.InstanceID) driver.Secrets {
	return driver.Secrets{Token: h.mac("launcher", id), Hub: string(id) + "." + h.mac("hub", id)}
}

func (h *Host) mac(use string, id fleet.InstanceID) string {
	m := hmac.New(sha256.New, h.cfg.Key)
	m.Write([]byte(use + "\x00" + string(id)))
	return hex.EncodeToString(m.Sum(nil))
}

// errNoLauncher says that nobody is there to ask.
func errNoLauncher(err error) error {
	var e *fleet.Error
	if errors.As(err, &e) {
		return err
	}
	return &fleet.Error{Kind: fleet.Unavailable, Code: "instance_unreachable", Msg: "The instance does not answer. Try again in a moment.", Err: err}
}
