//go:build real

package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"leat/internal/sandbox"
)

// breakout is an attempt that must succeed without walls and fail within.
type breakout struct {
	what string
	name string
	args []string
	as   int  // who tries without walls, if not whoever runs Leat
	root bool // only where the uid layer is there, or needs root to be possible at all
}

func (g *ground) breakouts(victim int) []breakout {
	pid := fmt.Sprint(victim)
	planted := filepath.Join(os.TempDir(), "leat-planted-"+pid)
	g.t.Cleanup(func() { os.Remove(planted) })
	flowsB := filepath.Join(g.b, "flows.json")
	return []breakout{
		{what: "read the platform's database", name: "read", args: []string{g.db}},
		{what: "overwrite the platform's database", name: "append", args: []string{g.db}},
		{what: "list the platform's directory", name: "list", args: []string{g.dir}},
		{what: "list the instances", name: "list", args: []string{filepath.Dir(g.a)}},
		{what: "read another instance's flows", name: "read", args: []string{flowsB}},
		{what: "write another instance's flows", name: "append", args: []string{flowsB}},
		{what: "list another instance's directory", name: "list", args: []string{g.b}},
		{what: "put a file into another instance", name: "write", args: []string{filepath.Join(g.b, "planted")}},
		{what: "change the stack", name: "append", args: []string{g.stack}},
		{what: "truncate the stack", name: "truncate", args: []string{g.stack}},
		{what: "add to the stack", name: "write", args: []string{filepath.Join(filepath.Dir(g.stack), "planted.js")}},
		{what: "write to the common temporary directory", name: "write", args: []string{planted}},
		{what: "follow a symbolic link out", name: "through-link", args: []string{flowsB, g.a}},
		{what: "hard-link a file in", name: "hard-link", args: []string{flowsB, g.a}},
		{what: "read another process's environment", name: "environment", args: []string{pid}},
		{what: "open another process's memory", name: "memory-of", args: []string{pid}},
		{what: "signal another process", name: "signal", args: []string{pid}},
		{what: "change another process's limits", name: "starve", args: []string{pid}},
		{what: "slow another process down", name: "slow-down", args: []string{pid}},
		{what: "speak to an abstract socket", name: "dial-unix", args: []string{g.abstract}},
		{what: "trace another process", name: "ptrace", args: []string{pid}},
		{what: "listen on a port", name: "listen", args: []string{"18743"}},
		{what: "listen on a port through Multipath TCP", name: "listen-mptcp", args: []string{"18743"}},
		{what: "listen on any free port", name: "listen", args: []string{"0"}},
		{what: "make a user namespace", name: "namespace", args: nil},
		{what: "use the keyring", name: "keyring"},
		{what: "use io_uring", name: "io-uring"},
		{what: "become root again", name: "become-root", root: true},
		{what: "mount a file system", name: "mount", args: []string{filepath.Join(g.a, "tmp")}, root: true},
		{what: "make a process namespace", name: "pid-namespace", root: true},
		{what: "open a raw socket", name: "privileged", root: true},
		{what: "load a program into the kernel", name: "bpf", root: true},
		{what: "read the machine's passwords", name: "read", args: []string{"/etc/shadow"}, root: true},
		{what: "open another instance's mode", name: "chmod", args: []string{g.b}, root: true},
		{what: "speak to another instance's socket", name: "dial-unix", args: []string{filepath.Join(g.b, "nr.sock")}, root: true},
		{what: "use a file that makes its caller root", name: "setuid-file", args: []string{filepath.Join(g.dir, "runtime", "setuid")}, as: uidA, root: true},
	}
}

func TestBreakingOutOfAnInstanceFails(t *testing.T) {
	g := newGround(t, 0)
	listenUnix(t, filepath.Join(g.b, "nr.sock"), uidB)
	g.setuidCopy()
	g.tryAll(g.breakouts(g.victim()))
}

func TestBreakingOutFailsWithoutRootToo(t *testing.T) {
	g := newGround(t, uidNormal)
	all := slices.DeleteFunc(g.breakouts(g.victim()), func(b breakout) bool { return b.root })
	g.tryAll(all)
}

// tryAll makes every attempt in a cell first and without walls after, so that a
// bare success cannot spoil what the cell is to fail at.
func (g *ground) tryAll(all []breakout) {
	for _, b := range all {
		g.t.Run(b.what, func(t *testing.T) {
			o := g.jailed(g.spec(b.name, b.args...))
			if o.Err != "" || o.Code != 1 || !strings.Contains(o.Output, "refused: ") {
				t.Errorf("inside: status %d, %q %s; want refused", o.Code, o.Output, o.Err)
			}
			uid := b.as
			if uid == 0 {
				uid = g.owner
			}
			if code, out := g.bareAs(uid, b.name, b.args...); code != 0 {
				t.Errorf("without walls: status %d, %q; the attempt proves nothing unless it succeeds", code, out)
			}
			t.Log("inside:", o.Output)
		})
	}
}

