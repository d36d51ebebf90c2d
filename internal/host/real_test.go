//go:build real

package host_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"leat/internal/driver/process"
	"leat/internal/fleet"
	"leat/internal/host"
	"leat/internal/launcher"
	"leat/internal/runtime"
	"leat/internal/sandbox"
	"leat/internal/wire"
)

// build is what launchers of this test say they are; a file of this name beside
// the data stands for an upgrade.
const build = "one"

// A launcher makes Node-RED on the first thread.
func init() { goruntime.LockOSThread() }

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case sandbox.Subcommand:
			os.Exit(sandbox.Confine(os.Args[2:]))
		case "launch":
			os.Exit(code(launcher.Main(signals(), os.Args[3], buildOf(os.Args[0]), os.Stdin)))
		case "serve":
			os.Exit(code(serve(signals(), os.Args[2])))
		}
	}
	goruntime.UnlockOSThread()
	os.Exit(m.Run())
}

func signals() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	return ctx
}

// buildOf tells builds apart by the name of the program.
func buildOf(program string) string {
	if filepath.Base(program) == "two" {
		return "two"
	}
	return build
}

func code(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// serve is a server of its own, for tests that kill it.
func serve(ctx context.Context, data string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	rows, err := openRows(data)
	if err != nil {
		return err
	}
	h, _, err := newHost(data, rows, log)
	if err != nil {
		return err
	}
	return h.Run(ctx)
}

func runtimeDir() string { return os.Getenv("LEAT_TEST_RUNTIME") }

func newHost(data string, r *rows, log *slog.Logger) (*host.Host, *process.Driver, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if named := filepath.Join(data, "two"); exists(named) {
		self = named
	}
	hub := filepath.Join(data, "run", "hub.sock")
	d, err := process.New(process.Config{
		Dir: filepath.Join(data, "instances"), Self: self, Hub: hub, Runtime: runtimeDir(), Packages: filepath.Join(data, "npm"), Log: log,
	})
	if err != nil {
		return nil, nil, err
	}
	return host.New(host.Config{
		Runners: r, Driver: d, Hub: hub, Key: []byte("a key of the platform"), Build: buildOf(self), Self: self,
		Hear: func(context.Context) <-chan fleet.InstanceID { return r.heard }, Log: log,
	}), d, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// world is a platform on a temporary directory: a host in this process, or one in
// a process of its own.
type world struct {
	t      *testing.T
	data   string
	rows   *rows
	host   *host.Host
	driver *process.Driver
	key    ed25519.PrivateKey
	public ed25519.PublicKey
	log    *slog.Logger
	stop   func()
	server *exec.Cmd
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if runtimeDir() == "" {
		t.Fatal("LEAT_TEST_RUNTIME must name a store of stacks")
	}
	data, err := os.MkdirTemp("", "leat-host-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o711); err != nil { // instances pass through
		t.Fatal(err)
	}
	w := &world{t: t, data: data, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if w.public, w.key, err = ed25519.GenerateKey(nil); err != nil {
		t.Fatal(err)
	}
	if w.rows, err = openRows(data); err != nil {
		t.Fatal(err)
	}
	if _, w.driver, err = newHost(data, w.rows, w.log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

func (w *world) close() {
	if w.stop != nil {
		w.stop()
	}
	w.killServer()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), time.Minute)
	defer cancel()
	ids, err := w.driver.List(ctx)
	if err != nil {
		w.t.Error(err)
	}
	for _, id := range ids {
		if w.t.Failed() {
			w.dump(id)
		}
		if err := w.driver.Remove(ctx, id); err != nil {
			w.t.Error(err)
		}
	}
	if err := os.RemoveAll(w.data); err != nil {
		w.t.Error(err)
	}
}

func (w *world) dump(id fleet.InstanceID) {
	for _, name := range []string{"ctl/launcher.log", "ctl/output", "log/*"} {
		paths, err := filepath.Glob(filepath.Join(w.data, "instances", string(id), name))
		if err != nil {
			continue
		}
		for _, p := range paths {
			if text, err := os.ReadFile(p); err == nil {
				w.t.Logf("%s:\n%s", p, text)
			}
		}
	}
}

// run starts a host in this process.
func (w *world) run() {
	w.t.Helper()
	var err error
	if w.host, w.driver, err = newHost(w.data, w.rows, w.log); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	h := w.host
	go func() { done <- h.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("host: %v", err)
		}
	})
}

// startServer starts a host in a process of its own.
func (w *world) startServer() {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = exec.Command(self, "serve", w.data)
	w.server.Env = append(os.Environ(), "GOCOVERDIR=")
	w.server.Stderr = w.t.Output()
	if err := w.server.Start(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) killServer() {
	if w.server != nil {
		_ = w.server.Process.Kill()
		_ = w.server.Wait()
		w.server = nil
	}
}

func (w *world) until(what string, fits func() bool) {
	w.t.Helper()
	deadline := time.After(90 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !fits() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("waited too long for %s", what)
		}
	}
}

func (w *world) add(id fleet.InstanceID) {
	w.t.Helper()
	stack, err := runtime.Find(runtime.DefaultStack)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.rows.add(id, stack.Digest, w.public); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) state(id fleet.InstanceID, want fleet.State) {
	w.t.Helper()
	w.until(fmt.Sprintf("%s to be %s, is %+v", id, want, w.rows.report(id)), func() bool {
		r := w.rows.report(id)
		return r.State == want && r.Settled
	})
}

// do makes a request as the door would.
func (w *world) do(id fleet.InstanceID, method, path, body string) (int, string) {
	timeout := 40 * time.Second // a deploy waits for a server that is away
	if method == http.MethodGet {
		timeout = 3 * time.Second // a request in a flow that is replaced is never answered
	}
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.driver.Dial(ctx, id) }}}
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://nr"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set(wire.KeyHeader, "key of "+string(id))
	req.Header.Set("Authorization", "Bearer "+w.token(id))
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

