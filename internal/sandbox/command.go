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
// It is nil in a cell that was adopted.
type Cell struct {
	Cmd    *exec.Cmd
	Report Report

	spec    Spec
	group   *group
	order   order
	process *os.Process
	fault   *os.File // read end; closes without a word when the program runs
	ends    []*os.File
	ended   chan end
}

// end is how a program ended.
type end struct {
	state *os.ProcessState
	err   error
}

// Command prepares spec to be started by the binary self, whose hidden
// subcommand is Confine. The layers of the report are those that will be in
// force: if one of them cannot be applied after all, the program is not started.
func Command(spec Spec, self string) (*Cell, error) {
	c, err := plan(spec)
	if err != nil {
		return nil, err
	}
	// A program that an earlier launcher left behind must not run beside this one.
	if err := c.clearGroup(); err != nil {
		return nil, fmt.Errorf("end what is left of %s: %w", spec.Name, err)
	}
	if err := c.prepare(self); err != nil {
		return nil, errors.Join(err, c.removeGroup())
	}
	return c, nil
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
			c.await()
		}
	}()
	return c.admit(<-started)
}

// StartOn is Start for a launcher that will renew itself by exec: the program is
// made inside thread, which has to run its argument on an operating system
// thread that stays, and that is the one to call exec. Any other would take the
// program with it.
func (c *Cell) StartOn(thread func(func())) error {
	var err error
	thread(func() { err = c.Cmd.Start() })
	if err == nil {
		go c.await()
	}
	return c.admit(err)
}

// Adopt gives a cell for a program that runs already as a child of this process,
// started from the same spec before this process renewed itself by exec.
func Adopt(spec Spec, pid int) (*Cell, error) {
	c, err := plan(spec)
	if err != nil {
		return nil, err
	}
	if c.process, err = os.FindProcess(pid); err != nil {
		return nil, fmt.Errorf("adopt %s: %w", spec.Name, err)
	}
	go func() {
		state, err := c.process.Wait()
		c.ended <- end{state, err}
	}()
	return c, nil
}

func (c *Cell) await() {
	err := c.Cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	c.ended <- end{c.Cmd.ProcessState, err}
}

// admit hands the order to the new process and waits until it became the program
// or said why it did not.
func (c *Cell) admit(err error) error {
	if err != nil {
		c.closeEnds()
		return errors.Join(fmt.Errorf("start %s: %w", c.spec.Name, err), c.fault.Close(), c.removeGroup())
	}
	c.process = c.Cmd.Process
	err = c.sendOrder()
	text, readErr := io.ReadAll(io.LimitReader(c.fault, 4096))
	err = errors.Join(err, readErr, c.fault.Close())
	why, isReady := strings.CutPrefix(string(text), ready)
	if why == "" && !isReady {
		why = "it ended without a word; is the memory limit too small?"
	}
	if why != "" {
		err = errors.Join(fmt.Errorf("confine %s: %s", c.spec.Name, strings.TrimSpace(why)), err)
	}
	if err != nil {
		err = errors.Join(err, c.Kill())
		<-c.ended
		return errors.Join(err, c.removeGroup())
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

// Wait waits for the program itself to end and says how. What it left running is
// for Kill, and Close tidies up. It may be called more than once.
func (c *Cell) Wait() (*os.ProcessState, error) {
	e := <-c.ended
	c.ended <- e
	return e.state, e.err
}

// Pid of the program.
func (c *Cell) Pid() int { return c.process.Pid }

// Terminate asks the program to end.
func (c *Cell) Terminate() error {
	err := c.process.Signal(syscall.SIGTERM)
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
