package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"leat/internal/control"
	"leat/internal/fleet"
)

// call is one request to the API, from its first byte to its line in the log.
type call struct {
	route   *Route
	method  string
	host    string
	path    string
	id      string
	addr    string
	header  http.Header
	secure  bool // the browser takes the secure cookie
	who     fleet.Actor
	session fleet.Session
	// credential is what the caller was known by; empty for strangers.
	credential credential
	// asked collects the permissions that verbs asked for; nil when nobody listens.
	asked *control.Asked
	// reference is shown to people when cause is something only the log may hold.
	reference string
	cause     error
	// body is fed with the request's body where a create may be sent twice.
	body hash.Hash
}

// bodyDigest tells two bodies apart; it is whole once the body was read.
func (c *call) bodyDigest() string {
	if c.body == nil {
		return ""
	}
	return hex.EncodeToString(c.body.Sum(nil))
}

// readBody feeds a request's body to the digest as it is read.
type readBody struct {
	io.Reader
	io.Closer
}

type callKey struct{}

// callOf finds the call that serveRoute put into the context.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

func (s *Server) newCall(w http.ResponseWriter, req *http.Request) *call {
	rec, ok := w.(*recorder)
	c := &call{method: req.Method, host: req.Host, path: req.URL.Path, id: newRequestID(), addr: s.clientAddr(req), header: w.Header(), secure: fleet.SecureOrigin(s.https(req), req.Host)}
	if ok {
		rec.call = c
	}
	return c
}

const requestIDAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newRequestID names a request in the log and in what people quote to us. It is
// no secret.
func newRequestID() string {
	var b [13]byte
	for i, n := 0, rand.Uint64(); i < len(b); i, n = i+1, n>>5 {
		b[i] = requestIDAlphabet[n&31]
	}
	return string(b[:])
}

// serveRoute does what every route needs before its own work: it finds out who
// asks, refuses strangers where the route is not public, and ids that are none.
func (s *Server) serveRoute(route *Route, h http.HandlerFunc, w http.ResponseWriter, req *http.Request) {
	c := s.newCall(w, req)
	c.route = route
	w.Header().Set("Cache-Control", "no-store")
	if err := s.authenticate(req, c); err != nil {
		s.fail(w, req, c, err)
		return
	}
	for _, name := range route.params {
		if !plainID(req.PathValue(name)) {
			s.fail(w, req, c, fleet.ErrNotFound(name))
			return
		}
	}
	if isLarge(route, req) {
		leave := s.large.enter(req.Context(), c.who.User)
		if leave == nil {
			return
		}
		defer leave()
	}
	if req.Header.Get("Idempotency-Key") != "" {
		c.body = sha256.New()
		req.Body = readBody{io.TeeReader(req.Body, c.body), req.Body}
	}
	ctx := context.WithValue(req.Context(), callKey{}, c)
	if s.Asked != nil {
		ctx, c.asked = control.WithAsked(ctx)
		defer func() { s.Asked(*route, c.asked.Permissions) }()
	}
	h(w, req.WithContext(ctx))
}

// plainID reports whether a path value has the form of an id or a short name;
// nothing else is looked up.
func plainID(v string) bool {
	if len(v) == 0 || len(v) > 64 {
		return false
	}
	for _, r := range []byte(v) {
		if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// versionField finds the field that counts a noun's changes, or nil.
func versionField(t reflect.Type) []int {
	if t.Kind() != reflect.Struct {
		return nil
	}
	f, ok := t.FieldByName("Version")
	if !ok || f.Type.Kind() != reflect.Int64 {
		return nil
	}
	return f.Index
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// Matching is the version that a change is meant for.
type Matching struct {
	IfMatch string `header:"If-Match" doc:"the ETag of the version that is to be changed; without it the newest is"`
}

// version reads If-Match: 0 where it is absent or "*". What is no version of
// ours matches none.
func (m Matching) version() int64 {
	v := strings.TrimSpace(m.IfMatch)
	if v == "" || v == "*" {
		return 0
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(v, "W/"), `"`), 10, 64)
	if err != nil || n <= 0 {
		return -1
	}
	return n
}
