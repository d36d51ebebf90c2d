// Package sandbox starts a program so that it can hurt nobody but itself: under
// its own user number, without capabilities, inside Landlock and a cgroup. Where
// a layer is missing it says which one and why.
//
// Landlock, no_new_privs and the change of user belong to the process that is
// about to become the program, after the fork and before the exec. Go offers no
// hook there, so Command starts this very binary with a hidden subcommand,
// whose body is Confine; it reads what to do from an inherited descriptor,
// applies the layers in order and becomes the program.
package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Subcommand is the hidden first argument that makes the binary call Confine.
const Subcommand = "confine"

// Spec says what to start and what it may touch. Everything not named here is
// refused, except outgoing connections.
type Spec struct {
	Name    string   // names the cgroup: letters, digits, "-", "_" and "."
	Program string   // absolute path
	Args    []string // without the program's own name
	Env     []string // the whole environment; nothing is inherited
	Dir     string   // working directory

	// Files become descriptors 3, 4, … of the program; all others are closed.
	Files []*os.File

	// UID is the program's own user number, GID its group (UID where zero).
	// Zero, or a caller that is not root, leaves the user as it is.
	UID, GID int

	ReadDirs  []string // may be read and executed from
	ReadFiles []string
	WriteDirs []string // may be changed at will
	Ports     []uint16 // TCP ports that may be listened on

	Limits Limits

	// CgroupParent is the group under which the program's own is made: a path
	// relative to the caller's group, or from the root where it begins with
	// "/". Empty means DefaultParent.
	CgroupParent string

	// Without leaves layers out on purpose.
	Without []Layer
}

// Limits of the program and all that it starts. Zero means no limit.
type Limits struct {
	MemoryMiB int
	CPUMillis int // thousandths of one core
	Pids      int // processes and threads
}

// Layer names one wall around the program.
type Layer string

// The layers, as instances report them.
const (
	LayerUID      Layer = "uid"      // a user number of its own, no capabilities
	LayerLandlock Layer = "landlock" // paths, TCP ports, signals
	LayerSeccomp  Layer = "seccomp"  // system calls that a flow never needs
	LayerCgroup   Layer = "cgroup"   // memory, CPU and number of processes
)

// Gap is a layer, or a part of one, that is not in force.
type Gap struct {
	Layer  Layer  `json:"layer"`
	Reason string `json:"reason"`
}

// Report says what stands between the program and the rest of the machine.
type Report struct {
	Isolation []Layer `json:"isolation"`
	Missing   []Gap   `json:"missing,omitempty"`
}

func (r *Report) on(l Layer)               { r.Isolation = append(r.Isolation, l) }
func (r *Report) gap(l Layer, text string) { r.Missing = append(r.Missing, Gap{l, text}) }

func (s *Spec) leavesOut(l Layer) bool {
	for _, w := range s.Without {
		if w == l {
			return true
		}
	}
	return false
}

// check finds every fault of a spec at once.
func (s *Spec) check() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !validName(s.Name) {
		bad("name %q is not made of letters, digits, -, _ and .", s.Name)
	}
	paths := append([]string{s.Program, s.Dir}, s.ReadDirs...)
	paths = append(append(paths, s.ReadFiles...), s.WriteDirs...)
	for _, p := range paths {
		if !filepath.IsAbs(p) {
			bad("path %q is not absolute", p)
		}
	}
	for _, e := range s.Env {
		if i := strings.IndexByte(e, '='); i <= 0 || strings.IndexByte(e, 0) >= 0 {
			bad("an environment entry has no name or holds a zero byte")
		}
	}
	if s.UID < 0 || s.GID < 0 {
		bad("user %d and group %d must not be negative", s.UID, s.GID)
	}
	if s.Limits.MemoryMiB < 0 || s.Limits.CPUMillis < 0 || s.Limits.Pids < 0 {
		bad("limits must not be negative")
	}
	if len(faults) > 0 {
		return fmt.Errorf("sandbox spec: %w", errors.Join(faults...))
	}
	return nil
}

func validName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > 200 {
		return false
	}
	for _, r := range name {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
		if !ok {
			return false
		}
	}
	return true
}

// Env makes the sealed environment of a program: a plain path, its own home and
// temporary directory, the machine's time zone, and what the caller adds. Of two
// entries with one name the later counts.
func Env(home, tmp string, more ...string) []string {
	env := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"HOME=" + home,
		"TMPDIR=" + tmp,
		"LANG=C.UTF-8",
	}
	if tz := os.Getenv("TZ"); tz != "" {
		env = append(env, "TZ="+tz)
	}
	env = append(env, more...)
	last := map[string]int{}
	for i, e := range env {
		name, _, _ := strings.Cut(e, "=")
		last[name] = i
	}
	kept := env[:0]
	for i, e := range env {
		if name, _, _ := strings.Cut(e, "="); last[name] == i {
			kept = append(kept, e)
		}
	}
	return kept
}
