package launcher

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// maxLog bounds each of the two files of a launcher's own log.
const maxLog = 1 << 20

// bounded is a file that is begun anew when it is full; the one before is kept.
type bounded struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int64
}

func openBounded(path string) (*bounded, error) {
	b := &bounded{path: path}
	return b, b.open()
}

func (b *bounded) open() error {
	f, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	b.file, b.size = f, info.Size()
	return nil
}

// Write appends, after a change of file where this one is full. Where that fails,
// the next write tries again.
func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size+int64(len(p)) > maxLog {
		if err := os.Rename(b.path, b.path+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		was := b.file
		if err := b.open(); err != nil {
			return 0, err
		}
		_ = was.Close() // every line in it was written at once
	}
	n, err := b.file.Write(p)
	b.size += int64(n)
	return n, err
}

// Close closes the file.
func (b *bounded) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.file.Close()
}
