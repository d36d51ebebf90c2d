package npm_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/fleet"
	"leat/internal/npm"
)

func as(err error, target **fleet.Error) bool { return errors.As(err, target) }

func installed(t *testing.T, l *npm.Lock, on npm.Platform, provided ...string) []string {
	t.Helper()
	packages, err := l.Install(on, provided...)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range packages {
		paths = append(paths, p.Path)
	}
	return paths
}

func needs(names ...string) map[string]string {
	m := map[string]string{}
	for _, n := range names {
		m[n] = "*"
	}
	return m
}

func TestOptionalPackagesFollowThePlatform(t *testing.T) {
	l := lockOf(t, entries{
		"":                      {"dependencies": needs("main")},
		"node_modules/main":     entry("optionalDependencies", needs("gnu", "musl", "arm", "wasm", "notwin", "gone")),
		"node_modules/gnu":      entry("optional", true, "os", []string{"linux"}, "cpu", []string{"x64"}, "libc", []string{"glibc"}),
		"node_modules/musl":     entry("optional", true, "os", []string{"linux"}, "cpu", []string{"x64"}, "libc", []string{"musl"}),
		"node_modules/arm":      entry("optional", true, "cpu", []string{"arm64"}),
		"node_modules/wasm":     entry("optional", true, "cpu", []string{"wasm32"}, "dependencies", needs("onlywasm")),
		"node_modules/onlywasm": entry("optional", true),
		"node_modules/notwin":   entry("optional", true, "os", []string{"!win32"}),
	})
	for name, row := range map[string]struct {
		on   npm.Platform
		want []string
	}{
		"linux x64 glibc": {linux, []string{"node_modules/gnu", "node_modules/main", "node_modules/notwin"}},
		"linux x64 musl":  {npm.Platform{OS: "linux", CPU: "x64", Libc: "musl"}, []string{"node_modules/main", "node_modules/musl", "node_modules/notwin"}},
		"linux arm64":     {npm.Platform{OS: "linux", CPU: "arm64", Libc: "glibc"}, []string{"node_modules/arm", "node_modules/main", "node_modules/notwin"}},
		"windows":         {npm.Platform{OS: "win32", CPU: "x64"}, []string{"node_modules/main"}},
	} {
		if diff := cmp.Diff(row.want, installed(t, l, row.on)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestModulesAreFoundAsNodeFindsThem(t *testing.T) {
	l := lockOf(t, entries{
		"":                                  {"dependencies": needs("a", "@s/b")},
		"node_modules/a":                    entry("dependencies", needs("c")),
		"node_modules/a/node_modules/c":     entry("version", "2.0.0", "dependencies", needs("d")),
		"node_modules/c":                    entry(),
		"node_modules/d":                    entry(),
		"node_modules/@s/b":                 entry("dependencies", needs("e", "in")),
		"node_modules/@s/b/node_modules/e":  entry("dependencies", needs("c")),
		"node_modules/@s/b/node_modules/in": {"version": "1.0.0", "inBundle": true},
		"node_modules/dev":                  entry("dev", true),
	})
	want := []string{
		"node_modules/@s/b", "node_modules/@s/b/node_modules/e", "node_modules/a",
		"node_modules/a/node_modules/c", "node_modules/c", "node_modules/d",
	}
	if diff := cmp.Diff(want, installed(t, l, linux)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPeerThatComesWithTheStackIsNotInstalled(t *testing.T) {
	l := lockOf(t, entries{
		"":                      {"dependencies": needs("widget")},
		"node_modules/widget":   entry("peerDependencies", needs("node-red", "other")),
		"node_modules/node-red": entry("peer", true, "dependencies", needs("huge")),
		"node_modules/huge":     entry("peer", true),
		"node_modules/other":    entry("peer", true),
	})
	if diff := cmp.Diff([]string{"node_modules/other", "node_modules/widget"}, installed(t, l, linux, "node-red")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALockThatCannotWorkIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		packages entries
		code     string
	}{
		"another platform": {entries{"node_modules/a": entry("os", []string{"win32"})}, "module_platform"},
		"a package lacks":  {entries{"node_modules/a": entry("dependencies", needs("b"))}, "lock_invalid"},
	} {
		if _, err := lockOf(t, row.packages).Install(linux); !fleet.IsCode(err, row.code) {
			t.Errorf("%s: err = %v; want %s", name, err, row.code)
		}
	}
}
