package launcher_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/launcher"
)

func TestALogGoesOnAfterAFileThatCouldNotBeBegun(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "launcher.log")
	log, err := launcher.OpenBounded(path)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", 1023) + "\n")
	fill := func() (failed error) {
		for range 1100 { // more than one file
			if _, err := log.Write(line); err != nil {
				failed = err
			}
		}
		return failed
	}
	if err := fill(); err != nil {
		t.Fatal(err)
	}
	// For a while no file can be begun.
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if fill() == nil {
		t.Fatal("a file was begun where there is no directory")
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if err := fill(); err != nil {
		t.Fatalf("afterwards: %v", err)
	}
	for _, name := range []string{path, path + ".old"} {
		if info, err := os.Stat(name); err != nil || info.Size() > 1<<20 {
			t.Errorf("%s: %v, %v; want at most 1 MiB", name, info, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}
