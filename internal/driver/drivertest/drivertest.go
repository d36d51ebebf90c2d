// Package drivertest is what every driver must pass, and a stand-in for the
// launcher that it starts.
package drivertest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"leat/internal/driver"
	"leat/internal/fleet"
)

// patience bounds every wait.
const patience = 20 * time.Second

// Hello is what the stand-in says to whoever connects.
type Hello struct {
	Pid     int            `json:"pid"`
	Secrets driver.Secrets `json:"secrets"`
}

// Launch is the stand-in: it does what a driver may count on in a launcher, and
// keeps no Node-RED. The test's program calls it where it is called as launcher.
func Launch(dir string, stdin io.Reader) error {
	h := Hello{Pid: os.Getpid()}
	if err := json.NewDecoder(stdin).Decode(&h.Secrets); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(dir, driver.LockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(lock, "%d \n", h.Pid); err != nil {
		return err
	}
	l, err := driver.Listen(filepath.Join(dir, driver.ControlSocket))
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		// Whoever only looked whether we live is gone already.
		_ = json.NewEncoder(conn).Encode(h)
		_ = conn.Close()
	}
}

// Run holds a driver to its promises. open gives the driver, and on every call
// after the first another one on the same place, as a restarted server has it.
func Run(t *testing.T, open func(t *testing.T) driver.Driver) {
	const id = fleet.InstanceID("i-conformance")
	ctx := t.Context()
	d := open(t)
	secrets := driver.Secrets{Token: "a token", Hub: "another"}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}

	must("create", d.Create(ctx, id))
	must("create again", d.Create(ctx, id))
	ids, err := d.List(ctx)
	must("list", err)
	if !slices.Contains(ids, id) {
		t.Fatalf("list = %v; want %s among them", ids, id)
	}
	if _, err := d.Control(ctx, id); err == nil {
		t.Fatal("control connects where no launcher is")
	}
	if _, err := d.Dial(ctx, id); err == nil {
		t.Fatal("dial connects where no Node-RED is")
	}
	must("kill what does not live", d.Kill(ctx, id))

	must("start", d.Start(ctx, id, secrets))
	first := greet(t, d, id)
	if first.Secrets != secrets {
		t.Errorf("the launcher was told %+v; want %+v", first.Secrets, secrets)
	}
	must("start again", d.Start(ctx, id, driver.Secrets{}))
	if again := greet(t, d, id); again != first {
		t.Errorf("a second start gave %+v; want the same launcher %+v", again, first)
	}
	if taken := greet(t, open(t), id); taken != first {
		t.Errorf("the next server finds %+v; want %+v", taken, first)
	}

	must("kill", d.Kill(ctx, id))
	if _, err := d.Control(ctx, id); err == nil {
		t.Error("control connects to a killed launcher")
	}
	must("start after a kill", d.Start(ctx, id, secrets))
	if next := greet(t, d, id); next.Pid == first.Pid {
		t.Error("after a kill the same launcher answers")
	}

	must("remove", d.Remove(ctx, id))
	must("remove again", d.Remove(ctx, id))
	ids, err = d.List(ctx)
	must("list", err)
	if slices.Contains(ids, id) {
		t.Error("a removed instance is listed")
	}
	if _, err := d.Control(ctx, id); err == nil {
		t.Error("control connects to the launcher of a removed instance")
	}
	for _, bad := range []fleet.InstanceID{"", "..", "a/b", ".hidden", "a b", "a\x00b"} {
		if err := d.Create(ctx, bad); err == nil {
			t.Errorf("an instance with the id %q was created", bad)
		}
		if err := d.Remove(ctx, bad); err == nil {
			t.Errorf("an instance with the id %q was removed", bad)
		}
	}
}

// greet waits until the launcher answers.
func greet(t *testing.T, d driver.Driver, id fleet.InstanceID) Hello {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		h, err := hello(ctx, d, id)
		if err == nil {
			return h
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the launcher does not answer: %v", err)
		}
	}
}

func hello(ctx context.Context, d driver.Driver, id fleet.InstanceID) (Hello, error) {
	conn, err := d.Control(ctx, id)
	if err != nil {
		return Hello{}, err
	}
	defer conn.Close()
	var h Hello
	err = json.NewDecoder(bufio.NewReader(conn)).Decode(&h)
	return h, err
}
