package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/runtime"
	"leat/internal/server"
	"leat/internal/servertest"
)

func TestStacksThatNothingRunsOnAreRemovedFromTheDisk(t *testing.T) {
	dir := t.TempDir()
	s := servertest.New(t, func(c *server.Config) { c.Runtime.Dir = dir })
	old := strings.Repeat("ab", 32)
	digests := []string{old}
	all, err := runtime.Stacks()
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		digests = append(digests, st.Digest)
	}
	for _, digest := range digests {
		if err := os.MkdirAll(filepath.Join(dir, digest, "node_modules"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	there := func() (n int) {
		for _, digest := range digests {
			if _, err := os.Stat(filepath.Join(dir, digest)); err == nil {
				n++
			}
		}
		return n
	}
	if err := s.SweepStacks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, old)); !os.IsNotExist(err) || there() != len(all) {
		t.Errorf("of the stacks %d stay, %v; want %d without the old one", there(), err, len(all))
	}
	// A retired one goes, too, once no instance is given it.
	if _, err := s.As("admin").UpdateStack(t.Context(), "node-red-4", api.EditStack{Active: api.Some(false)}); err != nil {
		t.Fatal(err)
	}
	if err := s.SweepStacks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if there() != len(all)-1 {
		t.Errorf("%d stacks stay; want %d", there(), len(all)-1)
	}
}

func TestAStackThatCannotBeFetchedSaysWhy(t *testing.T) {
	s := servertest.New(t, func(c *server.Config) { c.Runtime.Dir, c.NPM.Registry = t.TempDir(), "http://127.0.0.1:9" })
	if !s.StackStep(t.Context()) {
		t.Fatal("there was nothing to do")
	}
	list, err := s.As("admin").Stacks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range list.Items {
		switch {
		case st.Default && (st.State != "failed" || !strings.Contains(st.Reason, "registry cannot be reached")):
			t.Errorf("the default stack: %+v", st)
		case !st.Default && st.State != "preparing":
			t.Errorf("the other one: %+v", st)
		}
	}
}
