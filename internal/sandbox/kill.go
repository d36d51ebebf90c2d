package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A killed process needs a moment to leave; these bound how long it is waited for.
const (
	killPatience = 10 * time.Second
	killPause    = 2 * time.Millisecond
)

var errStillThere = errors.New("processes are still there after they were killed")

// until repeats a step with growing pauses until it says that it is done.
func until(step func() (done bool, err error)) error {
	deadline := time.Now().Add(killPatience)
	for pause := killPause; ; pause = min(2*pause, 100*time.Millisecond) {
		done, err := step()
		if err != nil || done {
			return err
		}
		if time.Now().After(deadline) {
			return errStillThere
		}
		<-time.After(pause)
	}
}

// Kill ends the program and everything it started. Where there is a cgroup or a
// user number, nothing escapes; otherwise a process that made itself a session
// of its own does.
func (c *Cell) Kill() error {
	if c.group != nil {
		return c.group.kill()
	}
	if c.process == nil {
		return nil
	}
	session, uid := c.process.Pid, c.order.UID
	err := until(func() (bool, error) {
		if err := unix.Kill(-session, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return false, err
		}
		left, err := processesOf(session, uid)
		signalAll(left)
		return len(left) == 0, err
	})
	if err != nil {
		return fmt.Errorf("kill %s: %w", c.spec.Name, err)
	}
	return nil
}

// End ends what a program left running that nobody keeps any more, in its group
// and under its user number, and removes the group. Processes that the program
// made outlive it and its keeper where both were killed. uid is 0 where the
// program had no user of its own.
func End(parent, name string, uid int) error {
	g, _ := makeGroups(parent, name, Limits{})
	if g != nil {
		if err := errors.Join(g.kill(), g.remove()); err != nil {
			return fmt.Errorf("end %s: %w", name, err)
		}
	}
	if uid == 0 {
		return nil
	}
	const noSession = -1
	err := until(func() (bool, error) {
		left, err := processesOf(noSession, uid)
		signalAll(left)
		return len(left) == 0, err
	})
	if err != nil {
		return fmt.Errorf("end %s: %w", name, err)
	}
	return nil
}

func signalAll(pids []int) {
	for _, pid := range pids {
		// One that is gone already is what is wanted.
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			continue
		}
	}
}

// kill ends every process of the group. v2 does it in one stroke; in v1 the group
// is frozen first where possible, so that nothing forks away meanwhile.
func (g *group) kill() error {
	return until(func() (bool, error) {
		pids, err := g.processes()
		if err != nil || len(pids) == 0 {
			return err == nil, err
		}
		g.strike(pids)
		return false, nil
	})
}

func (g *group) strike(pids []int) {
	if g.tree != "" && writeControl(filepath.Join(g.tree, "cgroup.kill"), "1") == nil && len(g.v1) == 0 {
		return
	}
	freezer, frozen := g.v1["freezer"]
	if frozen {
		state := filepath.Join(freezer, "freezer.state")
		frozen = writeControl(state, "FROZEN") == nil
		defer func() {
			if frozen {
				frozen = writeControl(state, "THAWED") != nil
			}
		}()
		if more, err := g.processes(); err == nil {
			pids = more
		}
	}
	signalAll(pids)
}

// processes of the group, from all its directories.
func (g *group) processes() ([]int, error) {
	var all []int
	for _, dir := range g.dirs() {
		pids, err := groupProcesses(dir)
		if err != nil && !isGone(err) {
			return nil, err
		}
		all = append(all, pids...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// remove deletes the directories; the kernel lets go of an empty group a moment
// after its last process.
func (g *group) remove() error {
	for _, dir := range g.dirs() {
		err := until(func() (bool, error) {
			err := unix.Rmdir(dir)
			if isBusy(err) {
				return false, nil
			}
			if isGone(err) {
				err = nil
			}
			return err == nil, err
		})
		if err != nil {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
	}
	return nil
}

// processesOf finds living processes of a session, and of a user where uid is
// not zero.
func processesOf(session, uid int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		st, err := readStat(pid)
		if err != nil || st.state == 'Z' || st.state == 'X' {
			continue
		}
		var owner unix.Stat_t
		mine := uid != 0 && unix.Stat(filepath.Join("/proc", e.Name()), &owner) == nil && int(owner.Uid) == uid
		if mine || st.session == session {
			found = append(found, pid)
		}
	}
	return found, nil
}

// stat is what we read of /proc/<pid>/stat.
type stat struct {
	state           byte
	parent, session int
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	// The name, in brackets, may hold anything, brackets and spaces included.
	i := bytes.LastIndexByte(text, ')')
	if i < 0 {
		return stat{}, errors.New("unexpected form of /proc/<pid>/stat")
	}
	var st stat
	var group int
	_, err = fmt.Sscanf(string(text[i+1:]), " %c %d %d %d", &st.state, &st.parent, &group, &st.session)
	return st, err
}
