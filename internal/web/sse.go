package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// checkEvery is how often a stream asks whether its reader may still have it.
// Hints make it ask at once; this is for when none comes.
const checkEvery = 700 * time.Millisecond

// sse writes server-sent events.
type sse struct {
	w   *recorder
	buf bytes.Buffer
}

// openSSE answers with the head of a stream. id is the place from which a
// reader that loses it will go on.
func openSSE(w http.ResponseWriter, id string) *sse {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	rec, ok := w.(*recorder)
	if !ok {
		rec = &recorder{ResponseWriter: w, patience: time.Minute}
	}
	rec.streaming = true
	rec.WriteHeader(http.StatusOK)
	out := &sse{w: rec}
	out.buf.WriteString("retry: 2000\n")
	out.add("open", id, struct{}{})
	return out
}

// add puts an event into the next flush.
func (s *sse) add(name, id string, data any) {
	if id != "" {
		s.buf.WriteString("id: " + id + "\n")
	}
	s.buf.WriteString("event: " + name + "\ndata: ")
	raw, err := json.Marshal(data) // one line: JSON escapes line breaks
	if err != nil {
		raw = []byte("null") // events are plain structs; none fails
	}
	s.buf.Write(raw)
	s.buf.WriteString("\n\n")
}

// beat is a comment that keeps proxies from closing a quiet stream.
func (s *sse) beat() { s.buf.WriteString(": beat\n\n") }

// flush sends what was added and reports a reader that is gone.
func (s *sse) flush() error {
	if s.buf.Len() > 0 {
		_, _ = s.w.Write(s.buf.Bytes()) // the recorder keeps the error
		s.buf.Reset()
		s.w.Flush()
	}
	return s.w.writeFailed
}
