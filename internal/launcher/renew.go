package launcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/nodered"
)

// renewal is another build of this program, about to take over.
type renewal struct {
	path     string
	kept     *nodered.Kept
	listener *os.File
}

// baggage is what one build leaves to the next. It lies in memory that has no
// name in any file system, because it holds secrets.
type baggage struct {
	Secrets driver.Secrets `json:"secrets"`
	Kept    *nodered.Kept  `json:"kept"`
	// The numbers of inherited descriptors.
	Lock     int   `json:"lock"`
	Listener int   `json:"listener"`
	Process  []int `json:"process,omitempty"`
}

// Renew prepares for another build of this program to take over when this one
// leaves; Node-RED goes on. It refuses while Node-RED starts, stops or saves.
func (l *launcher) Renew(ctx context.Context, path string) error {
	if err := runnable(path); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next != nil {
		return &fleet.Error{Kind: fleet.Conflict, Code: "runner_busy", Msg: "The runner is being renewed already."}
	}
	listener, err := l.listener.File()
	if err != nil {
		return fmt.Errorf("keep socket: %w", err)
	}
	kept, err := l.sup.Suspend(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	l.next = &renewal{path, kept, listener}
	return nil
}

// runnable finds out before anything is given up.
func runnable(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	if err == nil {
		err = unix.Access(path, unix.X_OK)
	}
	if err != nil || !filepath.IsAbs(path) {
		return &fleet.Error{Kind: fleet.Invalid, Code: "program_missing", Msg: "The program to become cannot be run.", Err: err}
	}
	return nil
}

// become replaces this program. It returns only when that failed; Node-RED then
// ends with this process, and the server starts another launcher.
func (l *launcher) become(n *renewal) error {
	bag := baggage{Secrets: l.secret, Kept: n.kept, Lock: int(l.lock.Fd()), Listener: int(n.listener.Fd())}
	if n.kept.Process != nil {
		for _, f := range n.kept.Process.Files {
			bag.Process = append(bag.Process, int(f.Fd()))
		}
	}
	memory, err := pack(bag)
	if err != nil {
		return err
	}
	for _, fd := range append([]int{memory, bag.Lock, bag.Listener}, bag.Process...) {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("keep descriptor: %w", err)
		}
	}
	args := []string{filepath.Base(n.path), "launch", "--dir", l.dir}
	env := append(os.Environ(), keptVariable+"="+strconv.Itoa(memory))
	l.log.Info("becoming another build", "path", n.path)
	l.thread.do(func() { err = syscall.Exec(n.path, args, env) })
	return fmt.Errorf("become %s: %w", n.path, err)
}

// pack writes the baggage into memory and gives its descriptor.
func pack(bag baggage) (int, error) {
	fd, err := unix.MemfdCreate("leat", unix.MFD_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("make baggage: %w", err)
	}
	text, err := json.Marshal(bag)
	if err != nil {
		return 0, fmt.Errorf("make baggage: %w", err)
	}
	for off := 0; off < len(text); {
		n, err := unix.Pwrite(fd, text[off:], int64(off))
		if err != nil {
			return 0, fmt.Errorf("make baggage: %w", err)
		}
		off += n
	}
	return fd, nil
}

// takeOver unpacks what an earlier build of this process left, if one did.
func (l *launcher) takeOver() (*nodered.Kept, error) {
	number := os.Getenv(keptVariable)
	if number == "" {
		return nil, nil
	}
	if err := os.Unsetenv(keptVariable); err != nil {
		return nil, err
	}
	fd, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("%s is not a number", keptVariable)
	}
	memory := os.NewFile(uintptr(fd), "baggage")
	defer memory.Close()
	text, err := io.ReadAll(io.NewSectionReader(memory, 0, 1<<40))
	if err != nil {
		return nil, fmt.Errorf("read baggage: %w", err)
	}
	var bag baggage
	if err := json.Unmarshal(text, &bag); err != nil {
		return nil, fmt.Errorf("read baggage: %w", err)
	}
	return bag.Kept, l.inherit(bag)
}

// inherit turns numbers into what they are, and closes them to programs that are
// started from here on.
func (l *launcher) inherit(bag baggage) error {
	for _, fd := range append([]int{bag.Lock, bag.Listener}, bag.Process...) {
		unix.CloseOnExec(fd)
	}
	l.secret = bag.Secrets
	l.lock = os.NewFile(uintptr(bag.Lock), "lock")
	var err error
	if l.listener, err = listenerFrom(bag.Listener); err != nil {
		return err
	}
	if bag.Kept.Process != nil {
		for _, fd := range bag.Process {
			if err := unix.SetNonblock(fd, true); err != nil {
				return fmt.Errorf("inherit: %w", err)
			}
			bag.Kept.Process.Files = append(bag.Kept.Process.Files, os.NewFile(uintptr(fd), "node-red"))
		}
	}
	return l.signLock()
}
