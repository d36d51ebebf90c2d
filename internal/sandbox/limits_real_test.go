//go:build real

package sandbox_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"leat/internal/sandbox"
)

// live is a cell whose program runs until it is told to leave.
type live struct {
	*sandbox.Cell
	in  io.WriteCloser
	out *bufio.Reader
}

func (g *ground) start(spec sandbox.Spec) live {
	g.t.Helper()
	cell, err := sandbox.Command(spec, g.self)
	noError(g.t, err)
	in, err := cell.Cmd.StdinPipe()
	noError(g.t, err)
	out, err := cell.Cmd.StdoutPipe()
	noError(g.t, err)
	noError(g.t, cell.Start())
	g.t.Cleanup(func() {
		noError(g.t, cell.Kill())
		cell.Wait()
		noError(g.t, cell.Close())
	})
	return live{cell, in, bufio.NewReader(out)}
}

func TestAForkBombStopsAtItsLimit(t *testing.T) {
	g := newGround(t, 0)
	if code, out := g.bare("fork", "200"); code != 0 {
		t.Fatalf("without walls: %q; want 200 processes", out)
	}
	s := g.spec("fork", "200")
	s.Limits.Pids = 64
	o := g.jailed(s)
	if o.Code != 1 || o.Counters.PidsDenied == 0 {
		t.Errorf("status %d, %q, counters %+v; want refused by the limit", o.Code, o.Output, o.Counters)
	}
	s.Without = []sandbox.Layer{sandbox.LayerCgroup}
	if o := g.jailed(s); o.Code != 1 {
		t.Errorf("without a cgroup: status %d, %q; want refused by the user's own limit", o.Code, o.Output)
	}
}

func TestEatingMemoryEndsWithItsReason(t *testing.T) {
	g := newGround(t, 0)
	if code, out := g.bare("eat", "400"); code != 0 {
		t.Fatalf("without walls: %q; want 400 MiB", out)
	}
	s := g.spec("eat", "400")
	s.Limits.MemoryMiB = 128
	o := g.jailed(s)
	if o.Explanation.Cause != sandbox.CauseMemoryLimit || !strings.Contains(o.Explanation.Sentence, "128 MiB") {
		t.Errorf("explanation %+v, counters %+v; want the memory limit", o.Explanation, o.Counters)
	}
	s.Limits.MemoryMiB = 4096
	if o := g.jailed(s); o.Code != 0 || o.Counters.OOMKills != 0 {
		t.Errorf("with 4096 MiB: status %d, %q, counters %+v; want success", o.Code, o.Output, o.Counters)
	}
}

func TestMemoryIsWatchedWithoutACgroup(t *testing.T) {
	g := newGround(t, 0)
	s := g.spec("hoard", "200")
	s.Without = []sandbox.Layer{sandbox.LayerCgroup}
	s.Limits.MemoryMiB = 128
	cell := g.start(s)
	eventually(t, "above the limit", func() bool {
		u, err := cell.Usage()
		noError(t, err)
		return cell.Exceeds(u)
	})
	noError(t, cell.Kill())
	state, err := cell.Wait()
	noError(t, err)
	x := sandbox.Explain(sandbox.Exit{State: state, Exceeded: true, MemoryMiB: 128})
	if x.Cause != sandbox.CauseMemoryLimit || x.Signal != "SIGKILL" {
		t.Errorf("%+v; want the memory limit", x)
	}

	s.Name, s.Limits.MemoryMiB = "roomy", 4096
	roomy := g.start(s)
	awaitLine(t, roomy.out, "here")
	u, err := roomy.Usage()
	noError(t, err)
	if u.RSS < 200<<20 || roomy.Exceeds(u) {
		t.Errorf("%+v exceeds 4096 MiB: %t; want 200 MiB in use and no", u, roomy.Exceeds(u))
	}
}

// A kill from elsewhere must not be taken for the memory limit.
func TestAnEndIsExplained(t *testing.T) {
	g := newGround(t, 0)
	for _, e := range []struct {
		attempt, arg string
		cause        sandbox.Cause
		code         int
		signal       string
	}{
		{"exit", "0", sandbox.CauseExit, 0, ""},
		{"exit", "3", sandbox.CauseExit, 3, ""},
		{"kill-self", "9", sandbox.CauseSignal, -1, "SIGKILL"},
		{"kill-self", "15", sandbox.CauseSignal, -1, "SIGTERM"},
	} {
		x := g.jailed(g.spec(e.attempt, e.arg)).Explanation
		if x.Cause != e.cause || x.Code != e.code || x.Signal != e.signal || x.Sentence == "" {
			t.Errorf("%s %s: %+v; want %s, %d, %s", e.attempt, e.arg, x, e.cause, e.code, e.signal)
		}
	}
}

