package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/run"
)

// diary notes what happens in which order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) check(t *testing.T, want ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, want) {
		t.Errorf("happened: %q\nwant:     %q", d.lines, want)
	}
}

// steady is a part that takes its time to start and to stop.
func (d *diary) steady(name string, start, stop time.Duration) func(context.Context, func()) error {
	return func(ctx context.Context, ready func()) error {
		select {
		case <-time.After(start):
			d.note(name + " up")
			ready()
		case <-ctx.Done():
			d.note(name + " never up")
			return ctx.Err()
		}
		<-ctx.Done()
		<-time.After(stop)
		d.note(name + " down")
		return ctx.Err()
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestPartsStartInOrderAndStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		g := run.New(quiet())
		g.AddReady("store", d.steady("store", 3*time.Second, time.Second))
		g.AddReady("host", d.steady("host", 2*time.Second, 2*time.Second))
		g.AddReady("web", d.steady("web", time.Second, 3*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
		d.check(t, "store up", "host up", "web up", "web down", "host down", "store down")
	})
}

func TestTheFirstFailureStopsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		full := errors.New("disk full")
		g := run.New(quiet())
		g.AddReady("store", d.steady("store", 0, 0))
		g.Add("cron", func(context.Context) error {
			<-time.After(5 * time.Second)
			return full
		})
		g.AddReady("web", d.steady("web", 0, 0))
		err := g.Run(t.Context())
		if !errors.Is(err, full) || err.Error() != "cron: disk full" {
			t.Errorf("err = %v; want cron: disk full", err)
		}
		d.check(t, "store up", "web up", "web down", "store down")
	})
}

func TestAPartThatFailsToStartKeepsTheNextFromStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		taken := errors.New("port taken")
		g := run.New(quiet())
		g.AddReady("store", d.steady("store", 0, 0))
		g.AddReady("web", func(context.Context, func()) error { return taken })
		g.AddReady("late", d.steady("late", 0, 0))
		if err := g.Run(t.Context()); !errors.Is(err, taken) {
			t.Errorf("err = %v; want port taken", err)
		}
		d.check(t, "store up", "store down")
	})
}

func TestAFailureWhileAnotherStartsStopsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		gone := errors.New("database gone")
		g := run.New(quiet())
		g.Add("store", func(context.Context) error {
			<-time.After(time.Second)
			return gone
		})
		g.AddReady("host", d.steady("host", time.Hour, 0))
		if err := g.Run(t.Context()); !errors.Is(err, gone) {
			t.Errorf("err = %v; want database gone", err)
		}
		d.check(t, "host never up")
	})
}

func TestAContextThatEndsEarlyStartsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		g := run.New(quiet())
		g.AddReady("store", d.steady("store", time.Hour, 0))
		g.AddReady("web", d.steady("web", 0, 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
		d.check(t, "store never up")
	})
}

func TestAGroupWhosePartsAreDoneIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := run.New(quiet())
		for n := range 5 {
			g.AddReady(fmt.Sprint("migration ", n), func(_ context.Context, ready func()) error {
				<-time.After(time.Duration(n) * time.Second)
				return nil
			})
		}
		if err := g.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnEmptyGroupIsDone(t *testing.T) {
	if err := run.New(quiet()).Run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPanicIsAFailureWithItsStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("index out of range")
		g := run.New(quiet())
		g.Add("door", func(context.Context) error { panic(cause) })
		err := g.Run(t.Context())
		var panicked *run.PanicError
		if !errors.As(err, &panicked) || !errors.Is(err, cause) {
			t.Fatalf("err = %v; want a PanicError with its cause", err)
		}
		if !strings.Contains(err.Error(), "group_test.go") {
			t.Errorf("no stack in %q", err)
		}
	})
}

func TestAGoroutineThatEndsItselfIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := run.New(quiet())
		g.Add("door", func(context.Context) error {
			runtime.Goexit()
			return nil
		})
		if err := g.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "door: ") {
			t.Errorf("err = %v; want the failure of the door", err)
		}
	})
}

func TestAPartThatDoesNotStopIsNamedAndLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var log bytes.Buffer
		free := make(chan struct{})
		g := run.New(slog.New(slog.NewTextHandler(&log, nil)))
		g.AddReady("store", d.steady("store", 0, 0))
		g.Add("stubborn", func(context.Context) error {
			<-free
			return nil
		}, run.StopWithin(7*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		err := g.Run(ctx)
		if took := time.Since(begun); took != 8*time.Second {
			t.Errorf("took %v; want 8s", took)
		}
		if !errors.Is(err, run.ErrStuck) || !strings.Contains(err.Error(), "stubborn") {
			t.Errorf("err = %v; want stubborn: ErrStuck", err)
		}
		if !strings.Contains(log.String(), "part=stubborn") {
			t.Errorf("the log does not name the part: %s", log.String())
		}
		d.check(t, "store up", "store down")
		close(free)
	})
}

func TestWhatFailsWhileStoppingIsSaidToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := errors.New("first"), errors.New("second")
		g := run.New(quiet())
		g.Add("store", func(ctx context.Context) error {
			<-ctx.Done()
			return second
		})
		g.Add("web", func(context.Context) error { return first })
		err := g.Run(t.Context())
		if err == nil || err.Error() != "web: first\nstore: second" {
			t.Errorf("err = %v; want web: first, then store: second", err)
		}
	})
}

func TestTheValuesOfTheContextReachTheParts(t *testing.T) {
	type key struct{}
	g := run.New(quiet())
	g.Add("web", func(ctx context.Context) error {
		if ctx.Value(key{}) != "yes" {
			return errors.New("the value is lost")
		}
		return nil
	})
	if err := g.Run(context.WithValue(t.Context(), key{}, "yes")); err != nil {
		t.Error(err)
	}
}