func (w *world) token(id fleet.InstanceID) string {
	now := time.Now()
	claims, err := json.Marshal(wire.Identity{Issuer: wire.Issuer, Audience: string(id), Subject: "u-1", Username: "ada", Permissions: "*",
		ID: "j", IssuedAt: now.Unix(), Expires: now.Add(time.Minute).Unix()})
	if err != nil {
		w.t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(w.key, []byte(text)))
}

// counting is a flow that answers GET /n with a number that only grows while it runs.
func counting(mark string) string {
	return fmt.Sprintf(`[{"id":"t1","type":"tab","label":"%s"},`+
		`{"id":"a1","type":"http in","z":"t1","url":"/n","method":"get","wires":[["f1"]]},`+
		`{"id":"f1","type":"function","z":"t1","func":"const n=(context.get('n')||0)+1;context.set('n',n);msg.payload='%s '+n;return msg","outputs":1,"wires":[["o1"]]},`+
		`{"id":"o1","type":"http response","z":"t1","wires":[]}]`, mark, mark)
}

func (w *world) says(id fleet.InstanceID, prefix string) string {
	w.t.Helper()
	var text string
	w.until("the flow of "+string(id)+" to say "+prefix, func() bool {
		var status int
		status, text = w.do(id, "GET", "/n", "")
		return status == 200 && strings.HasPrefix(text, prefix)
	})
	return text
}

func TestAnInstanceIsKeptAsItsRowAsks(t *testing.T) {
	w := newWorld(t)
	w.run()
	begun := time.Now()
	w.add("i-one")
	w.state("i-one", fleet.StateRunning)
	t.Logf("row to running: %v, %v", time.Since(begun).Round(time.Millisecond), w.rows.report("i-one").Isolation)

	if status, text := w.do("i-one", "POST", wire.EditorRoot+"flows", counting("first")); status != 204 {
		t.Fatalf("deploy: %d %s", status, text)
	}
	w.says("i-one", "first 1")
	if err := w.rows.change("i-one", func(s *wire.Spec) { s.Flows = json.RawMessage(counting("second")) }); err != nil {
		t.Fatal(err)
	}
	w.says("i-one", "second")
	lines, err := w.host.Logs(t.Context(), "i-one", 0, 500)
	if err != nil || len(lines) < 5 {
		t.Fatalf("%d lines of log, %v", len(lines), err)
	}

	if err := w.rows.change("i-one", func(s *wire.Spec) { s.Running = false }); err != nil {
		t.Fatal(err)
	}
	w.state("i-one", fleet.StateStopped)
	if err := w.rows.drop("i-one"); err != nil {
		t.Fatal(err)
	}
	w.until("the directory to be gone", func() bool { return !exists(filepath.Join(w.data, "instances", "i-one")) })
}
