package runtime

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const lockPoll = 100 * time.Millisecond

// lock makes the caller the only one, in all processes, who changes the store.
// The kernel frees it when a process ends, however it ends.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	f, err := s.lockFile(ctx)
	if err != nil {
		<-s.turn
		return nil, err
	}
	return func() {
		s.forget()
		_ = f.Close()
		<-s.turn
	}, nil
}

func (s *Store) lockFile(ctx context.Context) (*os.File, error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		s.tell(Progress{Step: StepWait})
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		}
	}
}

func (s *Store) makeDir() error {
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil { // read by the uid of an instance
		return err
	}
	return os.Chmod(s.dir, 0o755) // whatever the umask
}
