package host

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/link"
	"leat/internal/wire"
)

// maxBody bounds what a launcher may send: flows of 64 MiB and their credentials.
const maxBody = 96 << 20

// listen makes the hub's socket. What an earlier server left there is replaced:
// the data directory's lock says that no other one lives.
func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make hub: %w", err)
	}
	return driver.Listen(path)
}

func serve(ctx context.Context, handler http.Handler, on net.Listener) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(on) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// Deploys on their way are let through.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(last)
	if err != nil {
		err = server.Close()
	}
	if serr := <-done; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// hub answers launchers.
func (h *Host) hub() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wire.CheckInPath, func(w http.ResponseWriter, r *http.Request) {
		handle(h, w, r, h.checkIn)
	})
	mux.HandleFunc("POST "+wire.DeploysPath, func(w http.ResponseWriter, r *http.Request) {
		handle(h, w, r, pointer(h.cfg.Runners.Deploy))
	})
	mux.HandleFunc("POST "+wire.ResolvePath, func(w http.ResponseWriter, r *http.Request) {
		handle(h, w, r, pointer(h.cfg.Runners.Resolve))
	})
	mux.HandleFunc("POST "+wire.ModulesPath, func(w http.ResponseWriter, r *http.Request) {
		handle(h, w, r, pointer(h.cfg.Runners.Commit))
	})
	mux.HandleFunc("POST "+wire.StackPath, func(w http.ResponseWriter, r *http.Request) {
		handle(h, w, r, pointer(h.cfg.Runners.Stack))
	})
	return mux
}

func pointer[In, Out any](fn func(context.Context, fleet.InstanceID, In) (Out, error)) func(context.Context, fleet.InstanceID, In) (*Out, error) {
	return func(ctx context.Context, id fleet.InstanceID, in In) (*Out, error) {
		out, err := fn(ctx, id, in)
		return &out, err
	}
}

// handle knows the launcher by its token, reads its request and answers; with
// nothing where there is nothing to say.
func handle[In, Out any](h *Host, w http.ResponseWriter, r *http.Request, fn func(context.Context, fleet.InstanceID, In) (*Out, error)) {
	id, ok := h.caller(r)
	if !ok {
		link.WriteProblem(w, &fleet.Error{Kind: fleet.Unauthenticated, Code: "bad_token", Msg: "This token is none of a runner's."})
		return
	}
	var in In
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		link.WriteProblem(w, badBody(err))
		return
	}
	out, err := fn(r.Context(), id, in)
	switch {
	case err != nil:
		if !fleet.IsKind(err, fleet.Unavailable) && r.Context().Err() == nil {
			h.cfg.Log.WarnContext(r.Context(), "runner refused", "instance", id, "path", r.URL.Path, "error", err)
		}
		link.WriteProblem(w, err)
	case out == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		link.WriteJSON(w, out)
	}
}

func badBody(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &fleet.Error{Kind: fleet.TooLarge, Code: "too_large", Msg: "The flows are larger than 64 MiB.", Err: err}
	}
	return &fleet.Error{Kind: fleet.Invalid, Code: "invalid_json", Msg: "The request is not JSON of the expected form.", Err: err}
}

// caller reads which instance a token is of.
func (h *Host) caller(r *http.Request) (fleet.InstanceID, bool) {
	token := link.Bearer(r)
	name, _, _ := strings.Cut(token, ".")
	id := fleet.InstanceID(name)
	return id, id != "" && hmac.Equal([]byte(token), []byte(h.secrets(id).Hub))
}

// checkIn records a report and answers with the desired state where the launcher
// lacks it.
func (h *Host) checkIn(ctx context.Context, id fleet.InstanceID, in wire.CheckIn) (*wire.Spec, error) {
	s := h.seat(id)
	if s == nil || s.gone() {
		return nil, &fleet.Error{Kind: fleet.NotFound, Code: "instance_not_found", Msg: "There is no such instance."}
	}
	in.Report.Runner = id
	var spec *wire.Spec
	news, fault := s.take(in.Report)
	if news {
		spec, fault = s.spec(ctx)
	}
	if fault != nil {
		in.Report = faulty(in.Report, fault)
		s.giveUp()
	}
	if err := h.cfg.Runners.CheckIn(ctx, id, in); err != nil {
		return nil, err
	}
	if fault != nil || spec == nil {
		return nil, fault
	}
	if spec.Version == in.Report.SpecVersion && spec.Digest == in.Report.SpecDigest {
		return nil, nil
	}
	if spec.Version < in.Report.SpecVersion {
		// The rows were restored from before; a launcher never goes back by itself.
		h.cfg.Log.WarnContext(ctx, "launcher is ahead of its row, starting another", "instance", id,
			"row", spec.Version, "launcher", in.Report.SpecVersion)
		return nil, h.cfg.Driver.Kill(ctx, id)
	}
	return spec, nil
}

// faulty says in a report that the row cannot be followed, where that is for
// people to mend: nothing starts, and what runs goes on.
func faulty(r wire.Report, err error) wire.Report {
	e, lasting := lastingFault(err)
	if !lasting {
		return r
	}
	r.Code, r.Reason, r.State = e.Code, e.Msg, fleet.StateFailed
	if !r.StartedAt.IsZero() {
		r.State = fleet.StateDegraded
	}
	return r
}

// lastingFault tells a row that people have to mend from a moment's trouble.
func lastingFault(err error) (*fleet.Error, bool) {
	var e *fleet.Error
	if !errors.As(err, &e) || e.Kind == fleet.Unavailable || e.Kind == fleet.NotFound || e.Kind == fleet.Internal || e.Msg == "" {
		return nil, false
	}
	return e, true
}

// take notes a report and tells whether the launcher may lack something, or why
// it will not get it before the row changes.
func (s *seat) take(r wire.Report) (news bool, fault error) {
	s.mu.Lock()
	s.report, s.reported = r, true
	if r.Settled || r.State != fleet.StateStarting && r.State != fleet.StateStopped {
		s.settle()
	}
	s.outdated = r.Build != s.host.cfg.Build
	renew := s.outdated && r.Settled && time.Since(s.renewed) > renewEvery
	// The same version may say something else: this server may be newer than the one
	// that told it, or have another address.
	news = s.dirty || r.SpecVersion != s.version || s.digest != "" && r.SpecDigest != s.digest
	if news && !s.dirty && s.fault != nil && s.faultAt == s.version {
		news, fault = false, s.fault
	}
	s.mu.Unlock()
	if renew {
		s.wake()
	}
	return news, fault
}
