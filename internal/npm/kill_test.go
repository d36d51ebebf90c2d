package npm_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/npm"
)

// TestMain lets this binary be the process that is killed: with LEAT_TEST_LAY
// set it lays a tree out and does nothing else.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LEAT_TEST_LAY"); dir != "" {
		if err := layForever(context.Background(), dir, os.Getenv("LEAT_TEST_REGISTRY")); err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// layForever lays out the lock beside dir, and asks the registry for /finish
// before the tree would be moved into place.
func layForever(ctx context.Context, dir, registry string) error {
	text, err := os.ReadFile(dir + ".lock.json")
	if err != nil {
		return err
	}
	lock, err := npm.ParseLock(text)
	if err != nil {
		return err
	}
	c, err := npm.New(npm.Config{Registry: registry, CacheDir: dir + ".cache"})
	if err != nil {
		return err
	}
	_, err = c.Lay(ctx, npm.Layout{Lock: lock, Platform: linux, Dir: dir, ReadOnly: true, Finish: func(ctx context.Context, _ string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, registry+"/finish", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}})
	return err
}

func TestAKilledLayoutLeavesWhatWasThere(t *testing.T) {
	for name, at := range map[string]string{
		"while fetching":       "/last/-/last-1.0.0.tgz",
		"when all is unpacked": "/finish",
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			dir := layOne(t, reg)
			packages := entries{"node_modules/last": reg.add(t, "last", "1.0.0", file{name: "package/x", body: noise(1000)})}
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				packages["node_modules/"+name] = reg.add(t, name, "1.0.0", file{name: "package/lib/x", body: noise(50_000)})
			}
			if err := os.WriteFile(dir+".lock.json", lockBytes(t, packages), 0o600); err != nil {
				t.Fatal(err)
			}
			killAt(t, reg, at, dir)
			if got := read(t, dir, "node_modules/old/x"); got != "old" {
				t.Errorf("the tree that was there holds %q", got)
			}
			remains, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".tree.tmp-*"))
			if len(remains) != 1 {
				t.Errorf("remains are %v; want one directory (or the kill came too late)", remains)
			}
			c := newClient(t, reg.URL)
			if _, err := c.Lay(t.Context(), npm.Layout{Lock: lockOf(t, packages), Platform: linux, Dir: dir}); err != nil {
				t.Fatal(err)
			}
			mustBeAlone(t, filepath.Dir(dir), "tree", "tree.cache", "tree.lock.json")
			mustBeAlone(t, dir+"/node_modules", "a", "b", "c", "d", "e", "last")
		})
	}
}

// killAt starts this binary as a layer of trees, and kills it when it asks for at.
func killAt(t *testing.T, reg *registry, at, dir string) {
	t.Helper()
	reached := make(chan struct{}, 1)
	reg.answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != at {
			return false
		}
		reached <- struct{}{}
		<-r.Context().Done()
		return true
	})
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "LEAT_TEST_LAY="+dir, "LEAT_TEST_REGISTRY="+reg.URL)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-reached:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v: %s", err, said.String())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	reg.answer(nil)
}

func TestALayoutInProgressIsNotSwept(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: "x"})
	dir := filepath.Join(tempDir(t), "tree")
	c := newClient(t, reg.URL)
	_, err := c.Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: dir, Finish: func(context.Context, string) error {
		return npm.Sweep(dir)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "node_modules/a/x"); got != "x" {
		t.Errorf("x = %q", got)
	}
}
