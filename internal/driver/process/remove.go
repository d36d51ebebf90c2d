package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/sandbox"
)

// Kill ends the launcher. The kernel ends Node-RED with it.
func (d *Driver) Kill(ctx context.Context, id fleet.InstanceID) error {
	dir, err := d.dir(id)
	if err != nil {
		return err
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		held, err := lockHolder(filepath.Join(dir, driver.LockFile))
		if err != nil || held == 0 {
			return err
		}
		if err := killPid(held); err != nil {
			return fmt.Errorf("kill launcher of %s: %w", id, err)
		}
		d.reap()
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// killPid signals through a handle, and only what still holds the number.
func killPid(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd) // a handle
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// lockHolder is the process that holds the lock, or 0.
func lockHolder(path string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return 0, nil // closing lets go of it again
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0, nil // the holder is about to write it
	}
	return pid, nil
}

// Remove kills the launcher and removes the directory. It is moved aside first,
// so that an interruption leaves nothing that looks like an instance.
func (d *Driver) Remove(ctx context.Context, id fleet.InstanceID) error {
	if err := d.Kill(ctx, id); err != nil {
		return err
	}
	dir, err := d.dir(id)
	if err != nil {
		return err
	}
	if err := d.endRemains(id, dir); err != nil {
		return err
	}
	d.mu.Lock()
	delete(d.known, id)
	d.mu.Unlock()
	aside := filepath.Join(d.cfg.Dir, removedPrefix+string(id))
	if err := removeTree(aside); err != nil {
		return fmt.Errorf("remove %s: %w", id, err)
	}
	if err := os.Rename(dir, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", id, err)
	}
	if err := removeTree(aside); err != nil {
		return fmt.Errorf("remove %s: %w", id, err)
	}
	return nil
}

// removedPrefix begins the names of what is on its way out.
const removedPrefix = ".removed-"

// sweep finishes the removals that a killed server had begun.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), removedPrefix) {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// endRemains ends what flows started and a killed launcher left behind. Its user
// number will be another instance's one day.
func (d *Driver) endRemains(id fleet.InstanceID, dir string) error {
	p, err := driver.ReadPlace(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	uid := p.UID
	if uid < d.uids.First || uid >= d.uids.First+d.uids.Count {
		uid = 0
	}
	return sandbox.End("", string(id), uid)
}

// removeTree removes what may be read-only. Root needs no permission; anybody
// else owns all of it.
func removeTree(dir string) error {
	if os.Geteuid() != 0 {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				return os.Chmod(path, 0o700) // a directory
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}
