package npm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"leat/internal/fleet"
)

// triesWithoutProgress ends a download; a try that brought bytes starts the
// count again, so that a slow and shaky line gets there in the end.
const triesWithoutProgress = 4

// URL is where a package's tarball lies, made from name and version: locks hold
// no addresses.
func (c *Client) URL(p *Package) (string, error) {
	if c.registry == "" {
		return "", errNoRegistry()
	}
	base := p.Name[strings.LastIndex(p.Name, "/")+1:]
	return fmt.Sprintf("%s/%s/-/%s-%s.tgz", c.registry, p.Name, base, p.Version), nil
}

// Fetch returns a package's tarball, whose hash was checked, from the cache or
// from the registry. got is told of bytes as they arrive from the registry; a
// negative number takes back bytes that have to come again.
func (c *Client) Fetch(ctx context.Context, p *Package, got func(bytes int64)) (*os.File, error) {
	want, ok := ParseIntegrity(p.Integrity)
	if !ok || (want.Algorithm == "sha1" && !c.allowSHA1) {
		return nil, errLock(fmt.Sprintf("The lock has no SHA-512 integrity for %s.", p.ID()), nil)
	}
	unlock, err := c.cache.lock(ctx, want)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f, err := c.cache.open(want)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	url, err := c.URL(p)
	if err != nil {
		return nil, err
	}
	part, err := c.cache.part(want)
	if err != nil {
		return nil, diskFull(fmt.Errorf("cache %s: %w", p.ID(), err))
	}
	d := &download{Client: c, pkg: p, want: want, url: url, part: part, got: got}
	if err := d.run(ctx); err != nil {
		full := diskFull(err)
		if fleet.IsCode(full, "disk_full") {
			full = errors.Join(full, os.Remove(part.Name())) // give back what the download took
		}
		return nil, errors.Join(full, part.Close())
	}
	if err := c.cache.keep(want, part); err != nil {
		return nil, errors.Join(diskFull(err), part.Close())
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, part.Close())
	}
	return part, nil
}

// download brings one tarball into its part file.
type download struct {
	*Client
	pkg  *Package
	want Integrity
	url  string
	part *os.File
	got  func(int64)
	// have is the number of bytes in the part file.
	have int64
}

// retryError is a failure that may pass.
type retryError struct {
	err   error
	after time.Duration
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

func (d *download) run(ctx context.Context) error {
	info, err := d.part.Stat()
	if err != nil {
		return err
	}
	d.have = info.Size()
	d.count(d.have)
	if d.have > 0 {
		// What lies there may be whole, the beginning, or rubbish: in the last case
		// the first try fails the check and one from the start follows.
		if whole, err := d.whole(); err != nil || whole {
			return err
		}
		if err := d.complete(ctx); err != nil {
			return err
		}
		if whole, err := d.whole(); err != nil || whole {
			return err
		}
		if err := d.restart(); err != nil {
			return err
		}
	}
	if err := d.complete(ctx); err != nil {
		return err
	}
	whole, err := d.whole()
	if err != nil || whole {
		return err
	}
	return errors.Join(errIntegrity(d.pkg), d.restart(), os.Remove(d.part.Name()))
}

func (d *download) whole() (bool, error) {
	h := d.want.hash()
	_, err := io.Copy(h, io.NewSectionReader(d.part, 0, d.have))
	return err == nil && d.want.matches(h), err
}

// complete tries until the whole body arrived or there is no hope.
func (d *download) complete(ctx context.Context) error {
	pause, tries := d.backoff, 0
	for {
		before := d.have
		err := d.once(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var retry *retryError
		if !errors.As(err, &retry) {
			return err
		}
		if tries++; d.have > before {
			tries, pause = 1, d.backoff
		}
		if tries == triesWithoutProgress {
			return lastWord(retry.err)
		}
		wait := max(pause+rand.N(pause), retry.after) // spreads retries, keeps no secret
		d.log.DebugContext(ctx, "package download interrupted", "package", d.pkg.ID(), "have", d.have, "again_in", wait, "error", retry.err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pause = min(2*pause, 16*d.backoff)
	}
}

func lastWord(err error) error {
	var known *fleet.Error
	if errors.As(err, &known) {
		return err
	}
	return errUnreachable(err)
}

var errStalled = errors.New("no byte arrived for too long")

// once makes one request for what is missing.
func (d *download) once(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(d.stall, func() { cancel(errStalled) })
	defer stalled.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "leat")
	if d.have > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(d.have, 10)+"-")
	}
	resp, err := d.http.Do(req)
	if err != nil {
		return &retryError{err: cause(ctx, err)}
	}
	defer resp.Body.Close()
	if err := d.judge(resp); err != nil {
		return err
	}
	if resp.ContentLength > d.limits.TarballBytes-d.have {
		return errPackage(d.pkg, "its archive is too large.", nil)
	}
	_, err = io.Copy(d, &progress{r: resp.Body, tick: func() { stalled.Reset(d.stall) }})
	var fault *writeError
	switch {
	case errors.As(err, &fault):
		return fault.err
	case err != nil:
		return &retryError{err: cause(ctx, err)}
	}
	return nil
}

func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// judge reads the status; after it the body is what is missing.
func (d *download) judge(resp *http.Response) error {
	switch s := resp.StatusCode; {
	case s == http.StatusOK:
		return d.restart()
	case s == http.StatusPartialContent:
		if strings.HasPrefix(resp.Header.Get("Content-Range"), "bytes "+strconv.FormatInt(d.have, 10)+"-") {
			return nil
		}
		return d.again("another part than asked for")
	case s == http.StatusRequestedRangeNotSatisfiable:
		return d.again("nothing to resume")
	case s == http.StatusNotFound || s == http.StatusGone:
		return errGone(d.pkg)
	case s == http.StatusTooManyRequests || s == http.StatusRequestTimeout || s >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &retryError{err: fmt.Errorf("registry answered %d", s), after: time.Duration(min(max(seconds, 0), 60)) * time.Second}
	default:
		return errRefused(s)
	}
}

func (d *download) again(why string) error {
	if err := d.restart(); err != nil {
		return err
	}
	return &retryError{err: errors.New(why)}
}

// restart throws away what the part file holds.
func (d *download) restart() error {
	d.count(-d.have)
	d.have = 0
	return d.part.Truncate(0)
}

func (d *download) count(n int64) {
	if d.got != nil && n != 0 {
		d.got(n)
	}
}

// writeError tells a fault of our disk from one of the line.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }

// Write appends to the part file.
func (d *download) Write(b []byte) (int, error) {
	if d.have+int64(len(b)) > d.limits.TarballBytes {
		return 0, &writeError{errPackage(d.pkg, "its archive is too large.", nil)}
	}
	n, err := d.part.WriteAt(b, d.have)
	d.have += int64(n)
	d.count(int64(n))
	if err != nil {
		return n, &writeError{fmt.Errorf("cache %s: %w", d.pkg.ID(), err)}
	}
	return n, nil
}

// progress calls tick whenever bytes arrive.
type progress struct {
	r    io.Reader
	tick func()
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if n > 0 {
		p.tick()
	}
	return n, err
}
