package nodered

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"leat/internal/sandbox"
	"leat/internal/wire"
)

// process is one Node-RED, from its start to its end. Its fields belong to the
// loop, except those said otherwise.
type process struct {
	cell *sandbox.Cell
	line *line

	spec    *wire.Spec
	stack   Stack
	key     string // of what only a restart can change
	bridge  string // directory of the JavaScript in it
	safe    bool   // started without its flows
	begun   time.Time
	beaten  time.Time // the last beat, or begun
	ready   time.Time // when flows had started and HTTP answered
	flowing flowState
	probing bool
	asked   bool      // Leat wants it to end
	killAt  time.Time // when asking has gone on for long enough
	killed  string    // why Leat killed it: a code
	late    bool
	window  window

	// given and flows are guarded by the supervisor's lock.
	given string // key of the flows it has
	flows string // their digest

	tail    tail
	outputs [2]*output
	readers sync.WaitGroup
	served  chan struct{} // closed when nobody reads the bridge any more
}

// flowState is what the bridge says of the flows.
type flowState struct {
	State     string   `json:"state"` // started, stopped, safe-mode, missing-types, missing-modules
	Nodes     int      `json:"nodes"`
	Types     []string `json:"types"`
	Modules   []string `json:"modules"`
	Dashboard string   `json:"dashboard"`
}

// What the loop hears of a process.
type (
	evTold struct {
		p     *process
		event string
		body  json.RawMessage
	}
	evReady  struct{ p *process }
	evExited struct {
		p        *process
		state    *os.ProcessState // nil where another build of this program waited for it
		counters sandbox.Counters
	}
)

// bridgeConfig is the first line that the bridge reads.
type bridgeConfig struct {
	Runner      string `json:"runner"`
	Title       string `json:"title"`
	Socket      string `json:"socket"`
	EditorRoot  string `json:"editorRoot"`
	Catalogue   string `json:"catalogue"`
	PlatformURL string `json:"platformUrl"`
	// PersistentContext makes the store on the disk the default one.
	PersistentContext bool `json:"persistentContext"`

	Theme        string `json:"theme"`
	Language     string `json:"language,omitempty"`
	SafeMode     bool   `json:"safeMode"`
	BodyLimitMiB int    `json:"bodyLimitMiB"`
	// Watch asks for the thread that names what blocks the event loop for LateMs.
	Watch   bool         `json:"watch"`
	LateMs  int64        `json:"lateMs"`
	Door    wire.Door    `json:"door"`
	Palette wire.Palette `json:"palette"`
}

const defaultBodyMiB = 5

// watchFromMiB is the memory from which the watching thread runs at all times. A
// smaller instance gets it once its event loop has hung.
const watchFromMiB = 512

func (s *Supervisor) configOf(spec *wire.Spec, safe bool) bridgeConfig {
	memory := spec.Limits.MemoryMiB
	c := bridgeConfig{
		Watch: memory == 0 || memory >= watchFromMiB || s.loop.hung, LateMs: s.policy.Late.Milliseconds(),
		Runner: string(spec.Runner), Title: spec.Settings.Title, Socket: socketFromUser,
		EditorRoot: wire.EditorRoot, Catalogue: wire.CataloguePath,
		PlatformURL: spec.Settings.PlatformURL, Theme: spec.Settings.Theme, Language: spec.Settings.Language,
		SafeMode: safe, BodyLimitMiB: spec.Settings.HTTPBodyLimitMiB, Door: spec.Door, Palette: spec.Palette,
		PersistentContext: spec.Settings.PersistentContext,
	}
	if c.Title == "" {
		c.Title = spec.Name
	}
	if c.BodyLimitMiB == 0 {
		c.BodyLimitMiB = defaultBodyMiB
	}
	return c
}

// restartKey names everything that a running Node-RED can't be given. Names are
// not in it: a new one shows at the next start.
func restartKey(spec *wire.Spec) (string, error) {
	c := *spec
	c.Name, c.Version, c.Digest = "", 0, ""
	c.Flows, c.Credentials = nil, nil
	c.Settings.Title, c.Settings.PlatformURL = "", ""
	c.Modules = wire.Modules{}
	text, err := wire.Marshal(c)
	if err != nil {
		return "", err
	}
	return wire.Digest(text)
}

