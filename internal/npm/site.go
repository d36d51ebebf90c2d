package npm

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"leat/internal/fleet"
)

// site is the place where a tree is laid out: a temporary directory beside the
// one it is to become. The temporary directory is locked while its maker lives,
// so that the next one can tell remains from work.
type site struct {
	dir, tmp string
	lock     *os.File
}

func openSite(dir string) (*site, error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil { // read by the uid of an instance
		return nil, err
	}
	if err := checkParent(parent); err != nil {
		return nil, err
	}
	if err := Sweep(dir); err != nil {
		return nil, err
	}
	for {
		tmp, err := os.MkdirTemp(parent, tmpPrefix(dir)+"*")
		if err != nil {
			return nil, err
		}
		lock, err := os.Open(tmp)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept by another process before the lock was taken
		}
		if err != nil {
			return nil, err
		}
		if err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil && stillThere(lock) {
			return &site{dir: dir, tmp: tmp, lock: lock}, nil
		}
		_ = lock.Close()
	}
}

// checkParent refuses to work in a directory where somebody else could put a
// link in the way of root.
func checkParent(parent string) error {
	info, err := os.Stat(parent)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return &fleet.Error{Kind: fleet.Internal, Code: "tree_parent_shared",
			Msg: fmt.Sprintf("The directory %s must belong to the user Leat runs as, and nobody else may write to it.", parent)}
	}
	return nil
}

func tmpPrefix(dir string) string { return "." + filepath.Base(dir) + ".tmp-" }

// Sweep removes what interrupted lay-outs and removals of dir left beside it.
func Sweep(dir string) error {
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return ignoreMissing(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tmpPrefix(dir)) {
			continue
		}
		if err := removeUnlocked(filepath.Join(filepath.Dir(dir), e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func removeUnlocked(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return ignoreMissing(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil // somebody is at work there
	}
	return removeAll(path)
}

// RemoveTree removes a tree so that an interruption leaves nothing that looks
// whole: it is moved aside first.
func RemoveTree(dir string) error {
	aside := filepath.Join(filepath.Dir(dir), tmpPrefix(dir)+rand.Text())
	err := os.Rename(dir, aside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return removeAll(aside)
}

// removeAll removes a tree that may be read-only. Root needs no permission, and
// must not change modes in a tree that another user could exchange meanwhile.
func removeAll(dir string) error {
	if os.Geteuid() != 0 {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() {
				return os.Chmod(path, 0o700) // a directory
			}
			return ignoreMissing(err)
		})
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

func (s *site) abandon() error { return errors.Join(removeAll(s.tmp), s.lock.Close()) }

// place makes sure that the disk has every byte, writes the marker, and lets the
// tree take its place in one step.
func (s *site) place(o *Layout) error {
	if err := unix.Syncfs(int(s.lock.Fd())); err != nil {
		return fmt.Errorf("sync tree: %w", err)
	}
	if o.Marker != "" {
		if err := s.mark(o.Marker, o.Sealed); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o755)
	if o.ReadOnly {
		mode = 0o555
	}
	if err := s.lock.Chmod(mode); err != nil {
		return err
	}
	if err := s.lock.Sync(); err != nil {
		return err
	}
	if err := s.swap(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.dir))
}

func (s *site) mark(name string, content []byte) error {
	f, err := os.OpenFile(filepath.Join(s.tmp, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// swap moves the tree into place; what lay there changes places with it and is
// removed.
func (s *site) swap() error {
	if _, err := os.Lstat(s.dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(s.tmp, s.dir); err != nil {
			return err
		}
		return s.lock.Close()
	}
	if err := unix.Renameat2(unix.AT_FDCWD, s.tmp, unix.AT_FDCWD, s.dir, unix.RENAME_EXCHANGE); err != nil {
		return fmt.Errorf("exchange trees: %w", err)
	}
	if err := syncDir(filepath.Dir(s.dir)); err != nil {
		return err
	}
	_ = removeAll(s.tmp) // the new tree is in place; what stays of the old one is swept another time
	return s.lock.Close()
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
