package proxy

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"

	"leat/internal/fleet"
)

// pages are the door's own answers: a page for people, a problem document (RFC
// 9457) for programs.
type pages struct{}

// notice is what such an answer says.
type notice struct {
	Status  int
	Code    string
	Title   string
	Detail  string
	Link    string
	Refresh int // seconds until the page asks again; 0 for never
	State   string
}

var noticePage = template.Must(template.New("notice").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{.Title}}</title>
{{if .Refresh}}<meta http-equiv="refresh" content="{{.Refresh}}">{{end}}
<style>
:root{--ground:#f7f9f9;--card:#fff;--line:#dbe3e4;--text:#142527;--soft:#52666a;--accent:#0b6e78;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#0d1517;--card:#131e21;--line:#26363a;--text:#e6eff0;--soft:#9db1b5;--accent:#4fb8c2;--on:#06282c}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{width:min(30rem,100% - 2rem);padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:6px}
h1{margin:0 0 .5rem;font-size:1.25rem;line-height:1.3;overflow-wrap:anywhere}p{margin:0;color:var(--soft)}
a{display:inline-block;margin-top:1.25rem;padding:.5rem .875rem;border-radius:6px;background:var(--accent);color:var(--on);text-decoration:none}
a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.state{margin:0 0 .75rem;font-size:.8125rem;letter-spacing:.02em;color:var(--soft)}
</style></head><body><main>{{if .State}}<p class="state">{{.State}}</p>{{end}}<h1>{{.Title}}</h1><p>{{.Detail}}</p>{{if .Link}}<a href="{{.Link}}" target="_top">Open in Leat</a>{{end}}</main></body></html>
`))

func (p pages) answer(w http.ResponseWriter, r *http.Request, n notice, frameAncestors string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors "+frameAncestors)
	if n.Refresh > 0 {
		h.Set("Retry-After", "2")
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(n.Status)
		_ = noticePage.Execute(w, n) // the visitor has gone
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(n.Status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(n.Status), "status": n.Status, "code": n.Code, "detail": n.Title + " " + n.Detail,
	})
}

func (p pages) refuse(w http.ResponseWriter, r *http.Request, status int, code, title, detail string) {
	p.answer(w, r, notice{Status: status, Code: code, Title: title, Detail: detail}, "'none'")
}

// framed refuses on the platform's own host, inside its pages too.
func (p pages) framed(w http.ResponseWriter, r *http.Request, status int, code, title string) {
	p.answer(w, r, notice{Status: status, Code: code, Title: title, Detail: "Ask an owner of the team for access."}, "'self'")
}

func (p pages) notHere(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, r, http.StatusNotFound, "not_found", "There is nothing at this address.", "Check the address, or open the instance from the platform.")
}

func (p pages) misdirected(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, r, http.StatusMisdirectedRequest, "unknown_host", "Nothing answers under this name.", "The instance may have been deleted, or the address mistyped.")
}

// stateSentences say what a visitor finds instead of an instance, by its state.
var stateSentences = map[fleet.State][2]string{
	fleet.StateStarting:  {"is starting", "This page opens by itself in a moment."},
	fleet.StateStopping:  {"is stopping", "Start it again in Leat when it is needed."},
	fleet.StateStopped:   {"is stopped", "Start it in Leat to open this page."},
	fleet.StateSuspended: {"is suspended", "Start it in Leat to open this page."},
	fleet.StateCrashLoop: {"keeps crashing", "Leat is starting it again. Its log in Leat says why it ends."},
	fleet.StateFailed:    {"has failed", "Open it in Leat to see what happened and what to do."},
}

// notRunning tells a visitor what the instance does instead of answering. The
// platform may frame the page, since it frames editors and dashboards.
func (p pages) notRunning(v *visit) {
	in := v.entry.Instance
	sentence, ok := stateSentences[in.Observed]
	if in.Wanted == fleet.WantRunning && (!ok || in.Observed == fleet.StateStopped || in.Observed == fleet.StateSuspended) {
		sentence = stateSentences[fleet.StateStarting]
	} else if !ok {
		sentence = stateSentences[fleet.StateStopped]
	}
	n := notice{
		Status: http.StatusServiceUnavailable, Code: "not_running",
		Title: in.Name + " " + sentence[0] + ".", Detail: sentence[1], State: string(in.Observed),
	}
	if in.Wanted == fleet.WantRunning {
		n.Refresh = 2
	}
	platform := v.place.Platform.Scheme + "://" + v.place.Platform.Host
	if v.allowed(fleet.InstanceRead) {
		n.Link = platform + "/instance/" + string(in.ID)
	}
	p.answer(v.w, v.r, n, platform+" 'self'")
}
