package web

import (
	"context"
	"html/template"
	"net/http"
	"strings"
	"sync/atomic"

	"leat/internal/fleet"
)

// setupGate closes the platform until it has an administrator.
type setupGate struct {
	hint   string
	needed func(context.Context) (bool, error)
	done   atomic.Bool
}

// holds answers a request itself while the platform is not set up, unless it is
// one that setting up needs.
func (g *setupGate) holds(s *Server, w http.ResponseWriter, req *http.Request) bool {
	if g.done.Load() || forSetup(req) {
		return false
	}
	needed, err := g.needed(req.Context())
	if err != nil {
		s.fail(w, req, s.newCall(w, req), err)
		return true
	}
	if !needed {
		g.done.Store(true)
		return false
	}
	if strings.HasPrefix(req.URL.Path, "/api/") || !wantsPage(req) {
		s.fail(w, req, s.newCall(w, req), &fleet.Error{Kind: fleet.Unavailable, Code: "setup_needed", Msg: "The platform has no administrator yet. " + g.hint})
		return true
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = setupPage.Execute(w, g.hint) // the reader may be gone
	return true
}

// forSetup reports what answers before there is an administrator: the setup
// page with its files, the two routes it calls, and the probes.
func forSetup(req *http.Request) bool {
	switch path := req.URL.Path; path {
	case "/setup", "/healthz", "/readyz", base + "/status", base + "/setup":
		return true
	default:
		return isAsset(path) && !strings.HasPrefix(path, "/api/")
	}
}

var setupPage = template.Must(template.New("setup").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leat is not set up yet</title>
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; color-scheme: light dark }
main { max-width: 34rem; padding: 2rem }
h1 { font-size: 1.25rem; margin: 0 0 .5rem }
p { margin: .5rem 0 }
</style>
</head>
<body>
<main>
<h1>Leat is not set up yet</h1>
<p>There is no administrator. {{.}}</p>
<p>Open that link in this browser to create the first account.</p>
</main>
</body>
</html>
`))
