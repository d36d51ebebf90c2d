//go:build real

package nodered_test

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/nodered"
	"leat/internal/npm"
	"leat/internal/runtime"
	"leat/internal/wire"
)

// packages lays trees out from the registry that npm uses on this machine, and
// resolves them as the server does.
type packages struct {
	client   *npm.Client
	resolver *npm.Resolver
}

func newPackages(t *testing.T) *packages {
	t.Helper()
	dir := t.TempDir()
	registry := npm.DefaultRegistry
	if registry == "" { // not by make
		out, err := exec.CommandContext(t.Context(), "npm", "config", "get", "registry").Output()
		if err != nil {
			t.Fatalf("ask npm for its registry: %v", err)
		}
		registry = strings.TrimSpace(string(out))
	}
	client, err := npm.New(npm.Config{Registry: registry, CacheDir: filepath.Join(dir, "cache")})
	if err != nil {
		t.Fatal(err)
	}
	stack := tree(t)
	return &packages{client, &npm.Resolver{
		Node: stack.Node, NPM: stack.NPM, Dir: filepath.Join(dir, "npm"), Client: client,
	}}
}

func (p *packages) Lay(ctx context.Context, m wire.Modules, dir string, _ nodered.Progress) error {
	lock, err := npm.ParseLock(m.Lock)
	if err != nil {
		return err
	}
	on, err := runtime.HostPlatform()
	if err != nil {
		return err
	}
	_, err = p.client.Lay(ctx, npm.Layout{Lock: lock, Platform: on, Dir: dir, Provided: []string{"node-red"}, ReadOnly: true})
	return err
}

func (p *packages) Remove(dir string) error { return npm.RemoveTree(dir) }

// change applies a change of the palette to what is wanted.
func (p *packages) change(ctx context.Context, before map[string]string, c wire.ModuleChange) (wire.Modules, error) {
	wanted := map[string]string{}
	for name, version := range before {
		wanted[name] = version
	}
	if c.Install != "" {
		wanted[c.Install] = c.Version
		if c.Version == "" {
			wanted[c.Install] = "*"
		}
	}
	delete(wanted, c.Remove)
	if len(wanted) == 0 {
		return wire.Modules{}, nil
	}
	on, err := runtime.HostPlatform()
	if err != nil {
		return wire.Modules{}, err
	}
	lock, err := p.resolver.Resolve(ctx, npm.Request{Wanted: wanted, Platform: on, Provided: []string{"node-red"}})
	if err != nil {
		return wire.Modules{}, err
	}
	m := wire.Modules{Direct: map[string]string{}}
	for name := range wanted {
		m.Direct[name] = lock.Packages["node_modules/"+name].Version
	}
	if m.Lock, err = lock.MarshalJSON(); err != nil {
		return m, err
	}
	m.Digest, err = wire.Digest(m.Lock)
	return m, err
}

func TestAModuleIsInstalledFromTheEditorKeptAndRemoved(t *testing.T) {
	onEachStack(t, installAndRemove)
}

func installAndRemove(t *testing.T, on string) {
	const module = "node-red-node-random"
	p := newPackages(t)
	r := newRig(t, func(c *nodered.Config) { c.Trees = p }, on)
	r.platform.resolve = func(c wire.ModuleChange) (wire.Modules, error) {
		return p.change(t.Context(), r.platform.spec.Modules.Direct, c)
	}
	r.set(func(s *wire.Spec) { s.Palette.Install = true })
	r.client.Timeout = 2 * time.Minute // a registry may be slow
	r.running()
	nodes := wire.EditorRoot + "nodes"
	code, text := r.do("POST", nodes, `{"module":"`+module+`"}`, nil)
	if code != http.StatusOK || !strings.Contains(text, `"random"`) {
		t.Fatalf("install: %d %s", code, text)
	}
	if r.platform.spec.Modules.Direct[module] == "" {
		t.Fatal("the server does not keep the module")
	}
	random := `[{"id":"t1","type":"tab","label":"One"},{"id":"a1","type":"http in","z":"t1","url":"/hello","method":"get","wires":[["r1"]]},` +
		`{"id":"r1","type":"random","z":"t1","low":"4","high":"4","inte":"true","property":"payload","wires":[["c1"]]},` +
		`{"id":"c1","type":"function","z":"t1","func":"msg.payload='dice '+msg.payload;return msg","outputs":1,"wires":[["o1"]]},` +
		`{"id":"o1","type":"http response","z":"t1","wires":[]}]`
	r.mustDeploy(random)
	r.says("dice 4")
	if rep := r.Report(); rep.Starts != 1 {
		t.Errorf("the install restarted Node-RED: %d starts", rep.Starts)
	}

	r.set(func(s *wire.Spec) { s.Restarts++ })
	r.until("a second start", func(rep wire.Report) bool {
		return rep.Starts == 2 && rep.State == fleet.StateRunning && rep.Settled
	})
	r.says("dice 4")

	if code, text := r.do("POST", nodes, `{"module":"node-red-node-that-does-not-exist-anywhere"}`, nil); code < 400 {
		t.Errorf("a module that is not there: %d %s", code, text)
	}
	r.says("dice 4")

	r.mustDeploy(answering("plain"))
	r.says("plain")
	if code, text := r.do("DELETE", nodes+"/"+module, "", nil); code != http.StatusNoContent {
		t.Fatalf("remove: %d %s", code, text)
	}
	if n := len(r.platform.spec.Modules.Direct); n != 0 {
		t.Errorf("the server keeps %d modules; want none", n)
	}
	r.set(func(s *wire.Spec) { s.Restarts++ })
	r.until("a third start", func(rep wire.Report) bool {
		return rep.Starts == 3 && rep.State == fleet.StateRunning && rep.Settled
	})
	if code, text := r.do("GET", nodes, "", func(q *http.Request) { q.Header.Set("Accept", "application/json") }); code != 200 || strings.Contains(text, module) {
		t.Errorf("after the removal the editor lists %s: %d", module, code)
	}
}
