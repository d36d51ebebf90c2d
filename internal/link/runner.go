package link

import (
	"context"
	"log/slog"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// How often a runner checks in: when nothing changes, after a change (so that a
// burst is one), and after a failure.
const (
	checkInEvery = 10 * time.Second
	burst        = 20 * time.Millisecond
	maxPause     = 5 * time.Second
)

// maxEvents bounds what waits for a server that is away: the newest.
const maxEvents = 100

// Supervised is a supervisor, as the link sees it.
type Supervised interface {
	// Set gives the desired state. An error of kind Invalid says what is wrong
	// with it; what ran goes on.
	Set(spec *wire.Spec) error
	Report() wire.Report
	// Changed is sent to when the report changed.
	Changed() <-chan struct{}
	// TakeHints gives what happened inside since it was last asked.
	TakeHints() []wire.Event
	Samples(after time.Time) []wire.Sample
	// Lines gives lines of the log after a number; WaitLine waits for one.
	Lines(after int64, limit int) ([]wire.LogLine, error)
	WaitLine(ctx context.Context, after int64) error
	// Context gives a page of what flows remember; SetContext changes it.
	Context(ctx context.Context, q wire.ContextQuery) (wire.ContextPage, error)
	SetContext(ctx context.Context, c wire.ContextChange) error
}

// Runner checks in: it brings what the runner is and takes what it is to be.
type Runner struct {
	Client     *Client
	Supervisor Supervised
	Log        *slog.Logger

	look    chan struct{}
	sampled time.Time
	events  []wire.Event
}

// NewRunner is a Runner that has not begun.
func NewRunner(c *Client, s Supervised, log *slog.Logger) *Runner {
	return &Runner{Client: c, Supervisor: s, Log: log, look: make(chan struct{}, 1)}
}

// Look has the runner check in at once.
func (r *Runner) Look() {
	select {
	case r.look <- struct{}{}:
	default:
	}
}

// Run checks in until its context ends.
func (r *Runner) Run(ctx context.Context) error {
	pause := time.Duration(0)
	failures := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.look:
		case <-r.Supervisor.Changed():
			if !wait(ctx, burst) {
				return nil
			}
		case <-timer.C:
		}
		if err := r.checkIn(ctx); err != nil && ctx.Err() == nil {
			if failures == 0 {
				r.Log.WarnContext(ctx, "check-in failed, going on alone", "error", err)
			}
			failures++
			pause = min(50*time.Millisecond<<min(failures, 10), maxPause)
		} else {
			if failures > 0 {
				r.Log.InfoContext(ctx, "checked in again", "failures", failures)
			}
			failures, pause = 0, checkInEvery
		}
		timer.Reset(pause)
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *Runner) checkIn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r.events = append(r.events, r.Supervisor.TakeHints()...)
	r.events = r.events[max(len(r.events)-maxEvents, 0):]
	report := r.Supervisor.Report()
	if r.sampled.After(report.At) { // the clock was put back
		r.sampled = report.At
	}
	in := wire.CheckIn{Report: report, Samples: r.Supervisor.Samples(r.sampled), Events: r.events}
	spec, err := r.Client.CheckIn(ctx, in)
	if err != nil {
		return err
	}
	r.events = nil
	if n := len(in.Samples); n > 0 {
		r.sampled = in.Samples[n-1].Time
	}
	if spec == nil {
		return nil
	}
	if err := r.Supervisor.Set(spec); err != nil {
		r.Log.ErrorContext(ctx, "desired state refused", "version", spec.Version, "error", err)
		if !fleet.IsKind(err, fleet.Invalid) {
			return err
		}
	}
	return nil
}
