package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ExitRefused is the exit status of a process that could not apply its layers
// and therefore did not become the program.
const ExitRefused = 125

// ready is what Confine says when all layers are in force. After it comes nothing,
// or why the program could not be executed.
const ready = "ready\n"

// order is what Command tells Confine: no decisions, only steps.
type order struct {
	Parent   int            `json:"parent"`
	Program  string         `json:"program"`
	Args     []string       `json:"args"`
	Env      []string       `json:"env"`
	Dir      string         `json:"dir"`
	UID      int            `json:"uid"`
	GID      int            `json:"gid"`
	Files    int            `json:"files"`
	Groups   []string       `json:"groups"`
	Limits   map[int]uint64 `json:"limits"`
	Landlock *landlockOrder `json:"landlock"`
	Seccomp  bool           `json:"seccomp"`
}

// Confine is the body of the hidden subcommand. It returns only when it failed;
// the caller exits with the status it gives. The first argument is the number
// of the descriptor that holds the order; the next one carries the fault back.
func Confine(args []string) int {
	// What follows holds for this thread, and this thread becomes the program.
	runtime.LockOSThread()
	if len(args) != 1 {
		return refuse(nil, errors.New("this subcommand is not for people"))
	}
	fd, err := strconv.Atoi(args[0])
	if err != nil || fd < 3 {
		return refuse(nil, fmt.Errorf("descriptor %q is not a number above 2", args[0]))
	}
	fault := os.NewFile(uintptr(fd+1), "fault")
	o, err := readOrder(fd)
	if err == nil {
		err = o.confine()
	}
	if err == nil {
		err = o.become(fault)
	}
	return refuse(fault, err)
}

func refuse(fault *os.File, err error) int {
	text := err.Error()
	if fault == nil {
		fmt.Fprintln(os.Stderr, "leat confine:", text)
		return ExitRefused
	}
	if _, werr := io.WriteString(fault, text); werr != nil {
		fmt.Fprintln(os.Stderr, "leat confine:", text)
	}
	return ExitRefused
}

func readOrder(fd int) (*order, error) {
	f := os.NewFile(uintptr(fd), "order")
	defer f.Close()
	o := new(order)
	if err := json.NewDecoder(f).Decode(o); err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	return o, nil
}

// confine applies the layers. The sequence matters: a
// cgroup is joined while its files are still in reach, Landlock opens paths
// while the process may see them, and the signal of the parent's death is asked
// for last, because a change of user forgets it.
func (o *order) confine() error {
	steps := []struct {
		what string
		do   func() error
	}{
		{"close descriptors", o.sealFiles},
		{"set limits", o.setLimits},
		{"join cgroup", o.joinGroups},
		{"forbid new privileges", func() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }},
		{"apply landlock", o.Landlock.apply},
		{"drop privileges", func() error { return dropPrivileges(o.UID, o.GID) }},
		{"enter working directory", func() error { return os.Chdir(o.Dir) }},
		{"tie to parent", o.tieToParent},
		{"apply seccomp", o.applySeccomp},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	return nil
}

// become executes the program; the descriptor of faults closes by that.
func (o *order) become(fault *os.File) error {
	if _, err := io.WriteString(fault, ready); err != nil {
		return err
	}
	err := syscall.Exec(o.Program, append([]string{o.Program}, o.Args...), o.Env)
	return fmt.Errorf("execute %s: %w", o.Program, err)
}

// sealFiles lets descriptors 0, 1, 2 and those of the spec pass, and no other,
// also not one that the caller's own caller forgot to close.
func (o *order) sealFiles() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= 3+o.Files {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

func (o *order) setLimits() error {
	unix.Umask(0o077)
	if err := goFirst(); err != nil {
		return err
	}
	for which, value := range o.Limits {
		var now unix.Rlimit
		if err := unix.Getrlimit(which, &now); err != nil {
			return fmt.Errorf("read limit %d: %w", which, err)
		}
		value = min(value, now.Max)
		if err := unix.Setrlimit(which, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("limit %d to %d: %w", which, value, err)
		}
	}
	return nil
}

// goFirst has flows go before the platform when the machine itself runs out of
// memory. The score may be raised by anybody and lowered by few.
func goFirst() error {
	const path, score = "/proc/self/oom_score_adj", 500
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	now, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || now >= score {
		return err
	}
	return os.WriteFile(path, []byte(strconv.Itoa(score)), 0)
}

func (o *order) joinGroups() error {
	for _, procs := range o.Groups {
		if err := writeControl(procs, "0"); err != nil {
			return err
		}
	}
	return nil
}

// tieToParent has the kernel kill this process when its parent ends, and looks
// whether that happened before the kernel knew.
func (o *order) tieToParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if ppid := os.Getppid(); ppid != o.Parent {
		return fmt.Errorf("the parent %d is gone, %d took its place", o.Parent, ppid)
	}
	return nil
}
