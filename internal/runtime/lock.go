package runtime

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const lockPoll = 100 * time.Millisecond

// everything is the lock of whoever removes.
const everything = ""

// lock makes the caller the only one, in all processes, who works on a stack: a
// first instance is not to wait until another stack is laid out. With everything
// nobody works on any. The kernel frees it when a process ends, however it ends.
func (s *Store) lock(ctx context.Context, digest string) (unlock func(), err error) {
	turn := s.turnOf(digest)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	f, err := s.lockFile(ctx, digest)
	if err != nil {
		<-turn
		return nil, err
	}
	return func() {
		s.forget(digest)
		_ = f.Close()
		<-turn
	}, nil
}

// turnOf holds one token: who in this process works on a stack.
func (s *Store) turnOf(digest string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := s.turns[digest]
	if turn == nil {
		turn = make(chan struct{}, 1)
		s.turns[digest] = turn
	}
	return turn
}

func (s *Store) lockFile(ctx context.Context, digest string) (*os.File, error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := tryLock(f, digest)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		s.tell(digest, Progress{Step: StepWait})
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		}
	}
}

// tryLock takes two locks of the file: the whole of it, which all share who work on
// a stack and one has who removes, and the byte that stands for the stack.
func tryLock(f *os.File, digest string) error {
	how := syscall.LOCK_SH
	if digest == everything {
		how = syscall.LOCK_EX
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil || digest == everything {
		return err
	}
	name, err := hex.DecodeString(digest)
	if err != nil || len(name) < 8 {
		return errors.Join(err, errStack("The digest is none of a stack."))
	}
	var place int64
	for _, b := range name[:7] {
		place = place<<8 | int64(b)
	}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: place, Len: 1})
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
