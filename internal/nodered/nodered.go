// Package nodered keeps one Node-RED in the state that a wire.Spec asks for: it
// lays out what is needed beside what runs, switches, starts, watches, restarts
// with growing pauses, falls back to safe mode, and keeps logs and samples.
// Agent and launcher are thin shells around it.
//
// What of it must live inside Node-RED is the JavaScript in bridge/. Both talk
// over an inherited socket, one JSON object a line. A flow runs in the same
// process as the bridge, so what the bridge says is believed for nothing beyond
// this one runner.
package nodered

import (
	"context"
	"embed"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

//go:embed bridge
var bridgeFiles embed.FS

// Platform is what a supervisor asks of the server.
type Platform interface {
	// Deploy answers once the flows are committed. An error means that they may
	// not be; the server's next desired state tells.
	Deploy(ctx context.Context, d wire.Deploy) (wire.Deployed, error)
	// Resolve tells what the modules would be after a change, which is not made.
	Resolve(ctx context.Context, c wire.ModuleChange) (wire.Modules, error)
	// Commit makes the change.
	Commit(ctx context.Context, c wire.ModuleCommit) (wire.Deployed, error)
}

// Stacks finds a Node.js and a Node-RED.
type Stacks interface {
	// Find makes sure that the stack of a digest lies on this machine, ready for
	// these flags of Node.js and this user.
	Find(ctx context.Context, digest string, flags []string, uid int, progress Progress) (Stack, error)
}

// Stack is one of them.
type Stack struct {
	// Dir holds node_modules; Node is the program.
	Dir  string `json:"dir"`
	Node string `json:"node"`
	// Cache is the directory of the compile cache, or "".
	Cache string `json:"cache,omitempty"`
	// NodeRED and NodeJS are versions.
	NodeRED string `json:"nodeRed"`
	NodeJS  string `json:"nodeJs"`
}

// Trees lays palette modules out.
type Trees interface {
	// Lay puts the tree of m into dir, whole or not at all.
	Lay(ctx context.Context, m wire.Modules, dir string, progress Progress) error
	// Remove takes a tree away.
	Remove(dir string) error
}

// Progress is told how far something is; total is 0 where it is not known.
type Progress func(done, total int64)

// Config is what a Supervisor stands on. All of it is needed but what says otherwise.
type Config struct {
	// Dir is the instance's own directory; it is there and belongs to the caller.
	Dir string
	// UID and GID are who Node-RED runs as, where the caller is root.
	UID, GID int
	// Self is the program whose hidden subcommand is sandbox.Confine.
	Self     string
	Build    string
	Platform Platform
	Stacks   Stacks
	Trees    Trees
	Log      *slog.Logger
	Policy   Policy // zero means DefaultPolicy
	// Thread runs its argument on the thread that will call exec, where this
	// program renews itself; nil where it never does.
	Thread func(func())
	// Kept is what an earlier build of this program handed over, or nil.
	Kept *Kept
}

// Policy says how long things may take.
type Policy struct {
	// Start is how long Node-RED may take to be ready.
	Start time.Duration
	// Stop is how long flows may take to close before they are killed.
	Stop time.Duration
	// Late is how long the event loop may be silent before that is said, Hang
	// before Node-RED is ended for it.
	Late, Hang time.Duration
	// Pause is the wait after a first crash; it doubles up to MaxPause.
	Pause, MaxPause time.Duration
	// Window is how long a crash counts; after LoopCrashes it is a crash loop,
	// after SafeCrashes flows are not started any more, and after SafeFails
	// crashes in safe mode nothing is.
	Window                              time.Duration
	LoopCrashes, SafeCrashes, SafeFails int
	// Sample is the time between samples.
	Sample time.Duration
}

// DefaultPolicy is what suits real instances.
func DefaultPolicy() Policy {
	return Policy{
		Start: 3 * time.Minute, Stop: 15 * time.Second,
		Late: 5 * time.Second, Hang: 30 * time.Second,
		Pause: 500 * time.Millisecond, MaxPause: 30 * time.Second,
		Window: 10 * time.Minute, LoopCrashes: 3, SafeCrashes: 5, SafeFails: 3,
		Sample: 10 * time.Second,
	}
}

// A Supervisor keeps one Node-RED. Run does the work; everything else may be
// called at any time from anywhere.
type Supervisor struct {
	cfg     Config
	policy  Policy
	home    *home
	journal *Journal
	samples *samples

	wake    chan struct{} // the desired state changed
	events  chan any      // to the loop
	changed chan struct{} // the report changed

	mu     sync.Mutex
	spec   *wire.Spec // without flows and credentials, which are in held
	held   held
	fault  *fault // what is wrong with the flows of spec
	saving int    // deploys on their way to the server
	report wire.Report
	hints  []wire.Event
	live   *process // that can be asked something; nil without one

	loop loop // the loop's own
}

// held is the flows that this runner is to run and that the server has.
type held struct {
	flows, credentials json.RawMessage
	digest             string // of the flows
	key                string // of both
	version            int64  // the highest version of the desired state seen
}

// fault is a lasting reason for not being quite as asked.
type fault struct{ code, reason string }

// New opens the instance's directory and its log. It starts nothing.
func New(cfg Config) (*Supervisor, error) {
	h, err := openHome(cfg.Dir, cfg.UID, cfg.GID)
	if err != nil {
		return nil, err
	}
	journal, err := OpenJournal(h.path("log"))
	if err != nil {
		return nil, err
	}
	if cfg.Policy == (Policy{}) {
		cfg.Policy = DefaultPolicy()
	}
	s := &Supervisor{
		cfg: cfg, policy: cfg.Policy, home: h, journal: journal, samples: newSamples(),
		wake: make(chan struct{}, 1), events: make(chan any, 64), changed: make(chan struct{}, 1),
	}
	s.report = wire.Report{Protocol: wire.Protocol, Build: cfg.Build, State: fleet.StateStopped, Since: time.Now().UTC()}
	if cfg.Kept != nil {
		err = s.adopt(cfg.Kept)
	}
	return s, err
}

// Lines gives up to limit lines of the log after a number, oldest first.
func (s *Supervisor) Lines(after int64, limit int) ([]wire.LogLine, error) {
	return s.journal.Read(after, limit)
}

// WaitLine returns when there is a line after a number.
func (s *Supervisor) WaitLine(ctx context.Context, after int64) error {
	return s.journal.Wait(ctx, after)
}

// Samples gives the measurements made after a time, oldest first.
func (s *Supervisor) Samples(after time.Time) []wire.Sample { return s.samples.after(after) }

// Changed is sent to, at most once until it is read, when the report changed.
func (s *Supervisor) Changed() <-chan struct{} { return s.changed }

// Report tells what the runner is now.
func (s *Supervisor) Report() wire.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.report
	r.At = time.Now()
	r.LogSeq = s.journal.Last()
	return r
}

// TakeHints gives what happened inside Node-RED since it was last asked.
func (s *Supervisor) TakeHints() []wire.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hints
	s.hints = nil
	return h
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
