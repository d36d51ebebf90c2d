//go:build real

package sandbox_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"leat/internal/sandbox"
)

// Two instances and a user that Leat itself may run as.
const (
	uidA      = 1_900_000_001
	uidB      = 1_900_000_002
	uidNormal = 54_321
)

// ground is a machine with a platform and two instances on it.
type ground struct {
	t      *testing.T
	owner  int    // who runs Leat: 0, or an ordinary user
	dir    string // holds all of it
	self   string // this program, in the runtime store
	stack  string // a file of the runtime store
	db     string // the platform's database
	a, b   string // directories of the instances
	parent string // cgroup

	abstract string // a socket of the platform that has no file
}

func newGround(t *testing.T, owner int) *ground {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests need root: they change users and make cgroups")
	}
	dir, err := os.MkdirTemp("", "leat-sandbox-")
	noError(t, err)
	t.Cleanup(func() { noError(t, os.RemoveAll(dir)) })
	g := &ground{
		t: t, owner: owner, dir: dir,
		self: filepath.Join(dir, "runtime", "self"), stack: filepath.Join(dir, "runtime", "stack.js"),
		db: filepath.Join(dir, "leat.db"), a: filepath.Join(dir, "instances", "a"), b: filepath.Join(dir, "instances", "b"),
		parent: "/" + filepath.Base(dir),
	}
	for _, d := range []string{"runtime", "instances"} {
		noError(t, os.Mkdir(filepath.Join(dir, d), 0o711))
	}
	g.copySelf()
	g.file(g.stack, 0o644, 0)
	g.file(g.db, 0o600, 0)
	g.instance(g.a, uidA)
	g.instance(g.b, uidB)
	noError(t, os.Chmod(dir, 0o711))
	if owner != 0 {
		noError(t, sandbox.Own(dir, owner, owner))
	}
	t.Cleanup(g.removeGroups)
	g.abstract = "@" + dir
	l, err := net.Listen("unix", g.abstract)
	noError(t, err)
	t.Cleanup(func() { l.Close() })
	return g
}

func (g *ground) copySelf() {
	text, err := os.ReadFile("/proc/self/exe")
	noError(g.t, err)
	noError(g.t, os.WriteFile(g.self, text, 0o755))
	noError(g.t, os.Chmod(filepath.Dir(g.self), 0o755))
}

func (g *ground) file(path string, mode os.FileMode, uid int) {
	noError(g.t, os.WriteFile(path, []byte("secret of "+path), mode))
	noError(g.t, os.Chown(path, uid, uid))
}

func (g *ground) instance(dir string, uid int) {
	noError(g.t, os.MkdirAll(filepath.Join(dir, "tmp"), 0o700))
	g.file(filepath.Join(dir, "flows.json"), 0o600, uid)
	noError(g.t, sandbox.Own(dir, uid, uid))
}

// removeGroups takes away the parent group that the cells' groups were made in.
func (g *ground) removeGroups() {
	found, err := filepath.Glob("/sys/fs/cgroup/*" + g.parent)
	noError(g.t, err)
	for _, d := range append(found, "/sys/fs/cgroup"+g.parent) {
		if err := unix.Rmdir(d); err != nil && err != unix.ENOENT && err != unix.EROFS {
			g.t.Errorf("remove %s: %v", d, err)
		}
	}
}

// spec of instance a, running one attempt.
func (g *ground) spec(attempt string, args ...string) sandbox.Spec {
	s := sandbox.Spec{
		Name: "a", Program: g.self, Args: append([]string{"attack", attempt}, args...),
		Env: sandbox.Env(g.a, filepath.Join(g.a, "tmp")), Dir: g.a,
		ReadDirs: []string{filepath.Dir(g.self)}, WriteDirs: []string{g.a},
		Limits: sandbox.Limits{MemoryMiB: 512, CPUMillis: 1000, Pids: 128}, CgroupParent: g.parent,
	}
	if g.owner == 0 {
		s.UID = uidA
	}
	return s
}

// jailed runs spec with all walls, as whoever runs Leat.
func (g *ground) jailed(spec sandbox.Spec) outcome {
	g.t.Helper()
	j := job{Self: g.self, Spec: spec}
	if g.owner == 0 {
		return j.run()
	}
	text, err := json.Marshal(j)
	noError(g.t, err)
	cmd := exec.Command(g.self, "launch")
	cmd.Stdin = bytes.NewReader(text)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: g.credential()}
	out, err := cmd.Output()
	noError(g.t, err)
	var o outcome
	noError(g.t, json.Unmarshal(out, &o))
	return o
}

func (g *ground) credential() *syscall.Credential {
	return &syscall.Credential{Uid: uint32(g.owner), Gid: uint32(g.owner)}
}

// bare runs an attempt with no walls, as whoever runs Leat, and gives its status.
func (g *ground) bare(attempt string, args ...string) (int, string) {
	g.t.Helper()
	return g.bareAs(g.owner, attempt, args...)
}

func (g *ground) bareAs(uid int, attempt string, args ...string) (int, string) {
	g.t.Helper()
	cmd := exec.Command(g.self, append([]string{"attack", attempt}, args...)...)
	cmd.Dir = g.a
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		g.t.Fatalf("run %s: %v", attempt, err)
	}
	return cmd.ProcessState.ExitCode(), strings.TrimSpace(string(out))
}

// victim is a process of whoever runs Leat, for others to meddle with.
func (g *ground) victim() int {
	cmd := exec.Command(g.self, "attack", "stay")
	cmd.Env = []string{"TOKEN=secret"}
	if g.owner != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: g.credential()}
	}
	return startLive(g.t, cmd)
}

// startLive starts a process that says "here" and ends with the test.
func startLive(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	in, err := cmd.StdinPipe()
	noError(t, err)
	out, err := cmd.StdoutPipe()
	noError(t, err)
	noError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitLine(t, bufio.NewReader(out), "here")
	return cmd.Process.Pid
}

func awaitLine(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		t.Fatalf("read %q, %v; want %q", line, err, want)
	}
}

// listenUnix opens a socket in a directory as its owner would.
func listenUnix(t *testing.T, path string, uid int) {
	t.Helper()
	l, err := net.Listen("unix", path)
	noError(t, err)
	t.Cleanup(func() { l.Close() })
	noError(t, os.Chmod(path, 0o600))
	noError(t, os.Chown(path, uid, uid))
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after 30 s: not yet %s", what)
		}
	}
}

// ended tells whether a process runs no more, reaped or not.
func ended(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	after := text[bytes.LastIndexByte(text, ')')+1:]
	return len(after) > 1 && (after[1] == 'Z' || after[1] == 'X')
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
