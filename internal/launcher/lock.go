package launcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"leat/internal/driver"
	"leat/internal/fleet"
)

// lockPatience covers whoever only looks whether the lock is held.
const lockPatience = time.Second

// takeLock makes this the only launcher of the directory. The lock goes with the
// process, whatever ends it.
func (l *launcher) takeLock(ctx context.Context) error {
	f, err := os.OpenFile(filepath.Join(l.dir, driver.LockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	deadline := time.Now().Add(lockPatience)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(deadline) || ctx.Err() != nil {
			return errors.Join(&fleet.Error{Kind: fleet.Conflict, Code: "launcher_lives",
				Msg: "Another launcher works in this directory.", Err: err}, f.Close())
		}
		<-time.After(10 * time.Millisecond)
	}
	l.lock = f
	return l.signLock()
}

// signLock writes who holds the lock.
func (l *launcher) signLock() error {
	text := fmt.Sprintf("%d %s\n", os.Getpid(), time.Now().UTC().Format(time.RFC3339))
	if err := l.lock.Truncate(0); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	_, err := l.lock.WriteAt([]byte(text), 0)
	return err
}
