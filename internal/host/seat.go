package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// How long things may take.
const (
	answerIn   = 10 * time.Second // a new launcher, until it answers
	settleIn   = 60 * time.Second // an instance, until another may start in its place
	stopIn     = 45 * time.Second // a launcher, until it has ended in order
	retryMin   = 100 * time.Millisecond
	retryMax   = 30 * time.Second
	steady     = time.Minute // a launcher that lived for so long is no repeated failure
	renewEvery = time.Minute
)

// seat keeps one instance: it sees to it that there is a launcher, and tells it
// when its row changed.
type seat struct {
	host   *Host
	id     fleet.InstanceID
	client *http.Client
	poke   chan struct{}

	mu       sync.Mutex
	version  int64  // of the desired state, as far as known
	digest   string // of the desired state that was read last
	dirty    bool   // the row changed since the desired state was read
	removing bool
	fault    error // why the desired state of version faultAt cannot be read; nil where it can
	faultAt  int64
	doorKey  string
	report   wire.Report
	reported bool
	settled  chan struct{} // closed when this launcher's turn to start is over
	outdated bool          // the launcher is of another build
	renewed  time.Time     // when a renewal was last asked for
}

func newSeat(h *Host, id fleet.InstanceID) *seat {
	return &seat{
		host: h, id: id, poke: make(chan struct{}, 1), settled: make(chan struct{}),
		client: &http.Client{Transport: controlTransport(h.cfg.Driver, id)},
	}
}

func (s *seat) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// changed is told that the row did.
func (s *seat) changed() {
	s.mu.Lock()
	s.dirty = true
	s.mu.Unlock()
	s.wake()
}

// want is told the version of the desired state.
func (s *seat) want(version int64) {
	s.mu.Lock()
	news := version > s.version
	s.version = max(s.version, version)
	s.mu.Unlock()
	if news {
		s.wake()
	}
}

func (s *seat) remove() {
	s.mu.Lock()
	s.removing = true
	s.mu.Unlock()
	s.wake()
}

func (s *seat) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removing
}

func (s *seat) key() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doorKey, s.doorKey != ""
}

func (s *seat) lastReport() (wire.Report, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report, s.reported
}

// run keeps the instance until the context ends or it is removed.
func (s *seat) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		if s.gone() {
			if s.tryRemove(ctx) {
				return
			}
		} else {
			begun := time.Now()
			err := s.attend(ctx)
			if ctx.Err() != nil {
				return
			}
			if time.Since(begun) > steady {
				failures = 0
			}
			s.lost(ctx, err, failures)
		}
		failures++
		s.pause(ctx, min(retryMin<<min(failures-1, 16), retryMax))
	}
}

func (s *seat) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-s.poke:
			if s.gone() {
				return
			}
		}
	}
}

// errForeign is a launcher that a platform with another key started here.
var errForeign = &fleet.Error{Kind: fleet.Conflict, Code: "launcher_foreign",
	Msg: "The flows go on under a program that was started with another platform key and does not answer to this one. " +
		"Put the platform's own key file back and restart the platform, or end that program (leat launch) to have the instance started anew."}

// attend finds or starts the launcher and stays with it until it ends.
func (s *seat) attend(ctx context.Context) error {
	life, err := s.alive(ctx)
	if fleet.IsCode(err, "bad_token") {
		return errForeign // it runs the flows; to start another beside it would be worse
	}
	if err != nil {
		if life, err = s.start(ctx); err != nil {
			return err
		}
	} else {
		s.host.cfg.Log.InfoContext(ctx, "launcher taken over", "instance", s.id)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, life) // it carries nothing but its end
	}()
	defer func() {
		s.giveUp() // a launcher that has ended does not use its turn
		_ = life.Close()
		<-ended
	}()
	if err := s.learnKey(ctx); err != nil {
		s.host.cfg.Log.WarnContext(ctx, "desired state not read", "instance", s.id, "error", err)
	}
	s.wake()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ended:
			return fmt.Errorf("the launcher ended")
		case <-s.poke:
			if s.gone() {
				return nil
			}
			s.tell(ctx)
		}
	}
}

// tell has the launcher look again, or become this build.
func (s *seat) tell(ctx context.Context) {
	s.mu.Lock()
	renew := s.outdated && s.host.cfg.Self != "" && time.Since(s.renewed) > renewEvery
	if renew {
		s.renewed = time.Now()
	}
	s.mu.Unlock()
	if renew {
		err := s.post(ctx, wire.RenewPath, wire.Renew{Path: s.host.cfg.Self})
		if err == nil || ctx.Err() != nil {
			return
		}
		s.host.cfg.Log.WarnContext(ctx, "launcher not renewed", "instance", s.id, "error", err)
	}
	if err := s.post(ctx, wire.LookPath, nil); err != nil && ctx.Err() == nil {
		s.host.cfg.Log.DebugContext(ctx, "launcher not told", "instance", s.id, "error", err)
	}
}

