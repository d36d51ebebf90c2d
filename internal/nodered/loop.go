package nodered

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"leat/internal/sandbox"
	"leat/internal/wire"
)

// loop is what only the goroutine of Run touches, except parts.
type loop struct {
	parts sync.WaitGroup // goroutines that send events

	proc    *process
	cancel  context.CancelFunc // of what is being prepared; nil when nothing is
	prepKey string             // what it is prepared for
	tick    time.Time

	crashes   []time.Time // within the window
	safeFails int
	total     int64
	starts    int64
	hung      bool // the event loop stood still once
	autoSafe  bool // flows are not started because of crashes
	gaveUp    bool
	attempt   string // what was tried when it failed
	notBefore time.Time
	lastExit  *wire.Exit

	startFault   *fault
	switchFault  *fault // why what runs could not make way yet
	modulesFault *fault
	modulesTry   time.Time // when laying out may be tried again
	tries        int       // failed preparations in a row
	reloading    bool
	closing      bool
	keeping      bool // being handed over
	kept         bool // Node-RED was handed over and is none of ours any more
	sampled      time.Time
}

// Run works until its context ends, and then stops Node-RED in order.
func (s *Supervisor) Run(ctx context.Context) error {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	s.resume(inner)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		case e := <-s.events:
			s.on(inner, e)
		}
		if s.loop.kept {
			return nil
		}
		if ctx.Err() == nil {
			s.watch(inner)
			s.step(inner)
			s.publish()
			timer.Reset(s.nextLook())
		}
	}
	return s.shutdown(inner, cancel)
}

// shutdown ends Node-RED and waits until everything is still.
func (s *Supervisor) shutdown(ctx context.Context, cancel context.CancelFunc) error {
	l := &s.loop
	l.closing = true
	if l.cancel != nil {
		l.cancel()
	}
	if l.proc != nil {
		s.ask(l.proc)
		s.publish()
	}
	still := make(chan struct{})
	timer := time.NewTimer(s.policy.Stop)
	defer timer.Stop()
	waiting := false
	for {
		if l.proc == nil && !waiting {
			waiting = true
			cancel()
			go func() { l.parts.Wait(); close(still) }()
		}
		select {
		case e := <-s.events:
			s.on(ctx, e)
		case <-timer.C:
			if l.proc != nil {
				s.kill(l.proc)
			}
		case <-still:
			s.publish()
			return s.journal.Close()
		}
	}
}

// nextLook is how long the loop may sleep.
func (s *Supervisor) nextLook() time.Duration {
	l := &s.loop
	if l.proc != nil {
		return time.Second
	}
	if d := time.Until(l.notBefore); d > 0 {
		return d
	}
	return time.Minute
}

// on takes an event in.
func (s *Supervisor) on(ctx context.Context, e any) {
	l := &s.loop
	switch e := e.(type) {
	case evTold:
		s.told(ctx, e)
	case evReady:
		if e.p == l.proc {
			e.p.probing = false
			e.p.ready = time.Now()
			if err := e.p.cell.LimitCPU(e.p.spec.Limits.CPUPercent * 10); err != nil {
				s.cfg.Log.Warn("node-red keeps the processor time of its start", "error", err)
			}
			l.startFault = nil
			s.say("info", fmt.Sprintf("Node-RED is ready after %.1f s.", time.Since(e.p.begun).Seconds()))
			s.sweepModules(ctx)
		}
	case evExited:
		s.exited(e)
	case evPrepared:
		s.prepared(ctx, e)
	case evSuspend:
		kept, err := s.suspend(ctx)
		e.answer <- suspended{kept, err}
	case evReloaded:
		l.reloading = false
		if e.err != nil && e.p == l.proc && !e.p.asked {
			s.cfg.Log.WarnContext(ctx, "reload of flows failed, restarting", "error", e.err)
			s.ask(e.p)
		}
	}
}

