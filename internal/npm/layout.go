package npm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Layout says which tree is to lie where.
type Layout struct {
	Lock     *Lock
	Platform Platform
	// Dir will hold node_modules. What lies there is replaced in one step.
	Dir string
	// Provided names packages that come with the stack: peers asking for them
	// bring nothing.
	Provided []string
	// Keep, where set, chooses the files of a package by their path in it.
	Keep func(p *Package, file string) bool
	// Files are written beside node_modules, such as a package.json.
	Files map[string][]byte
	// ReadOnly leaves nothing writable, for a tree that many read.
	ReadOnly bool
	// Owner, where set, gets the tree; only root can give it away.
	Owner *Owner
	// Expect is the sum of the archives' bytes, where it is known beforehand.
	Expect int64
	// DropArchives takes the archives out of the cache when the tree is whole: for
	// a tree that is laid out once. Most of them are then never written to the disk.
	DropArchives bool
	// Finish looks at the tree before it is moved into place; its error keeps
	// what was there.
	Finish func(ctx context.Context, dir string) error
	// Marker names a file, and its content, that is written last of all.
	Marker string
	Sealed []byte
	// Progress, where set, is called now and then, never by two at once.
	Progress func(Progress)
}

// Progress tells how far a lay-out has come.
type Progress struct {
	// Bytes have come from the registry or the cache, of Total; Total is 0 where
	// it is not known.
	Bytes, Total int64
	// Packages are unpacked, Of so many.
	Packages, Of int
}

// Laid says what was laid out.
type Laid struct {
	Packages int
	// Files counts directories too; Bytes is the files' content.
	Files, Bytes int64
	// Archives is the sum of the archives' bytes, Fetched what came from the registry.
	Archives, Fetched int64
}

// Lay lays a tree out beside Dir and moves it into place when all of it is on
// the disk: a failure, a kill or a power cut leaves what was there before.
func (c *Client) Lay(ctx context.Context, o Layout) (Laid, error) {
	packages, err := o.Lock.Install(o.Platform, o.Provided...)
	if err != nil {
		return Laid{}, err
	}
	site, err := openSite(o.Dir)
	if err != nil {
		return Laid{}, diskFull(err)
	}
	t := &tree{dir: site.tmp, lock: o.Lock, limits: c.limits, keep: o.Keep, ro: o.ReadOnly, owner: o.Owner, dirs: map[string]bool{}}
	r := newReport(o.Progress, o.Expect, len(packages))
	err = c.fill(ctx, t, packages, r)
	if err == nil {
		err = finish(ctx, t, packages, &o)
	}
	if err == nil && o.DropArchives {
		err = c.cache.drop(packages)
	}
	if err == nil {
		err = site.place(&o)
	}
	if err != nil {
		return Laid{}, errors.Join(diskFull(err), site.abandon())
	}
	if err := c.cache.trim(); err != nil {
		c.log.WarnContext(ctx, "package cache not trimmed", "error", err)
	}
	return r.laid(t), nil
}

// fill fetches and unpacks every package.
func (c *Client) fill(ctx context.Context, t *tree, packages []*Package, r *report) error {
	work := slices.Clone(packages)
	slices.SortStableFunc(work, func(a, b *Package) int { // native binaries are by far the largest
		return len(b.OS) - len(a.OS)
	})
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(c.parallel)
	for _, p := range work {
		if group.Err() != nil {
			break
		}
		g.Go(func() error { return c.one(group, t, p, r) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (c *Client) one(ctx context.Context, t *tree, p *Package, r *report) error {
	var fetched int64
	f, err := c.Fetch(ctx, p, func(n int64) {
		fetched += n
		r.fetched(n)
	})
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	r.cached(size - fetched)
	if err := t.unpack(ctx, p, f); err != nil {
		return err
	}
	r.unpacked()
	return nil
}

func finish(ctx context.Context, t *tree, packages []*Package, o *Layout) error {
	if err := t.mkdir(filepath.Join(t.dir, "node_modules")); err != nil {
		return err
	}
	if err := t.link(packages); err != nil {
		return err
	}
	for _, name := range sortedKeys(o.Files) {
		if err := t.write(name, bytes.NewReader(o.Files[name]), false); err != nil {
			return err
		}
	}
	if err := t.close(); err != nil {
		return err
	}
	if o.Owner != nil {
		if err := os.Lchown(t.dir, o.Owner.UID, o.Owner.GID); err != nil {
			return err
		}
	}
	if o.Finish != nil {
		if err := os.Chmod(t.dir, 0o755); err != nil { // read by the uid of an instance
			return err
		}
		return o.Finish(ctx, t.dir)
	}
	return nil
}
