package sandbox_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/sandbox"
)

func TestOnlyTheProgramsOwnSocketIsDialled(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("long-directory/", 12))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	l, err := net.Listen("unix", "nr.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nr.sock", "link"); err != nil {
		t.Fatal(err)
	}
	me := os.Getuid()
	for _, c := range []struct {
		name string
		uid  int
		ok   bool
	}{
		{"nr.sock", me, true}, {"nr.sock", 0, true}, {"nr.sock", me + 1, false},
		{"link", me, false}, {"file", me, false}, {"absent", me, false},
	} {
		conn, err := sandbox.Dial(t.Context(), filepath.Join(deep, c.name), c.uid)
		if (err == nil) != c.ok {
			t.Errorf("%s as %d: %v; want success %t", c.name, c.uid, err, c.ok)
		}
		if err == nil {
			conn.Close()
		}
	}
}
