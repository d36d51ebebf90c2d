// Package launcher is the role beside a hosted instance: one supervisor in a
// process of its own that outlives the server, heard through a socket in the
// instance's directory.
package launcher

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"leat/internal/driver"
	"leat/internal/link"
	"leat/internal/nodered"
	"leat/internal/run"
)

// Environment of a launcher that goes on where an earlier build stopped.
const keptVariable = "LEAT_KEPT"

// launcher is one launcher at work.
type launcher struct {
	dir    string
	build  string
	self   string
	place  driver.Place
	secret driver.Secrets
	log    *slog.Logger

	lock     *os.File
	listener *net.UnixListener
	thread   *thread
	sup      *nodered.Supervisor
	cancel   context.CancelFunc

	mu   sync.Mutex
	next *renewal // set once another build is to take over
}

// Main runs a launcher in an instance's directory until it is told to stop. Its
// secrets come as one line of JSON on stdin. It returns nil at an orderly end.
// The calling goroutine must be locked to the process's first thread; it makes
// Node-RED.
func Main(ctx context.Context, dir, build string, stdin io.Reader) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	logs, err := openBounded(filepath.Join(dir, driver.ControlDir, "launcher.log"))
	if err != nil {
		return err
	}
	defer logs.Close() // what matters was written line by line
	l := &launcher{dir: dir, build: build, log: slog.New(slog.NewJSONHandler(logs, nil)), thread: newThread()}
	go func() {
		defer l.thread.stop()
		err = l.main(ctx, stdin)
	}()
	l.thread.serve()
	if err != nil {
		l.log.ErrorContext(ctx, "launcher failed", "error", err)
	}
	return err
}

func (l *launcher) main(ctx context.Context, stdin io.Reader) error {
	var err error
	if l.self, err = os.Executable(); err != nil {
		return err
	}
	if l.place, err = driver.ReadPlace(l.dir); err != nil {
		return err
	}
	kept, err := l.takeOver()
	if err != nil {
		return err
	}
	if kept == nil {
		if err := l.begin(ctx, stdin); err != nil {
			return err
		}
	}
	if err := l.run(ctx, kept); err != nil {
		return err
	}
	l.mu.Lock()
	next := l.next
	l.mu.Unlock()
	if next != nil {
		return l.become(next)
	}
	return os.Remove(filepath.Join(l.dir, driver.ControlSocket))
}

// begin is what a launcher does that nobody handed anything to.
func (l *launcher) begin(ctx context.Context, stdin io.Reader) error {
	line, err := bufio.NewReader(io.LimitReader(stdin, 64<<10)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read secrets: %w", err)
	}
	if err := json.Unmarshal(line, &l.secret); err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	if err := l.takeLock(ctx); err != nil {
		return err
	}
	l.listener, err = driver.Listen(filepath.Join(l.dir, driver.ControlSocket))
	return err
}

// run does the work until ctx ends, the server says stop, or another build takes over.
func (l *launcher) run(ctx context.Context, kept *nodered.Kept) error {
	ctx, l.cancel = context.WithCancel(ctx)
	defer l.cancel()
	hub := &link.Client{HTTP: hubClient(l.place.Hub), Base: "http://hub", Token: l.secret.Hub}
	store, err := newStore(l.place, hub, l.log)
	if err != nil {
		return err
	}
	l.sup, err = nodered.New(nodered.Config{
		Dir: l.dir, UID: l.place.UID, GID: l.place.GID, Self: l.self, Build: l.build,
		Platform: hub, Stacks: store, Trees: store, Log: l.log, Thread: l.thread.do, Kept: kept,
	})
	if err != nil {
		return err
	}
	runner := link.NewRunner(hub, l.sup, l.log)
	server := &http.Server{Handler: link.Handler(l.secret.Token, l.sup, runner, l), ReadHeaderTimeout: 10 * time.Second}
	g := run.New(l.log)
	g.Add("supervisor", l.sup.Run, run.StopWithin(time.Minute))
	g.Add("link", runner.Run)
	g.Add("socket", func(ctx context.Context) error { return serve(ctx, server, l.listener) })
	debug.FreeOSMemory()
	return g.Run(ctx)
}

func serve(ctx context.Context, server *http.Server, on net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- server.Serve(on) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// Followers of the log and of our life never end by themselves.
	err := server.Close()
	if serr := <-done; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// Leave ends the parts; main then goes on to what Renew prepared, if it did.
func (l *launcher) Leave() { l.cancel() }

// hubClient reaches the server over its socket. Connections are few and short, so
// that a restarted server is found at once.
func hubClient(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConns: 1, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return driver.Connect(ctx, path) },
	}}
}
