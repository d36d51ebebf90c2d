//go:build real

package nodered_test

import (
	"cmp"
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
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/nodered"
	"leat/internal/npm"
	"leat/internal/runtime"
	"leat/internal/sandbox"
	"leat/internal/wire"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == sandbox.Subcommand {
		os.Exit(sandbox.Confine(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// testUID is a number that no user of the machine has.
const testUID = 1_900_500_001

// platform stands for the server: it keeps what is deployed.
type platform struct {
	mu      sync.Mutex
	spec    wire.Spec
	deploys []wire.Deploy
	refuse  error
	resolve func(wire.ModuleChange) (wire.Modules, error)
	next    wire.Modules
}

func (p *platform) Deploy(_ context.Context, d wire.Deploy) (wire.Deployed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return wire.Deployed{}, p.refuse
	}
	p.deploys = append(p.deploys, d)
	p.spec.Version++
	p.spec.Flows = d.Flows
	if d.Credentials != nil {
		p.spec.Credentials = d.Credentials
	}
	return wire.Deployed{Version: p.spec.Version}, nil
}

func (p *platform) Resolve(_ context.Context, c wire.ModuleChange) (wire.Modules, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.resolve(c)
	p.next = m
	return m, err
}

func (p *platform) Commit(_ context.Context, c wire.ModuleCommit) (wire.Deployed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Digest != p.next.Digest {
		return wire.Deployed{}, fmt.Errorf("commit of %s, resolved was %s", c.Digest, p.next.Digest)
	}
	p.spec.Version++
	p.spec.Modules = p.next
	return wire.Deployed{Version: p.spec.Version}, nil
}

// stacksToProve are those that what depends on Node-RED itself is proved on.
var stacksToProve = []string{"node-red-5", "node-red-4"}

// onEachStack runs a test on every stack.
func onEachStack(t *testing.T, test func(t *testing.T, on string)) {
	for _, on := range stacksToProve {
		t.Run(on, func(t *testing.T) { test(t, on) })
	}
}

// tree is a stack, laid out in the store that make names: the default one, or the
// one that LEAT_TEST_STACK names, where the test has no choice of its own.
func tree(t *testing.T, on ...string) runtime.Tree {
	t.Helper()
	id := cmp.Or(append(on, os.Getenv("LEAT_TEST_STACK"), runtime.DefaultStack)...)
	dir := os.Getenv("LEAT_TEST_RUNTIME")
	if dir == "" {
		t.Fatal("LEAT_TEST_RUNTIME must name a directory for stacks; run make test")
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	client, err := npm.New(npm.Config{CacheDir: filepath.Join(dir, ".packages"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	store, err := runtime.NewStore(dir, client, log)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := runtime.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	out, err := store.Ensure(t.Context(), stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type stacks struct{ tree runtime.Tree }

func (s stacks) Find(context.Context, string, []string, int, nodered.Progress) (nodered.Stack, error) {
	return nodered.Stack{Dir: s.tree.Dir, Node: s.tree.Node, NodeRED: s.tree.Stack.NodeRED, NodeJS: s.tree.Stack.NodeJS}, nil
}

type noTrees struct{}

func (noTrees) Lay(context.Context, wire.Modules, string, nodered.Progress) error {
	return &fleet.Error{Kind: fleet.Unavailable, Code: "registry_unreachable", Msg: "The package registry does not answer."}
}

func (noTrees) Remove(dir string) error { return os.RemoveAll(dir) }

// rig is a supervisor at work on a temporary directory.
type rig struct {
	*nodered.Supervisor
	t        *testing.T
	dir      string
	uid      int
	platform *platform
	key      ed25519.PrivateKey
	client   *http.Client
	stop     func()
}

func newRig(t *testing.T, change func(*nodered.Config), on ...string) *rig {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "instance")
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: dir, uid: testUID, key: private, platform: &platform{}}
	r.platform.spec = wire.Spec{
		Runner: fleet.InstanceID("i-test"), Name: "Pump station", Version: 1, Running: true, Stack: "test",
		Door:   wire.Door{Key: "the door's key", PublicKey: base64.RawURLEncoding.EncodeToString(public), Audience: "i-test"},
		Limits: wire.Limits{MemoryMiB: 256, CPUPercent: 200, Processes: 128},
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	policy := nodered.DefaultPolicy()
	policy.Pause, policy.Stop = 50*time.Millisecond, 5*time.Second
	cfg := nodered.Config{
		Dir: dir, UID: testUID, GID: testUID, Self: self, Build: "test", Platform: r.platform,
		Stacks: stacks{tree(t, on...)}, Trees: noTrees{}, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Policy: policy,
	}
	if change != nil {
		change(&cfg)
	}
	if r.Supervisor, err = nodered.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			r.dump()
		}
	})
	// A request that is in a flow when the flow is replaced is never answered.
	r.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return sandbox.Dial(ctx, filepath.Join(dir, nodered.Socket), testUID)
	}}}
	return r
}

func (r *rig) dump() {
	lines, err := r.Lines(0, 1000)
	for _, l := range lines {
		r.t.Logf("%s %s %s: %s", l.Level, l.Source, l.Name, l.Text)
	}
	r.t.Logf("report: %+v (%v)", r.Report(), err)
}

// set changes the desired state and gives it to the supervisor.
func (r *rig) set(change func(*wire.Spec)) {
	r.t.Helper()
	r.platform.mu.Lock()
	defer r.platform.mu.Unlock()
	if change != nil {
		change(&r.platform.spec)
		r.platform.spec.Version++
	}
	spec := r.platform.spec
	if err := spec.Seal(); err != nil {
		r.t.Fatal(err)
	}
	if err := r.Set(&spec); err != nil {
		r.t.Fatal(err)
	}
}

// until waits for a report that fits.
func (r *rig) until(what string, fits func(wire.Report) bool) wire.Report {
	r.t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if rep := r.Report(); fits(rep) {
			return rep
		}
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("waiting for %s: %+v", what, r.Report())
		}
	}
}