// launch starts Node-RED in its walls. It returns when the process runs.
func (s *Supervisor) launch(ctx context.Context, spec *wire.Spec, stack Stack, safe bool) (*process, error) {
	key, err := restartKey(spec)
	if err != nil {
		return nil, err
	}
	if err := s.home.endOrphan(); err != nil {
		return nil, fmt.Errorf("end what an earlier supervisor left: %w", err)
	}
	if err := s.home.clearSocket(); err != nil {
		return nil, fmt.Errorf("clear socket: %w", err)
	}
	conn, far, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("make bridge: %w", err)
	}
	defer far.Close() // the child has its own
	p := &process{spec: spec, stack: stack, key: key, bridge: s.home.bridge, safe: safe, line: newLine(conn), begun: time.Now()}
	p.beaten = p.begun
	p.cell, err = sandbox.Command(s.cellSpec(spec, stack, far), s.cfg.Self)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	outputs, err := s.pipes(p)
	if err == nil {
		err = s.begin(p.cell)
	}
	for _, f := range outputs {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := s.home.notePid(p.cell.Pid()); err != nil {
		s.cfg.Log.WarnContext(ctx, "process number not noted", "error", err)
	}
	first, err := wire.Marshal(s.configOf(spec, safe))
	if err == nil {
		_, err = conn.Write(append(first, '\n'))
	}
	if err != nil && !errors.Is(err, unix.EPIPE) { // its end tells more than our fault
		err = errors.Join(err, p.cell.Kill())
	}
	s.attend(ctx, p)
	return p, nil
}

// begin starts a cell, on the thread that stays where there is one.
func (s *Supervisor) begin(c *sandbox.Cell) error {
	if s.cfg.Thread != nil {
		return c.StartOn(s.cfg.Thread)
	}
	return c.Start()
}

func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	near := os.NewFile(uintptr(fds[0]), "bridge")
	defer near.Close()
	far := os.NewFile(uintptr(fds[1]), "bridge")
	conn, err := net.FileConn(near)
	if err != nil {
		return nil, nil, errors.Join(err, far.Close())
	}
	return conn, far, nil
}

// cellSpec says what Node-RED is and what it may touch.
func (s *Supervisor) cellSpec(spec *wire.Spec, stack Stack, bridge *os.File) sandbox.Spec {
	flags := sandbox.NodeFlags(spec.Limits.MemoryMiB)
	args := append(append([]string{}, flags...),
		stack.Dir+"/node_modules/node-red/red.js", "--userDir", s.home.path("user"), "--settings", s.home.bridge+"/settings.js")
	readDirs := []string{stack.Dir, s.home.path("lib")}
	if stack.Cache != "" {
		readDirs = append(readDirs, stack.Cache)
	}
	return sandbox.Spec{
		Name: string(spec.Runner), Program: stack.Node, Args: args, Env: s.environment(spec, stack), Dir: s.home.path("user"),
		Files: []*os.File{bridge}, UID: s.home.uid, GID: s.home.gid,
		ReadDirs:  readDirs,
		WriteDirs: []string{s.home.path("user"), s.home.path("run"), s.home.path("tmp")},
		Ports:     spec.Ports,
		Limits:    sandbox.Limits{MemoryMiB: spec.Limits.MemoryMiB, CPUMillis: startMillis(spec.Limits), Pids: spec.Limits.Processes},
	}
}

// burstMillis is what Node-RED may use while it starts, in thousandths of a core:
// starting is all processor work, and a small instance should not take four times
// as long. Its own limit binds from when it is ready.
const burstMillis = 2000

func startMillis(l wire.Limits) int {
	if l.CPUPercent == 0 {
		return 0
	}
	return max(l.CPUPercent*10, burstMillis)
}

// environment is all that Node-RED inherits. What the platform sets comes last
// and wins.
func (s *Supervisor) environment(spec *wire.Spec, stack Stack) []string {
	var more []string
	for _, v := range spec.Environment {
		more = append(more, v.Name+"="+v.Value)
	}
	zone := spec.Settings.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	more = append(more, "TZ="+zone, "LEAT_RUNNER="+string(spec.Runner), "NODE_RED_HOME="+stack.Dir+"/node_modules/node-red")
	if stack.Cache != "" {
		more = append(more, "NODE_COMPILE_CACHE="+stack.Cache)
	}
	return sandbox.Env(s.home.path("user"), s.home.path("tmp"), more...)
}

