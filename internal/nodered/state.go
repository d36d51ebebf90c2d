package nodered

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/sandbox"
	"leat/internal/wire"
)

// exited takes the end of a process in: one that was asked for is as wanted, any
// other is a crash.
func (s *Supervisor) exited(e evExited) {
	l := &s.loop
	if e.p != l.proc {
		return
	}
	l.proc = nil
	exit := s.explain(e)
	l.lastExit = &exit
	l.reloading = false
	if e.p.asked {
		s.say("info", "Node-RED ended, as it was asked to.")
		return
	}
	now := time.Now()
	l.total++
	l.crashes = append(l.crashes, now)
	for len(l.crashes) > 0 && now.Sub(l.crashes[0]) > s.policy.Window {
		l.crashes = l.crashes[1:]
	}
	if e.p.safe && e.p.flowing.State != "started" {
		l.safeFails++
	}
	n := len(l.crashes)
	l.notBefore = now.Add(s.pause(n - 1))
	switch {
	case l.safeFails >= s.policy.SafeFails:
		l.gaveUp = true
	case n >= s.policy.SafeCrashes:
		l.autoSafe = true
	}
	s.say("error", "Node-RED ended by itself. "+exit.Reason)
}

// explain says why a process ended.
func (s *Supervisor) explain(e evExited) wire.Exit {
	p := e.p
	if e.state == nil { // it ended while one build of this program took over from another
		return wire.Exit{At: time.Now().UTC(), Status: -1, Code: string(sandbox.CauseExit), Reason: "Node-RED ended while its supervisor was renewed."}
	}
	x := sandbox.Explain(sandbox.Exit{
		State: e.state, Stderr: p.tail.String(), Counters: e.counters, MemoryMiB: p.spec.Limits.MemoryMiB, Asked: p.asked,
	})
	out := wire.Exit{At: time.Now().UTC(), Status: x.Code, Signal: x.Signal, Code: string(x.Cause), Reason: x.Sentence}
	if text := p.tail.String(); x.Cause == sandbox.CauseExit && x.Code != 0 {
		switch {
		case strings.Contains(text, "EADDRINUSE"):
			out.Code, out.Reason = "port_taken", "A flow tried to listen on a port that something else listens on already. Choose another port in the flow."
		case strings.Contains(text, "listen EACCES"):
			out.Code, out.Reason = "port_closed", "A flow tried to listen on a port that is not open to this instance. Add the port in the instance's settings, or choose one that is there."
		}
	}
	switch p.killed {
	case "hang":
		out.Code = "hang"
		out.Reason = fmt.Sprintf("A flow kept Node-RED busy for %.0f s without a pause, so that nothing else could run; it was restarted. %s", s.policy.Hang.Seconds(), where(p.tail.culprit()))
	case "slow_start":
		out.Code = "slow_start"
		out.Reason = fmt.Sprintf("Node-RED was not ready after %.0f s and was ended.", s.policy.Start.Seconds())
	}
	return out
}

// where names what kept the event loop busy, as far as it is known.
func where(culprit string) string {
	if culprit == "" {
		return "Look for a loop without an end in a function node."
	}
	return "It stood still in " + culprit + "."
}

// watch looks at what no event tells: silence, and time for a sample.
func (s *Supervisor) watch(ctx context.Context) {
	l := &s.loop
	now := time.Now()
	slept := now.Sub(l.tick) > 3*time.Second
	l.tick = now
	p := l.proc
	if p == nil || p.killed != "" {
		return
	}
	if slept { // we were not running ourselves: what it said meanwhile comes next
		p.beaten = now
	}
	silence := now.Sub(p.beaten)
	switch {
	case p.asked:
	case p.ready.IsZero() && now.Sub(p.begun) > s.policy.Start:
		s.end(p, "slow_start")
	case !p.ready.IsZero() && silence > s.policy.Hang:
		s.end(p, "hang")
	case !p.ready.IsZero() && silence > s.policy.Late && !p.late:
		p.late = true
		s.say("warn", fmt.Sprintf("Node-RED has not answered for %.0f s: a flow keeps it busy.", silence.Seconds()))
	}
	if !p.ready.IsZero() && now.Sub(l.sampled) >= s.policy.Sample {
		l.sampled = now
		s.sample(ctx, p)
	}
}

