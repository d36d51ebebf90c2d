package npm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/fleet"
	"leat/internal/npm"
)

// noise does not get smaller by packing.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

func packageOf(t testing.TB, e map[string]any, name string) *npm.Package {
	t.Helper()
	return lockOf(t, entries{"node_modules/" + name: e}).Packages["node_modules/"+name]
}

func fetch(t testing.TB, c *npm.Client, p *npm.Package) (string, error) {
	t.Helper()
	f, err := c.Fetch(t.Context(), p, nil)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), nil
}

func TestAPackageIsFetchedOnce(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "@scope/a", "1.2.3", file{name: "package/x", body: "x"})
	c, p := newClient(t, reg.URL+"/"), packageOf(t, e, "@scope/a")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := fetch(t, c, p); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"/@scope/a/-/a-1.2.3.tgz"}, reg.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestADamagedCacheEntryIsFetchedAgain(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: noise(5000)})
	dir := tempDir(t)
	c, p := newClient(t, reg.URL, func(c *npm.Config) { c.CacheDir = dir }), packageOf(t, e, "a")
	want, err := fetch(t, c, p)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(dir + "/sha512/??/*")
	if err != nil || len(kept) != 1 {
		t.Fatalf("cache holds %v (err = %v); want one file", kept, err)
	}
	if err := os.Remove(kept[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[0], []byte(want[:100]), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := fetch(t, c, p); err != nil || got != want {
		t.Errorf("second fetch differs (err = %v)", err)
	}
	if n := len(reg.asked()); n != 2 {
		t.Errorf("%d requests; want 2", n)
	}
}

func TestWhatDoesNotHaveItsIntegrityIsThrownAway(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: "good"})
	reg.add(t, "a", "1.0.0", file{name: "package/x", body: "evil"})
	dir := tempDir(t)
	c := newClient(t, reg.URL, func(c *npm.Config) { c.CacheDir = dir + "/cache" })
	_, err := c.Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: dir + "/tree"})
	if !fleet.IsCode(err, "module_integrity") {
		t.Errorf("err = %v; want module_integrity", err)
	}
	mustNotExist(t, dir+"/tree")
	if left, _ := filepath.Glob(dir + "/cache/sha512/??/*"); len(left) != 0 {
		t.Errorf("cache keeps %v", left)
	}
}

// cut answers a first request with half of the body and drops the line.
func cut(reg *registry, after int, more func(w http.ResponseWriter, r *http.Request) bool) {
	var first atomic.Bool
	reg.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if first.CompareAndSwap(false, true) {
			body := reg.archives[r.URL.Path]
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body[:after])
			panic(http.ErrAbortHandler)
		}
		return more != nil && more(w, r)
	})
}

func TestABrokenDownloadGoesOnWhereItStopped(t *testing.T) {
	for name, more := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"with ranges": nil,
		"without ranges": func(_ http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("Range")
			return false
		},
		"with a wrong range": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "" {
				return false
			}
			w.Header().Set("Content-Range", "bytes 7-8/99999")
			w.WriteHeader(http.StatusPartialContent)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: noise(20_000)})
			cut(reg, 8000, more)
			var got atomic.Int64
			f, err := newClient(t, reg.URL).Fetch(t.Context(), packageOf(t, e, "a"), func(n int64) { got.Add(n) })
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			asked := reg.asked()
			if asked[1] != "/a/-/a-1.0.0.tgz bytes=8000-" {
				t.Errorf("second request = %q; want the rest", asked[1])
			}
			if want := int64(len(reg.archives["/a/-/a-1.0.0.tgz"])); got.Load() != want {
				t.Errorf("%d bytes were reported; want %d", got.Load(), want)
			}
		})
	}
}

func TestADownloadGoesOnInTheNextProcess(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: noise(20_000)})
	dir := tempDir(t)
	stop, cancel := context.WithCancelCause(t.Context())
	cut(reg, 8000, func(_ http.ResponseWriter, r *http.Request) bool {
		cancel(errors.New("killed"))
		<-r.Context().Done()
		return true
	})
	in := func(c *npm.Config) { c.CacheDir = dir }
	if _, err := newClient(t, reg.URL, in).Fetch(stop, packageOf(t, e, "a"), nil); err == nil || err.Error() != "killed" {
		t.Fatalf("err = %v; want killed", err)
	}
	reg.answer(nil)
	if _, err := fetch(t, newClient(t, reg.URL, in), packageOf(t, e, "a")); err != nil {
		t.Fatal(err)
	}
	if asked := reg.asked(); asked[len(asked)-1] != "/a/-/a-1.0.0.tgz bytes=8000-" {
		t.Errorf("last request = %q; want the rest", asked[len(asked)-1])
	}
}

