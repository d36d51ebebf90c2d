package nodered

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"leat/internal/sandbox"
	"leat/internal/wire"
)

// home is an instance's own directory. The directory itself, lib/ and log/
// belong to the caller; user/, run/ and tmp/ to the instance, which could put
// links there: files in them are reached through a root that no link leaves.
type home struct {
	dir      string
	uid, gid int
	bridge   string // directory of the bridge for this build

	switching sync.Mutex
	reading   sync.Mutex
}

// Socket is where Node-RED listens, below the instance's directory.
const Socket = "run/nr.sock"

// socketFromUser is the same, seen from Node-RED's working directory: socket
// paths are limited to 107 bytes, and data directories are not.
const socketFromUser = "../" + Socket

func openHome(dir string, uid, gid int) (*home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		uid, gid = 0, 0
	}
	if gid == 0 {
		gid = uid
	}
	h := &home{dir: dir, uid: uid, gid: gid}
	if err := os.MkdirAll(h.path("lib", "modules"), 0o755); err != nil { // read by the instance
		return nil, err
	}
	// The instance passes through its directory and may not rename what is in it.
	if err := os.Lchown(dir, -1, gid); err != nil && uid != 0 {
		return nil, err
	}
	if err := os.Chmod(dir, 0o710); err != nil { // group is the instance's own
		return nil, err
	}
	for _, name := range []string{"user", "run", "tmp"} {
		if err := h.own(name); err != nil {
			return nil, err
		}
	}
	return h, h.layBridge()
}

func (h *home) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

// own makes a directory of the instance's, and gives it to the instance where it
// is not yet its own.
func (h *home) own(name string) error {
	dir := h.path(name)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if h.uid == 0 || int(st.Uid) == h.uid {
		return nil
	}
	return sandbox.Own(dir, h.uid, h.gid)
}

// layBridge writes the bridge into a directory named by its content, so that the
// files of a running Node-RED never change.
func (h *home) layBridge() error {
	sum := sha256.New()
	files := map[string][]byte{}
	err := fs.WalkDir(bridgeFiles, "bridge", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := bridgeFiles.ReadFile(path)
		files[strings.TrimPrefix(path, "bridge/")] = text
		fmt.Fprintf(sum, "%s %d\n", path, len(text))
		sum.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	h.bridge = h.path("lib", "bridge-"+hex.EncodeToString(sum.Sum(nil))[:12])
	if err := os.MkdirAll(filepath.Join(h.bridge, "theme"), 0o755); err != nil { // read by the instance
		return err
	}
	for name, text := range files {
		if err := replace(filepath.Join(h.bridge, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file whole or not at all, into a directory of the caller's.
func replace(path string, text []byte, mode fs.FileMode) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// moduleDir is where the tree of a digest lies.
func (h *home) moduleDir(digest string) string { return h.path("lib", "modules", digest) }

// switchModules lets Node-RED's own directory show the tree of a digest (none
// where it is empty), and lists the modules that somebody asked for, which is
// where Node-RED and Dashboard look for them.
func (h *home) switchModules(m wire.Modules) error {
	h.switching.Lock()
	defer h.switching.Unlock()
	root, err := os.OpenRoot(h.path("user"))
	if err != nil {
		return err
	}
	defer root.Close()
	direct := m.Direct
	if direct == nil {
		direct = map[string]string{}
	}
	text, err := json.MarshalIndent(map[string]any{
		"name": "node-red-project", "description": "The modules of this instance",
		"version": "0.0.1", "private": true, "dependencies": direct,
	}, "", "  ")
	if err != nil {
		return err
	}
	target := filepath.Join("..", "lib", "modules", m.Digest, "node_modules")
	if m.Digest == "" {
		target = filepath.Join("..", "lib", "none")
	}
	const link, next = "node_modules", ".node_modules.new"
	if err := root.RemoveAll(next); err != nil {
		return err
	}
	if info, err := root.Lstat(link); err == nil && info.IsDir() {
		if err := root.RemoveAll(link); err != nil {
			return err
		}
	}
	if err := root.Symlink(target, next); err != nil {
		return err
	}
	if err := root.Rename(next, link); err != nil {
		return err
	}
	return h.give(root, "package.json", text)
}

// give writes a file of the instance's through the root of its directory.
func (h *home) give(root *os.Root, name string, text []byte) error {
	const next = ".package.json.new"
	if err := root.RemoveAll(next); err != nil {
		return err
	}
	if err := root.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	if h.uid != 0 {
		if err := root.Lchown(next, h.uid, h.gid); err != nil {
			return err
		}
	}
	return root.Rename(next, name)
}

// currentModules is the digest of the tree that Node-RED's directory shows.
func (h *home) currentModules() string {
	target, err := os.Readlink(h.path("user", "node_modules"))
	if err != nil {
		return ""
	}
	digest := filepath.Base(filepath.Dir(target))
	if filepath.Join("..", "lib", "modules", digest, "node_modules") != target {
		return ""
	}
	if _, err := os.Stat(h.moduleDir(digest)); err != nil {
		return ""
	}
	return digest
}

// otherModules lists the trees beside the one of a digest.
func (h *home) otherModules(keep string) ([]string, error) {
	entries, err := os.ReadDir(h.path("lib", "modules"))
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if e.Name() != keep && !strings.HasPrefix(e.Name(), ".") {
			dirs = append(dirs, h.moduleDir(e.Name()))
		}
	}
	return dirs, nil
}

// clearSocket removes what an earlier Node-RED left, or it would not start.
func (h *home) clearSocket() error {
	root, err := os.OpenRoot(h.path("run"))
	if err != nil {
		return err
	}
	defer root.Close()
	return root.RemoveAll(filepath.Base(Socket))
}
