package link

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// Self is what the server may ask of the process around a supervisor.
type Self interface {
	// Renew prepares to become another build of its program at the next Leave,
	// keeping Node-RED.
	Renew(ctx context.Context, path string) error
	// Leave ends it: for another build after Renew, otherwise for good and
	// Node-RED first.
	Leave()
}

// Handler answers the server's requests that carry the token.
func Handler(token string, sup Supervised, r *Runner, self Self) http.Handler {
	h := &handler{sup: sup, self: self}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+wire.StatusPath, func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, sup.Report()) })
	mux.HandleFunc("GET "+wire.AlivePath, h.alive)
	mux.HandleFunc("GET "+wire.LogsPath, h.logs)
	mux.HandleFunc("GET "+wire.SamplesPath, h.samples)
	mux.HandleFunc("GET "+wire.ContextPath, h.context)
	mux.HandleFunc("POST "+wire.ContextPath, h.setContext)
	mux.HandleFunc("POST "+wire.LookPath, func(w http.ResponseWriter, _ *http.Request) {
		r.Look()
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST "+wire.RenewPath, h.renew)
	mux.HandleFunc("POST "+wire.StopPath, func(w http.ResponseWriter, _ *http.Request) {
		h.leave(w)
	})
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := sha256.Sum256([]byte(Bearer(r)))
		if token == "" || subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
			WriteProblem(w, &fleet.Error{Kind: fleet.Unauthenticated, Code: "bad_token", Msg: "This runner answers its platform only."})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type handler struct {
	sup  Supervised
	self Self
}

// alive answers at once and then never ends, so that the other end hears of the
// runner's end without asking.
func (h *handler) alive(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	if http.NewResponseController(w).Flush() != nil {
		return
	}
	<-r.Context().Done()
}

func (h *handler) logs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	after, err := number(q.Get("after"), 0)
	if err != nil {
		WriteProblem(w, fleet.InvalidField("after", "A number is needed."))
		return
	}
	limit, err := number(q.Get("limit"), 200)
	if err != nil {
		WriteProblem(w, fleet.InvalidField("limit", "A number is needed."))
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	out := http.NewResponseController(w)
	for {
		lines, err := h.sup.Lines(after, int(limit))
		if err != nil {
			WriteProblem(w, err)
			return
		}
		for _, l := range lines {
			text, err := wire.Marshal(l)
			if err != nil {
				return
			}
			if _, err := w.Write(append(text, '\n')); err != nil {
				return
			}
			after = l.Seq
		}
		if q.Get("follow") == "" {
			return
		}
		if out.Flush() != nil || h.sup.WaitLine(r.Context(), after) != nil {
			return
		}
	}
}

func number(text string, fallback int64) (int64, error) {
	if text == "" {
		return fallback, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

func (h *handler) samples(w http.ResponseWriter, r *http.Request) {
	var after time.Time
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, text); err != nil {
			WriteProblem(w, fleet.InvalidField("after", "A time is needed."))
			return
		}
	}
	WriteJSON(w, h.sup.Samples(after))
}

func (h *handler) context(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := number(q.Get("limit"), wire.MaxContextItems)
	if err != nil {
		WriteProblem(w, fleet.InvalidField("limit", "A number is needed."))
		return
	}
	page, err := h.sup.Context(r.Context(), wire.ContextQuery{
		Scope: q.Get("scope"), Prefix: q.Get("prefix"), After: q.Get("after"), Limit: min(max(int(limit), 1), wire.MaxContextItems),
	})
	if err != nil {
		WriteProblem(w, err)
		return
	}
	WriteJSON(w, page)
}

func (h *handler) setContext(w http.ResponseWriter, r *http.Request) {
	var in wire.ContextChange
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, wire.MaxContextPage)).Decode(&in); err != nil {
		WriteProblem(w, fleet.InvalidField("value", "The value is not JSON, or larger than 2 MiB."))
		return
	}
	if err := h.sup.SetContext(r.Context(), in); err != nil {
		WriteProblem(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *handler) renew(w http.ResponseWriter, r *http.Request) {
	var in wire.Renew
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil || in.Path == "" {
		WriteProblem(w, fleet.InvalidField("path", "The path of a program is needed."))
		return
	}
	if err := h.self.Renew(r.Context(), in.Path); err != nil {
		WriteProblem(w, err)
		return
	}
	h.leave(w)
}

// leave answers first: this connection ends with the process.
func (h *handler) leave(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusAccepted)
	// An asker that is gone changes nothing.
	_ = http.NewResponseController(w).Flush()
	h.self.Leave()
}
