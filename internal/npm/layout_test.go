package npm_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/fleet"
	"leat/internal/npm"
)

// walk lists what lies under dir with its mode, links with where they lead.
func walk(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		out[rel] = info.Mode().String()
		if info.Mode()&fs.ModeSymlink != 0 {
			if out[rel], err = os.Readlink(path); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestATreeIsLaidOut(t *testing.T) {
	reg := newRegistry(t)
	a := reg.add(t, "a", "1.0.0",
		file{name: "package/package.json", body: "{}", mode: 0o600},
		file{name: "package/lib/run.js", body: "first"},
		file{name: "package/lib/run.js", body: "second"},
		file{name: "package/tool", body: "#!", mode: 0o4711},
		file{name: "package/dir", kind: '5', mode: 0o777})
	a["bin"] = map[string]string{"a": "./lib/run.js", "gone": "nothing.js", "../evil": "lib/run.js", "evil": "../../../../etc/passwd"}
	a["dependencies"] = map[string]string{"b": "*"}
	b := reg.add(t, "b", "2.0.0", file{name: "b-2.0.0/index.js", body: "b"})
	lock := lockOf(t, entries{"": {"dependencies": needs("a")}, "node_modules/a": a, "node_modules/a/node_modules/b": b})
	dir := filepath.Join(tempDir(t), "tree")
	var last npm.Progress
	laid, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{
		Lock: lock, Platform: linux, Dir: dir, ReadOnly: true,
		Files: map[string][]byte{"package.json": []byte("{}")}, Marker: "done", Sealed: []byte("yes"),
		Progress: func(p npm.Progress) { last = p },
	})
	if err != nil {
		t.Fatal(err)
	}
	if laid.Packages != 2 || laid.Archives != laid.Fetched || last.Packages != 2 || last.Bytes != laid.Archives {
		t.Errorf("laid = %+v, last progress %+v", laid, last)
	}
	want := map[string]string{
		"done": "-r--r--r--", "package.json": "-r--r--r--", "node_modules": "dr-xr-xr-x",
		"node_modules/.bin": "dr-xr-xr-x", "node_modules/.bin/a": "../a/lib/run.js",
		"node_modules/a": "dr-xr-xr-x", "node_modules/a/package.json": "-r--r--r--", "node_modules/a/lib": "dr-xr-xr-x",
		"node_modules/a/lib/run.js": "-r-xr-xr-x", "node_modules/a/tool": "-r-xr-xr-x",
		"node_modules/a/node_modules": "dr-xr-xr-x", "node_modules/a/node_modules/b": "dr-xr-xr-x",
		"node_modules/a/node_modules/b/index.js": "-r--r--r--",
	}
	if diff := cmp.Diff(want, walk(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := read(t, dir, "node_modules/a/lib/run.js"); got != "second" {
		t.Errorf("a name given twice holds %q; want second", got)
	}
	if err := npm.RemoveTree(dir); err != nil {
		t.Fatal(err)
	}
	mustBeAlone(t, filepath.Dir(dir))
}

// mustBeAlone fails where something besides names lies in dir.
func mustBeAlone(t *testing.T, dir string, names ...string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range found {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(append([]string{}, names...), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", dir, diff)
	}
}

func TestAnArchiveCannotLeaveItsPackage(t *testing.T) {
	outside := filepath.Join(tempDir(t), "outside")
	for name, files := range map[string][]file{
		"upwards":         {{name: "package/../../../../outside", body: "x"}},
		"upwards, folded": {{name: "package/a/../../../x", body: "x"}},
		"absolute":        {{name: outside, body: "x"}},
		"backslashes":     {{name: `package/..\..\x`, body: "x"}},
		"file as folder":  {{name: "package/a", body: "x"}, {name: "package/a/b", body: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			e := reg.add(t, "a", "1.0.0", files...)
			parent := tempDir(t)
			_, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: parent + "/tree"})
			if !fleet.IsCode(err, "module_broken") {
				t.Errorf("err = %v; want module_broken", err)
			}
			mustBeAlone(t, parent)
			mustNotExist(t, outside)
		})
	}
}

func TestLinksInAnArchiveAreIgnored(t *testing.T) {
	outside := tempDir(t)
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0",
		file{name: "package/out", kind: '2', link: outside},
		file{name: "package/out/x", body: "inside"},
		file{name: "package/hard", kind: '1', link: "/etc/passwd"},
		file{name: "package/fifo", kind: '6'},
		file{name: "package/tty", kind: '3'})
	dir := filepath.Join(tempDir(t), "tree")
	if _, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	mustBeAlone(t, outside)
	mustBeAlone(t, dir+"/node_modules/a", "out")
	if got := read(t, dir, "node_modules/a/out/x"); got != "inside" {
		t.Errorf("out/x = %q", got)
	}
}

func TestWhatAnArchivePutsInAnotherPackagesPlaceIsLeftOut(t *testing.T) {
	reg := newRegistry(t)
	a := reg.add(t, "a", "1.0.0",
		file{name: "package/node_modules/b/index.js", body: "of a"},
		file{name: "package/node_modules/@s/c/index.js", body: "of a"},
		file{name: "package/node_modules/bundled/index.js", body: "of a"})
	a["dependencies"] = needs("b", "@s/c", "bundled")
	b := reg.add(t, "b", "1.0.0", file{name: "package/index.js", body: "of b"})
	c := reg.add(t, "@s/c", "1.0.0", file{name: "package/other.js", body: "of c"})
	lock := lockOf(t, entries{
		"": {"dependencies": needs("a")}, "node_modules/a": a, "node_modules/a/node_modules/b": b,
		"node_modules/a/node_modules/@s/c": c, "node_modules/a/node_modules/bundled": {"version": "1.0.0", "inBundle": true},
	})
	dir := filepath.Join(tempDir(t), "tree")
	if _, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{Lock: lock, Platform: linux, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	at := dir + "/node_modules/a/node_modules"
	if got := read(t, at, "b/index.js") + ", " + read(t, at, "bundled/index.js"); got != "of b, of a" {
		t.Errorf("files are %s", got)
	}
	mustBeAlone(t, at+"/@s/c", "other.js")
}

func TestAPackageHasLimits(t *testing.T) {
	big := []file{{name: "package/big", body: strings.Repeat("0", 3<<20)}}
	many := make([]file, 101)
	for i := range many {
		many[i] = file{name: "package/x"}
	}
	for name, row := range map[string]struct {
		files  []file
		limits npm.Limits
	}{
		"a file":           {big, npm.Limits{PackageBytes: 1 << 20}},
		"a tree":           {big, npm.Limits{TreeBytes: 1 << 20}},
		"number of files":  {many, npm.Limits{PackageFiles: 100}},
		"files in a tree":  {many, npm.Limits{TreeFiles: 100}},
		"deep folders":     {[]file{{name: "package/" + strings.Repeat("x/", 150) + "y"}}, npm.Limits{TreeFiles: 100}},
		"a large download": {[]file{{name: "package/x", body: noise(100_000)}}, npm.Limits{TarballBytes: 50_000}},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			e := reg.add(t, "a", "1.0.0", row.files...)
			parent := tempDir(t)
			c := newClient(t, reg.URL, func(c *npm.Config) { c.Limits = row.limits })
			_, err := c.Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: parent + "/tree"})
			if !fleet.IsCode(err, "module_broken") {
				t.Errorf("err = %v; want module_broken", err)
			}
			mustBeAlone(t, parent)
		})
	}
}

