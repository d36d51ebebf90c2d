package server

import (
	"context"

	"leat/internal/fleet"
	"leat/internal/runtime"
)

// SweepStacks removes the stacks that nothing runs on.
func (s *Server) SweepStacks(ctx context.Context) error { return s.stacks.sweep(ctx) }

// LayStack lays a stack out.
func (s *Server) LayStack(ctx context.Context, digest string) { s.stacks.lay(ctx, digest) }

// LockOf resolves the versions of a stack.
func (s *Server) LockOf(ctx context.Context, v fleet.StackVersions) (*runtime.Stack, error) {
	return s.stacks.lockOf(ctx, v)
}

// StackStep does the next piece of the work on stacks.
func (s *Server) StackStep(ctx context.Context) bool { return s.stacks.step(ctx) }
