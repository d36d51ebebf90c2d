//go:build real

package npm_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"leat/internal/fleet"
	"leat/internal/npm"
)

// mountSmall gives the test a file system of so many bytes. It needs root.
func mountSmall(t *testing.T, size string) string {
	t.Helper()
	dir := tempDir(t)
	if err := syscall.Mount("leat-test", dir, "tmpfs", 0, "mode=0755,size="+size); err != nil {
		t.Fatalf("mount a tmpfs (needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAFullDiskIsSaidAndChangesNothing(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x", body: noise(3 << 20)})
	lock := lockOf(t, entries{"node_modules/a": e})
	small := mountSmall(t, "2m")
	for name, row := range map[string]struct{ cache, tree string }{
		"for the tree":  {tempDir(t), filepath.Join(small, "tree")},
		"for the cache": {filepath.Join(small, "cache"), filepath.Join(tempDir(t), "tree")},
	} {
		c := newClient(t, reg.URL, func(c *npm.Config) { c.CacheDir = row.cache })
		_, err := c.Lay(t.Context(), npm.Layout{Lock: lock, Platform: linux, Dir: row.tree})
		if !fleet.IsCode(err, "disk_full") {
			t.Errorf("%s: err = %v; want disk_full", name, err)
		}
		mustNotExist(t, row.tree)
	}
}

func TestATreeBelongsToItsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/bin/x", body: "x"})
	e["bin"] = map[string]string{"x": "bin/x"}
	dir := filepath.Join(tempDir(t), "tree")
	_, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{
		Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: dir,
		Owner: &npm.Owner{UID: 4321, GID: 4322}, Files: map[string][]byte{"package.json": []byte("{}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := walk(t, dir)
	all["."] = ""
	for name := range all {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != 4321 || st.Gid != 4322 {
			t.Errorf("%s belongs to %d:%d", name, st.Uid, st.Gid)
		}
	}
}
