package npm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"leat/internal/fleet"
	"leat/internal/npm"
)

const someSum = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="

func entry(more ...any) map[string]any {
	e := map[string]any{"version": "1.0.0", "integrity": someSum}
	for i := 0; i+1 < len(more); i += 2 {
		e[more[i].(string)] = more[i+1]
	}
	return e
}

func TestALockThatLeatDoesNotLayOutIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		packages entries
		code     string
	}{
		"address":              {entries{"node_modules/a": entry("resolved", "https://example.com/a.tgz")}, "module_not_from_registry"},
		"repository":           {entries{"node_modules/a": entry("resolved", "git+ssh://git@example.com/a.git#1")}, "module_not_from_registry"},
		"folder":               {entries{"node_modules/a": {"link": true, "resolved": "../a"}}, "module_not_from_registry"},
		"address at the root":  {entries{"": {"dependencies": map[string]string{"a": "https://example.com/a.tgz"}}}, "module_invalid"},
		"file at the root":     {entries{"": {"dependencies": map[string]string{"a": "file:../a"}}}, "module_invalid"},
		"alias at the root":    {entries{"": {"dependencies": map[string]string{"a": "npm:b@1"}}}, "module_invalid"},
		"no integrity":         {entries{"node_modules/a": {"version": "1.0.0"}}, "lock_invalid"},
		"unknown hash":         {entries{"node_modules/a": entry("integrity", "md5-XUFAKrxLKna5cZ2REBfFkg==")}, "lock_invalid"},
		"short hash":           {entries{"node_modules/a": entry("integrity", "sha512-AAAA")}, "lock_invalid"},
		"no version":           {entries{"node_modules/a": entry("version", "^1.0.0")}, "lock_invalid"},
		"version with a path":  {entries{"node_modules/a": entry("version", "1.0.0/../../x")}, "lock_invalid"},
		"name with a path":     {entries{"node_modules/a": entry("name", "../../x")}, "lock_invalid"},
		"path out of the tree": {entries{"node_modules/../../x": entry()}, "lock_invalid"},
		"path not of modules":  {entries{"src/a": entry()}, "lock_invalid"},
		"absolute path":        {entries{"/node_modules/a": entry()}, "lock_invalid"},
		"path inside a module": {entries{"node_modules/a/b/c": entry()}, "lock_invalid"},
		"path with no name":    {entries{"node_modules/a/node_modules/": entry()}, "lock_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, ok := row.packages[""]; !ok {
				row.packages[""] = map[string]any{}
			}
			_, err := npm.ParseLock(lockBytes(t, row.packages))
			if !fleet.IsCode(err, row.code) {
				t.Errorf("err = %v; want %s", err, row.code)
			}
		})
	}
	for name, text := range map[string]string{
		"older format": `{"lockfileVersion": 2, "packages": {}}`,
		"not JSON":     `{"lockfileVersion": 3, `,
		"null entry":   `{"lockfileVersion": 3, "packages": {"node_modules/a": null}}`,
	} {
		if _, err := npm.ParseLock([]byte(text)); !fleet.IsCode(err, "lock_invalid") {
			t.Errorf("%s: err = %v; want lock_invalid", name, err)
		}
	}
}

func TestTheDigestOfALockDependsOnItsContentAlone(t *testing.T) {
	digest := func(text string) string {
		t.Helper()
		l, err := npm.ParseLock([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	a := digest(`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","integrity":"` + someSum + `","license":"MIT","engines":{"node":"1","npm":"2"}}}}`)
	b := digest(`{ "packages": {"node_modules/a": {"engines":{"npm":"2", "node":"1"}, "integrity":"` + someSum + `", "version":"1.0.0"}}, "lockfileVersion":3}`)
	c := digest(`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.1","integrity":"` + someSum + `"}}}`)
	if a != b {
		t.Error("order, white space or a licence changed the digest")
	}
	if a == c {
		t.Error("another version has the same digest")
	}
}

func TestALockIsWrittenAsItWasRead(t *testing.T) {
	l := lockOf(t, entries{
		"node_modules/a":                entry("bin", map[string]string{"a": "./a.js"}, "os", []string{"linux"}, "dependencies", map[string]string{"b": ">=1 <2"}),
		"node_modules/@s/b":             entry("optional", true, "cpu", "x64"),
		"node_modules/a/node_modules/b": entry("name", "c", "peerDependenciesMeta", map[string]any{"x": map[string]any{"optional": true}}),
	})
	first, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	again, err := npm.ParseLock(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Errorf("second writing differs:\n%s\n%s", first, second)
	}
	if got := again.Packages["node_modules/a/node_modules/b"].ID(); got != "c@1.0.0" {
		t.Errorf("alias = %s; want c@1.0.0", got)
	}
}

func FuzzParseLock(f *testing.F) {
	f.Add(`{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{"version":"1.0.0","integrity":"` + someSum + `","os":"linux","bin":"x.js"}}}`)
	f.Add(`{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},"node_modules/@a/b/node_modules/c":{"version":"1.0.0-rc.1+x","inBundle":true}}}`)
	f.Add(`{"lockfileVersion":3,"packages":{"node_modules/a":{"cpu":["!x64"],"libc":["musl"],"engines":["node"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := npm.ParseLock([]byte(text))
		if err != nil {
			return
		}
		for path := range l.Packages {
			if strings.Contains(path, "..") && strings.Contains(path, "/../") || strings.HasPrefix(path, "/") || !strings.HasPrefix(path, "node_modules/") {
				t.Errorf("path %q was accepted", path)
			}
		}
		d, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := npm.ParseLock(b)
		if err != nil {
			t.Fatalf("what we wrote cannot be read: %v", err)
		}
		if d2, err := again.Digest(); err != nil || d2 != d {
			t.Errorf("digest %s (err = %v) after writing; want %s", d2, err, d)
		}
		_, _ = l.Install(linux)
	})
}
