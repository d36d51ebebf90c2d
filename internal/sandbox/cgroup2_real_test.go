//go:build real

package sandbox_test

import (
	"fmt"
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

// tree makes a v2 group for one test, with the one controller that is in v2 on
// machines that keep memory, CPU and processes in v1.
func tree(t *testing.T) string {
	t.Helper()
	top := "/sys/fs/cgroup/unified"
	if _, err := os.Stat(top); err != nil {
		top = "/sys/fs/cgroup"
	}
	control := filepath.Join(top, "cgroup.subtree_control")
	before, err := os.ReadFile(control)
	noError(t, err)
	if !strings.Contains(string(before), "hugetlb") {
		noError(t, os.WriteFile(control, []byte("+hugetlb"), 0))
		t.Cleanup(func() { noError(t, os.WriteFile(control, []byte("-hugetlb"), 0)) })
	}
	dir, err := os.MkdirTemp(top, "leat-test-")
	noError(t, err)
	t.Cleanup(func() {
		for _, d := range []string{"leat", "leat-self", ""} {
			removeGroup(t, filepath.Join(dir, d))
		}
	})
	noError(t, os.Chmod(dir, 0o755))
	return dir
}

func removeGroup(t *testing.T, dir string) {
	t.Helper()
	eventually(t, "removed "+dir, func() bool {
		err := unix.Rmdir(dir)
		return err == nil || err == unix.ENOENT
	})
}

// serve runs the service that makes room in the v2 group dir, as a user.
func serve(t *testing.T, g *ground, dir string, uid int) string {
	t.Helper()
	cmd := exec.Command(g.self, "hand-down")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	in, err := cmd.StdinPipe()
	noError(t, err)
	var out strings.Builder
	cmd.Stdout = &out
	noError(t, cmd.Start())
	enter(t, dir, cmd.Process.Pid)
	_, err = fmt.Fprintln(in, "go")
	noError(t, err)
	if err := cmd.Wait(); err != nil && !strings.HasPrefix(out.String(), "refused") {
		t.Fatalf("%v: %s", err, &out)
	}
	return strings.TrimSpace(out.String())
}

func enter(t *testing.T, dir string, pid int) {
	t.Helper()
	noError(t, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(fmt.Sprint(pid)), 0))
}

func TestLeatStepsAsideToMakeRoomForGroups(t *testing.T) {
	for _, uid := range []int{0, uidNormal} {
		g := newGround(t, uid)
		dir := tree(t)
		for _, f := range []string{"", "cgroup.procs", "cgroup.subtree_control"} { // what systemd delegates
			noError(t, os.Chown(filepath.Join(dir, f), uid, uid))
		}
		if base := serve(t, g, dir, uid); base != dir {
			t.Errorf("user %d: groups go to %s; want %s", uid, base, dir)
		}
		text, err := os.ReadFile(filepath.Join(dir, "leat", "cgroup.controllers"))
		if err != nil || !strings.Contains(string(text), "hugetlb") {
			t.Errorf("user %d: controllers %q, %v; want hugetlb handed down", uid, text, err)
		}
		// A launcher that starts later finds itself in the group aside.
		if base := serve(t, g, filepath.Join(dir, "leat-self"), uid); base != dir {
			t.Errorf("user %d, second time: groups go to %s; want %s", uid, base, dir)
		}
	}
}

func TestLeatDoesNotMoveOthersProcesses(t *testing.T) {
	g := newGround(t, uidNormal)
	dir := tree(t)
	for _, f := range []string{"", "cgroup.procs", "cgroup.subtree_control"} {
		noError(t, os.Chown(filepath.Join(dir, f), uidNormal, uidNormal))
	}
	other := exec.Command("/bin/sleep", "60")
	other.SysProcAttr = &syscall.SysProcAttr{Credential: g.credential()}
	noError(t, other.Start())
	defer func() {
		other.Process.Kill()
		other.Wait()
	}()
	enter(t, dir, other.Process.Pid)
	if out := serve(t, g, dir, uidNormal); !strings.Contains(out, "other programs live in this cgroup") {
		t.Errorf("%q; want refused", out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil || strings.TrimSpace(string(text)) != fmt.Sprint(other.Process.Pid) {
		t.Errorf("processes %q, %v; want the other one where it was", text, err)
	}
}

func TestAGroupOfVersion2CountsAndEndsTheWholeTree(t *testing.T) {
	g := newGround(t, 0)
	dir := filepath.Join(tree(t), "leat")
	s := g.spec("escape-group")
	s.Without = []sandbox.Layer{sandbox.LayerCgroup}
	cell, err := sandbox.Command(s, g.self)
	noError(t, err)
	noError(t, cell.EnterTree(dir))
	_, err = cell.Cmd.StdinPipe() // open, so that it stays
	noError(t, err)
	noError(t, cell.Start())
	eventually(t, "two processes that used processor time", func() bool {
		u, err := cell.Usage()
		noError(t, err)
		return u.Processes == 2 && u.CPU > time.Millisecond
	})
	pids, err := cell.Processes()
	noError(t, err)
	noError(t, cell.Kill())
	for _, pid := range pids {
		if !ended(pid) {
			t.Errorf("process %d survived", pid)
		}
	}
	_, err = cell.Wait()
	noError(t, err)
	noError(t, cell.Close())
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}
