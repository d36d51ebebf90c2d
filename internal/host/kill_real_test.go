//go:build real

package host_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/wire"
)

const one = fleet.InstanceID("i-one")

func (w *world) pidIn(name string) int { return w.pidOf(one, name) }

func (w *world) pidOf(id fleet.InstanceID, name string) int {
	text, err := os.ReadFile(filepath.Join(w.data, "instances", string(id), name))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return pid
}

func (w *world) launcherPid() int { return w.pidIn(driver.LockFile) }
func (w *world) nodePid() int     { return w.pidIn("lib/node-red.pid") }

func kill(pid int) {
	if pid > 1 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// nodes counts the Node-REDs of the instance that live.
func (w *world) nodes() int {
	n := 0
	paths, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, p := range paths {
		cwd, err := os.Readlink(p)
		if err == nil && cwd == filepath.Join(w.data, "instances", string(one), "user") {
			n++
		}
	}
	return n
}

func TestADeployThatWasAcknowledgedSurvivesKills(t *testing.T) {
	w := newWorld(t)
	w.add(one)
	w.startServer()
	w.says404()
	rounds := 12
	if text := os.Getenv("LEAT_KILL_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	acknowledged, refused := 0, 0
	for round := range rounds {
		mark := fmt.Sprintf("round-%d", round)
		victim := []string{"node-red", "launcher", "server", "all"}[round%4]
		delay := time.Duration(rand.IntN(60)) * time.Millisecond
		done := make(chan int, 1)
		go func() {
			status, _ := w.do(one, "POST", wire.EditorRoot+"flows", counting(mark))
			done <- status
		}()
		<-time.After(delay)
		w.strike(victim)
		if w.server == nil {
			w.startServer()
		}
		status := <-done
		if status == 204 {
			acknowledged++
			w.says(one, mark)
		} else {
			refused++
			w.answers()
		}
		// The answer may still be that of a Node-RED whose launcher is gone: there may
		// be none for a moment, and never two.
		w.until("a Node-RED after killing "+victim, func() bool {
			n := w.nodes()
			if n > 1 {
				t.Fatalf("after killing %s there are %d Node-REDs", victim, n)
			}
			return n == 1
		})
		t.Logf("%s: %s killed after %v: status %d", mark, victim, delay, status)
	}
	t.Logf("%d acknowledged, %d not", acknowledged, refused)
	if acknowledged == 0 {
		t.Fatal("no deploy was acknowledged: the test proves nothing")
	}
}

func (w *world) strike(victim string) {
	node, launcher := w.nodePid(), w.launcherPid()
	switch victim {
	case "node-red":
		kill(node)
	case "launcher":
		kill(launcher)
	case "server":
		w.killServer()
	case "all":
		w.killServer()
		kill(launcher)
		kill(node)
	}
}

// says404 waits until Node-RED answers, whatever it says.
func (w *world) says404() {
	w.until("Node-RED to answer", func() bool {
		status, _ := w.do(one, "GET", "/nothing", "")
		return status == 404
	})
}

// answers waits until some flow answers, or none is there.
func (w *world) answers() {
	w.until("Node-RED to answer", func() bool {
		status, _ := w.do(one, "GET", "/n", "")
		return status == 200 || status == 404
	})
}

func TestARestartOfTheServerStopsNoFlow(t *testing.T) {
	w := newWorld(t)
	w.add(one)
	w.startServer()
	w.says404()
	if status, text := w.do(one, "POST", wire.EditorRoot+"flows", counting("n")); status != 204 {
		t.Fatalf("deploy: %d %s", status, text)
	}
	w.says(one, "n ")
	node, launcher := w.nodePid(), w.launcherPid()
	before := w.count()
	for range 3 {
		w.killServer()
		if n := w.count(); n != before+1 {
			t.Fatalf("without a server the flow counts %d after %d", n, before)
		}
		before++
		w.startServer()
		w.until("the server to take over", func() bool { return exists(filepath.Join(w.data, "run", "hub.sock")) })
		if n := w.count(); n != before+1 {
			t.Fatalf("after a restart of the server the flow counts %d after %d", n, before)
		}
		before++
	}
	// A deploy needs the new server, and gets it while it starts.
	w.killServer()
	done := make(chan int, 1)
	go func() {
		status, _ := w.do(one, "POST", wire.EditorRoot+"flows", counting("late"))
		done <- status
	}()
	w.startServer()
	if status := <-done; status != 204 {
		t.Fatalf("a deploy during a restart of the server: %d", status)
	}
	w.says(one, "late")
	if w.nodePid() != node || w.launcherPid() != launcher {
		t.Fatalf("processes changed: node %d → %d, launcher %d → %d", node, w.nodePid(), launcher, w.launcherPid())
	}
}

func (w *world) count() int {
	w.t.Helper()
	status, text := w.do(one, "GET", "/n", "")
	n, err := strconv.Atoi(strings.TrimPrefix(text, "n "))
	if status != 200 || err != nil {
		w.t.Fatalf("count: %d %q", status, text)
	}
	return n
}
