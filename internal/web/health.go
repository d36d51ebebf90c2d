package web

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Check is one part that has to be there for the platform to do its work.
type Check struct {
	Name string
	// Test returns a sentence's worth of error while the part is away.
	Test func(context.Context) error
}

// checkPatience is how long a check may take before its part counts as away.
const checkPatience = 2 * time.Second

// health says that the process answers.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{\"status\":\"ok\"}\n"))
}

// readiness is the answer of /readyz; it names parts and no causes, since
// anybody may ask.
type readiness struct {
	Status string            `json:"status"`
	Parts  map[string]string `json:"parts"`
}

// ready says whether every part is there: 200, or 503 with the ones that are not.
func (s *Server) ready(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), checkPatience)
	defer cancel()
	results := make([]error, len(s.Ready))
	var all sync.WaitGroup
	for i, check := range s.Ready {
		all.Go(func() { results[i] = check.Test(ctx) })
	}
	all.Wait()
	answer := readiness{Status: "ready", Parts: map[string]string{}}
	for i, check := range s.Ready {
		answer.Parts[check.Name] = "ok"
		if results[i] != nil {
			answer.Status, answer.Parts[check.Name] = "not ready", "away"
			s.Log.InfoContext(ctx, "a part is not ready", "part", check.Name, "error", results[i])
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if answer.Status != "ready" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = writeJSON(w, answer) // the reader may be gone
}
