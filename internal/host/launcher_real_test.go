//go:build real

package host_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

func TestALauncherRenewsItselfAndItsNodeREDGoesOn(t *testing.T) {
	w := newWorld(t)
	w.add(one)
	w.startServer()
	w.says404()
	if status, text := w.do(one, "POST", wire.EditorRoot+"flows", counting("n")); status != 204 {
		t.Fatalf("deploy: %d %s", status, text)
	}
	w.says(one, "n ")
	before := w.count()
	node, launcher := w.nodePid(), w.launcherPid()

	// The next server is another build, and so are its launchers.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, filepath.Join(w.data, "two"))
	w.killServer()
	w.startServer()
	program := fmt.Sprintf("/proc/%d/exe", launcher)
	w.until("the launcher to be the new build", func() bool {
		name, err := os.Readlink(program)
		return err == nil && filepath.Base(name) == "two"
	})
	if n := w.count(); n != before+1 {
		t.Fatalf("after the renewal the flow counts %d after %d", n, before)
	}
	// The new build writes both numbers down anew, so they are not there for a moment.
	w.until("both numbers written", func() bool { return w.nodePid() != 0 && w.launcherPid() != 0 })
	if n, l := w.nodePid(), w.launcherPid(); n != node || l != launcher || w.nodes() != 1 {
		t.Fatalf("processes changed: node %d → %d (%d of them), launcher %d → %d", node, n, w.nodes(), launcher, l)
	}
	// What was handed over works: the bridge, the log, the watch over the process.
	if status, text := w.do(one, "POST", wire.EditorRoot+"flows", counting("after")); status != 204 {
		t.Fatalf("deploy after the renewal: %d %s", status, text)
	}
	w.says(one, "after")
	kill(node)
	w.says(one, "after 1")
	if w.nodePid() == node || w.launcherPid() != launcher {
		t.Fatal("the renewed launcher did not start another Node-RED")
	}
	kill(launcher)
	w.until("another launcher", func() bool { return w.launcherPid() != launcher && w.launcherPid() != 0 })
	w.says(one, "after")
	if n := w.nodes(); n != 1 {
		t.Fatalf("%d Node-REDs; want 1", n)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755) // a program
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestASecondLauncherForADirectoryRefuses(t *testing.T) {
	w := newWorld(t)
	w.add(one)
	w.startServer()
	w.says404()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	launcher := w.launcherPid()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	second := exec.CommandContext(ctx, self, "launch", "--dir", filepath.Join(w.data, "instances", string(one)))
	second.Stdin = strings.NewReader(`{"token":"a","hub":"b"}` + "\n")
	var said bytes.Buffer
	second.Stderr = &said
	if err := second.Run(); err == nil || !strings.Contains(said.String(), "Another launcher") {
		t.Fatalf("the second launcher ended with %v and said %q", err, said.String())
	}
	if w.launcherPid() != launcher || w.nodes() != 1 {
		t.Fatal("the second launcher disturbed the first")
	}
	w.says404()
}

var pssLine = regexp.MustCompile(`(?m)^Pss:\s+(\d+) kB`)

func pss(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(string(pssLine.FindSubmatch(text)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return float64(kib) / 1024
}

// TestTenInstancesAreLight prints what an instance costs where ten run. The limit
// is generous: other work shares the machine.
func TestTenInstancesAreLight(t *testing.T) {
	w := newWorld(t)
	w.run()
	var ids []fleet.InstanceID
	for i := range 10 {
		id := fleet.InstanceID(fmt.Sprintf("i-%02d", i))
		ids = append(ids, id)
		w.add(id)
	}
	begun := time.Now()
	for _, id := range ids {
		w.state(id, fleet.StateRunning)
	}
	t.Logf("ten instances running after %v", time.Since(begun).Round(time.Millisecond))
	var launchers, nodes float64
	for _, id := range ids {
		launchers += pss(t, w.pidOf(id, "ctl/lock"))
		nodes += pss(t, w.pidOf(id, "lib/node-red.pid"))
	}
	t.Logf("PSS each: launcher %.1f MiB, Node-RED %.1f MiB", launchers/10, nodes/10)
	if launchers/10 > 10 {
		t.Errorf("a launcher takes %.1f MiB; at most 10 are allowed", launchers/10)
	}
}