// setuidCopy puts a root-owned setuid program where every instance may read.
func (g *ground) setuidCopy() {
	path := filepath.Join(g.dir, "runtime", "setuid")
	text, err := os.ReadFile(g.self)
	noError(g.t, err)
	noError(g.t, os.WriteFile(path, text, 0o755))
	noError(g.t, os.Chmod(path, 0o755|os.ModeSetuid))
}

// Each wall must hold by itself, since on some machines another is missing. What
// they are to refuse is shown to be possible without walls by the tests above.
func TestEachWallHoldsAlone(t *testing.T) {
	g := newGround(t, 0)
	listenUnix(t, filepath.Join(g.b, "nr.sock"), uidB)
	pid, flows := fmt.Sprint(g.victim()), filepath.Join(g.b, "flows.json")
	g.tryBehind(sandbox.LayerUID, [][]string{
		{"read", g.db}, {"read", flows}, {"append", flows}, {"read", "/etc/shadow"}, {"append", g.stack},
		{"environment", pid}, {"memory-of", pid}, {"signal", pid}, {"ptrace", pid},
		{"dial-unix", filepath.Join(g.b, "nr.sock")}, {"become-root"}, {"privileged"},
	})

	g = newGround(t, uidNormal)
	pid, flows = fmt.Sprint(g.victim()), filepath.Join(g.b, "flows.json")
	g.tryBehind(sandbox.LayerLandlock, [][]string{
		{"read", g.db}, {"read", flows}, {"append", flows}, {"list", g.dir}, {"append", g.stack},
		{"through-link", flows, g.a}, {"hard-link", flows, g.a}, {"environment", pid}, {"memory-of", pid},
		{"signal", pid}, {"ptrace", pid}, {"listen", "18745"}, {"dial-unix", g.abstract},
	})
	g.tryBehind(sandbox.LayerSeccomp, [][]string{
		{"listen-mptcp", "18745"}, {"namespace"}, {"keyring"}, {"io-uring"}, {"ptrace", pid},
		{"starve", pid}, {"slow-down", pid}, {"slow-all"},
	})
}

// tryBehind makes attempts that one wall has to stop without the others.
func (g *ground) tryBehind(wall sandbox.Layer, attempts [][]string) {
	others := []sandbox.Layer{sandbox.LayerUID, sandbox.LayerLandlock, sandbox.LayerSeccomp, sandbox.LayerCgroup}
	others = slices.DeleteFunc(others, func(l sandbox.Layer) bool { return l == wall })
	for _, a := range attempts {
		g.t.Run(string(wall)+": "+a[0], func(t *testing.T) {
			s := g.spec(a[0], a[1:]...)
			s.Without = others
			if o := g.jailed(s); o.Code != 1 || o.Err != "" {
				t.Errorf("status %d, %q %s; want refused", o.Code, o.Output, o.Err)
			}
		})
	}
}

// An instance may leave a link where its directory was. A rule made for it at the
// next start would open whatever the link points to.
func TestALinkInPlaceOfADirectoryIsRefused(t *testing.T) {
	for _, owner := range []int{0, uidNormal} {
		g := newGround(t, owner)
		tmp := filepath.Join(g.a, "tmp")
		noError(t, os.Remove(tmp))
		noError(t, os.Symlink(g.b, tmp))
		s := g.spec("append", filepath.Join(g.b, "flows.json"))
		s.WriteDirs = []string{tmp}
		if o := g.jailed(s); !strings.Contains(o.Err, "is not a directory") {
			t.Errorf("user %d: status %d, %q, error %q; want the link refused", owner, o.Code, o.Output, o.Err)
		}
		if err := sandbox.Own(tmp, uidA, uidA); err == nil {
			t.Error("Own followed a link")
		}
	}
}

func TestAnInstanceMayDoItsWork(t *testing.T) {
	for _, owner := range []int{0, uidNormal} {
		t.Run(fmt.Sprintf("run by user %d", owner), func(t *testing.T) {
			g := newGround(t, owner)
			own := filepath.Join(g.a, "own")
			for _, w := range []breakout{
				{what: "write its own directory", name: "write", args: []string{own}},
				{what: "rename within it", name: "rename-in", args: []string{own, filepath.Join(g.a, "tmp", "moved")}},
				{what: "read the stack", name: "read", args: []string{g.stack}},
				{what: "read the certificates", name: "list", args: []string{"/etc/ssl"}},
				{what: "resolve names", name: "read", args: []string{"/etc/hosts"}},
				{what: "start programs", name: "fork", args: []string{"3"}},
				{what: "signal its own", name: "signal", args: []string{"0"}},
			} {
				if o := g.jailed(g.spec(w.name, w.args...)); o.Code != 0 || o.Err != "" {
					t.Errorf("%s: status %d, %q %s", w.what, o.Code, o.Output, o.Err)
				}
			}
			s := g.spec("listen", "18744")
			s.Ports = []uint16{18744}
			if o := g.jailed(s); o.Code != 0 {
				t.Errorf("listen on a port that the owner named: status %d, %q %s", o.Code, o.Output, o.Err)
			}
		})
	}
}