// learnKey reads what the door needs, also where the launcher needs nothing.
func (s *seat) learnKey(ctx context.Context) error {
	if _, known := s.key(); known {
		return nil
	}
	_, err := s.spec(ctx)
	return err
}

// spec reads the desired state.
func (s *seat) spec(ctx context.Context) (*wire.Spec, error) {
	s.mu.Lock()
	s.dirty = false
	s.mu.Unlock()
	spec, err := s.host.cfg.Runners.Spec(ctx, s.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if _, lasting := lastingFault(err); lasting {
			s.fault, s.faultAt = err, s.version
		} else {
			s.dirty = true
		}
		return nil, err
	}
	s.fault = nil
	s.version, s.digest = max(s.version, spec.Version), spec.Digest
	s.doorKey = spec.Door.Key
	return spec, nil
}

// start starts a launcher when it is this instance's turn, and keeps the turn
// until Node-RED has settled: starting takes all of a core for a second.
func (s *seat) start(ctx context.Context) (io.ReadCloser, error) {
	select {
	case s.host.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	settled := make(chan struct{})
	s.mu.Lock()
	s.settled = settled
	s.reported = false
	s.mu.Unlock()
	free := func() { <-s.host.slots }
	if err := s.host.cfg.Driver.Start(ctx, s.id, s.host.secrets(s.id)); err != nil {
		free()
		return nil, err
	}
	life, err := s.awaitAlive(ctx)
	if err != nil {
		free()
		return nil, err
	}
	s.host.sits.Add(1)
	go func() {
		defer s.host.sits.Done()
		defer free()
		timer := time.NewTimer(settleIn)
		defer timer.Stop()
		select {
		case <-settled:
		case <-timer.C:
		case <-ctx.Done():
		}
	}()
	return life, nil
}

// settle ends the instance's turn to start. The lock is held.
func (s *seat) settle() {
	select {
	case <-s.settled:
	default:
		close(s.settled)
	}
}

// giveUp lets others start while nothing can be done for this one.
func (s *seat) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
}

func (s *seat) awaitAlive(ctx context.Context) (io.ReadCloser, error) {
	deadline := time.Now().Add(answerIn)
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		life, err := s.alive(ctx)
		if err == nil {
			return life, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, fmt.Errorf("a new launcher does not answer: %w", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// lost records that nobody keeps the instance at the moment, once it is more
// than a blink.
func (s *seat) lost(ctx context.Context, err error, failures int) {
	if s.gone() {
		return
	}
	if failures < 2 || !errors.Is(err, errForeign) { // that one stays until somebody does something
		s.host.cfg.Log.WarnContext(ctx, "launcher lost, starting another", "instance", s.id, "failures", failures, "error", err)
	}
	if failures == 0 {
		return
	}
	report := wire.Report{
		Protocol: wire.Protocol, Runner: s.id, At: time.Now().UTC(), Since: time.Now().UTC(), State: fleet.StateUnreachable,
		Code: "launcher_lost", Reason: "The program that keeps this instance cannot be started. The platform's log says why; it is tried again.",
	}
	if errors.Is(err, errForeign) {
		report.Code, report.Reason = errForeign.Code, errForeign.Msg
		s.giveUp()
	}
	if err := s.host.cfg.Runners.CheckIn(ctx, s.id, wire.CheckIn{Report: report}); err != nil && ctx.Err() == nil {
		s.host.cfg.Log.WarnContext(ctx, "loss not recorded", "instance", s.id, "error", err)
	}
}

// tryRemove ends the launcher in order where it answers, and takes everything away.
func (s *seat) tryRemove(ctx context.Context) bool {
	if life, err := s.alive(ctx); err == nil {
		s.stop(ctx, life)
	}
	if err := s.host.cfg.Driver.Remove(ctx, s.id); err != nil {
		if ctx.Err() == nil {
			s.host.cfg.Log.ErrorContext(ctx, "instance not removed", "instance", s.id, "error", err)
		}
		return false
	}
	s.host.cfg.Log.InfoContext(ctx, "instance removed", "instance", s.id)
	return true
}

func (s *seat) stop(ctx context.Context, life io.ReadCloser) {
	ctx, cancel := context.WithTimeout(ctx, stopIn)
	defer cancel()
	unblock := context.AfterFunc(ctx, func() { _ = life.Close() })
	defer unblock()
	if err := s.post(ctx, wire.StopPath, nil); err == nil {
		_, _ = io.Copy(io.Discard, life) // until it ends
	}
	_ = life.Close() // whatever is left is killed next
}
