package server

import (
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"leat/internal/fleet"
)

// hosts sends a request to whom its host belongs: the platform, the door to an
// instance, or nobody. A name we do not know may be another site's that was
// pointed here to act with a visitor's rights.
type hosts struct {
	base     *url.URL
	platform http.Handler
	// door serves instances, and owns says which hosts are theirs; nil where the
	// server has no instances.
	door http.Handler
	owns func(host string) bool
}

// ServeHTTP hands a request on.
func (h *hosts) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case h.isPlatform(req.Host):
		h.platform.ServeHTTP(w, req)
	case h.door != nil && h.owns(req.Host):
		// The connection may have served the platform before, which leaves a
		// deadline behind; what passes the door may take as long as it likes.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		h.door.ServeHTTP(w, req)
	default:
		h.misdirected(w, req)
	}
}

// isPlatform reports the platform's own names: the base URL's host and, where
// that is local, what else means this machine. The port tells nothing: it may
// have been forwarded.
func (h *hosts) isPlatform(host string) bool {
	name := strings.ToLower(fleet.HostName(host))
	if name == strings.ToLower(h.base.Hostname()) {
		return true
	}
	return (name == "localhost" || isLoopback(name)) && (fleet.IsLocalhost(h.base.Host) || isLoopback(h.base.Hostname()))
}

func isLoopback(name string) bool {
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

func (h *hosts) misdirected(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusMisdirectedRequest)
	fmt.Fprintf(w, misdirectedPage, html.EscapeString(fleet.HostName(req.Host)), html.EscapeString(h.base.String()))
}

const misdirectedPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Not this server</title>
<style>body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText;color-scheme:light dark}main{max-width:34rem;padding:2rem}h1{font-size:1.25rem}</style></head>
<body><main><h1>This server does not answer to that name</h1>
<p>It was asked for <b>%s</b>, and knows itself as <b>%s</b>.</p>
<p>Whoever runs it can set the name with <code>--base-url</code>.</p></main></body></html>
`
