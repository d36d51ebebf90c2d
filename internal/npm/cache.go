package npm

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	partSuffix = ".part"
	partMaxAge = 24 * time.Hour
)

// cache keeps tarballs under <dir>/<algorithm>/<first two digits>/<hash>. What
// it hands out was hashed at that moment, so it needs no fsync: a file torn by a
// power cut is fetched again.
type cache struct {
	dir string
	max int64
	mu  sync.Mutex
	// busy holds a channel for each hash that is being fetched; closed when done.
	busy map[string]chan struct{}
}

func newCache(dir string, limit int64) *cache {
	return &cache{dir: dir, max: limit, busy: map[string]chan struct{}{}}
}

func (c *cache) path(i Integrity) string {
	return filepath.Join(c.dir, i.Algorithm, i.Sum[:2], i.Sum)
}

// open returns the verified tarball, or fs.ErrNotExist where there is none that
// is whole.
func (c *cache) open(i Integrity) (*os.File, error) {
	f, err := os.Open(c.path(i))
	if err != nil {
		return nil, err
	}
	h := i.hash()
	if _, err = io.Copy(h, f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !i.matches(h) {
		return nil, errors.Join(fs.ErrNotExist, f.Close(), os.Remove(f.Name()))
	}
	now := time.Now()
	_ = os.Chtimes(f.Name(), now, now) // only orders what trim removes
	return f, nil
}

// lock waits until nobody else in this process fetches i.
func (c *cache) lock(ctx context.Context, i Integrity) (unlock func(), err error) {
	for {
		c.mu.Lock()
		wait, taken := c.busy[i.Sum]
		if !taken {
			done := make(chan struct{})
			c.busy[i.Sum] = done
			c.mu.Unlock()
			return func() {
				c.mu.Lock()
				delete(c.busy, i.Sum)
				c.mu.Unlock()
				close(done)
			}, nil
		}
		c.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// part opens the file that a download of i goes to, with what an earlier try
// left there. Where another process is at it, it is a fresh file of our own.
func (c *cache) part(i Integrity) (*os.File, error) {
	name := c.path(i) + partSuffix
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil && stillThere(f) {
		return f, nil
	}
	_ = f.Close()
	return os.CreateTemp(filepath.Dir(name), filepath.Base(name)+"-*"+partSuffix)
}

// stillThere reports whether f's name still leads to f: whoever held the lock
// before may have finished and moved the file into place.
func stillThere(f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(ours, named)
}

// keep moves a finished and verified part into place.
func (c *cache) keep(i Integrity, part *os.File) error {
	if err := part.Chmod(0o400); err != nil {
		return err
	}
	return os.Rename(part.Name(), c.path(i))
}

// drop removes the archives of packages.
func (c *cache) drop(packages []*Package) error {
	for _, p := range packages {
		if i, ok := ParseIntegrity(p.Integrity); ok {
			if err := ignoreMissing(os.Remove(c.path(i))); err != nil {
				return err
			}
		}
	}
	return nil
}

// trim removes what was used longest ago until the cache fits its bound, and
// the remains of downloads that nobody took up again.
func (c *cache) trim() error {
	type entry struct {
		path string
		size int64
		used time.Time
	}
	var all []entry
	var sum int64
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		if strings.HasSuffix(path, partSuffix) {
			if time.Since(info.ModTime()) > partMaxAge {
				return ignoreMissing(os.Remove(path))
			}
			return nil
		}
		all = append(all, entry{path, info.Size(), info.ModTime()})
		sum += info.Size()
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range all {
		if sum <= c.max {
			break
		}
		if err := ignoreMissing(os.Remove(e.path)); err != nil {
			return err
		}
		sum -= e.size
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
