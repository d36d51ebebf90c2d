package process_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/internal/driver"
	"leat/internal/driver/drivertest"
	"leat/internal/driver/process"
	"leat/internal/fleet"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "launch" {
		if err := os.WriteFile(filepath.Join(os.Args[3], driver.ControlDir, "environment"), []byte(strings.Join(os.Environ(), "\n")+"\n."), 0o600); err != nil {
			os.Exit(1)
		}
		if err := drivertest.Launch(os.Args[3], os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func newDriver(t *testing.T, dir string) *process.Driver {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d, err := process.New(process.Config{
		Dir: dir, Self: self, Hub: "/hub", Runtime: "/runtime", Packages: "/npm",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheProcessDriverKeepsTheDriversPromises(t *testing.T) {
	// Deeper than a socket's path may be long.
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 25), "instances")
	drivertest.Run(t, func(t *testing.T) driver.Driver { return newDriver(t, dir) })
}

func TestInstancesDoNotShareAUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("without root all instances run as this user, and the place says so")
	}
	dir := t.TempDir()
	seen := map[int]fleet.InstanceID{}
	for i := range 20 {
		// Another server each time: what it knows is in the places.
		d := newDriver(t, dir)
		id := fleet.InstanceID(fmt.Sprintf("i-%d", i))
		if err := d.Create(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		p, err := driver.ReadPlace(filepath.Join(dir, string(id)))
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[p.UID]; taken && p.UID != 0 {
			t.Fatalf("%s and %s are both user %d", other, id, p.UID)
		}
		if os.Geteuid() == 0 && p.UID == 0 {
			t.Fatalf("%s would run as root", id)
		}
		seen[p.UID] = id
	}
}

func TestARemovalThatWasInterruptedIsFinished(t *testing.T) {
	dir := t.TempDir()
	rest := filepath.Join(dir, ".removed-i-one", "user", "node_modules")
	if err := os.MkdirAll(rest, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(rest, 0o500); err != nil {
		t.Fatal(err)
	}
	newDriver(t, dir)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestAnInstanceKeepsItsPlaceOverServers(t *testing.T) {
	dir := t.TempDir()
	const id = fleet.InstanceID("i-one")
	place := func() driver.Place {
		t.Helper()
		if err := newDriver(t, dir).Create(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		p, err := driver.ReadPlace(filepath.Join(dir, string(id)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := place()
	if again := place(); again != first || first.Hub != "/hub" || first.Instance != id {
		t.Fatalf("the place is %+v after %+v", again, first)
	}
	// Another server says where its own hub is.
	first.Hub = "/elsewhere"
	if err := driver.WritePlace(filepath.Join(dir, string(id)), first); err != nil {
		t.Fatal(err)
	}
	if again := place(); again.Hub != "/hub" || again.UID != first.UID {
		t.Fatalf("the place is %+v; want this server's hub and the user it had", again)
	}
}

func TestALauncherFindsTheWayOutAsTheServerDoes(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example:3128")
	t.Setenv("LEAT_ADMIN_PASSWORD", "of nobody's business")
	dir := t.TempDir()
	d := newDriver(t, dir)
	const id = fleet.InstanceID("i-one")
	if err := d.Start(t.Context(), id, driver.Secrets{Token: "a", Hub: "b"}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Remove(context.WithoutCancel(t.Context()), id); err != nil {
			t.Error(err)
		}
	}()
	var text []byte
	deadline, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !strings.HasSuffix(string(text), "\n.") {
		select {
		case <-tick.C:
			text, _ = os.ReadFile(filepath.Join(dir, string(id), driver.ControlDir, "environment")) // it comes
		case <-deadline:
			t.Fatal("the launcher did not begin")
		}
	}
	if env := string(text); !strings.Contains(env, "HTTPS_PROXY=http://proxy.example:3128") || strings.Contains(env, "nobody's business") {
		t.Errorf("the launcher's environment is %s", env)
	}
}

func TestALinkInPlaceOfTheSocketIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	d := newDriver(t, dir)
	const id = fleet.InstanceID("i-one")
	if err := d.Create(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.sock")
	l, err := net.Listen("unix", other)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	run := filepath.Join(dir, string(id), "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(run, "nr.sock")); err != nil {
		t.Fatal(err)
	}
	if conn, err := d.Dial(t.Context(), id); err == nil {
		conn.Close()
		t.Fatal("dial followed a link to another service")
	}
}
