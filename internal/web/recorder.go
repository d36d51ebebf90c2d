package web

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// recorder remembers what was answered, and keeps a reader that has stopped
// reading from holding the answer forever.
type recorder struct {
	http.ResponseWriter
	started     time.Time
	patience    time.Duration
	status      int
	bytes       int64
	call        *call
	streaming   bool
	writeFailed error
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status; only the first counts.
func (r *recorder) WriteHeader(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write passes bytes on and notes a peer that is gone.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.allowWriting()
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	if err != nil && r.writeFailed == nil {
		r.writeFailed = err
	}
	return n, err
}

// Flush sends what is buffered; server-sent events and the compressor need it.
func (r *recorder) Flush() {
	r.allowWriting()
	if err := http.NewResponseController(r.ResponseWriter).Flush(); err != nil && r.writeFailed == nil {
		r.writeFailed = err
	}
}

func (r *recorder) allowWriting() {
	// The deadline stays when the answer is done, for what still stands in
	// net/http's buffer; whoever serves the connection's next request sets its own.
	// A writer without deadlines is a test's, and has no peer to wait for.
	_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(r.patience))
}

func (r *recorder) allowReading() {
	_ = http.NewResponseController(r.ResponseWriter).SetReadDeadline(time.Now().Add(r.patience))
}

// patientBody gives a request's body more time whenever some of it has come.
type patientBody struct {
	io.ReadCloser
	rec  *recorder
	last time.Time
}

// Read moves the deadline before it waits, but not for every byte. The deadline
// set at the request's beginning is gone by then: huma takes it off.
func (b *patientBody) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(b.last) >= b.rec.patience/30 {
		b.last = now
		b.rec.allowReading()
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		// net/http now reads on to notice a peer that leaves; that must not time out.
		_ = http.NewResponseController(b.rec.ResponseWriter).SetReadDeadline(time.Time{})
	}
	return n, err
}
