package runtime

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"leat/internal/npm"
)

const warmTimeout = time.Minute

//go:embed warm/settings.js
var warmSettings []byte

// warmed says under which name Node.js looks for the cache of a set of flags.
type warmed struct {
	Flags []string `json:"flags"`
	// Names have the form <version>-<arch>-<hash of the V8 flags>-<uid>. Some flags
	// make Node.js use two of them.
	Names []string `json:"names"`
}

// CompileCache returns the directory to give as NODE_COMPILE_CACHE to a Node.js
// that runs a stack with these flags as uid. Filled once for each set of flags,
// it holds compiled code that every instance executes, so it belongs to Leat:
// an instance reads it, through a link with its uid, and its own attempts to
// write there fail silently. It saves about a fifth of a start.
func (s *Store) CompileCache(ctx context.Context, t Tree, flags []string, uid int) (string, error) {
	dir := t.Dir + ".cache"
	w, err := readWarmed(dir, flags)
	if errors.Is(err, fs.ErrNotExist) {
		w, err = s.warm(ctx, t, dir, flags)
	}
	if err != nil {
		return "", fmt.Errorf("compile cache: %w", err)
	}
	for _, name := range w.Names {
		if err := linkFor(dir, name, uid); err != nil {
			return "", fmt.Errorf("compile cache: %w", err)
		}
	}
	return dir, nil
}

func warmedName(dir string, flags []string) string {
	sum := sha256.Sum256([]byte(strings.Join(flags, "\x00")))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".json")
}

func readWarmed(dir string, flags []string) (warmed, error) {
	var w warmed
	b, err := os.ReadFile(warmedName(dir, flags))
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(b, &w); err != nil || len(w.Names) == 0 {
		return w, fs.ErrNotExist // torn by a power cut: made again
	}
	for _, name := range w.Names {
		if name != filepath.Base(name) {
			return w, fs.ErrNotExist
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return w, err
		}
	}
	return w, nil
}

// linkFor makes the cache findable for another uid: Node.js looks for a name
// that ends in its own.
func linkFor(dir, name string, uid int) error {
	base := name[:strings.LastIndex(name, "-")+1]
	link := base + strconv.Itoa(uid)
	if link == name {
		return nil
	}
	at := filepath.Join(dir, link)
	err := os.Symlink(name, at)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if to, err := os.Readlink(at); err == nil && to == name {
		return nil
	}
	if err := os.RemoveAll(at); err != nil {
		return err
	}
	return os.Symlink(name, at)
}

// warm runs Node-RED once, with no flows, until it has started, and keeps what
// Node.js compiled.
func (s *Store) warm(ctx context.Context, t Tree, dir string, flags []string) (warmed, error) {
	unlock, err := s.lock(ctx, t.Stack.Digest)
	if err != nil {
		return warmed{}, err
	}
	defer unlock()
	if w, err := readWarmed(dir, flags); err == nil {
		return w, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { // read by the uid of an instance
		return warmed{}, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask
		return warmed{}, err
	}
	if err := npm.Sweep(filepath.Join(dir, "warm")); err != nil {
		return warmed{}, err
	}
	work, err := os.MkdirTemp(dir, ".warm.tmp-*")
	if err != nil {
		return warmed{}, err
	}
	w, err := fillCache(ctx, t, work, dir, flags)
	return w, errors.Join(err, os.RemoveAll(work))
}

func fillCache(ctx context.Context, t Tree, work, dir string, flags []string) (warmed, error) {
	if err := os.WriteFile(filepath.Join(work, "settings.js"), warmSettings, 0o600); err != nil {
		return warmed{}, err
	}
	if err := os.WriteFile(filepath.Join(work, "package.json"), []byte(`{"name":"warm","version":"0.0.0","private":true}`), 0o600); err != nil {
		return warmed{}, err
	}
	cache := filepath.Join(work, "cache")
	if err := runOnce(ctx, t, work, cache, flags); err != nil {
		return warmed{}, err
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		return warmed{}, err
	}
	w := warmed{Flags: flags}
	for _, e := range entries {
		if err := keepCache(cache, dir, e.Name()); err != nil {
			return warmed{}, err
		}
		w.Names = append(w.Names, e.Name())
	}
	if len(w.Names) == 0 {
		return warmed{}, errors.New("node wrote no cache")
	}
	return w, writeWarmed(dir, w)
}

// keepCache moves one of the caches that Node.js wrote to where it stays. Sets of
// flags may share one: the fuller one is kept.
func keepCache(from, dir, name string) error {
	if !strings.HasSuffix(name, "-"+strconv.Itoa(os.Getuid())) {
		return fmt.Errorf("node wrote a cache with the unexpected name %q", name)
	}
	at := filepath.Join(dir, name)
	fresh, err := os.ReadDir(filepath.Join(from, name))
	if err != nil {
		return err
	}
	if old, err := os.ReadDir(at); err == nil && len(old) >= len(fresh) {
		return nil
	}
	if err := npm.RemoveTree(at); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(from, name), at); err != nil {
		return err
	}
	return seal(at)
}

func writeWarmed(dir string, w warmed) error {
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	name := warmedName(dir, w.Flags)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// seal makes a tree readable for all and writable for nobody.
func seal(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Chmod(path, 0o555) // read by the uid of an instance
		}
		return os.Chmod(path, 0o444) // the same
	})
}

// runOnce starts Node-RED, asks it to end as soon as its flows are started, and
// waits: Node.js writes its cache on the way out.
func runOnce(ctx context.Context, t Tree, work, cache string, flags []string) error {
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	args := append(append([]string{}, flags...), t.NodeRED, "--settings", "settings.js", "--userDir", work)
	cmd := exec.CommandContext(ctx, t.Node, args...)
	cmd.Dir = work
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + work, "TMPDIR=" + work, "NODE_COMPILE_CACHE=" + cache}
	out := &watch{want: []byte("Started flows")}
	out.found = func() { _ = cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !out.done {
		return fmt.Errorf("node-red did not start: %w: %s", err, out.seen)
	}
	return nil
}

// watch waits for words in the output of a program.
type watch struct {
	want  []byte
	found func()
	seen  []byte
	done  bool
}

func (w *watch) Write(b []byte) (int, error) {
	if !w.done {
		w.seen = append(w.seen, b...)
		if w.done = bytes.Contains(w.seen, w.want); w.done {
			w.found()
		}
		w.seen = w.seen[max(0, len(w.seen)-4096):]
	}
	return len(b), nil
}
