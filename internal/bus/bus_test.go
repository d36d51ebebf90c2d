package bus_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"leat/internal/bus"
)

type event struct {
	noun string
	n    int
}

func TestListenersGetWhatTheyWantInOrder(t *testing.T) {
	b := bus.New[event](8)
	all := b.Subscribe(t.Context(), nil)
	pumps := b.Subscribe(t.Context(), func(e event) bool { return e.noun == "pump" })
	sent := []event{{"pump", 1}, {"tank", 2}, {"pump", 3}}
	for _, e := range sent {
		b.Publish(e)
	}
	b.Close()
	if got := drain(all); !slices.Equal(got, sent) {
		t.Errorf("all got %v; want %v", got, sent)
	}
	if got, want := drain(pumps), []event{{"pump", 1}, {"pump", 3}}; !slices.Equal(got, want) {
		t.Errorf("pumps got %v; want %v", got, want)
	}
	if !errors.Is(all.Err(), bus.ErrClosed) {
		t.Errorf("Err = %v; want ErrClosed", all.Err())
	}
}

func TestASlowListenerIsDroppedAndTold(t *testing.T) {
	b := bus.New[event](2)
	slow := b.Subscribe(t.Context(), nil)
	quick := b.Subscribe(t.Context(), nil)
	for n := range 4 {
		b.Publish(event{"pump", n})
		if got := <-quick.Events(); got.n != n {
			t.Fatalf("quick got %v; want %d", got, n)
		}
	}
	if got := drain(slow); len(got) != 2 || got[0].n != 0 || got[1].n != 1 {
		t.Errorf("slow got %v; want the two events before it fell behind", got)
	}
	if !errors.Is(slow.Err(), bus.ErrSlow) {
		t.Errorf("slow.Err = %v; want ErrSlow", slow.Err())
	}
	if quick.Err() != nil || b.Listeners() != 1 {
		t.Errorf("quick.Err = %v, %d listeners; want nil and 1", quick.Err(), b.Listeners())
	}
}

func TestAListenerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("session ended")
		ctx, cancel := context.WithCancelCause(t.Context())
		b := bus.New[event](2)
		l := b.Subscribe(ctx, nil)
		cancel(gone)
		synctest.Wait()
		if _, open := <-l.Events(); open || !errors.Is(l.Err(), gone) {
			t.Errorf("open %v, Err = %v; want closed because the session ended", open, l.Err())
		}
		b.Publish(event{"pump", 1})
		if b.Listeners() != 0 {
			t.Errorf("%d listeners left", b.Listeners())
		}
	})
}

func TestAClosedBusEndsNewListenersAtOnce(t *testing.T) {
	b := bus.New[event](2)
	b.Close()
	b.Close()
	l := b.Subscribe(t.Context(), nil)
	if _, open := <-l.Events(); open || !errors.Is(l.Err(), bus.ErrClosed) {
		t.Errorf("open %v, Err = %v; want closed with ErrClosed", open, l.Err())
	}
}

func TestManyPublishersAndListenersDoNotRace(t *testing.T) {
	b := bus.New[event](4)
	var readers, writers sync.WaitGroup
	for range 8 {
		ctx, cancel := context.WithCancel(t.Context())
		readers.Go(func() {
			defer cancel()
			for range b.Subscribe(ctx, nil).Events() {
			}
		})
		writers.Go(func() {
			for n := range 500 {
				b.Publish(event{"pump", n})
			}
		})
	}
	writers.Wait()
	b.Close()
	readers.Wait()
	if b.Listeners() != 0 {
		t.Errorf("%d listeners left", b.Listeners())
	}
}

func BenchmarkPublish(b *testing.B) {
	events := bus.New[event](1)
	for range 100 {
		events.Subscribe(b.Context(), func(e event) bool { return e.noun == "tank" })
	}
	for b.Loop() {
		events.Publish(event{"pump", 1})
	}
}

func drain(l *bus.Listener[event]) []event {
	var out []event
	for e := range l.Events() {
		out = append(out, e)
	}
	return out
}
