// Package process runs launchers as processes of this machine, each in a session
// of its own, so that they outlive the server.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/sandbox"
)

// Config says where instances lie and what their launchers stand on.
type Config struct {
	// Dir holds one directory for each instance.
	Dir string
	// Self is the program; it has the subcommands launch and sandbox.Subcommand.
	Self string
	// Hub, Runtime, Packages and Registry are passed on; see driver.Place.
	Hub, Runtime, Packages, Registry string
	Log                              *slog.Logger
}

// Driver is a driver.Driver.
type Driver struct {
	cfg  Config
	uids sandbox.UIDRange

	mu       sync.Mutex
	last     int          // user number given last
	children map[int]bool // launchers of ours that are to be reaped when they end
	known    map[fleet.InstanceID]int
}

var _ driver.Driver = (*Driver)(nil)

// New opens the directory of instances.
func New(cfg Config) (*Driver, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	// Instances pass through on the way to their own directory.
	if err := os.MkdirAll(dir, 0o711); err != nil { // see above
		return nil, fmt.Errorf("open instances: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // see above
		return nil, fmt.Errorf("open instances: %w", err)
	}
	if err := sweep(dir); err != nil {
		return nil, fmt.Errorf("open instances: %w", err)
	}
	d := &Driver{cfg: cfg, children: map[int]bool{}, known: map[fleet.InstanceID]int{}}
	if os.Geteuid() == 0 {
		if d.uids, err = sandbox.DefaultUIDs(); err != nil {
			cfg.Log.Warn("instances have no user of their own", "error", err)
		}
		d.last = firstUID(d.uids, dir)
	}
	return d, nil
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

func (d *Driver) dir(id fleet.InstanceID) (string, error) {
	if !idPattern.MatchString(string(id)) {
		return "", fmt.Errorf("%q is not the id of an instance", id)
	}
	return filepath.Join(d.cfg.Dir, string(id)), nil
}

// Create makes the directory and finds a user number for it.
func (d *Driver) Create(_ context.Context, id fleet.InstanceID) error {
	dir, err := d.dir(id)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := driver.ReadPlace(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if p.UID == 0 && d.uids.Count > 0 {
		if p.UID, err = d.nextUID(); err != nil {
			return err
		}
		p.GID = p.UID
	}
	was := p
	p.Instance, p.Hub = id, d.cfg.Hub
	p.Runtime, p.Packages, p.Registry = d.cfg.Runtime, d.cfg.Packages, d.cfg.Registry
	if p == was {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, driver.ControlDir), 0o700); err != nil {
		return fmt.Errorf("create %s: %w", id, err)
	}
	return driver.WritePlace(dir, p)
}

// nextUID passes over those in use. A number comes back only after all others
// had their turn; a restart of the server goes on above the highest in use.
func (d *Driver) nextUID() (int, error) {
	used := map[int]bool{}
	ids, err := d.list()
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if p, err := driver.ReadPlace(filepath.Join(d.cfg.Dir, string(id))); err == nil {
			used[p.UID] = true
			d.last = max(d.last, p.UID)
		}
	}
	living := usersOfProcesses()
	uid, err := d.uids.Next(d.last, func(n int) bool { return used[n] || living[n] })
	if err == nil {
		d.last = uid
	}
	return uid, err
}

// firstUID is where a directory begins to count. Several platforms may share a
// machine: each begins somewhere else in the range, so that none gives a number
// that another's instance has.
func firstUID(r sandbox.UIDRange, dir string) int {
	if r.Count == 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(dir))
	return r.First + int(h.Sum64()%uint64(r.Count)) - 1
}

// usersOfProcesses are the user numbers that own a process now.
func usersOfProcesses() map[int]bool {
	out := map[int]bool{}
	entries, _ := os.ReadDir("/proc") // without it, the other precaution has to do
	for _, e := range entries {
		if e.Name()[0] < '1' || e.Name()[0] > '9' {
			continue
		}
		if info, err := e.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				out[int(st.Uid)] = true
			}
		}
	}
	return out
}

// Start starts `launch` for the instance. The launcher itself refuses to be the
// second one in its directory.
func (d *Driver) Start(ctx context.Context, id fleet.InstanceID, s driver.Secrets) error {
	dir, err := d.dir(id)
	if err != nil {
		return err
	}
	if conn, err := d.Control(ctx, id); err == nil {
		return conn.Close()
	}
	if err := d.Create(ctx, id); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, driver.ControlDir, "output"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start launcher of %s: %w", id, err)
	}
	defer out.Close()
	in, tell, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start launcher of %s: %w", id, err)
	}
	defer tell.Close()
	cmd := &exec.Cmd{
		Path: d.cfg.Self, Args: []string{filepath.Base(d.cfg.Self), "launch", "--dir", dir}, Dir: "/",
		// A launcher does little and there are many of them.
		Env:   append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "GOGC=30", "GOMEMLIMIT=12MiB", "GOMAXPROCS=2"}, passedOn()...),
		Stdin: in, Stdout: out, Stderr: out,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("start launcher of %s: %w", id, err)
	}
	d.mu.Lock()
	d.children[cmd.Process.Pid] = true
	d.mu.Unlock()
	if err := json.NewEncoder(tell).Encode(s); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("tell launcher of %s: %w", id, err)
	}
	return cmd.Process.Release()
}

// passedOn is what of our environment a launcher needs to fetch packages as we do.
// Node-RED gets none of it.
func passedOn() []string {
	var env []string
	for _, name := range []string{
		"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
	} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// reap lets launchers of ours that have ended leave the process table. Those of
// an earlier server are not our children.
func (d *Driver) reap() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for pid := range d.children {
		if got, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); got == pid || errors.Is(err, unix.ECHILD) {
			delete(d.children, pid)
		}
	}
}

// Control connects to the launcher's socket.
func (d *Driver) Control(ctx context.Context, id fleet.InstanceID) (net.Conn, error) {
	d.reap()
	dir, err := d.dir(id)
	if err != nil {
		return nil, err
	}
	conn, err := driver.Connect(ctx, filepath.Join(dir, driver.ControlSocket))
	if err != nil {
		return nil, fmt.Errorf("connect to launcher of %s: %w", id, err)
	}
	return conn, nil
}

// Dial connects to Node-RED's socket.
func (d *Driver) Dial(ctx context.Context, id fleet.InstanceID) (net.Conn, error) {
	dir, err := d.dir(id)
	if err != nil {
		return nil, err
	}
	uid, err := d.uidOf(id, dir)
	if err != nil {
		return nil, err
	}
	return sandbox.Dial(ctx, filepath.Join(dir, driver.NodeREDSocket), uid)
}

// uidOf remembers what Create decided, for it never changes.
func (d *Driver) uidOf(id fleet.InstanceID, dir string) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if uid, known := d.known[id]; known {
		return uid, nil
	}
	p, err := driver.ReadPlace(dir)
	if err == nil {
		d.known[id] = p.UID
	}
	return p.UID, err
}

// List finds the instances' directories.
func (d *Driver) List(context.Context) ([]fleet.InstanceID, error) {
	d.reap()
	return d.list()
}

func (d *Driver) list() ([]fleet.InstanceID, error) {
	entries, err := os.ReadDir(d.cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("list instances: %w", err)
	}
	var ids []fleet.InstanceID
	for _, e := range entries {
		if e.IsDir() && idPattern.MatchString(e.Name()) {
			ids = append(ids, fleet.InstanceID(e.Name()))
		}
	}
	return ids, nil
}