func (s *Supervisor) end(p *process, why string) {
	p.killed = why
	s.loop.hung = s.loop.hung || why == "hang"
	s.kill(p)
}

// sample makes one measurement of what the beats told and the kernel counts.
func (s *Supervisor) sample(ctx context.Context, p *process) {
	w := &p.window
	x := wire.Sample{Time: time.Now().UTC(), LagMs: w.lag, MemoryBytes: w.rss, HeapBytes: w.heap}
	if w.n > 0 {
		x.Loop = w.loop / float64(w.n)
		x.CPUPercent = 100 * w.cpu / float64(w.n)
	}
	u, err := p.cell.Usage()
	if err != nil {
		s.cfg.Log.DebugContext(ctx, "no usage", "error", err)
	} else {
		x.MemoryBytes = u.Memory
		if w.cpuStamp > 0 {
			x.CPUPercent = 100 * float64(u.CPU-w.cpuTotal) / float64(time.Since(p.begun)-w.cpuStamp)
		}
	}
	p.window = window{cpuTotal: u.CPU, cpuStamp: time.Since(p.begun)}
	s.samples.add(x)
}

// noteStart says in the log what begins.
func (s *Supervisor) noteStart(p *process) {
	text := "Starting Node-RED."
	if p.safe {
		text = "Starting Node-RED in safe mode: the editor opens and flows are not started."
	}
	s.say("info", text)
	for _, gap := range p.cell.Report.Missing {
		s.say("warn", fmt.Sprintf("Isolation by %s is incomplete: %s.", gap.Layer, gap.Reason))
	}
}

// progress tells how far a step of preparing is.
func (s *Supervisor) progress(step string) Progress {
	return func(done, total int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.report.Step != step || step != "" {
			s.report.Step, s.report.Done, s.report.Total = step, done, total
			signal(s.changed)
		}
	}
}

// publish brings the report up to date.
func (s *Supervisor) publish() {
	l := &s.loop
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.report
	r := &s.report
	r.State, r.Code, r.Reason = s.state()
	if s.spec != nil {
		r.Runner, r.SpecVersion, r.SpecDigest = s.spec.Runner, s.spec.Version, s.spec.Digest
	}
	r.Starts, r.Crashes, r.LastExit = l.starts, l.total, l.lastExit
	r.ModulesDigest = s.home.currentModules()
	r.StartedAt, r.FlowsDigest, r.MissingTypes, r.Dashboard = time.Time{}, "", nil, ""
	r.Stale, r.Stack, s.live = nil, "", nil
	if p := l.proc; p != nil {
		r.Stale, r.Stack = s.stale(p), p.spec.Stack
		if !p.asked && p.killed == "" {
			s.live = p
		}
		r.StartedAt, r.FlowsDigest = p.ready, p.flows
		r.MissingTypes, r.Dashboard = p.flowing.Types, p.flowing.Dashboard
		r.NodeRed, r.NodeJS = p.stack.NodeRED, p.stack.NodeJS
		r.Isolation = nil
		for _, layer := range p.cell.Report.Isolation {
			r.Isolation = append(r.Isolation, string(layer))
		}
	}
	r.Settled = s.settled()
	if r.State != old.State {
		r.Since = time.Now().UTC()
	}
	if r.State != old.State || r.Code != old.Code || r.Reason != old.Reason || r.Settled != old.Settled ||
		!slices.Equal(r.Stale, old.Stale) || r.SpecDigest != old.SpecDigest || r.SpecVersion != old.SpecVersion || r.FlowsDigest != old.FlowsDigest || r.Starts != old.Starts || r.Dashboard != old.Dashboard {
		signal(s.changed)
	}
}

