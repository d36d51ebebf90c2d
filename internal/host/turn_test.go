package host_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/host"
	"leat/internal/wire"
)

// frail is a driver whose launchers end as soon as they have answered.
type frail struct {
	nowhere
	mu     sync.Mutex
	lives  map[fleet.InstanceID]bool
	begins chan fleet.InstanceID
}

func (f *frail) Start(_ context.Context, id fleet.InstanceID, _ driver.Secrets) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lives[id] = true
	select {
	case f.begins <- id:
	default:
	}
	return nil
}

func (f *frail) Control(_ context.Context, id fleet.InstanceID) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.lives[id] {
		return nil, errors.New("no launcher")
	}
	delete(f.lives, id)
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
			_, _ = io.WriteString(far, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		}
	}()
	return near, nil
}

// two is a table that has a second instance from some time on.
type two struct {
	table
	mu   sync.Mutex
	both bool
}

func (x *two) Wanted(context.Context) ([]host.Wanted, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.both {
		return []host.Wanted{{"i-one", 2}, {"i-two", 2}}, nil
	}
	return []host.Wanted{{"i-one", 2}}, nil
}

func (x *two) CheckIn(context.Context, fleet.InstanceID, wire.CheckIn) error { return nil }

func TestALauncherThatEndsAtOnceHoldsUpNobody(t *testing.T) {
	x := &two{table: table{spec: &wire.Spec{Runner: "i-one", Version: 2, Digest: "two"}}}
	d := &frail{lives: map[fleet.InstanceID]bool{}, begins: make(chan fleet.InstanceID, 64)}
	heard := make(chan fleet.InstanceID)
	h := host.New(host.Config{
		Runners: x, Driver: d, Hub: filepath.Join(t.TempDir(), "run", "hub.sock"), Key: []byte("key"), Build: "b", Starting: 1,
		Hear: func(context.Context) <-chan fleet.InstanceID { return heard }, Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	await := func(id fleet.InstanceID) {
		t.Helper()
		for limit := time.After(20 * time.Second); ; {
			select {
			case got := <-d.begins:
				if got == id {
					return
				}
			case <-limit:
				t.Fatalf("%s was not started", id)
			}
		}
	}
	await("i-one")
	x.mu.Lock()
	x.both = true
	x.mu.Unlock()
	heard <- "i-two"
	await("i-two")
	await("i-one")
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
