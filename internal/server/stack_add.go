package server

import (
	"context"
	"fmt"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
)

// The steps of making a stack, in words for people.
const (
	stepChoose = "Choosing the versions of all packages"
	stepWait   = "Waiting for the first stack, which brings npm"
)

// resolveWithin bounds the search for the packages of a stack.
const resolveWithin = 5 * time.Minute

// resolveNext makes the lock of a stack that was asked for by its versions.
func (s *stacks) resolveNext(ctx context.Context, wanted []*fleet.Stack) bool {
	for _, st := range wanted {
		if !s.due(st.ID) {
			continue
		}
		s.resolveStack(ctx, st)
		return true
	}
	return false
}

func (s *stacks) resolveStack(ctx context.Context, st *fleet.Stack) {
	s.set(st.ID, stackState{progress: &api.Progress{Step: stepChoose}})
	work, cancel := context.WithTimeout(ctx, resolveWithin)
	defer cancel()
	made, err := s.lockOf(work, st.Wanted)
	switch {
	case err == nil:
		err = s.verbs.Resolved(ctx, st.ID, made)
		s.set(st.ID, stackState{})
	case ctx.Err() != nil:
		return
	case fleet.IsCode(err, "stack_not_ready"):
		s.set(st.ID, stackState{progress: &api.Progress{Step: stepWait}, again: time.Now().Add(retryStack)})
		return
	case fleet.IsKind(err, fleet.Unavailable): // the registry is away: no fault of the versions
		s.set(st.ID, stackState{reason: sentence(err), again: time.Now().Add(retryStack)})
		return
	default:
		s.log.WarnContext(ctx, "stack could not be resolved", "stack", st.ID, "error", err)
		err = s.verbs.Unresolved(ctx, st.ID, err)
		s.set(st.ID, stackState{})
	}
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "stack not written down", "stack", st.ID, "error", err)
		s.set(st.ID, stackState{reason: sentence(err), again: time.Now().Add(retryStack)})
	}
}

// lockOf resolves the versions of a stack with the npm of one that lies ready.
func (s *stacks) lockOf(ctx context.Context, v fleet.StackVersions) (*runtime.Stack, error) {
	with, err := s.anyReady(ctx)
	if err != nil {
		return nil, err
	}
	on, err := runtime.HostPlatform()
	if err != nil {
		return nil, err
	}
	needed, optional := runtime.Wanted(v.NodeRED, v.NodeJS, v.Dashboard)
	lock, err := s.resolve(ctx, with, npm.Request{Wanted: needed, Optional: optional, AllowScripts: s.allow, Stack: true})
	if err != nil {
		return nil, runtime.NotFound(err, needed)
	}
	text, err := lock.MarshalJSON()
	if err != nil {
		return nil, err
	}
	for _, m := range control.Misfits(lock, v.NodeJS) {
		if part := runtime.PartName(m.Name); part != "" {
			return nil, &fleet.Error{Kind: fleet.Invalid, Code: "version_not_found",
				Msg: fmt.Sprintf("%s %s asks for Node.js %s, and %s is not.", part, m.Version, m.Wants, v.NodeJS)}
		}
	}
	return runtime.ForMachine(text, v.NodeJS, on)
}

// anyReady is the digest of a stack that is laid out.
func (s *stacks) anyReady(ctx context.Context) (string, error) {
	_, digests, err := s.verbs.Wanted(ctx)
	if err != nil {
		return "", err
	}
	for _, digest := range digests {
		if s.ready(digest) {
			return digest, nil
		}
	}
	return "", &fleet.Error{Kind: fleet.Unavailable, Code: "stack_not_ready", Msg: "No stack is laid out yet."}
}
