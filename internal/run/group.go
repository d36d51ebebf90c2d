// Package run starts the long-lived parts of a program in order and stops them
// in reverse.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// defaultStop is how long a part may take to stop before it is left behind.
const defaultStop = 15 * time.Second

// ErrStuck is in the result of a group one of whose parts did not stop in time.
var ErrStuck = errors.New("did not stop in time")

// A Group runs named parts. A part is a function that works until its context
// ends and returns when all it started is still. What a part stands on is added
// before it: parts start in the order in which they were added, and each is
// stopped only when those added after it are still.
//
// The first part that fails stops all. A part that returns nil has done its
// work; the others go on.
type Group struct {
	log   *slog.Logger
	parts []*part
}

type part struct {
	name     string
	work     func(ctx context.Context, ready func()) error
	patience time.Duration

	cancel context.CancelFunc
	ready  chan struct{}
	done   chan struct{}
	err    error // to be read once the part is in ended or done is closed
}

// An Option changes how one part is run.
type Option func(*part)

// StopWithin sets how long a part may take to stop. After that the group names
// it in the log, goes on without it, and fails with [ErrStuck]; 15 s by default.
func StopWithin(d time.Duration) Option { return func(p *part) { p.patience = d } }

// New returns an empty group that logs what its parts do.
func New(log *slog.Logger) *Group { return &Group{log: log} }

// Add adds a part that counts as started as soon as it runs.
func (g *Group) Add(name string, work func(context.Context) error, options ...Option) {
	g.AddReady(name, func(ctx context.Context, ready func()) error {
		ready()
		return work(ctx)
	}, options...)
}

// AddReady adds a part that says itself when it has started: the parts after it
// wait until it calls ready or returns.
func (g *Group) AddReady(name string, work func(ctx context.Context, ready func()) error, options ...Option) {
	p := &part{name: name, work: work, patience: defaultStop}
	for _, option := range options {
		option(p)
	}
	g.parts = append(g.parts, p)
}

// Run starts the parts and returns when all are still: after ctx ended, after
// one failed, or after all have done their work. The end of ctx is no error.
// A group runs once.
func (g *Group) Run(ctx context.Context) error {
	// Parts must outlive ctx, or all would stop at once and in no order.
	root := context.WithoutCancel(ctx)
	m := &moment{log: g.log, ended: make(chan *part, len(g.parts))}
	going := true
	for _, p := range g.parts {
		if going = going && ctx.Err() == nil; !going {
			break
		}
		m.start(root, p)
		going = m.await(ctx, p.ready)
	}
	for going && m.live > 0 {
		going = m.await(ctx, nil)
	}
	return m.stop(root)
}

// A moment is what of a group is running.
type moment struct {
	log     *slog.Logger
	started []*part
	live    int
	ended   chan *part // has room for every part
	failed  *part      // the first that failed
}

func (m *moment) start(root context.Context, p *part) {
	ctx, cancel := context.WithCancel(root)
	p.cancel, p.ready, p.done = cancel, make(chan struct{}), make(chan struct{})
	m.started = append(m.started, p)
	m.live++
	go p.run(ctx, m.ended)
}

// await waits until ready is closed or a part has done its work; false means
// that the group is to stop.
func (m *moment) await(ctx context.Context, ready <-chan struct{}) bool {
	for {
		select {
		case <-ready:
			return true
		case <-ctx.Done():
			m.log.InfoContext(ctx, "stopping")
			return false
		case p := <-m.ended:
			m.live--
			if p.err != nil {
				m.failed = p
				m.log.ErrorContext(ctx, "part failed, stopping", "part", p.name, "error", p.err)
				return false
			}
			if ready == nil {
				return true
			}
		}
	}
}

// stop ends the parts in reverse and returns what went wrong, first things first.
func (m *moment) stop(ctx context.Context) error {
	var faults []error
	if m.failed != nil {
		faults = append(faults, m.failed.fault())
	}
	for _, p := range slices.Backward(m.started) {
		if fault := m.stopPart(ctx, p); fault != nil && p != m.failed {
			faults = append(faults, fault)
		}
	}
	return errors.Join(faults...)
}

func (m *moment) stopPart(ctx context.Context, p *part) error {
	p.cancel()
	patience := time.NewTimer(p.patience)
	defer patience.Stop()
	begun := time.Now()
	select {
	case <-p.done:
		m.log.DebugContext(ctx, "part stopped", "part", p.name, "took", time.Since(begun))
		return p.fault()
	case <-patience.C:
		m.log.ErrorContext(ctx, "part does not stop, going on without it", "part", p.name, "waited", p.patience)
		return fmt.Errorf("%s: %w", p.name, ErrStuck)
	}
}
