package npm_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/npm"
)

var linux = npm.Platform{OS: "linux", CPU: "x64", Libc: "glibc"}

// file is one entry of an archive; a plain file unless head says otherwise.
type file struct {
	name, body string
	mode       int64
	kind       byte
	link       string
}

// archive packs files as they are named.
func archive(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, f := range files {
		head := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.body)), Typeflag: f.kind, Linkname: f.link}
		if f.kind == 0 {
			head.Typeflag = tar.TypeReg
		}
		if err := tw.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(f.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sha512Of(b []byte) string {
	sum := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func sha1Of(b []byte) string {
	sum := sha1.Sum(b)
	return "sha1-" + base64.StdEncoding.EncodeToString(sum[:])
}

// registry is a package registry in this process.
type registry struct {
	*httptest.Server
	mu       sync.Mutex
	archives map[string][]byte
	requests []string
	// handle, where set, answers before the archives do; false passes on.
	handle func(w http.ResponseWriter, r *http.Request) bool
}

func newRegistry(t testing.TB) *registry {
	reg := &registry{archives: map[string][]byte{}}
	reg.Server = httptest.NewServer(reg)
	t.Cleanup(reg.Close)
	return reg
}

func (reg *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reg.mu.Lock()
	reg.requests = append(reg.requests, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
	body, found := reg.archives[r.URL.Path]
	handle := reg.handle
	reg.mu.Unlock()
	if handle != nil && handle(w, r) {
		return
	}
	if !found {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// answer sets or clears handle while requests may be on their way.
func (reg *registry) answer(handle func(w http.ResponseWriter, r *http.Request) bool) {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.handle = handle
}

func (reg *registry) asked() []string {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	return append([]string(nil), reg.requests...)
}

// add puts a package there and returns its entry for a lock.
func (reg *registry) add(t testing.TB, name, version string, files ...file) map[string]any {
	t.Helper()
	return reg.addBytes(name, version, archive(t, files...))
}

func (reg *registry) addBytes(name, version string, body []byte) map[string]any {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.archives["/"+name+"/-/"+name[strings.LastIndex(name, "/")+1:]+"-"+version+".tgz"] = body
	return map[string]any{"version": version, "integrity": sha512Of(body)}
}

// entries is the packages map of a lock.
type entries map[string]map[string]any

// lockOf makes a lock in which the root depends on everything at the top.
func lockOf(t testing.TB, packages entries) *npm.Lock {
	t.Helper()
	l, err := npm.ParseLock(lockBytes(t, packages))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func lockBytes(t testing.TB, packages entries) []byte {
	t.Helper()
	if packages[""] == nil {
		wanted := map[string]string{}
		for path := range packages {
			if name := strings.TrimPrefix(path, "node_modules/"); !strings.Contains(name, "node_modules/") {
				wanted[name] = "*"
			}
		}
		packages[""] = map[string]any{"dependencies": wanted}
	}
	b, err := json.Marshal(map[string]any{"name": "test", "lockfileVersion": 3, "requires": true, "packages": packages})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newClient is a client with a cache of its own; without a url it has no
// registry, however the tests were linked.
func newClient(t testing.TB, url string, change ...func(*npm.Config)) *npm.Client {
	t.Helper()
	linked := npm.DefaultRegistry
	npm.DefaultRegistry = ""
	defer func() { npm.DefaultRegistry = linked }()
	c := npm.Config{Registry: url, CacheDir: filepath.Join(tempDir(t), "cache"), Backoff: time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	client, err := npm.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func read(t testing.TB, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func mustNotExist(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("%s is there (err = %v); want nothing", path, err)
	}
}

// tempDir is a temporary directory that nobody else may write to, whatever the umask.
func tempDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
