// Package bus carries typed events between the parts of one process.
//
// It carries hints, never work: publishing waits for nobody, and a listener that
// falls behind is dropped and told so. Whoever acts on an event reads the truth
// from the rows, and reads it at start and on a timer too.
package bus

import (
	"context"
	"errors"
	"sync"
)

// ErrSlow is the end of a listener whose buffer was full when an event came. It
// has missed events: subscribe again and read everything anew.
var ErrSlow = errors.New("the listener fell behind and was dropped")

// ErrClosed is the end of a listener whose bus was closed.
var ErrClosed = errors.New("the bus is closed")

// A Bus hands every published event to every listener that wants it, in the
// order in which they were published. Its methods may be called from anywhere
// at any time, but not from a filter.
type Bus[E any] struct {
	buffer int

	mu        sync.Mutex
	listeners map[*Listener[E]]struct{}
	closed    bool
}

// New returns a bus whose listeners may each be buffer events behind.
func New[E any](buffer int) *Bus[E] {
	return &Bus[E]{buffer: max(buffer, 1), listeners: map[*Listener[E]]struct{}{}}
}

// Publish hands out an event and never waits. Events published after Close go
// nowhere.
func (b *Bus[E]) Publish(event E) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.listeners {
		if l.wants != nil && !l.wants(event) {
			continue
		}
		select {
		case l.events <- event:
		default:
			b.drop(l, ErrSlow)
		}
	}
}

// Subscribe listens until ctx ends, the bus closes, or the listener falls
// behind. A nil filter wants every event; a filter must be quick, because
// publishers run it.
func (b *Bus[E]) Subscribe(ctx context.Context, wants func(E) bool) *Listener[E] {
	l := &Listener[E]{events: make(chan E, b.buffer), wants: wants}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		l.end(ErrClosed)
		return l
	}
	b.listeners[l] = struct{}{}
	l.release = context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.drop(l, context.Cause(ctx))
	})
	return l
}

// Close ends every listener. It may be called more than once.
func (b *Bus[E]) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for l := range b.listeners {
		b.drop(l, ErrClosed)
	}
}

// Listeners is how many listen now.
func (b *Bus[E]) Listeners() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.listeners)
}

// drop ends a listener; the caller holds the lock.
func (b *Bus[E]) drop(l *Listener[E], why error) {
	if _, here := b.listeners[l]; !here {
		return
	}
	delete(b.listeners, l)
	l.release()
	l.end(why)
}

// A Listener receives the events it wants.
type Listener[E any] struct {
	events  chan E
	wants   func(E) bool
	release func() bool

	mu  sync.Mutex
	why error
}

// Events gives the events in order. It is closed when the listener ends; what
// was in the buffer by then can still be read.
func (l *Listener[E]) Events() <-chan E { return l.events }

// Err is nil while the listener is alive, and then says why it ended: ErrSlow,
// ErrClosed, or the cause of its context's end.
func (l *Listener[E]) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

func (l *Listener[E]) end(why error) {
	l.mu.Lock()
	l.why = why
	l.mu.Unlock()
	close(l.events)
}
