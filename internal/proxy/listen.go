package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// PortsOf are the two ports of one instance.
type PortsOf struct {
	Label string
	Ports Ports
}

// Listeners serve the ports of instances, for visitors who reach the platform
// where there are no names: by address, under a single name, or from a browser
// that does not resolve localhost names.
type Listeners struct {
	// Host is the address to listen on, as the platform's own.
	Host string
	// List says which instances there are.
	List    func(ctx context.Context) ([]PortsOf, error)
	Places  *Places
	Handler http.Handler
	// Wrap makes a listener speak TLS, where the platform does.
	Wrap func(net.Listener) net.Listener
	Log  *slog.Logger

	mu      sync.Mutex
	open    map[string]*listening
	trouble map[string]string
}

// listening is the pair of servers of one instance.
type listening struct {
	ports   Ports
	servers [2]*http.Server
}

// retryListen is how long a port that something else holds is left alone.
const retryListen = 10 * time.Second

// Run keeps the listeners in line with the instances until ctx ends.
func (l *Listeners) Run(ctx context.Context, hints <-chan struct{}) error {
	l.mu.Lock()
	l.open, l.trouble = map[string]*listening{}, map[string]string{}
	l.mu.Unlock()
	var serving sync.WaitGroup
	defer serving.Wait()
	defer l.closeAll()
	for {
		if err := l.sync(ctx, &serving); err != nil && ctx.Err() == nil {
			l.Log.WarnContext(ctx, "instances could not be listed for their ports", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-hints:
			if !ok {
				hints = nil
			}
		case <-time.After(retryListen):
		}
	}
}

// Trouble says why an instance's ports are not served, or "".
func (l *Listeners) Trouble(label string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trouble[label]
}

func (l *Listeners) sync(ctx context.Context, serving *sync.WaitGroup) error {
	list, err := l.List(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wanted := map[string]bool{}
	for _, p := range list {
		wanted[p.Label] = true
		if l.open[p.Label] == nil {
			l.start(ctx, p, serving)
		}
	}
	for label := range l.open {
		if !wanted[label] {
			l.stop(label)
		}
	}
	return nil
}

// start opens both ports of an instance, or neither.
func (l *Listeners) start(ctx context.Context, p PortsOf, serving *sync.WaitGroup) {
	var listeners [2]net.Listener
	for i, port := range []int{p.Ports.Flows, p.Ports.Editor} {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(l.Host, strconv.Itoa(port)))
		if err != nil {
			if listeners[0] != nil {
				listeners[0].Close()
			}
			if l.trouble[p.Label] == "" {
				l.Log.WarnContext(ctx, "port of an instance cannot be served", "label", p.Label, "port", port, "err", err)
			}
			l.trouble[p.Label] = "Port " + strconv.Itoa(port) + " is taken by another program. Stop that program, or open the instance by its name."
			return
		}
		listeners[i] = ln
	}
	delete(l.trouble, p.Label)
	on := &listening{ports: p.Ports}
	for i, ln := range listeners {
		srv := &http.Server{Handler: l.Handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
		on.servers[i] = srv
		serving.Go(func() {
			if err := srv.Serve(l.Wrap(ln)); !errors.Is(err, http.ErrServerClosed) {
				l.Log.WarnContext(ctx, "port of an instance closed", "label", p.Label, "err", err)
			}
		})
	}
	l.open[p.Label] = on
	l.Places.SetPorts(p.Label, p.Ports)
}

func (l *Listeners) stop(label string) {
	for _, srv := range l.open[label].servers {
		srv.Close()
	}
	delete(l.open, label)
	delete(l.trouble, label)
	l.Places.DropPorts(label)
}

func (l *Listeners) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for label := range l.open {
		l.stop(label)
	}
}