// The kernel never gives more than the quota, so the bound on processor time
// holds however slow the machine is.
func TestACPUHogIsHeldBack(t *testing.T) {
	g := newGround(t, 0)
	s := g.spec("spin")
	s.Limits.CPUMillis = 200
	begin := time.Now()
	hog := g.start(s)
	var u sandbox.Usage
	eventually(t, "held back after 300 ms of processor time", func() bool {
		var err error
		u, err = hog.Usage()
		noError(t, err)
		return u.CPU >= 300*time.Millisecond
	})
	wall := time.Since(begin)
	if allowed := wall/5 + 150*time.Millisecond; u.CPU > allowed {
		t.Errorf("used %v of processor time in %v; a fifth of a core allows %v", u.CPU, wall, allowed)
	}
	if u.Throttled == 0 {
		t.Errorf("usage %+v; want a throttled time", u)
	}

	s.Name, s.Limits.CPUMillis = "free", 0
	free := g.start(s)
	eventually(t, "300 ms of processor time used", func() bool {
		u, err := free.Usage()
		noError(t, err)
		return u.CPU >= 300*time.Millisecond && u.Throttled == 0
	})
}

// Starting may take more than running: the limit is drawn in afterwards.
func TestCPUIsLimitedWhileItRuns(t *testing.T) {
	g := newGround(t, 0)
	s := g.spec("spin")
	s.Limits.CPUMillis = 2000
	cell := g.start(s)
	throttled := func() time.Duration {
		u, err := cell.Usage()
		noError(t, err)
		return u.Throttled
	}
	if throttled() != 0 {
		t.Error("throttled before the limit was drawn in")
	}
	noError(t, cell.LimitCPU(100))
	eventually(t, "throttled", func() bool { return throttled() > 0 })
	noError(t, cell.LimitCPU(0))
	at := throttled()
	eventually(t, "free again", func() bool {
		u, err := cell.Usage()
		noError(t, err)
		return u.CPU > time.Second && u.Throttled <= at+100*time.Millisecond
	})
}

func TestUsageCountsTheWholeTree(t *testing.T) {
	for _, without := range [][]sandbox.Layer{nil, {sandbox.LayerCgroup}} {
		g := newGround(t, 0)
		s := g.spec("escape-group")
		s.Without = without
		cell := g.start(s)
		_, err := cell.out.ReadString('\n')
		noError(t, err)
		awaitLine(t, cell.out, "here")
		eventually(t, "two processes with memory of their own", func() bool {
			u, err := cell.Usage()
			noError(t, err)
			return u.Processes == 2 && u.RSS > 1<<20 && u.PSS > 1<<20 && u.PSS <= u.RSS && u.Memory > 0
		})
	}
}

func TestAPortThatWasNotChosenIsSeen(t *testing.T) {
	for _, without := range [][]sandbox.Layer{nil, {sandbox.LayerCgroup, sandbox.LayerUID}} {
		g := newGround(t, 0)
		s := g.spec("listen-on", "")
		s.Without = without
		if without != nil {
			noError(t, sandbox.Own(g.a, 0, 0)) // root without capabilities stays out of others' directories
		}
		sly := g.start(s)
		awaitLine(t, sly.out, "here")
		ports, err := sly.Listening()
		if err != nil || len(ports) != 1 || ports[0] == 0 {
			t.Errorf("without %v: ports %v, %v; want the one that the kernel chose", without, ports, err)
		}

		s.Name, s.Args, s.Ports = "honest", []string{"attack", "listen-on", "18747"}, []uint16{18747}
		honest := g.start(s)
		awaitLine(t, honest.out, "here")
		if ports, err := honest.Listening(); err != nil || len(ports) != 0 {
			t.Errorf("without %v: ports %v, %v; want none beside the named one", without, ports, err)
		}
		noError(t, honest.Kill())
	}
}

func TestKillLeavesNothingRunning(t *testing.T) {
	for _, without := range [][]sandbox.Layer{nil, {sandbox.LayerCgroup}} {
		g := newGround(t, 0)
		s := g.spec("escape-group")
		s.Without = without
		cell := g.start(s)
		line, err := cell.out.ReadString('\n')
		noError(t, err)
		escaped := number(strings.TrimSpace(line))
		awaitLine(t, cell.out, "here")
		if ended(escaped) {
			t.Fatal("the process in a session of its own is not there; the test proves nothing")
		}
		noError(t, cell.Kill())
		if !ended(escaped) || !ended(cell.Pid()) {
			t.Errorf("without %v: a process survived Kill", without)
		}
		state, err := cell.Wait()
		noError(t, err)
		if state.Success() {
			t.Error("a killed program ended with success")
		}
		noError(t, cell.Close())
		for _, dir := range cell.Groups() {
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("cgroup %s is still there: %v", dir, err)
			}
		}
	}
}