func TestRemainsThatAreRubbishDoNotStopADownload(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: noise(20_000)})
	dir := tempDir(t)
	i, _ := npm.ParseIntegrity(e["integrity"].(string))
	part := filepath.Join(dir, "sha512", i.Sum[:2], i.Sum+".part")
	for _, rubbish := range []string{noise(9_000)[1:], noise(90_000)} {
		if err := os.MkdirAll(filepath.Dir(part), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(part, []byte(rubbish), 0o600); err != nil {
			t.Fatal(err)
		}
		c := newClient(t, reg.URL, func(c *npm.Config) { c.CacheDir = dir })
		if _, err := fetch(t, c, packageOf(t, e, "a")); err != nil {
			t.Errorf("with %d bytes of rubbish: %v", len(rubbish), err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "sha512")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStalledDownloadIsTakenUpAgain(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: noise(20_000)})
	var first atomic.Bool
	reg.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if !first.CompareAndSwap(false, true) {
			return false
		}
		_, _ = w.Write(reg.archives[r.URL.Path][:5000])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	})
	c := newClient(t, reg.URL, func(c *npm.Config) { c.Stall = 50 * time.Millisecond })
	if _, err := fetch(t, c, packageOf(t, e, "a")); err != nil {
		t.Error(err)
	}
}

func TestFailuresOfARegistryAreToldApart(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true }
	}
	for name, row := range map[string]struct {
		handle   func(http.ResponseWriter, *http.Request) bool
		code     string
		requests int
	}{
		"not there":        {status(404), "module_version_not_found", 1},
		"wants a sign-in":  {status(401), "registry_refused", 1},
		"broken":           {status(502), "registry_unreachable", 4},
		"throttled":        {status(429), "registry_unreachable", 4},
		"drops every line": {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, "registry_unreachable", 4},
		"says nothing":     {func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, "registry_unreachable", 4},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			e := reg.add(t, "a", "1.0.0")
			reg.answer(row.handle)
			c := newClient(t, reg.URL, func(c *npm.Config) {
				c.Stall = 20 * time.Millisecond
				c.Client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no silent retries of net/http
			})
			_, err := fetch(t, c, packageOf(t, e, "a"))
			if !fleet.IsCode(err, row.code) {
				t.Errorf("err = %v; want %s", err, row.code)
			}
			if n := len(reg.asked()); n != row.requests {
				t.Errorf("%d requests; want %d", n, row.requests)
			}
		})
	}
	gone := newRegistry(t)
	gone.Close()
	if _, err := fetch(t, newClient(t, gone.URL), packageOf(t, entry(), "a")); !fleet.IsCode(err, "registry_unreachable") {
		t.Errorf("no server: err = %v; want registry_unreachable", err)
	}
}

func TestWithoutARegistryTheErrorSaysWhatToSet(t *testing.T) {
	_, err := fetch(t, newClient(t, ""), packageOf(t, entry(), "a"))
	if !fleet.IsCode(err, "registry_not_set") || !strings.Contains(err.Error(), "npm.registry") {
		t.Errorf("err = %v; want registry_not_set that names the setting", err)
	}
	for _, bad := range []string{"ftp://x", "registry.example.com", "http://", "http://x/?y"} {
		if _, err := npm.New(npm.Config{Registry: bad}); !fleet.IsCode(err, "registry_invalid") {
			t.Errorf("%q: err = %v; want registry_invalid", bad, err)
		}
	}
}

func TestSHA1CountsOnlyWhereItIsAllowed(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: "x"})
	e["integrity"] = sha1Of(reg.archives["/a/-/a-1.0.0.tgz"])
	p := packageOf(t, e, "a")
	if _, err := fetch(t, newClient(t, reg.URL), p); !fleet.IsCode(err, "lock_invalid") {
		t.Errorf("err = %v; want lock_invalid", err)
	}
	if _, err := fetch(t, newClient(t, reg.URL, func(c *npm.Config) { c.AllowSHA1 = true }), p); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

func TestTheCacheStaysWithinItsBound(t *testing.T) {
	reg := newRegistry(t)
	dir := tempDir(t)
	c := newClient(t, reg.URL, func(c *npm.Config) { c.CacheDir, c.CacheBytes = dir+"/cache", 25_000 })
	for _, name := range []string{"a", "b", "c", "d"} {
		e := reg.add(t, name, "1.0.0", file{name: "package/" + name, body: noise(10_000)})
		if _, err := c.Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/" + name: e}), Platform: linux, Dir: dir + "/tree"}); err != nil {
			t.Fatal(err)
		}
	}
	var sum int64
	kept, _ := filepath.Glob(dir + "/cache/sha512/??/*")
	for _, name := range kept {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	if len(kept) != 2 || sum > 25_000 {
		t.Errorf("cache keeps %d files, %d bytes; want the last 2", len(kept), sum)
	}
}
