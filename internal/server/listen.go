package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Patience with requests when the server stops.
const (
	finishWithin = 10 * time.Second
	stopWithin   = finishWithin + 5*time.Second
)

// newHTTP makes a server that no slow or idle peer can hold. Bodies and answers
// have no limit in time here: they may take long as long as they move, which
// the handlers see to.
func newHTTP(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve answers on the platform's listener until ctx ends, and then waits for
// the requests that are running.
func (s *Server) serve(ctx context.Context, ready func()) error {
	s.world.Log.InfoContext(ctx, "listening", "address", s.listener.Addr().String(), "url", s.base.String())
	return serveUntil(ctx, newHTTP(s.handler(), s.world.Log), s.certificate.wrap(s.listener), ready)
}

func (s *Server) serveMetrics(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.Metrics.Listen.String())
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.web.MetricsHandler())
	return serveUntil(ctx, newHTTP(mux, s.world.Log), listener, func() {})
}

// serveUntil serves until ctx ends; requests then have finishWithin to end.
func serveUntil(ctx context.Context, srv *http.Server, listener net.Listener, ready func()) error {
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	ready()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	err := srv.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	if fault := <-served; !errors.Is(fault, http.ErrServerClosed) {
		return errors.Join(err, fault)
	}
	return err
}