func (s *Supervisor) told(ctx context.Context, e evTold) {
	p := e.p
	var err error
	switch e.event {
	case "beat":
		var b beat
		if err = json.Unmarshal(e.body, &b); err == nil {
			p.beaten = time.Now()
			p.late = false
			p.window.take(b)
		}
	case "flows":
		var f flowState
		if err = json.Unmarshal(e.body, &f); err == nil {
			p.flowing = f
			p.beaten = time.Now()
			s.startProbe(ctx, p)
		}
	case "context":
		err = s.wroteContext(e.body)
	case "hint":
		var h struct {
			Event  string          `json:"event"`
			Detail json.RawMessage `json:"detail"`
		}
		if err = json.Unmarshal(e.body, &h); err == nil {
			s.hint(h.Event, h.Detail)
		}
	}
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "the bridge said something odd", "event", e.event, "error", err)
	}
}

func (s *Supervisor) startProbe(ctx context.Context, p *process) {
	if p.probing || !p.ready.IsZero() {
		return
	}
	p.probing = true
	s.loop.parts.Add(1)
	go func() {
		defer s.loop.parts.Done()
		probeCtx, cancel := context.WithTimeout(ctx, s.policy.Start)
		defer cancel()
		s.probe(probeCtx, p)
	}()
}

// wanted is what the loop works towards, read in one go.
type wanted struct {
	spec    *wire.Spec
	key     string // what only a restart can change
	held    string
	given   string // what the running process has
	saving  bool
	modules string
}

func (s *Supervisor) wanted() (wanted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := wanted{spec: s.spec, held: s.held.key, saving: s.saving > 0}
	if s.loop.proc != nil {
		w.given = s.loop.proc.given
	}
	if s.spec == nil {
		return w, nil
	}
	w.modules = s.spec.Modules.Digest
	var err error
	w.key, err = restartKey(s.spec)
	return w, err
}

// step does the next thing that brings what is closer to what is wanted.
func (s *Supervisor) step(ctx context.Context) {
	w, err := s.wanted()
	if err != nil || w.spec == nil {
		return
	}
	l := &s.loop
	s.forget(w)
	p := l.proc
	switch {
	case l.cancel != nil:
		if !w.spec.Running || w.key+w.modules != l.prepKey {
			l.cancel()
		}
	case p != nil && p.asked:
		if time.Now().After(p.killAt) {
			p.killAt = time.Now().Add(s.policy.Stop)
			s.say("warn", "The flows did not close in time; Node-RED is ended.")
			s.kill(p)
		}
	case !w.spec.Running:
		l.startFault = nil
		if p != nil {
			s.ask(p)
		}
	case p == nil:
		if !l.gaveUp && !time.Now().Before(l.notBefore) {
			s.prepare(ctx, w)
		}
	case p.key != w.key:
		if !time.Now().Before(l.notBefore) {
			s.prepare(ctx, w) // what runs goes on until all is there
		}
	default:
		s.follow(ctx, w, p)
	}
}

// follow brings a running Node-RED up to date.
func (s *Supervisor) follow(ctx context.Context, w wanted, p *process) {
	l := &s.loop
	switch {
	case w.saving || p.ready.IsZero() || l.reloading:
	case w.modules != s.home.currentModules() && time.Now().After(l.modulesTry):
		s.prepare(ctx, w)
	case w.given != w.held && p.safe:
		s.ask(p)
	case w.given != w.held:
		s.say("info", "Loading the flows that were deployed on the platform.")
		s.reload(ctx, p)
	}
}

// evReloaded tells that a reload ended.
type evReloaded struct {
	p   *process
	err error
}

func (s *Supervisor) reload(ctx context.Context, p *process) {
	s.loop.reloading = true
	s.loop.parts.Add(1)
	go func() {
		defer s.loop.parts.Done()
		reloadCtx, cancel := context.WithTimeout(ctx, s.policy.Start)
		defer cancel()
		_, err := p.line.ask(reloadCtx, "reload", nil)
		s.send(ctx, evReloaded{p, err})
	}()
}

