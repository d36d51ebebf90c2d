package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"leat/internal/secret"
)

// directory is the data directory, held by this server alone.
type directory struct {
	path string
	lock *os.File
	key  secret.Key
}

// openDirectory makes the data directory where there is none, takes its lock and
// reads the platform key.
func openDirectory(path string) (d *directory, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	d = &directory{path: path}
	// Node-RED runs under other uids below it and must be able to pass; only
	// passing is allowed.
	if err := makeDir(path, 0o711); err != nil {
		return nil, err
	}
	for _, private := range []string{"run", "checkpoints"} {
		if err := makeDir(filepath.Join(path, private), 0o700); err != nil {
			return nil, err
		}
	}
	if err := d.takeLock(); err != nil {
		return nil, err
	}
	if err := d.takeKey(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// takeKey reads the platform key. A new one is made for a new platform only: rows
// that another key sealed could neither be read nor vouched for, and the old key,
// put back later, could not read what the new one sealed.
func (d *directory) takeKey() (err error) {
	d.key, err = secret.LoadKey(d.file("platform.key"))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, fault := os.Stat(d.file("leat.db")); fault == nil {
		return fmt.Errorf("data directory: %s holds a database and not the platform.key that belongs to it; put that file back, from where the directory was copied or from the backup", d.path)
	}
	d.key, _, err = secret.LoadOrCreateKey(d.file("platform.key"))
	return err
}

// makeDir makes a directory, or takes away what others may do in one that is there.
func makeDir(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("data directory: %s is not a directory", path)
	}
	if info.Mode().Perm()&^mode != 0 {
		if err := os.Chmod(path, info.Mode().Perm()&mode); err != nil {
			return fmt.Errorf("data directory: %s may be read or written by others, and that cannot be changed: %w", path, err)
		}
	}
	return nil
}

// takeLock keeps a second server out. The kernel gives the lock back when the
// process ends, however it ends.
func (d *directory) takeLock() error {
	file, err := os.OpenFile(d.file("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(file, 64)) // what it says is only for the message
		file.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return fmt.Errorf("lock %s: %w", d.path, err)
		}
		who := "another server"
		if pid := strings.TrimSpace(string(holder)); pid != "" {
			who += " (process " + pid + ")"
		}
		return fmt.Errorf("%w: %s uses %s; stop it first, or name another directory with --data", ErrInUse, who, d.path)
	}
	d.lock = file
	// Who holds it is only said for people: a full disk does not keep a server out.
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return nil
}

// ErrInUse says that another server holds the data directory.
var ErrInUse = errors.New("the data directory is in use")

func (d *directory) file(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

// close gives the directory back.
func (d *directory) close() error { return d.lock.Close() }
