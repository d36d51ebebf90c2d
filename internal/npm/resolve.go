package npm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"leat/internal/fleet"
)

const maxNpmCache = 256 << 20

// Resolver makes locks by running npm, which downloads metadata only, runs
// nothing of what it finds, and sees nothing of our environment.
type Resolver struct {
	// Node is the Node.js binary of the stack, NPM the npm-cli.js in its tree.
	Node, NPM string
	// Dir keeps npm's own cache of metadata and the scratch folder of each run.
	Dir string
	// Client says which registry is asked.
	Client *Client
}

// Request is what is asked of a Resolver.
type Request struct {
	// Wanted maps the names of modules to ranges of versions.
	Wanted map[string]string
	// Optional are wanted where there are such versions, for one platform or another.
	Optional map[string]string
	// Stack resolves a stack and not modules: it will run on another Node.js than
	// npm does, and npm has to look into archives that bundle packages, which it
	// takes for remote ones. What does not come from the registry is refused in the
	// lock all the same. Scripts are not run, and no reason to refuse it: whether it
	// starts is seen when it is laid out.
	Stack bool
	// Base, where set, is the lock so far: what it holds and still fits stays.
	Base *Lock
	// Platform is where the tree will run.
	Platform Platform
	// Provided names packages that come with the stack.
	Provided []string
	// AllowScripts lists packages, as exact name@version, that are laid out
	// although they ask for install scripts. The scripts are not run even then.
	AllowScripts []string
}

// Resolve turns wanted modules into a lock. It returns an error a person can
// act on, and then nothing has changed.
func (r *Resolver) Resolve(ctx context.Context, q Request) (*Lock, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if r.Client.registry == "" {
		return nil, errNoRegistry()
	}
	select {
	case r.Client.resolving <- struct{}{}:
		defer func() { <-r.Client.resolving }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err := r.makeRoom(); err != nil {
		return nil, diskFull(err)
	}
	scratch, err := os.MkdirTemp(r.Dir, "run-*")
	if err != nil {
		return nil, diskFull(err)
	}
	lock, err := r.run(ctx, scratch, q)
	if err := errors.Join(err, os.RemoveAll(scratch)); err != nil {
		return nil, diskFull(err)
	}
	return lock, r.Client.settleScripts(ctx, lock, q)
}

// makeRoom makes the folder, and empties npm's cache when that has grown too
// large: npm itself never does.
func (r *Resolver) makeRoom() error {
	cache := filepath.Join(r.Dir, "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return err
	}
	var sum int64
	err := filepath.WalkDir(cache, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		sum += info.Size()
		return nil
	})
	if err != nil || sum <= maxNpmCache {
		return err
	}
	select {
	case r.Client.resolving <- struct{}{}: // nobody else is at it
		defer func() { <-r.Client.resolving }()
		return RemoveTree(cache)
	default:
		return nil
	}
}

func (q *Request) check() error {
	for _, name := range q.Provided {
		if _, asked := q.Wanted[name]; asked {
			return &fleet.Error{Kind: fleet.Conflict, Code: "module_in_stack",
				Msg: fmt.Sprintf("%s comes with the stack and changes with it; it is not installed beside it.", name)}
		}
	}
	if err := CheckWanted(q.Optional); err != nil {
		return err
	}
	return CheckWanted(q.Wanted)
}

// run writes what is wanted, lets npm work, and reads the lock it made.
func (r *Resolver) run(ctx context.Context, scratch string, q Request) (*Lock, error) {
	wanted := q.Wanted
	if wanted == nil {
		wanted = map[string]string{}
	}
	asked := map[string]any{"name": "modules", "version": "1.0.0", "private": true, "dependencies": wanted}
	if len(q.Optional) > 0 {
		asked["optionalDependencies"] = q.Optional
	}
	manifest, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(scratch, "package.json"), manifest, 0o600); err != nil {
		return nil, err
	}
	lockName := filepath.Join(scratch, "package-lock.json")
	if q.Base != nil {
		base, err := q.Base.MarshalJSON()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(lockName, base, 0o600); err != nil {
			return nil, err
		}
	}
	if err := r.npm(ctx, scratch, q.Stack); err != nil {
		return nil, err
	}
	made, err := os.ReadFile(lockName)
	if err != nil {
		return nil, err
	}
	return ParseLock(made)
}

func (r *Resolver) npm(ctx context.Context, scratch string, stack bool) error {
	remote := "none"
	if stack {
		remote = "all"
	}
	cmd := exec.CommandContext(ctx, r.Node, r.NPM, "install", "--package-lock-only", "--json", "--ignore-scripts",
		"--omit=dev", "--omit-lockfile-registry-resolved", fmt.Sprintf("--engine-strict=%t", !stack), "--no-audit", "--no-fund", "--no-update-notifier",
		"--allow-git=none", "--allow-remote="+remote, "--allow-file=none", "--allow-directory=none",
		"--registry="+r.Client.registry+"/", "--cache="+filepath.Join(r.Dir, "cache"), "--logs-max=0",
		"--userconfig="+filepath.Join(scratch, "user.npmrc"), "--globalconfig="+filepath.Join(scratch, "global.npmrc"),
		"--fetch-retries=2", "--fetch-retry-factor=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=5000", "--fetch-timeout=30000")
	cmd.Dir = scratch
	cmd.Env = sealedEnv(scratch)
	out := &head{max: 1 << 20}
	cmd.Stdout = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return &fleet.Error{Kind: fleet.Unavailable, Code: "registry_timeout",
			Msg: "The package registry took too long to answer; nothing was changed. Try again later.", Err: err}
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return explain(out.Bytes(), err)
}

// passed are the variables that npm may see of ours: how to get out, and whom to
// trust on the way.
var passed = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR",
}

func sealedEnv(scratch string) []string {
	env := []string{"PATH=/usr/bin:/bin", "HOME=" + scratch, "TMPDIR=" + scratch, "NODE_USE_SYSTEM_CA=1"}
	for _, name := range passed {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// head keeps the first max bytes written to it.
type head struct {
	bytes.Buffer
	max int
}

func (h *head) Write(b []byte) (int, error) {
	if room := h.max - h.Len(); room > 0 {
		h.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// settleScripts takes optional packages that cannot work without their install
// scripts out of the lock, as npm does when such a script fails, and refuses a
// lock in which another package needs one and is not allowed by name and version.
func (c *Client) settleScripts(ctx context.Context, lock *Lock, q Request) error {
	for {
		packages, err := lock.Install(q.Platform, q.Provided...)
		if err != nil {
			return err
		}
		var refused []string
		removed := false
		for _, p := range packages {
			if !p.HasInstallScript || slices.Contains(q.AllowScripts, p.ID()) {
				continue
			}
			needs, err := c.needsScript(ctx, p, q.Platform)
			switch {
			case err != nil:
				return err
			case needs && p.Optional:
				delete(lock.Packages, p.Path)
				removed = true
			case needs && !q.Stack:
				refused = append(refused, p.ID())
			}
		}
		if len(refused) > 0 {
			return errNeedsScripts(refused)
		}
		if !removed {
			return nil
		}
	}
}
