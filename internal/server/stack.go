package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/cron"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
)

// stacks lays the stacks out, resolves those that somebody asked for, and says
// how far each is. Laying one out takes a minute on a new machine, so it happens
// beside everything else.
type stacks struct {
	store  *runtime.Store
	client *npm.Client
	dir    string // npm's own cache of metadata
	list   []*runtime.Stack
	// allow are modules that may be installed although they ask for install scripts.
	allow []string
	log   *slog.Logger
	verbs *control.Stacks

	mu sync.Mutex
	// state is by the digest of a lock, or by the id of a stack that has none yet.
	state map[string]stackState
}

type stackState struct {
	ready    bool
	progress *api.Progress
	reason   string
	again    time.Time // when to try once more
}

// retryStack is how long after a failure a stack is tried again.
const retryStack = 15 * time.Second

func (s *Server) newStacks() (*stacks, error) {
	log := s.world.Log
	client, err := npm.New(npm.Config{Registry: s.config.NPM.Registry, CacheDir: s.dir.file("npm", "packages"), Log: log})
	if err != nil {
		return nil, err
	}
	dir := s.config.Runtime.Dir
	if dir == "" {
		dir = s.dir.file("runtime")
	}
	store, err := runtime.NewStore(dir, client, log)
	if err != nil {
		return nil, err
	}
	list, err := runtime.Stacks()
	if err != nil {
		return nil, err
	}
	return &stacks{store: store, client: client, dir: s.dir.file("npm", "resolve"), list: list, allow: s.config.NPM.Allow, log: log, state: map[string]stackState{}}, nil
}

// builtIn are the stacks of this program for the verbs, the default one first.
func (s *stacks) builtIn() []control.Stack {
	var out []control.Stack
	for _, st := range s.list {
		c := control.Stack{
			ID: st.ID, Name: st.Label, Digest: st.Digest, Lock: st.Text(), ArchiveBytes: st.ArchiveBytes,
			Versions: fleet.StackVersions{NodeRED: st.NodeRED, NodeJS: st.NodeJS, Dashboard: st.Dashboard},
		}
		if st.ID == runtime.DefaultStack {
			out = append([]control.Stack{c}, out...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// ready tells whether a stack is laid out.
func (s *stacks) ready(digest string) bool {
	s.mu.Lock()
	known := s.state[digest].ready
	s.mu.Unlock()
	if known {
		return true
	}
	_, err := s.store.OpenDigest(digest)
	return err == nil
}

// progress is what people see of a stack: of its lock, or of the search for one.
func (s *stacks) progress(st *fleet.Stack) (ready bool, p *api.Progress, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := st.Digest
	if key == "" {
		key = st.ID
	}
	now := s.state[key]
	return now.ready, now.progress, now.reason
}

func (s *stacks) set(key string, now stackState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state[key] = now
}

// due tells whether something is to be worked on now.
func (s *stacks) due(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.state[key]
	return !now.ready && !time.Now().Before(now.again)
}

// run works until ctx ends: on what the rows ask for at the start, after each hint,
// and on a timer.
func (s *stacks) run(ctx context.Context, hints <-chan struct{}) error {
	for ctx.Err() == nil {
		if s.step(ctx) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-hints:
		case <-time.After(retryStack):
		}
	}
	return nil
}

// step does the next piece of work, if there is one.
func (s *stacks) step(ctx context.Context) bool {
	resolve, digests, err := s.verbs.Wanted(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.log.ErrorContext(ctx, "stacks not looked at", "error", err)
		}
		return false
	}
	for n, digest := range digests {
		if n == 1 { // the first one brings the npm that resolves
			if s.resolveNext(ctx, resolve) {
				return true
			}
		}
		if s.due(digest) {
			s.lay(ctx, digest)
			return true
		}
	}
	return len(digests) <= 1 && s.resolveNext(ctx, resolve)
}

func (s *stacks) lay(ctx context.Context, digest string) {
	st, err := s.verbs.Lock(ctx, digest)
	if err == nil {
		_, err = s.store.Ensure(ctx, st, func(p runtime.Progress) {
			s.set(digest, stackState{progress: &api.Progress{Step: p.Step, Done: p.Done, Total: p.Total}})
		})
	}
	switch {
	case err == nil:
		s.set(digest, stackState{ready: true})
	case ctx.Err() == nil:
		s.log.WarnContext(ctx, "stack could not be laid out", "digest", digest, "error", err)
		s.set(digest, stackState{reason: sentence(err), again: time.Now().Add(retryStack)})
	}
}

// sentence is what people are told of a failure.
func sentence(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) && e.Msg != "" {
		return e.Msg
	}
	return "Node-RED could not be fetched. The server's log says why; it is tried again by itself."
}

// sweepEvery is how often stacks that nothing runs on are removed.
const sweepEvery = 6 * time.Hour

// job removes the stacks that nothing runs on any more.
func (s *stacks) job() cron.Job {
	return cron.Job{Name: "remove stacks that nothing runs on", First: 10 * time.Minute, Every: sweepEvery, Within: 10 * time.Minute, Do: s.sweep}
}

func (s *stacks) sweep(ctx context.Context) error {
	removed, err := s.store.RemoveUnused(ctx, func(ctx context.Context) ([]string, error) {
		used, certain, err := s.verbs.Used(ctx)
		if err == nil && !certain {
			err = errUncertain
		}
		return used, err
	})
	if errors.Is(err, errUncertain) {
		s.log.InfoContext(ctx, "no stack removed: an instance of an earlier version does not say what it runs on")
		return nil
	}
	for _, digest := range removed {
		s.set(digest, stackState{})
		s.log.InfoContext(ctx, "stack removed, for nothing runs on it", "digest", digest)
	}
	return err
}

var errUncertain = errors.New("not certain what is used")

// Resolve makes the lock of wanted modules with the npm of the stack they will
// run on.
func (s *stacks) Resolve(ctx context.Context, stack string, wanted map[string]string, base json.RawMessage) (json.RawMessage, error) {
	q := npm.Request{Wanted: wanted, Provided: runtime.Provided(), AllowScripts: s.allow}
	var err error
	if len(base) > 0 {
		if q.Base, err = npm.ParseLock(base); err != nil {
			return nil, fmt.Errorf("lock so far: %w", err)
		}
	}
	lock, err := s.resolve(ctx, stack, q)
	if err != nil {
		return nil, err
	}
	return lock.MarshalJSON()
}

func (s *stacks) resolve(ctx context.Context, stack string, q npm.Request) (*npm.Lock, error) {
	tree, err := s.store.OpenDigest(stack)
	if err != nil {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "stack_not_ready", Msg: "Node-RED is still being fetched. Try again when it is there.", Err: err}
	}
	if q.Platform, err = runtime.HostPlatform(); err != nil {
		return nil, err
	}
	resolver := &npm.Resolver{Node: tree.Node, NPM: tree.NPM, Dir: s.dir, Client: s.client}
	return resolver.Resolve(ctx, q)
}
