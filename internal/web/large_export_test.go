package web

import (
	"context"

	"leat/internal/fleet"
)

// LargeGate lets tests stand at the gate of large bodies.
type LargeGate struct{ g *largeGate }

// NewLargeGate makes a gate of its own.
func NewLargeGate() LargeGate { return LargeGate{newLargeGate()} }

// Enter waits for a place.
func (g LargeGate) Enter(ctx context.Context, user fleet.UserID) func() { return g.g.enter(ctx, user) }

// Known is how many people have a place or wait for one.
func (g LargeGate) Known() int {
	g.g.mu.Lock()
	defer g.g.mu.Unlock()
	return len(g.g.by)
}