// stale names what a restart would bring beside what the desired state asks for.
// The lock is held.
func (s *Supervisor) stale(p *process) []string {
	var out []string
	if s.spec != nil && p.spec.Settings.PlatformURL != s.spec.Settings.PlatformURL {
		out = append(out, "address")
	}
	if p.bridge != s.home.bridge {
		out = append(out, "platform")
	}
	return out
}

// settled is called with the lock held.
func (s *Supervisor) settled() bool {
	l := &s.loop
	p := l.proc
	switch {
	case s.spec == nil:
		return false
	case !s.spec.Running:
		return p == nil
	case p == nil:
		return l.gaveUp
	}
	key, err := restartKey(s.spec)
	if l.switchFault != nil && p.key != key {
		return !p.ready.IsZero() && !p.asked
	}
	return err == nil && !p.ready.IsZero() && !p.asked && p.key == key && p.given == s.held.key &&
		(l.modulesFault != nil || s.spec.Modules.Digest == s.home.currentModules())
}

// state finds the word for what is, and the reason. The lock is held.
func (s *Supervisor) state() (state fleet.State, code, reason string) {
	l := &s.loop
	p := l.proc
	running := s.spec != nil && s.spec.Running && !l.closing
	switch {
	case s.spec == nil && s.fault != nil:
		return fleet.StateFailed, s.fault.code, s.fault.reason
	case p != nil && p.asked && !running:
		return fleet.StateStopping, "", ""
	case p == nil && !running:
		return fleet.StateStopped, "", ""
	case l.gaveUp && p == nil:
		return fleet.StateFailed, "gave_up", "Node-RED keeps ending even with its flows switched off, and is not started again. " + l.lastReason() + " Deploy or restart to try again."
	case l.startFault != nil && p == nil:
		return fleet.StateFailed, l.startFault.code, l.startFault.reason
	case p == nil && len(l.crashes) >= s.policy.LoopCrashes:
		return fleet.StateCrashLoop, "crash_loop", fmt.Sprintf("Node-RED ended %d times in a short while. %s", len(l.crashes), l.lastReason())
	case p == nil && len(l.crashes) > 0:
		return fleet.StateStarting, "crashed", l.lastReason()
	case p == nil || p.ready.IsZero() || p.asked:
		return fleet.StateStarting, "", ""
	}
	return s.running(p)
}

// running tells a Node-RED that is well from one that is not quite.
func (s *Supervisor) running(p *process) (state fleet.State, code, reason string) {
	l := &s.loop
	f := p.flowing
	switch {
	case f.State == "safe-mode" && s.spec.SafeMode:
		return fleet.StateSafeMode, "safe_mode_asked", "The flows are not started, because somebody asked for safe mode. Deploy to start them, or leave safe mode."
	case f.State == "safe-mode":
		return fleet.StateSafeMode, "safe_mode", fmt.Sprintf("Node-RED ended %d times in a short while, so its flows are not started. %s Correct the flow in the editor and deploy it.", len(l.crashes), l.lastReason())
	case p.late:
		return fleet.StateDegraded, "not_answering", "A flow keeps Node-RED busy, so that nothing else can run. It is restarted if that goes on."
	case s.fault != nil:
		return fleet.StateDegraded, s.fault.code, s.fault.reason
	case l.switchFault != nil:
		return fleet.StateDegraded, l.switchFault.code, l.switchFault.reason
	case l.modulesFault != nil:
		return fleet.StateDegraded, l.modulesFault.code, l.modulesFault.reason
	case f.State == "missing-types":
		return fleet.StateDegraded, "types_missing", "The flows are not started, because no module has these nodes: " + list(f.Types) + ". Install the module, or remove the nodes."
	case f.State == "missing-modules":
		return fleet.StateDegraded, "modules_missing", "The flows are not started, because these modules could not be installed: " + list(f.Modules) + "."
	case f.State == "stopped":
		return fleet.StateDegraded, "flows_stopped", "The flows are stopped. Deploy to start them."
	}
	return fleet.StateRunning, "", ""
}

// list names a few and counts the rest.
func list(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (l *loop) lastReason() string {
	if l.lastExit == nil {
		return ""
	}
	return l.lastExit.Reason
}
