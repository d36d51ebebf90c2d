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
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
)

// stacks lays the stacks out and says how far each is. Laying one out takes a
// minute on a new machine, so it happens beside everything else.
type stacks struct {
	store  *runtime.Store
	client *npm.Client
	dir    string // npm's own cache of metadata
	list   []*runtime.Stack
	// allow are modules that may be installed although they ask for install scripts.
	allow []string
	log   *slog.Logger

	mu    sync.Mutex
	state map[string]stackState
}

type stackState struct {
	ready    bool
	progress *api.Progress
	reason   string
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

// choices are the stacks for the verbs, the default one first.
func (s *stacks) choices() []control.Stack {
	var out []control.Stack
	for _, st := range s.list {
		c := control.Stack{ID: st.ID, Digest: st.Digest}
		if st.ID == runtime.DefaultStack {
			out = append([]control.Stack{c}, out...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// view is what people see of the stacks.
func (s *stacks) view() []api.Stack {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []api.Stack
	for _, st := range s.list {
		now := s.state[st.ID]
		out = append(out, api.Stack{
			ID: st.ID, Name: st.Label, NodeRed: st.NodeRED, NodeJS: st.NodeJS, Digest: st.Digest,
			Ready: now.ready, Progress: now.progress, Reason: now.reason,
		})
	}
	return out
}

func (s *stacks) set(id string, now stackState) {
	s.mu.Lock()
	s.state[id] = now
	s.mu.Unlock()
}

// run lays every stack out, again after failures, and returns when all are.
func (s *stacks) run(ctx context.Context) error {
	for _, st := range s.list {
		for {
			err := s.lay(ctx, st)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return nil
			}
			s.log.WarnContext(ctx, "stack could not be laid out", "stack", st.ID, "err", err)
			s.set(st.ID, stackState{reason: sentence(err)})
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(retryStack):
			}
		}
	}
	<-ctx.Done()
	return nil
}

func (s *stacks) lay(ctx context.Context, st *runtime.Stack) error {
	_, err := s.store.Ensure(ctx, st, func(p runtime.Progress) {
		s.set(st.ID, stackState{progress: &api.Progress{Step: p.Step, Done: p.Done, Total: p.Total}})
	})
	if err != nil {
		return err
	}
	s.set(st.ID, stackState{ready: true})
	return nil
}

// sentence is what people are told of a failure.
func sentence(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) && e.Msg != "" {
		return e.Msg
	}
	return "Node-RED could not be fetched. The server's log says why; it is tried again by itself."
}

// Resolve makes the lock of wanted modules with the npm of the stack they will
// run on.
func (s *stacks) Resolve(ctx context.Context, stack string, wanted map[string]string, base json.RawMessage) (json.RawMessage, error) {
	st, err := runtime.Find(stack)
	if err != nil {
		return nil, err
	}
	tree, err := s.store.Open(st)
	if err != nil {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "stack_not_ready", Msg: "Node-RED is still being fetched. Try again when it is there.", Err: err}
	}
	on, err := runtime.HostPlatform()
	if err != nil {
		return nil, err
	}
	q := npm.Request{Wanted: wanted, Platform: on, Provided: st.Provided(), AllowScripts: s.allow}
	if len(base) > 0 {
		if q.Base, err = npm.ParseLock(base); err != nil {
			return nil, fmt.Errorf("lock so far: %w", err)
		}
	}
	resolver := &npm.Resolver{Node: tree.Node, NPM: tree.NPM, Dir: s.dir, Client: s.client}
	lock, err := resolver.Resolve(ctx, q)
	if err != nil {
		return nil, err
	}
	return lock.MarshalJSON()
}
