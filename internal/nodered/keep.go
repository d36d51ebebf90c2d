package nodered

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"leat/internal/fleet"
	"leat/internal/sandbox"
	"leat/internal/wire"
)

// Kept is a supervisor with its Node-RED, on the way from one build of the
// program to the next, which take turns in one process by exec. It holds secrets
// and travels in memory only.
type Kept struct {
	Spec        *wire.Spec      `json:"spec"`
	Flows       json.RawMessage `json:"flows,omitempty"`
	Credentials json.RawMessage `json:"credentials,omitempty"`
	Version     int64           `json:"version"`
	Report      wire.Report     `json:"report"`
	Samples     []wire.Sample   `json:"samples,omitempty"`
	Process     *KeptProcess    `json:"process,omitempty"`
}

// KeptProcess is the Node-RED itself. Files are its bridge, standard output and
// standard error, in this order; the two programs agree on their numbers.
type KeptProcess struct {
	Pid     int        `json:"pid"`
	Spec    *wire.Spec `json:"spec"`
	Stack   Stack      `json:"stack"`
	Key     string     `json:"key"`
	Bridge  string     `json:"bridge,omitempty"`
	Safe    bool       `json:"safe"`
	Begun   time.Time  `json:"begun"`
	Ready   time.Time  `json:"ready"`
	Flowing flowState  `json:"flowing"`
	Given   string     `json:"given"`
	Digest  string     `json:"digest"`
	Tail    string     `json:"tail"`
	Rest    [3][]byte  `json:"rest"`
	Files   []*os.File `json:"-"`
}

// keptFiles is how many descriptors a KeptProcess has.
const keptFiles = 3

type evSuspend struct{ answer chan suspended }

type suspended struct {
	kept *Kept
	err  error
}

var errBusy = &fleet.Error{Kind: fleet.Conflict, Code: "runner_busy", Msg: "The runner is in the middle of something. Try again in a moment."}

// Suspend ends Run and leaves Node-RED running for whoever gets the result. It
// refuses while anything is on its way.
func (s *Supervisor) Suspend(ctx context.Context) (*Kept, error) {
	answer := make(chan suspended, 1)
	select {
	case s.events <- evSuspend{answer}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case out := <-answer:
		return out.kept, out.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// suspend is called by the loop.
func (s *Supervisor) suspend(ctx context.Context) (*Kept, error) {
	l := &s.loop
	p := l.proc
	if !s.quiet() {
		return nil, errBusy
	}
	var kp *KeptProcess
	if p != nil {
		var err error
		if kp, err = s.keep(ctx, p); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.kept = true
	return &Kept{
		Spec: s.spec, Flows: s.held.flows, Credentials: s.held.credentials, Version: s.held.version,
		Report: s.report, Samples: s.samples.after(time.Time{}), Process: kp,
	}, s.journal.Close()
}

// quiet tells that nothing is on its way.
func (s *Supervisor) quiet() bool {
	l := &s.loop
	p := l.proc
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saving == 0 && l.cancel == nil && !l.reloading && !l.keeping &&
		(p == nil || !p.ready.IsZero() && !p.asked && p.killed == "")
}

// keep stops the readers and takes their descriptors, with what they had begun
// to read. Events go on being taken in meanwhile, for the readers send them.
func (s *Supervisor) keep(ctx context.Context, p *process) (*KeptProcess, error) {
	l := &s.loop
	l.keeping = true
	now := time.Now()
	err := p.line.conn.SetReadDeadline(now)
	for _, o := range p.outputs {
		err = errors.Join(err, o.file.SetReadDeadline(now))
	}
	if err != nil {
		return nil, fmt.Errorf("stop reading: %w", err)
	}
	still := make(chan struct{})
	go func() {
		<-p.served
		p.readers.Wait()
		close(still)
	}()
	for waiting := true; waiting; {
		select {
		case e := <-s.events:
			s.on(ctx, e)
		case <-still:
			waiting = false
		}
	}
	if l.proc != p {
		return nil, errBusy
	}
	bridge, ok := p.line.conn.(*net.UnixConn)
	if !ok {
		return nil, errors.New("the bridge is not a socket")
	}
	file, err := bridge.File()
	return &KeptProcess{
		Pid: p.cell.Pid(), Spec: p.spec, Stack: p.stack, Key: p.key, Bridge: p.bridge, Safe: p.safe, Begun: p.begun, Ready: p.ready,
		Flowing: p.flowing, Given: p.given, Digest: p.flows, Tail: p.tail.String(),
		Rest:  [3][]byte{p.line.rest, p.outputs[0].rest, p.outputs[1].rest},
		Files: []*os.File{file, p.outputs[0].file, p.outputs[1].file},
	}, err
}

// adopt takes over what another build handed on.
func (s *Supervisor) adopt(k *Kept) error {
	s.spec, s.report, s.samples.all = k.Spec, k.Report, k.Samples
	s.report.Build, s.report.Protocol = s.cfg.Build, wire.Protocol
	s.hold(k.Flows, k.Credentials)
	s.held.version = k.Version
	l := &s.loop
	l.starts, l.total, l.lastExit = k.Report.Starts, k.Report.Crashes, k.Report.LastExit
	kp := k.Process
	if kp == nil {
		return nil
	}
	if len(kp.Files) != keptFiles {
		return fmt.Errorf("adopt node-red: %d descriptors", len(kp.Files))
	}
	conn, err := net.FileConn(kp.Files[0])
	if err != nil {
		return fmt.Errorf("adopt bridge: %w", err)
	}
	if err := kp.Files[0].Close(); err != nil {
		return fmt.Errorf("adopt bridge: %w", err)
	}
	// The descriptors of the bridge are the process's own already.
	cell, err := sandbox.Adopt(s.cellSpec(kp.Spec, kp.Stack, nil), kp.Pid)
	if err != nil {
		return err
	}
	p := &process{
		cell: cell, line: newLine(conn), spec: kp.Spec, stack: kp.Stack, key: kp.Key, bridge: kp.Bridge, safe: kp.Safe,
		begun: kp.Begun, beaten: time.Now(), ready: kp.Ready, flowing: kp.Flowing, given: kp.Given, flows: kp.Digest,
	}
	p.line.rest = kp.Rest[0]
	p.tail.add(kp.Tail)
	p.outputs = [2]*output{{kp.Files[1], "stdout", kp.Rest[1]}, {kp.Files[2], "stderr", kp.Rest[2]}}
	l.proc = p
	return nil
}

// resume begins to listen to an adopted Node-RED.
func (s *Supervisor) resume(ctx context.Context) {
	if p := s.loop.proc; p != nil {
		for _, o := range p.outputs {
			s.readFrom(p, o)
		}
		s.attend(ctx, p)
		s.say("info", "The supervisor was renewed; Node-RED went on.")
	}
}