// pipes connects the process's output to the journal. The write ends are to be
// closed once the child has them.
func (s *Supervisor) pipes(p *process) ([]*os.File, error) {
	var ends []*os.File
	for i, name := range []string{"stdout", "stderr"} {
		r, w, err := os.Pipe()
		if err != nil {
			return ends, err
		}
		ends = append(ends, w)
		if i == 0 {
			p.cell.Cmd.Stdout = w
		} else {
			p.cell.Cmd.Stderr = w
		}
		p.outputs[i] = &output{file: r, stream: name}
		s.readFrom(p, p.outputs[i])
	}
	return ends, nil
}

func (s *Supervisor) readFrom(p *process, o *output) {
	p.readers.Add(1)
	go func() {
		defer p.readers.Done()
		s.readOutput(o, p)
	}()
}

// attend listens to the bridge and waits for the end.
func (s *Supervisor) attend(ctx context.Context, p *process) {
	s.loop.parts.Add(2)
	p.served = make(chan struct{})
	go func() {
		defer s.loop.parts.Done()
		defer close(p.served)
		err := p.line.serve(ctx, func(ctx context.Context, op string, body json.RawMessage) (any, error) {
			return s.handle(ctx, p, op, body)
		}, func(event string, body json.RawMessage) { s.send(ctx, evTold{p, event, body}) })
		if err != nil && !errors.Is(err, errLinePaused) && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "bridge failed", "error", err)
			s.kill(p)
		}
	}()
	go func() {
		defer s.loop.parts.Done()
		state, err := p.cell.Wait()
		if err != nil {
			s.cfg.Log.ErrorContext(ctx, "wait for node-red", "error", err)
		}
		counters := p.cell.Counters()
		if err := p.cell.Close(); err != nil {
			s.cfg.Log.ErrorContext(ctx, "close cell", "error", err)
		}
		p.readers.Wait()
		_ = p.line.conn.Close() // ends serve
		<-p.served
		s.send(ctx, evExited{p, state, counters})
	}()
}

// send gives an event to the loop, which reads until all that send are done.
func (s *Supervisor) send(_ context.Context, e any) { s.events <- e }

// handle answers the bridge's questions.
func (s *Supervisor) handle(ctx context.Context, p *process, op string, body json.RawMessage) (any, error) {
	switch op {
	case askFlows:
		return s.getFlows(p), nil
	case "saveFlows":
		var in saved
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("read a save: %w", err)
		}
		return nil, s.note(ctx, "save flows", s.saveFlows(ctx, p, in))
	case "install", "remove":
		var in moduleAsk
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("read a module change: %w", err)
		}
		out, err := s.changeModules(ctx, p, op, in)
		return out, s.note(ctx, op+" module", err)
	}
	return nil, fmt.Errorf("the bridge asks for %q", op)
}

// note puts a failure into the instance's log, where its people look.
func (s *Supervisor) note(ctx context.Context, what string, err error) error {
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "refused", "what", what, "error", err)
		s.say("warn", faultOf(err, "").reason)
	}
	return err
}

// say writes a line of Leat's own into the instance's log.
func (s *Supervisor) say(level, text string) {
	s.journal.Add(wire.LogLine{Level: level, Source: leatSource, Text: strings.TrimSpace(text)})
}

// kill ends the process and all that it started, at once.
func (s *Supervisor) kill(p *process) {
	if err := p.cell.Kill(); err != nil {
		s.cfg.Log.Error("kill node-red", "error", err)
	}
}

// probe waits until Node-RED's HTTP answers, and tells the loop.
func (s *Supervisor) probe(ctx context.Context, p *process) {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return sandbox.Dial(ctx, s.home.path(Socket), s.home.uid)
		},
	}}
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if answers(ctx, client, p.spec.Door.Key) {
			s.send(ctx, evReady{p})
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

func answers(ctx context.Context, client *http.Client, key string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://node-red"+wire.EditorRoot, nil)
	if err != nil {
		return false
	}
	req.Header.Set(wire.KeyHeader, key)
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode < http.StatusInternalServerError
}
