package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"leat/internal/fleet"
)

// slow is from when on a request is worth a line in the log.
const slow = time.Second

// ServeHTTP answers one request on the platform's own host.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	rec := &recorder{ResponseWriter: w, started: time.Now(), patience: s.Patience}
	defer s.done(rec, req)
	setHeaders(w.Header(), s.headers)
	if req.ContentLength != 0 {
		rec.allowReading()
		req.Body = &patientBody{ReadCloser: req.Body, rec: rec}
	}
	if hasSessionCookie(req) || needsOrigin(req) {
		if err := s.origin.check(req, s.https(req)); err != nil {
			s.fail(rec, req, s.newCall(rec, req), err)
			return
		}
	}
	if s.setUp.holds(s, rec, req) {
		return
	}
	s.root.ServeHTTP(rec, req)
}

// done closes a request: a panic becomes a 500, the meter counts, and what
// failed or was slow gets a line in the log.
func (s *Server) done(rec *recorder, req *http.Request) {
	if fault := recover(); fault != nil {
		s.panicked(rec, req, fault)
	}
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	took := time.Since(rec.started)
	route := "other"
	if rec.call != nil && rec.call.route != nil {
		route = rec.call.route.Path
	}
	s.meter.request(req.Method, route, rec.status, took)
	s.logRequest(rec, req, took)
}

// panicked answers a request whose handler gave up. A writer that is gone makes
// huma panic, too; that is nobody's fault.
func (s *Server) panicked(rec *recorder, req *http.Request, fault any) {
	err, _ := fault.(error)
	if rec.writeFailed != nil || req.Context().Err() != nil || errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	if rec.call == nil {
		s.newCall(rec, req)
	}
	s.Log.ErrorContext(req.Context(), "a handler panicked", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.fail(rec, req, rec.call, &fleet.Error{Kind: fleet.Internal, Err: fmt.Errorf("panic: %v", fault)})
}

func (s *Server) logRequest(rec *recorder, req *http.Request, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case rec.call != nil && rec.call.cause != nil && rec.status >= 500:
		level = slog.LevelError
	case rec.status >= 500 || took >= slow && !rec.streaming:
		level = slog.LevelInfo
	}
	ctx := req.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	facts := []any{"method", req.Method, "path", cutText(req.URL.Path, 200), "status", rec.status, "duration", took.Round(time.Microsecond), "bytes", rec.bytes}
	if c := rec.call; c != nil {
		facts = append(facts, "request", c.id, "address", c.addr, "user", c.who.User)
		if c.cause != nil {
			facts = append(facts, "error", c.cause)
		}
	}
	s.Log.Log(ctx, level, "request", facts...)
}

func cutText(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
