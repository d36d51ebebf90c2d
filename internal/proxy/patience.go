package proxy

import (
	"io"
	"net/http"
	"time"
)

// How long a peer may stand still in the middle of a body or an answer; both may
// take as long as they like while they move.
const (
	readPatience  = 30 * time.Second
	writePatience = 60 * time.Second
)

// patient lets neither a slow body nor a slow reader hold a connection for ever.
// Deadlines of the connection's last request are lifted; a writer that has none
// is a test's.
func patient(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	ctl := http.NewResponseController(w)
	_ = ctl.SetWriteDeadline(time.Time{})
	if isUpgrade(r) {
		return w
	}
	if r.Body != nil && r.ContentLength != 0 {
		now := time.Now()
		_ = ctl.SetReadDeadline(now.Add(readPatience))
		r.Body = &patientBody{ReadCloser: r.Body, ctl: ctl, last: now}
	}
	return &patientWriter{ResponseWriter: w, ctl: ctl}
}

// patientBody gives a body more time whenever some of it has come, until end
// where that is set.
type patientBody struct {
	io.ReadCloser
	ctl  *http.ResponseController
	last time.Time
	end  time.Time
}

// Read moves the deadline at most once a second.
func (b *patientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	now := time.Now()
	switch {
	case err != nil:
		// net/http now reads on to notice a peer that leaves; that must not time out.
		_ = b.ctl.SetReadDeadline(time.Time{})
	case n > 0 && now.Sub(b.last) >= time.Second:
		b.last = now
		until := now.Add(readPatience)
		if !b.end.IsZero() && b.end.Before(until) {
			until = b.end
		}
		_ = b.ctl.SetReadDeadline(until)
	}
	return n, err
}

// patientWriter gives an answer more time with each part of it.
type patientWriter struct {
	http.ResponseWriter
	ctl  *http.ResponseController
	last time.Time
}

// Unwrap lets http.ResponseController reach the connection.
func (p *patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *patientWriter) more() {
	if now := time.Now(); now.Sub(p.last) >= time.Second {
		p.last = now
		_ = p.ctl.SetWriteDeadline(now.Add(writePatience))
	}
}

// Write writes a part of the answer.
func (p *patientWriter) Write(b []byte) (int, error) {
	p.more()
	return p.ResponseWriter.Write(b)
}

// FlushError sends what is buffered.
func (p *patientWriter) FlushError() error {
	p.more()
	return p.ctl.Flush()
}