// forget drops the memory of failures when something else is to be tried.
func (s *Supervisor) forget(w wanted) {
	l := &s.loop
	attempt := fmt.Sprintf("%s %s %s %t", w.key, w.modules, w.held, w.spec.Running)
	if attempt == l.attempt {
		return
	}
	l.attempt = attempt
	l.crashes, l.safeFails, l.autoSafe, l.gaveUp = nil, 0, false, false
	l.notBefore, l.modulesTry, l.tries = time.Time{}, time.Time{}, 0
	l.startFault, l.switchFault, l.modulesFault = nil, nil, nil
}

// ask ends a process in order.
func (s *Supervisor) ask(p *process) {
	p.asked = true
	p.killAt = time.Now().Add(s.policy.Stop)
	if err := p.cell.Terminate(); err != nil {
		s.cfg.Log.Error("terminate node-red", "error", err)
		s.kill(p)
	}
}

// evPrepared tells that what a start needs is there, or why not.
type evPrepared struct {
	spec       *wire.Spec
	key        string
	stack      Stack
	err        error
	modulesErr error
}

// prepare fetches and lays out beside what runs.
func (s *Supervisor) prepare(ctx context.Context, w wanted) {
	prepCtx, cancel := context.WithCancel(ctx)
	s.loop.cancel, s.loop.prepKey = cancel, w.key+w.modules
	s.loop.parts.Add(1)
	go func() {
		defer s.loop.parts.Done()
		defer cancel()
		e := evPrepared{spec: w.spec, key: w.key}
		flags := sandbox.NodeFlags(w.spec.Limits.MemoryMiB)
		e.stack, e.err = s.cfg.Stacks.Find(prepCtx, w.spec.Stack, flags, s.home.uid, s.progress("Fetching Node-RED"))
		if e.err == nil {
			e.modulesErr = s.layModules(prepCtx, w.spec.Modules)
		}
		if prepCtx.Err() != nil {
			e.err = prepCtx.Err()
		}
		s.progress("")(0, 0)
		s.send(ctx, e)
	}()
}

// prepared starts Node-RED, or lets the running one make way for a new tree.
func (s *Supervisor) prepared(ctx context.Context, e evPrepared) {
	l := &s.loop
	l.cancel = nil
	switch {
	case errors.Is(e.err, context.Canceled):
		return
	case e.err != nil && l.proc != nil:
		s.failSwitch(ctx, e.err)
		return
	case l.proc != nil && l.proc.key != e.key:
		l.switchFault, l.tries = nil, 0
		s.say("info", "Restarting Node-RED, because its settings changed or somebody asked.")
		s.ask(l.proc)
		return
	case e.err != nil:
		s.failStart(ctx, e.err, "Node-RED cannot be started.")
		return
	}
	if !s.tookModules(ctx, e) {
		return
	}
	if l.proc != nil {
		s.say("info", "The modules changed; restarting Node-RED with them.")
		s.ask(l.proc)
		return
	}
	safe := e.spec.SafeMode || l.autoSafe
	p, err := s.launch(ctx, e.spec, e.stack, safe)
	if err != nil {
		s.failStart(ctx, err, "Node-RED could not be started.")
		return
	}
	l.starts++
	l.proc = p
	s.noteStart(p)
}

// failStart says why and tries again after a pause that grows.
func (s *Supervisor) failStart(ctx context.Context, err error, what string) {
	l := &s.loop
	l.startFault = startFault(err, what)
	l.notBefore = time.Now().Add(s.pause(l.tries))
	l.tries++
	s.cfg.Log.WarnContext(ctx, "node-red not started", "error", err)
	s.say("error", l.startFault.reason)
}

// failSwitch leaves what runs alone, says why, and tries again after a pause.
func (s *Supervisor) failSwitch(ctx context.Context, err error) {
	l := &s.loop
	l.switchFault = startFault(err, "The change could not be made, and Node-RED goes on as it was.")
	l.notBefore = time.Now().Add(s.pause(l.tries))
	if l.tries++; l.tries == 1 {
		s.say("error", l.switchFault.reason)
	}
	s.cfg.Log.WarnContext(ctx, "node-red not switched", "error", err)
}

// pause doubles with each failure before it.
func (s *Supervisor) pause(failures int) time.Duration {
	return min(s.policy.Pause<<min(failures, 16), s.policy.MaxPause)
}
