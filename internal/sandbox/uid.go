package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// UIDRange is the block of user numbers from which instances get theirs.
type UIDRange struct {
	First, Count int
}

// Numbers that neither distributions, systemd nor container tools hand out, and
// the block to use where a container maps only 65,536 numbers.
var (
	wideUIDs   = UIDRange{First: 1_900_000_000, Count: 1_000_000}
	narrowUIDs = UIDRange{First: 30_000, Count: 20_000}
)

// ErrNoUID means that every number of a range is in use.
var ErrNoUID = errors.New("every user number of the range is in use")

// DefaultUIDs is the block that exists in this user namespace.
func DefaultUIDs() (UIDRange, error) {
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return UIDRange{}, fmt.Errorf("read user numbers of this namespace: %w", err)
	}
	return uidsIn(string(text))
}

func uidsIn(uidMap string) (UIDRange, error) {
	for _, r := range []UIDRange{wideUIDs, narrowUIDs} {
		if r.mapped(uidMap) {
			return r, nil
		}
	}
	return UIDRange{}, errors.New("this container maps too few user numbers")
}

// mapped tells whether one line of a uid_map holds the whole range.
func (r UIDRange) mapped(uidMap string) bool {
	for line := range strings.Lines(uidMap) {
		var inside, outside, count int
		if n, _ := fmt.Sscan(line, &inside, &outside, &count); n != 3 {
			continue
		}
		if r.First >= inside && r.First+r.Count <= inside+count {
			return true
		}
	}
	return false
}

// Next gives the number after last that nobody uses, so that a number comes back
// only after all others had their turn: files that an instance left somewhere
// must not fall to its successor.
func (r UIDRange) Next(last int, used func(int) bool) (int, error) {
	start := last + 1 - r.First
	if start < 0 || start >= r.Count {
		start = 0
	}
	for i := range r.Count {
		uid := r.First + (start+i)%r.Count
		if !used(uid) {
			return uid, nil
		}
	}
	return 0, ErrNoUID
}

// Own gives dir and all below it to a user and closes it for everybody else.
// It follows no link, and must not run while the instance does.
func Own(dir string, uid, gid int) error {
	if gid == 0 {
		gid = uid
	}
	if err := realDirectory(dir); err != nil {
		return fmt.Errorf("own: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("own %s: %w", dir, err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, uid, gid)
	})
	if err == nil {
		err = root.Chmod(".", 0o700)
	}
	if err != nil {
		return fmt.Errorf("own %s: %w", dir, err)
	}
	return nil
}