func TestFilesLeftOpenByTheCallerAreClosed(t *testing.T) {
	g := newGround(t, 0)
	f, err := os.Open(g.db)
	noError(t, err)
	defer f.Close()
	stray, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD, 200)
	noError(t, err)
	defer unix.Close(stray)
	if code, out := g.bare("inherited", fmt.Sprint(stray)); code != 0 {
		t.Fatalf("without walls: %q; want the file", out)
	}
	if o := g.jailed(g.spec("inherited", fmt.Sprint(stray))); o.Code != 1 {
		t.Errorf("inside: status %d, %q %s; want refused", o.Code, o.Output, o.Err)
	}
	s := g.spec("inherited", "3")
	s.Files = []*os.File{f}
	if o := g.jailed(s); o.Code != 0 {
		t.Errorf("a file that was handed over: status %d, %q %s", o.Code, o.Output, o.Err)
	}
}

func TestTheCallersEnvironmentStaysOutside(t *testing.T) {
	g := newGround(t, 0)
	t.Setenv("LEAT_PLATFORM_SECRET", "x")
	if code, _ := g.bare("variable", "LEAT_PLATFORM_SECRET"); code != 0 {
		t.Fatal("without walls the variable is not there; the test proves nothing")
	}
	if o := g.jailed(g.spec("variable", "LEAT_PLATFORM_SECRET")); o.Code != 1 {
		t.Errorf("inside: status %d, %q; want not set", o.Code, o.Output)
	}
}

func TestAnInstanceHasNoPrivilegesLeft(t *testing.T) {
	g := newGround(t, 0)
	o := g.jailed(g.spec("facts"))
	for _, want := range []string{
		fmt.Sprintf("uid=%d\n", uidA), fmt.Sprintf("gid=%d\n", uidA), "nofile=8192\n", "umask=0077\n", "session=true\n", "oom=500\n",
		"Groups:\n", "CapInh: 0000000000000000\n", "CapPrm: 0000000000000000\n", "CapEff: 0000000000000000\n",
		"CapBnd: 0000000000000000\n", "CapAmb: 0000000000000000\n", "NoNewPrivs: 1\n", "Seccomp: 2\n",
	} {
		if !strings.Contains(o.Output, want) {
			t.Errorf("no %q in\n%s%s", want, o.Output, o.Err)
		}
	}
	want := []sandbox.Layer{sandbox.LayerUID, sandbox.LayerLandlock, sandbox.LayerSeccomp, sandbox.LayerCgroup}
	if !slices.Equal(o.Report.Isolation, want) || len(o.Report.Missing) != 0 {
		t.Errorf("report %+v; want %v and nothing missing", o.Report, want)
	}
}

// As in a container of the least important kind, where nobody may lower it.
func TestAHigherScoreIsKept(t *testing.T) {
	g := newGround(t, uidNormal)
	text, err := json.Marshal(job{Self: g.self, Spec: g.spec("facts")})
	noError(t, err)
	cmd := exec.Command("/bin/sh", "-c", "echo 900 > /proc/self/oom_score_adj && exec "+g.self+" launch")
	cmd.Stdin, cmd.SysProcAttr = bytes.NewReader(text), &syscall.SysProcAttr{Credential: g.credential()}
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte(`oom=900\n`)) {
		t.Errorf("%v: %s; want the score kept", err, out)
	}
}

func TestMissingLayersAreToldWithTheirReason(t *testing.T) {
	g := newGround(t, uidNormal)
	o := g.jailed(g.spec("facts"))
	if slices.Contains(o.Report.Isolation, sandbox.LayerUID) || slices.Contains(o.Report.Isolation, sandbox.LayerCgroup) {
		t.Errorf("an ordinary user reports %v", o.Report.Isolation)
	}
	if !slices.Contains(o.Report.Isolation, sandbox.LayerLandlock) {
		t.Errorf("an ordinary user has Landlock too; got %v", o.Report.Isolation)
	}
	for _, l := range []sandbox.Layer{sandbox.LayerUID, sandbox.LayerCgroup} {
		if !slices.ContainsFunc(o.Report.Missing, func(m sandbox.Gap) bool { return m.Layer == l && m.Reason != "" }) {
			t.Errorf("no reason for %s in %+v", l, o.Report.Missing)
		}
	}
}