func TestKillCatchesProcessesThatKeepForking(t *testing.T) {
	for _, without := range [][]sandbox.Layer{nil, {sandbox.LayerCgroup}} {
		g := newGround(t, 0)
		s := g.spec("breed")
		s.Without, s.Limits.Pids = without, 96
		cell := g.start(s)
		eventually(t, "a crowd", func() bool {
			pids, err := sandbox.ProcessesOf(cell.Pid(), uidA)
			noError(t, err)
			return len(pids) > 5
		})
		noError(t, cell.Kill())
		if pids, err := sandbox.ProcessesOf(cell.Pid(), uidA); err != nil || len(pids) != 0 {
			t.Errorf("without %v: %v, %v; want none", without, pids, err)
		}
		// The dead count against the user's limit until init has buried them.
		eventually(t, "buried", func() bool { return !owns(t, uidA) })
	}
}

// owns tells whether a user has processes, dead ones included.
func owns(t *testing.T, uid uint32) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	noError(t, err)
	for _, dir := range all {
		var st unix.Stat_t
		if unix.Stat(dir, &st) == nil && st.Uid == uid {
			return true
		}
	}
	return false
}

func TestASecondStartEndsWhatTheFirstLeft(t *testing.T) {
	g := newGround(t, 0)
	first := g.start(g.spec("stay"))
	awaitLine(t, first.out, "here")
	second := g.start(g.spec("stay"))
	awaitLine(t, second.out, "here")
	if !ended(first.Pid()) {
		t.Error("two programs run for one spec")
	}
}

func TestTheProgramEndsWithItsLauncher(t *testing.T) {
	for _, owner := range []int{0, uidNormal} {
		g := newGround(t, owner)
		text, err := json.Marshal(job{Self: g.self, Spec: g.spec("linger"), Live: true})
		noError(t, err)
		cmd := exec.Command(g.self, "launch")
		if owner != 0 {
			cmd.SysProcAttr = &unix.SysProcAttr{Credential: g.credential()}
		}
		cmd.Stdin = strings.NewReader(string(text))
		stdout, err := cmd.StdoutPipe()
		noError(t, err)
		noError(t, cmd.Start())
		lines := bufio.NewReader(stdout)
		var pid int
		for here := false; pid == 0 || !here; {
			line, err := lines.ReadString('\n')
			noError(t, err)
			line = strings.TrimSpace(line)
			if n, err := strconv.Atoi(line); err == nil {
				pid = n
			}
			here = here || line == "here"
		}
		if ended(pid) {
			t.Fatal("the program does not run; the test proves nothing")
		}
		noError(t, cmd.Process.Kill())
		eventually(t, "ended with its launcher", func() bool { return ended(pid) })
		cmd.Wait()
		// The launcher could not tidy up; the next start does.
		o := g.jailed(g.spec("exit", "0"))
		if o.Err != "" || o.Code != 0 {
			t.Errorf("start after that: status %d, %s", o.Code, o.Err)
		}
	}
}

func TestARenewedLauncherAdoptsItsProgram(t *testing.T) {
	g := newGround(t, 0)
	text, err := json.Marshal(job{Self: g.self, Spec: g.spec("linger"), Live: true, Renew: true})
	noError(t, err)
	cmd := exec.Command(g.self, "launch")
	cmd.Stdin = strings.NewReader(string(text))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var o outcome
	noError(t, json.Unmarshal(out[strings.IndexByte(string(out), '{'):], &o))
	if o.Err != "" || o.Output != "1 <nil>" || o.Explanation.Signal != "SIGTERM" || len(o.Report.Isolation) != 4 {
		t.Errorf("%+v; want one process, ended by the adopter's SIGTERM", o)
	}
}

func TestAStartThatCannotBeConfinedIsRefused(t *testing.T) {
	g := newGround(t, 0)
	for what, change := range map[string]func(*sandbox.Spec){
		"apply landlock":          func(s *sandbox.Spec) { s.WriteDirs = []string{g.a + "/not-there"} },
		"enter working directory": func(s *sandbox.Spec) { s.Dir = g.b },
		"execute":                 func(s *sandbox.Spec) { s.Program = g.stack },
	} {
		s := g.spec("exit", "0")
		change(&s)
		if o := g.jailed(s); !strings.Contains(o.Err, what) {
			t.Errorf("error %q; want %q in it", o.Err, what)
		}
	}
	if o := (job{Self: "/bin/true", Spec: g.spec("exit", "0")}).run(); !strings.Contains(o.Err, "without a word") {
		t.Errorf("error %q; want a binary that cannot confine noticed", o.Err)
	}
	if o := (job{Self: g.dir + "/no-binary", Spec: g.spec("exit", "0")}).run(); !strings.Contains(o.Err, "no-binary") {
		t.Errorf("error %q; want the missing binary named", o.Err)
	}
}
