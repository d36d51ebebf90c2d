package runtime_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"leat/internal/npm"
	"leat/internal/runtime"
)

// fakeNode answers as Node.js where a stack asks it something: its version, and
// a run that fills the compile cache until it is told to end.
const fakeNode = `#!/bin/sh
[ "$1" = --version ] && { echo ${VERSION:-v24.21.0}; exit; }
mkdir -p "$NODE_COMPILE_CACHE/v24.21.0-x64-abcd-$(id -u)"
echo "$@" > "$NODE_COMPILE_CACHE/v24.21.0-x64-abcd-$(id -u)/args"
trap 'exit 0' TERM
echo "[info] Started flows"
while :; do sleep 0.01; done
`

// shop is a registry with one small stack in it.
type shop struct {
	*httptest.Server
	stack *runtime.Stack
	// handle, where set, answers instead; false passes on.
	handle   atomic.Pointer[handler]
	requests atomic.Int64
}

type handler func(w http.ResponseWriter, r *http.Request) bool

func (s *shop) answer(h handler) { s.handle.Store(&h) }

func newShop(t *testing.T, node string) *shop {
	t.Helper()
	s := &shop{}
	archives := map[string][]byte{}
	packages := map[string]any{}
	var total int64
	add := func(name, version, file, body string) {
		b := pack(t, file, body)
		archives["/"+name+"/-/"+name+"-"+version+".tgz"] = b
		sum := sha512.Sum512(b)
		packages["node_modules/"+name] = map[string]any{"version": version, "integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
		total += int64(len(b))
	}
	on := hostPlatform(t)
	add("node-linux-"+on.CPU, "24.21.0", "bin/node", node)
	add("node-red", "5.0.7", "red.js", "")
	wanted := map[string]string{"node-linux-" + on.CPU: "*", "node-red": "*"}
	packages[""] = map[string]any{"dependencies": wanted}
	text, err := json.Marshal(map[string]any{"lockfileVersion": 3, "packages": packages})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := npm.ParseLock(text)
	if err != nil {
		t.Fatal(err)
	}
	if s.stack, err = runtime.NewStack(lock, total); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if h := s.handle.Load(); h == nil || *h == nil || !(*h)(w, r) {
			_, _ = w.Write(archives[r.URL.Path])
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func pack(t *testing.T, name, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	if err := tw.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o755, Size: int64(len(body)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := tw.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hostPlatform(t *testing.T) npm.Platform {
	t.Helper()
	on, err := runtime.HostPlatform()
	if err != nil {
		t.Fatal(err)
	}
	return on
}

func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// storeAt is a store with a package cache of its own.
func storeAt(t *testing.T, dir, registry string) *runtime.Store {
	t.Helper()
	client, err := npm.New(npm.Config{Registry: registry, CacheDir: tempDir(t), Backoff: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewStore(dir, client, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.RemoveUnused(context.WithoutCancel(t.Context()), using()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func names(t *testing.T, dir string) string {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range found {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

// using names the stacks that something runs on.
func using(digests ...string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return digests, nil }
}
