package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// drainPatience is how long Wait reads on after the program ended, if something
// that it started holds its output open.
const drainPatience = 2 * time.Second

// Cell is one program inside its walls. Cmd is there for Stdin, Stdout and
// Stderr; everything else of it is set, and Start and Wait are the cell's own.
type Cell struct {
	Cmd    *exec.Cmd
	Report Report

	spec   Spec
	group  *group
	before Counters
	order  order
	fault  *os.File // read end; closes without a word when the program runs
	ends   []*os.File
	ended  chan error
}

// Command prepares spec to be started by the binary self, whose hidden
// subcommand is Confine. The layers of the report are those that will be in
// force: if one of them cannot be applied after all, the program is not started.
func Command(spec Spec, self string) (*Cell, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	c := &Cell{spec: spec, ended: make(chan error, 1)}
	uid, gid := c.planUser()
	c.order = order{
		Parent: os.Getpid(), Program: spec.Program, Args: spec.Args, Env: spec.Env, Dir: spec.Dir,
		UID: uid, GID: gid, Files: len(spec.Files),
		Landlock: planLandlock(&spec, &c.Report),
		Seccomp:  planSeccomp(&spec, &c.Report),
	}
	if err := c.planGroup(); err != nil {
		return nil, err
	}
	c.order.Limits = spec.resources(uid != 0, c.group)
	if err := c.prepare(self); err != nil {
		return nil, errors.Join(err, c.removeGroup())
	}
	return c, nil
}

func (c *Cell) planUser() (uid, gid int) {
	switch {
	case c.spec.leavesOut(LayerUID):
		c.Report.gap(LayerUID, "left out on purpose")
		return 0, 0
	case os.Geteuid() != 0:
		c.Report.gap(LayerUID, "Leat was not started as root, so all instances run as its own user")
		return 0, 0
	case c.spec.UID == 0:
		c.Report.gap(LayerUID, "no user number was given")
		return 0, 0
	}
	c.Report.on(LayerUID)
	gid = c.spec.GID
	if gid == 0 {
		gid = c.spec.UID
	}
	return c.spec.UID, gid
}

func (c *Cell) planGroup() error {
	if c.spec.leavesOut(LayerCgroup) {
		c.Report.gap(LayerCgroup, "left out on purpose")
		return nil
	}
	g, gaps := makeGroups(c.spec.CgroupParent, c.spec.Name, c.spec.Limits)
	for _, text := range gaps {
		c.Report.gap(LayerCgroup, text)
	}
	if g == nil || len(g.dirs()) == 0 {
		return nil
	}
	c.group = g
	// A program that an earlier launcher left behind must not run beside this one.
	if err := g.kill(); err != nil {
		return fmt.Errorf("end what is left of %s: %w", c.spec.Name, err)
	}
	if g.has("memory") && g.has("pids") {
		c.Report.on(LayerCgroup)
	}
	c.before = g.counters()
	c.order.Groups = g.joins()
	return nil
}

// prepare builds the command line and the two pipes: one carries the order down,
// the other a fault up.
func (c *Cell) prepare(self string) error {
	down, order, err := os.Pipe()
	if err != nil {
		return err
	}
	fault, up, err := os.Pipe()
	if err != nil {
		return errors.Join(err, down.Close(), order.Close())
	}
	c.fault = fault
	c.ends = []*os.File{down, order, up}
	first := 3 + len(c.spec.Files)
	c.Cmd = &exec.Cmd{
		Path:       self,
		Args:       []string{filepath.Base(self), Subcommand, strconv.Itoa(first)},
		Env:        []string{},
		Dir:        "/",
		WaitDelay:  drainPatience,
		ExtraFiles: append(append([]*os.File{}, c.spec.Files...), down, up),
		SysProcAttr: &syscall.SysProcAttr{
			Setsid:    true,
			Pdeathsig: syscall.SIGKILL,
		},
	}
	return nil
}

// Start starts the program and returns when it runs, or when a layer could not
// be applied. The kernel ties the program's life to the thread that made it, so
// that thread is kept until the program has ended.
func (c *Cell) Start() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Cmd.Start()
		started <- err
		if err == nil {
			c.ended <- c.Cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		c.closeEnds()
		return errors.Join(fmt.Errorf("start %s: %w", c.spec.Name, err), c.fault.Close(), c.removeGroup())
	}
	err := c.sendOrder()
	text, readErr := io.ReadAll(io.LimitReader(c.fault, 4096))
	err = errors.Join(err, readErr, c.fault.Close())
	if len(text) > 0 {
		err = fmt.Errorf("confine %s: %s", c.spec.Name, strings.TrimSpace(string(text)))
	}
	if err != nil {
		return errors.Join(err, c.Kill(), c.discard())
	}
	return nil
}

// sendOrder closes the child's ends as soon as the child has them.
func (c *Cell) sendOrder() error {
	defer c.closeEnds()
	if err := c.ends[0].Close(); err != nil {
		return err
	}
	if err := c.ends[2].Close(); err != nil {
		return err
	}
	err := json.NewEncoder(c.ends[1]).Encode(&c.order)
	if errors.Is(err, syscall.EPIPE) {
		return nil // the child says why
	}
	return err
}

func (c *Cell) closeEnds() {
	for _, f := range c.ends {
		f.Close() // closed before is as good
	}
}

// discard waits for a child that never became the program.
func (c *Cell) discard() error {
	<-c.ended
	return c.removeGroup()
}

// Wait waits for the program itself to end and says how. What it left running is
// for Kill, and Close tidies up.
func (c *Cell) Wait() (*os.ProcessState, error) {
	err := <-c.ended
	c.ended <- err
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return c.Cmd.ProcessState, err
}

// Pid of the program.
func (c *Cell) Pid() int { return c.Cmd.Process.Pid }

// Terminate asks the program to end.
func (c *Cell) Terminate() error {
	err := c.Cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Close ends whatever is left and removes the cgroup. It is called after Wait.
func (c *Cell) Close() error {
	return errors.Join(c.Kill(), c.removeGroup())
}

func (c *Cell) removeGroup() error {
	if c.group == nil {
		return nil
	}
	return c.group.remove()
}
