package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// A PanicError is the failure of a part that panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells the value and the stack: whoever logs it once has all there is.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// Unwrap gives the value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// errGoexit is the failure of a part that ended its goroutine instead of returning.
var errGoexit = errors.New("ended its goroutine without returning")

// run does the part's work, then tells: first ended, then those that wait for
// it to start or to be still. A part that fails before it is ready never counts
// as started.
func (p *part) run(ctx context.Context, ended chan<- *part) {
	var once sync.Once
	ready := func() { once.Do(func() { close(p.ready) }) }
	defer p.cancel()
	defer close(p.done)
	defer func() {
		if p.err == nil {
			ready()
		}
	}()
	defer func() { ended <- p }()
	p.err = errGoexit
	err := Safe(func() error { return p.work(ctx, ready) })
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	p.err = err
}

func (p *part) fault() error {
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", p.name, p.err)
}

// Safe calls f and turns a panic into a [PanicError].
func Safe(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}
