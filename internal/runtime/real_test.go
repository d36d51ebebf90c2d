//go:build real

package runtime_test

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
)

// realRegistry is the one npm on this machine uses.
func realRegistry(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "npm", "config", "get", "registry").Output()
	if err != nil {
		t.Fatalf("ask npm for its registry: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func TestTheRealStack(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root: it runs Node-RED as another uid")
	}
	dir := tempDir(t)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // the other uid has to get there
		t.Fatal(err)
	}
	client, err := npm.New(npm.Config{Registry: realRegistry(t), CacheDir: filepath.Join(dir, "npm")})
	if err != nil {
		t.Fatal(err)
	}
	store, err := runtime.NewStore(filepath.Join(dir, "runtime"), client, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stack, err := runtime.Find(runtime.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	var loaded runtime.Progress
	start := time.Now()
	tree, err := store.Ensure(t.Context(), stack, func(p runtime.Progress) {
		if p.Step == runtime.StepDownload {
			loaded = p
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("stack from the registry: %v", time.Since(start))
	if loaded.Done != loaded.Total || loaded.Total == 0 {
		t.Errorf("the last progress was %d of %d bytes; want all", loaded.Done, loaded.Total)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "npm", "sha512", "*", "*")); len(left) != 0 {
		t.Errorf("%d archives of the stack stay in the cache", len(left))
	}

	t.Run("runs", func(t *testing.T) { realVersion(t, tree) })
	t.Run("compile cache", func(t *testing.T) { realCompileCache(t, store, tree) })
	t.Run("palette", func(t *testing.T) { realPalette(t, client, tree, dir) })
	t.Run("palette refusals", func(t *testing.T) { realRefusals(t, client, tree, dir) })
}

func realVersion(t *testing.T, tree runtime.Tree) {
	start := time.Now()
	out, err := exec.CommandContext(t.Context(), tree.Node, tree.NodeRED, "--version").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Node-RED v5.0.7")) || !bytes.Contains(out, []byte("Node.js v24.21.0")) {
		t.Errorf("err = %v, output: %s", err, out)
	}
	t.Logf("red.js --version: %v", time.Since(start))
}

// realCompileCache reads the cache as another uid, which must find it and must
// not be able to change it.
func realCompileCache(t *testing.T, store *runtime.Store, tree runtime.Tree) {
	const uid, flag = 4321, "--max-semi-space-size=2"
	start := time.Now()
	cache, err := store.CompileCache(t.Context(), tree, []string{flag}, uid)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("compile cache filled: %v", time.Since(start))
	cmd := exec.CommandContext(t.Context(), tree.Node, flag, tree.NodeRED, "--version")
	cmd.Env = []string{"NODE_COMPILE_CACHE=" + cache, "NODE_DEBUG_NATIVE=COMPILE_CACHE"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := bytes.Count(out, []byte("was accepted")); n < 100 {
		t.Errorf("%d entries were accepted; want hundreds", n)
	}
	write := exec.CommandContext(t.Context(), "/bin/sh", "-c", `for f in "$0"/* "$0"/*/*; do { echo evil >> "$f"; } 2>/dev/null && exit 0; done; touch "$0"/new 2>/dev/null`, cache)
	write.SysProcAttr = cmd.SysProcAttr
	if err := write.Run(); err == nil {
		t.Error("the other uid changed the cache")
	}
}

func realPalette(t *testing.T, client *npm.Client, tree runtime.Tree, dir string) {
	on := hostPlatform(t)
	r := &npm.Resolver{Node: tree.Node, NPM: tree.NPM, Dir: filepath.Join(dir, "npm", "resolve"), Client: client}
	ask := npm.Request{Wanted: map[string]string{"node-red-contrib-moment": "*"}, Platform: on, Provided: tree.Stack.Provided()}
	start := time.Now()
	base, err := r.Resolve(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("resolved node-red-contrib-moment: %v", time.Since(start))
	ask.Base, ask.Wanted = base, map[string]string{"node-red-contrib-moment": "*", "node-red-node-random": "*"}
	start = time.Now()
	lock, err := r.Resolve(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("resolved node-red-node-random on top: %v", time.Since(start))
	for path, p := range base.Packages {
		if now := lock.Packages[path]; now == nil || now.ID() != p.ID() {
			t.Errorf("%s was %s and is now %v", path, p.ID(), now)
		}
	}
	for _, how := range []string{"registry", "cache"} {
		start = time.Now()
		laid, err := client.Lay(t.Context(), npm.Layout{
			Lock: lock, Platform: on, Provided: tree.Stack.Provided(), Dir: filepath.Join(dir, "modules"), Owner: &npm.Owner{UID: 4321, GID: 4321},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("laid out from the %s: %v (%d packages, %d files)", how, time.Since(start), laid.Packages, laid.Files)
	}
	for name, wanted := range map[string]map[string]string{"one": {"node-red-node-random": "*"}, "none": nil} {
		ask.Base, ask.Wanted = lock, wanted
		less, err := r.Resolve(t.Context(), ask)
		if err != nil || len(less.Packages) != len(wanted) {
			t.Errorf("with %s wanted: %v packages, err = %v", name, less, err)
		}
	}
	cmd := exec.CommandContext(t.Context(), tree.Node, "-e", `require("node-red-contrib-moment/package.json"); require("moment"); console.log(require("node-red-node-random/package.json").name)`)
	cmd.Dir = filepath.Join(dir, "modules")
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "node-red-node-random" {
		t.Errorf("err = %v, output: %s", err, out)
	}
}

// realRefusals asks the real npm for what must not be installed.
func realRefusals(t *testing.T, client *npm.Client, tree runtime.Tree, dir string) {
	gone, err := npm.New(npm.Config{Registry: "http://127.0.0.1:9", CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		client     *npm.Client
		module, at string
		code       string
	}{
		"no such module":    {client, "node-red-contrib-that-does-not-exist-7f3a", "*", "module_not_found"},
		"no such version":   {client, "node-red-node-random", "^99.0.0", "module_version_not_found"},
		"needs an address":  {client, "node-red-contrib-modbus", "5.60.2", "module_not_from_registry"},
		"wants a script":    {client, "node-red-contrib-modbus", "5.23.3", "module_needs_scripts"},
		"nobody is there":   {gone, "node-red-node-random", "*", "registry_unreachable"},
		"part of the stack": {client, "node-red", "*", "module_in_stack"},
	} {
		r := &npm.Resolver{Node: tree.Node, NPM: tree.NPM, Dir: filepath.Join(t.TempDir(), "resolve"), Client: row.client}
		start := time.Now()
		_, err := r.Resolve(t.Context(), npm.Request{Wanted: map[string]string{row.module: row.at}, Platform: hostPlatform(t), Provided: tree.Stack.Provided()})
		if !fleet.IsCode(err, row.code) {
			t.Errorf("%s: err = %v; want %s", name, err, row.code)
		}
		t.Logf("%s: %v: %v", name, time.Since(start), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "npm", "resolve", "run-*")); len(left) != 0 {
		t.Errorf("scratch folders stay: %v", left)
	}
}
