package runtime_test

import (
	"os"
	"path/filepath"
	"testing"

	"leat/internal/fleet"
	"leat/internal/runtime"
)

// The digest is an address on every machine that runs this stack: another lock
// is another stack, and every machine downloads it anew.
const nodeRED5 = "5374fff40d2ba1f0887124dfc7daf315240ba1ffb3b4e28e26b73d052d1a28f8"

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