func TestADamagedArchiveChangesNothing(t *testing.T) {
	good := archive(t, file{name: "package/x", body: noise(5000)})
	for name, body := range map[string][]byte{"not gzip": []byte("hello"), "cut off": good[:len(good)/2], "empty": {}} {
		reg := newRegistry(t)
		e := reg.addBytes("a", "1.0.0", body)
		dir := layOne(t, reg)
		_, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: dir})
		if !fleet.IsCode(err, "module_broken") {
			t.Errorf("%s: err = %v; want module_broken", name, err)
		}
		mustHoldOld(t, dir)
	}
}

// layOne lays a first tree out, which a later one is to replace.
func layOne(t *testing.T, reg *registry) string {
	t.Helper()
	old := reg.add(t, "old", "1.0.0", file{name: "package/x", body: "old"})
	dir := filepath.Join(tempDir(t), "tree")
	if _, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/old": old}), Platform: linux, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mustHoldOld(t *testing.T, dir string) {
	t.Helper()
	mustBeAlone(t, filepath.Dir(dir), "tree")
	mustBeAlone(t, dir+"/node_modules", "old")
}

func TestATreeIsReplacedInOneStepOrNotAtAll(t *testing.T) {
	reg := newRegistry(t)
	dir := layOne(t, reg)
	e := reg.add(t, "new", "1.0.0", file{name: "package/x", body: "new"})
	lay := func(finish func(context.Context, string) error) error {
		_, err := newClient(t, reg.URL).Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{"node_modules/new": e}), Platform: linux, Dir: dir, Finish: finish})
		return err
	}
	no := errors.New("no")
	if err := lay(func(_ context.Context, at string) error {
		if got := read(t, at, "node_modules/new/x"); got != "new" {
			t.Errorf("Finish sees %q", got)
		}
		return no
	}); !errors.Is(err, no) {
		t.Errorf("err = %v; want that of Finish", err)
	}
	mustHoldOld(t, dir)
	if err := lay(nil); err != nil {
		t.Fatal(err)
	}
	mustBeAlone(t, filepath.Dir(dir), "tree")
	mustBeAlone(t, dir+"/node_modules", "new")
}

func TestACancelledLayoutLeavesNothing(t *testing.T) {
	reg := newRegistry(t)
	e := reg.add(t, "a", "1.0.0", file{name: "package/x"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	parent := tempDir(t)
	_, err := newClient(t, reg.URL).Lay(ctx, npm.Layout{
		Lock: lockOf(t, entries{"node_modules/a": e}), Platform: linux, Dir: parent + "/tree",
		Finish: func(ctx context.Context, _ string) error { cancel(); return context.Cause(ctx) },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v; want canceled", err)
	}
	mustBeAlone(t, parent)
}

func TestADirectoryThatOthersWriteToIsNoPlaceForATree(t *testing.T) {
	parent := tempDir(t)
	if err := os.Chmod(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := newClient(t, "").Lay(t.Context(), npm.Layout{Lock: lockOf(t, entries{}), Platform: linux, Dir: parent + "/tree"})
	if !fleet.IsCode(err, "tree_parent_shared") {
		t.Errorf("err = %v; want tree_parent_shared", err)
	}
}
