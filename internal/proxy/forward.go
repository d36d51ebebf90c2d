package proxy

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// forwardOptions say what Node-RED is told beside the request itself.
type forwardOptions struct {
	identity bool // who the user is, for the editor's API
	user     bool // who the user is, for flows and dashboards
}

// visitKey carries the visit through the reverse proxy.
type visitKey struct{}

// passing is what the reverse proxy needs to know of a request it forwards.
type passing struct {
	visit    *visit
	key      string
	identity string
	options  forwardOptions
}

// forward lets the request through to the instance's Node-RED.
func (v *visit) forward(o forwardOptions) {
	key, running := v.door.Runners.DoorKey(v.entry.Instance.ID)
	if !running {
		v.door.pages.notRunning(v)
		return
	}
	p := &passing{visit: v, key: key, options: o}
	if o.identity {
		token, err := v.door.minter.mint(v.entry)
		if err != nil {
			v.door.fail(v.w, v.r, err)
			return
		}
		p.identity = token
	}
	ctx, end, ok := v.door.open.add(v)
	if !ok {
		v.door.pages.refuse(v.w, v.r, http.StatusServiceUnavailable, "busy", "Too many visitors are here at once.", "Try again in a moment.")
		return
	}
	defer end()
	ctx = context.WithValue(ctx, visitKey{}, p)
	v.door.upstream.ServeHTTP(v.door.open.watch(ctx, v), v.r.WithContext(ctx))
}

func (d *Door) newUpstream() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      d.newTransport(),
		ModifyResponse: modifyResponse,
		ErrorHandler:   d.upstreamFailed,
		BufferPool:     &buffers{},
	}
}

// newTransport keeps connections by instance: the URL's host is the instance's
// id, and dialing it goes through the runners.
func (d *Door) newTransport() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			id, _, _ := net.SplitHostPort(addr)
			return d.Runners.Dial(ctx, fleet.InstanceID(id))
		},
		MaxIdleConns:        512,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     60 * time.Second,
		DisableCompression:  true,
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      64 << 10,
	}
}

// rewrite makes the request that Node-RED gets: addressed to the instance, with
// the door's key, and with nothing in it that only Leat may say.
func rewrite(pr *httputil.ProxyRequest) {
	p := pr.In.Context().Value(visitKey{}).(*passing)
	v := p.visit
	pr.Out.URL.Scheme = "http"
	pr.Out.URL.Host = string(v.entry.Instance.ID)
	pr.Out.Host = pr.In.Host
	h := pr.Out.Header
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "x-leat-") {
			h.Del(name)
		}
	}
	stripCookies(h)
	if _, ours := leatToken(pr.In); ours || strings.HasPrefix(pr.In.URL.Path, editorRoot) {
		h.Del("Authorization")
	}
	if v.place.Surface == editorSurface {
		// The door decided by the method; a module must not take it for another.
		for _, name := range []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
			h.Del(name)
		}
	}
	pr.SetXForwarded()
	h.Set("X-Forwarded-Proto", v.place.Platform.Scheme)
	h.Set(wire.KeyHeader, p.key)
	if p.identity != "" {
		h.Set("Authorization", "Bearer "+p.identity)
	}
	if p.options.user && v.entry.Actor.SignedIn() && v.allowed(fleet.InstanceOpen) {
		h.Set(wire.UserHeader, userHeader(v.entry))
	}
}

// userHeader tells flows and dashboards who is there: base64url of JSON, since
// names hold any character.
func userHeader(e control.Entry) string {
	b, _ := json.Marshal(wire.User{ID: string(e.Actor.User), Username: e.Actor.Username, Name: e.Name, Role: string(e.Role)})
	return base64.RawURLEncoding.EncodeToString(b)
}

// tokenPrefix begins every token of ours.
const tokenPrefix = "leat_"

// leatToken is the token of a request, where it is one of ours: as a bearer, or
// as the password of Basic, which is all that many machines can do.
func leatToken(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if strings.EqualFold(scheme, "basic") {
		_, token, ok = r.BasicAuth()
	} else if !strings.EqualFold(scheme, "bearer") {
		return "", false
	}
	return token, ok && strings.HasPrefix(token, tokenPrefix)
}

// ambientToken reports a token that a browser may have added by itself: it keeps
// those of Basic, as it keeps cookies.
func ambientToken(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	_, ours := leatToken(r)
	return ours && strings.EqualFold(scheme, "basic")
}

// modifyResponse takes out of an answer what would reach beyond the instance's
// own origin, and says who may frame it.
func modifyResponse(res *http.Response) error {
	v := res.Request.Context().Value(visitKey{}).(*passing).visit
	h := res.Header
	filterSetCookies(h)
	for name := range h {
		if foreignHeader(name) {
			h.Del(name)
		}
	}
	if v.place.Surface == editorSurface || v.entry.Instance.Access != fleet.AccessOpen {
		keepPrivate(h)
	}
	frame := "frame-ancestors " + v.place.Platform.Scheme + "://" + v.place.Platform.Host
	switch {
	case v.place.Surface == editorSurface:
		h.Del("X-Frame-Options")
		h.Add("Content-Security-Policy", frame)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	case v.entry.Instance.Access != fleet.AccessOpen:
		h.Add("Content-Security-Policy", frame+" 'self'")
	}
	return nil
}

// foreignHeader reports the headers that act beyond an instance's origin: on the
// whole host, on other ports, or on a web server that stands before Leat, which
// some of them send for files of its own.
func foreignHeader(name string) bool {
	switch name = strings.ToLower(name); name {
	case "clear-site-data", "strict-transport-security", "public-key-pins", "service-worker-allowed", "report-to", "nel",
		"x-powered-by", "alt-svc", "x-sendfile", "x-lighttpd-send-file", "x-reproxy-url":
		return true
	}
	return strings.HasPrefix(name, "x-accel-") || strings.HasPrefix(name, "x-leat-")
}

// keepPrivate keeps caches that several people share from keeping what only some
// may see.
func keepPrivate(h http.Header) {
	kept := []string{"private"}
	for _, line := range h.Values("Cache-Control") {
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimSpace(part)
			name, _, _ := strings.Cut(strings.ToLower(part), "=")
			if name != "" && name != "public" && name != "private" && name != "s-maxage" {
				kept = append(kept, part)
			}
		}
	}
	h.Set("Cache-Control", strings.Join(kept, ", "))
}

// upstreamFailed answers when Node-RED does not.
func (d *Door) upstreamFailed(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := r.Context().Value(visitKey{}).(*passing)
	if !ok || r.Context().Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		d.pages.refuse(w, r, http.StatusRequestEntityTooLarge, "too_large", "This is too large to deploy.", "At most 64 MiB pass.")
		return
	}
	d.Log.DebugContext(r.Context(), "instance did not answer", "instance", p.visit.entry.Instance.ID, "err", err)
	d.pages.notRunning(p.visit)
}

// buffers are the copy buffers of the reverse proxy.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 64<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
