package web

import (
	"context"
	"net/http"
	"sync"

	"leat/internal/fleet"
)

// Bodies above the common limit may take several times their size in memory, so
// few are read at the same time; and one person has not all of the places: a
// body may come as slowly as its line is.
const (
	largeAtOnce    = 4
	largeOfOneUser = 2
)

// largeGate lets a few large bodies in at a time.
type largeGate struct {
	all chan struct{}
	mu  sync.Mutex
	// by are the places of those who have or want one.
	by map[fleet.UserID]*largePlaces
}

type largePlaces struct {
	free   chan struct{}
	people int // that have one or wait for it
}

func newLargeGate() *largeGate {
	return &largeGate{all: make(chan struct{}, largeAtOnce), by: map[fleet.UserID]*largePlaces{}}
}

// isLarge reports a body that may be larger than most routes take.
func isLarge(route *Route, req *http.Request) bool {
	return route.limit > smallBody && (req.ContentLength < 0 || req.ContentLength > smallBody)
}

// enter waits for a place and gives what leaves it, nil where who waited is gone.
func (g *largeGate) enter(ctx context.Context, user fleet.UserID) (leave func()) {
	own := g.places(user, 1)
	select {
	case own.free <- struct{}{}:
	case <-ctx.Done():
		g.places(user, -1)
		return nil
	}
	select {
	case g.all <- struct{}{}:
	case <-ctx.Done():
		<-own.free
		g.places(user, -1)
		return nil
	}
	return func() {
		<-g.all
		<-own.free
		g.places(user, -1)
	}
}

func (g *largeGate) places(user fleet.UserID, change int) *largePlaces {
	g.mu.Lock()
	defer g.mu.Unlock()
	own := g.by[user]
	if own == nil {
		own = &largePlaces{free: make(chan struct{}, largeOfOneUser)}
		g.by[user] = own
	}
	if own.people += change; own.people == 0 {
		delete(g.by, user)
	}
	return own
}