func (r *rig) running() wire.Report {
	r.t.Helper()
	return r.until("running and settled", func(rep wire.Report) bool { return rep.State == fleet.StateRunning && rep.Settled })
}

// token mints an identity as the door does.
func (r *rig) token(change func(*wire.Identity)) string {
	now := time.Now()
	id := wire.Identity{Issuer: wire.Issuer, Audience: "i-test", Subject: "u-1", Username: "ada", Permissions: "*",
		ID: "j", IssuedAt: now.Unix(), Expires: now.Add(time.Minute).Unix()}
	if change != nil {
		change(&id)
	}
	claims, err := json.Marshal(id)
	if err != nil {
		r.t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(r.key, []byte(text)))
}

// do makes a request as the door would, unless change says otherwise.
func (r *rig) do(method, path, body string, change func(*http.Request)) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://nr"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set(wire.KeyHeader, "the door's key")
	req.Header.Set("Authorization", "Bearer "+r.token(nil))
	req.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(req)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusSwitchingProtocols {
		return res.StatusCode, "" // what follows is a conversation
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (r *rig) deploy(flows string) (int, string) {
	r.t.Helper()
	return r.do("POST", wire.EditorRoot+"flows", flows, nil)
}

// says waits until the flow answers GET /hello with a text.
func (r *rig) says(want string) {
	r.t.Helper()
	var code int
	var text string
	r.until("GET /hello to say "+want, func(wire.Report) bool {
		code, text = r.do("GET", "/hello", "", nil)
		return code == 200 && text == want
	})
}

// answering is a flow that answers GET /hello with a text.
func answering(text string) string {
	return fmt.Sprintf(`[{"id":"t1","type":"tab","label":"One"},`+
		`{"id":"a1","type":"http in","z":"t1","url":"/hello","method":"get","wires":[["f1"]]},`+
		`{"id":"f1","type":"function","z":"t1","func":"msg.payload='%s';return msg","outputs":1,"wires":[["o1"]]},`+
		`{"id":"o1","type":"http response","z":"t1","wires":[]}]`, text)
}

func TestNodeREDStartsAndADeployIsAcknowledgedOnlyWhenTheServerHasIt(t *testing.T) {
	onEachStack(t, func(t *testing.T, on string) {
		r := newRig(t, nil, on)
		begun := time.Now()
		r.set(nil)
		rep := r.running()
		t.Logf("start to ready: %v; isolation %v", time.Since(begun).Round(time.Millisecond), rep.Isolation)

		if code, text := r.deploy(answering("one")); code != http.StatusNoContent && code != http.StatusOK {
			t.Fatalf("deploy: %d %s", code, text)
		}
		if n := len(r.platform.deploys); n != 1 {
			t.Fatalf("the server has %d deploys; want 1", n)
		}
		r.says("one")

		r.platform.refuse = &fleet.Error{Kind: fleet.Conflict, Code: "flows_changed", Msg: "Somebody else deployed."}
		code, text := r.deploy(answering("two"))
		if code != 400 || !strings.Contains(text, "flows_changed") {
			t.Fatalf("a refused deploy answered %d %s", code, text)
		}
		r.says("one")
		r.platform.refuse = nil

		r.set(func(s *wire.Spec) { s.Flows = json.RawMessage(answering("three")) })
		r.says("three")
		if rep := r.Report(); rep.Starts != 1 {
			t.Errorf("Node-RED was started %d times; want once", rep.Starts)
		}
		r.set(func(s *wire.Spec) { s.Running = false })
		r.until("stopped", func(rep wire.Report) bool { return rep.State == fleet.StateStopped && rep.Settled })
	})
}
