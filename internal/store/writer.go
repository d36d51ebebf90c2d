package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"leat/internal/fleet"
)

// writer joins the updates that wait into one commit. Each runs under a
// savepoint of its own, so that one that fails takes nothing of the others with
// it, and all are answered when the commit is on disk: the wait for the disk is
// shared.
type writer struct {
	c     *conn
	turns chan *change
	quit  chan struct{}
	still chan struct{}
	id    uint64
	once  sync.Once
	ended error
}

// Limits of one commit.
const (
	maxJoined   = 256
	maxJoinTime = 10 * time.Millisecond
)

// change is an update that waits, runs or has run.
type change struct {
	ctx   context.Context
	fn    func(*Tx) error
	taken atomic.Bool // by the writer, or by a caller that no longer waits
	done  chan struct{}
	err   error
	panic *panicked
}

// panicked carries a panic from the writer to the caller whose function it was.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) String() string { return fmt.Sprintf("%v\n\nin an update:\n%s", p.value, p.stack) }

func newWriter(c *conn) *writer {
	w := &writer{c: c, turns: make(chan *change, maxJoined), quit: make(chan struct{}), still: make(chan struct{})}
	started := make(chan struct{})
	go func() {
		defer close(w.still)
		w.id = goroutine()
		close(started)
		w.loop()
	}()
	<-started
	return w
}

func (w *writer) update(ctx context.Context, fn func(*Tx) error) error {
	if goroutine() == w.id {
		return ErrNested
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait to write: %w", context.Cause(ctx))
	}
	ch := &change{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case w.turns <- ch:
	case <-w.still:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("wait to write: %w", context.Cause(ctx))
	}
	select {
	case <-ch.done:
	case <-ctx.Done():
		if ch.taken.CompareAndSwap(false, true) {
			return fmt.Errorf("wait to write: %w", context.Cause(ctx))
		}
		<-ch.done
	case <-w.still:
		select {
		case <-ch.done:
		default:
			return ErrClosed
		}
	}
	if ch.panic != nil {
		panic(ch.panic)
	}
	return ch.err
}

// loop commits until close, and then what was waiting by then.
func (w *writer) loop() {
	for {
		select {
		case ch := <-w.turns:
			w.commit(ch)
			continue
		case <-w.quit:
		}
		select {
		case ch := <-w.turns:
			w.commit(ch)
		default:
			return
		}
	}
}

// commit runs the first change and those that wait behind it in one transaction.
func (w *writer) commit(first *change) {
	calm := context.WithoutCancel(first.ctx)
	joined := make([]*change, 0, 16)
	err := w.c.run(calm, "begin immediate")
	until := time.Now().Add(maxJoinTime)
	for ch := first; ch != nil; ch = w.next(len(joined), until, err) {
		if !ch.taken.CompareAndSwap(false, true) {
			continue
		}
		joined = append(joined, ch)
		if err == nil {
			err = w.run(ch)
		}
	}
	if err == nil {
		err = w.c.run(calm, "commit")
	}
	if err != nil {
		// A failed begin or a full disk has ended the transaction already; then this
		// only says so.
		w.c.run(calm, "rollback")
		err = engineFailure(err)
	}
	for _, ch := range joined {
		if err != nil && ch.err == nil && ch.panic == nil {
			ch.err = err
		}
		close(ch.done)
	}
}

func (w *writer) next(n int, until time.Time, err error) *change {
	if err != nil || n >= maxJoined || time.Now().After(until) {
		return nil
	}
	select {
	case ch := <-w.turns:
		return ch
	default:
		return nil
	}
}

// run runs one change under its savepoint. Its result is in the change; the
// error is one of the engine's, which ends the whole transaction.
func (w *writer) run(ch *change) error {
	ctx := context.WithoutCancel(ch.ctx)
	if err := w.c.run(ctx, "savepoint s"); err != nil {
		return err
	}
	w.call(ctx, ch)
	if ch.err == nil && ch.panic == nil {
		return w.c.run(ctx, "release s")
	}
	full := engineFault(ch.err)
	if full != nil {
		ch.err = full
	}
	if err := w.c.run(ctx, "rollback to s"); err != nil {
		if full != nil {
			return full // which has ended the whole transaction
		}
		return err
	}
	return w.c.run(ctx, "release s")
}

func (w *writer) call(ctx context.Context, ch *change) {
	whole := false
	defer func() {
		if v := recover(); v != nil || !whole {
			ch.panic = &panicked{value: v, stack: debug.Stack()}
		}
	}()
	ch.err = ch.fn(&Tx{ctx: ctx, db: w.c, q: w.c.q, engine: "sqlite"})
	whole = true
}

func (w *writer) close() error {
	w.once.Do(func() {
		close(w.quit)
		<-w.still
		w.ended = w.c.close()
	})
	return w.ended
}

// engineFailure is what all joined changes are told when the transaction failed.
func engineFailure(err error) error {
	if fault := engineFault(err); fault != nil {
		return fault
	}
	return fmt.Errorf("commit: %w", err)
}

// engineFault says what people can do about a database that cannot write; nil
// where that is not the matter.
func engineFault(err error) error {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return nil
	}
	switch lite.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return &fleet.Error{Kind: fleet.Unavailable, Code: "disk_full", Msg: "The platform's disk is full, so nothing was changed. Free some space and try again.", Err: err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY:
		return &fleet.Error{Kind: fleet.Unavailable, Code: "database_unavailable", Msg: "The platform's database could not be written, so nothing was changed. Try again.", Err: err}
	}
	return nil
}

// goroutine is the number of the running goroutine. It only serves to refuse an
// update inside an update, which would wait for itself for ever.
func goroutine() uint64 {
	var buf [40]byte
	text := buf[:runtime.Stack(buf[:], false)]
	text = bytes.TrimPrefix(text, []byte("goroutine "))
	n, err := strconv.ParseUint(string(text[:max(bytes.IndexByte(text, ' '), 0)]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
