package proxy_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/proxy"
)

// A script of the instance can see the way back to its own host, in a service
// worker. What it sees is worth nothing in another browser.
func TestACodeSeenOnItsWayIsWorthNothingElsewhere(t *testing.T) {
	for _, stolen := range []bool{true, false} {
		p := newPlant(t)
		p.set(func() { p.signedIn = "s-owner" })
		first := p.ask("GET", flowsHost, "/x", "", "Accept", "text/html")
		there, _ := url.Parse(first.Header().Get("Location"))
		second := httptest.NewRecorder()
		p.door.Authorize(second, httptest.NewRequest("GET", there.String(), nil))
		back, _ := url.Parse(second.Header().Get("Location"))
		state := first.Result().Cookies()[0]
		if strings.Contains(there.String()+back.String(), state.Value) {
			t.Error("an address shows the secret of the state cookie")
		}
		cookie, want := state.Name+"="+state.Value, http.StatusSeeOther
		if stolen {
			cookie, want = state.Name+"="+there.Query().Get("state"), http.StatusForbidden
		}
		if w := p.ask("GET", flowsHost, back.RequestURI(), "", "Cookie", cookie); w.Code != want {
			t.Errorf("stolen %t: %d; want %d", stolen, w.Code, want)
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// Node-RED reads more forms of a deploy than one. Each that passes is witnessed
// as what Node-RED saves of it, or a person could deploy in the flow's name.
func TestNoDeployPassesInDisguise(t *testing.T) {
	const other = `{"flows":[{"id":"a","type":"tab"}],"Flows":[{"id":"b","type":"tab"}]}`
	const plain = `{"flows":[{"id":"a","type":"tab"}],"rev":"1"}`
	tests := []struct {
		name, method, path, body string
		headers                  []string
		want                     int
	}{
		{"plain", "POST", "flows", plain, nil, 200},
		{"upper case", "POST", "FLOWS", plain, nil, 200},
		{"slash at the end", "POST", "Flows/", plain, nil, 200},
		{"array", "POST", "flows", `[{"id":"a","type":"tab"}]`, nil, 200},
		{"two names that differ by case", "POST", "flows", other, nil, 200},
		{"the last of two counts", "POST", "flows", `{"flows":[{"id":"b"}],"flows":[{"id":"a","type":"tab"}]}`, nil, 200},
		{"compressed", "POST", "flows", zipped(plain), []string{"Content-Encoding", "gzip"}, 415},
		{"another charset", "POST", "flows", plain, []string{"Content-Type", "application/json; charset=utf-16le"}, 415},
		{"two content types", "POST", "flows", plain, []string{"Content-Type", "application/json", "Content-Type", "text/plain"}, 415},
		{"a number that only JavaScript reads", "POST", "flows", `[{"id":"a","x":1e999}]`, nil, 400},
		{"half a reload", "POST", "flows", plain, []string{"Node-RED-Deployment-Type", "reload", "Node-RED-Deployment-Type", "full"}, 400},
		{"no JSON", "POST", "flows", `[`, nil, 400},
		{"a flow of its own", "POST", "flow", `{}`, nil, 403},
		{"a flow in place", "PUT", "flow/tab1", `{}`, nil, 403},
		{"a flow away", "DELETE", "Flow/tab1", ``, nil, 403},
	}
	saved, _ := fleet.DeployDigest([]byte(`[{"type":"tab","id":"a"}]`))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlant(t)
			cookie := p.enter("s-owner", editorHost)
			p.set(func() { p.seen = nil })
			w := p.ask(tt.method, editorHost, "/.leat/editor/"+tt.path, tt.body, append(tt.headers, "Cookie", cookie, "Sec-Fetch-Site", "same-origin")...)
			if w.Code != tt.want {
				t.Fatalf("status = %d; want %d: %s", w.Code, tt.want, w.Body)
			}
			if passed := p.seen != nil; passed != (tt.want == 200) {
				t.Errorf("reached Node-RED: %t", passed)
			}
			if tt.want == 200 && (len(p.witnessed) != 1 || p.witnessed[0] != "s-owner "+saved) {
				t.Errorf("witnessed %q; want %s", p.witnessed, saved)
			}
		})
	}
}

func TestAReloadPassesWithoutAWitness(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-owner", editorHost)
	w := p.ask("POST", editorHost, "/.leat/editor/flows", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin", "Node-RED-Deployment-Type", "reload")
	if w.Code != 200 || len(p.witnessed) != 0 {
		t.Errorf("got %d, witnessed %q", w.Code, p.witnessed)
	}
}

// bodyThat calls f before its last byte comes.
type bodyThat struct {
	rest string
	f    func()
}

func (b *bodyThat) Read(p []byte) (int, error) {
	if b.rest == "" {
		return 0, io.EOF
	}
	if len(b.rest) == 1 {
		b.f()
	}
	n := copy(p[:1], b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func TestADeployThatArrivesAfterItsSessionIsRefused(t *testing.T) {
	for _, ends := range []bool{true, false} {
		p := newPlant(t)
		cookie := p.enter("s-owner", editorHost)
		p.set(func() { p.seen = nil })
		r := httptest.NewRequest("POST", "/.leat/editor/flows", &bodyThat{`[{"id":"a"}]`, func() {
			if ends {
				p.set(func() { delete(p.roles, "s-owner") })
			}
		}})
		r.Host = editorHost
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		p.door.ServeHTTP(w, r)
		if ends != (w.Code == http.StatusUnauthorized) || ends != (p.seen == nil) {
			t.Errorf("session ends %t: status %d, reached Node-RED %t", ends, w.Code, p.seen != nil)
		}
	}
}

// stream opens an answer without end and returns a channel that closes with it.
func (p *plant) stream(host, path string, headers ...string) <-chan struct{} {
	p.t.Helper()
	started, ended := make(chan struct{}), make(chan struct{})
	p.set(func() {
		p.upstream = func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			http.NewResponseController(w).Flush()
			close(started)
			<-r.Context().Done()
			close(ended)
		}
	})
	go p.ask("GET", host, path, "", headers...)
	select {
	case <-started:
	case <-time.After(5 * time.Second):
		p.t.Fatal("the stream did not begin")
	}
	return ended
}

func (p *plant) mustEnd(ended <-chan struct{}, what string) {
	p.t.Helper()
	p.hints <- struct{}{}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		p.t.Errorf("the stream outlived %s", what)
	}
}

func TestWhatIsOpenEndsWithWhatOpenedIt(t *testing.T) {
	t.Run("a revoked token", func(t *testing.T) {
		p := newPlant(t)
		p.instance.Access = fleet.AccessToken
		ended := p.stream(flowsHost, "/events", "Authorization", "Bearer leat_good")
		p.set(func() { delete(p.tokens, "leat_good") })
		p.mustEnd(ended, "its token")
	})
	t.Run("a session at an open instance", func(t *testing.T) {
		p := newPlant(t)
		cookie := p.enter("s-owner", flowsHost)
		p.set(func() { p.instance.Access = fleet.AccessOpen })
		ended := p.stream(flowsHost, "/events", "Cookie", cookie)
		p.set(func() { delete(p.roles, "s-owner") })
		p.mustEnd(ended, "the session whose name it bears")
	})
	t.Run("a member who becomes a viewer", func(t *testing.T) {
		p := newPlant(t)
		cookie := p.enter("s-owner", editorHost)
		ended := p.stream(editorHost, "/.leat/editor/log", "Cookie", cookie)
		p.set(func() { p.roles["s-owner"] = fleet.RoleViewer })
		p.mustEnd(ended, "the role")
	})
	t.Run("an open instance that is closed", func(t *testing.T) {
		p := newPlant(t)
		p.instance.Access = fleet.AccessOpen
		ended := p.stream(flowsHost, "/events")
		p.set(func() { p.instance.Access = fleet.AccessLogin })
		p.mustEnd(ended, "the access mode")
	})
}

func TestAnOpenInstanceTakesABoundedNumberOfVisitors(t *testing.T) {
	const most = 2000
	p := newPlant(t)
	p.instance.Access = fleet.AccessOpen
	arrived := make(chan struct{}, most)
	p.upstream = func(_ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; <-r.Context().Done() }
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{}, most)
	for range most {
		go func() {
			r := httptest.NewRequest("GET", "/wait", nil).WithContext(ctx)
			r.Host = flowsHost
			p.door.ServeHTTP(httptest.NewRecorder(), r)
			left <- struct{}{}
		}()
	}
	for range most {
		<-arrived
	}
	if w := p.ask("GET", flowsHost, "/one-more", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("one more got %d; want 503", w.Code)
	}
	leave()
	for range most {
		<-left
	}
	p.set(func() { p.upstream = func(http.ResponseWriter, *http.Request) {} })
	if w := p.ask("GET", flowsHost, "/again", ""); w.Code != 200 {
		t.Errorf("after they left: %d; want 200", w.Code)
	}
}

func TestAViewerOpensNoSocketButComms(t *testing.T) {
	for path, want := range map[string]int{"/.leat/editor/comms": 200, "/.leat/editor/shell": 403, "/.leat/editor/comms/x": 403} {
		p := newPlant(t)
		cookie := p.enter("s-viewer", editorHost)
		w := p.ask("GET", editorHost, path, "", "Cookie", cookie, "Connection", "Upgrade", "Upgrade", "websocket", "Origin", "http://"+editorHost)
		if w.Code != want {
			t.Errorf("%s: %d; want %d", path, w.Code, want)
		}
	}
}

func TestLinksLeadToTheEditorAndNotPastIt(t *testing.T) {
	for path, want := range map[string]int{
		"/.leat/editor/": 200, "/": 302, "/.leat/door/renew": 204,
		"/.leat/editor/some-module/clear": 403, "/.leat/editor/flows": 403,
	} {
		p := newPlant(t)
		cookie := p.enter("s-owner", editorHost)
		w := p.ask("GET", editorHost, path, "", "Cookie", cookie, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		if w.Code != want {
			t.Errorf("%s from a sibling's link: %d; want %d", path, w.Code, want)
		}
	}
}

func TestAFormerMemberIsNoNameToAnOpenInstance(t *testing.T) {
	for role, known := range map[fleet.Role]bool{fleet.RoleOwner: true, fleet.RoleNone: false} {
		p := newPlant(t)
		cookie := p.enter("s-owner", flowsHost)
		p.set(func() { p.instance.Access = fleet.AccessOpen; p.roles["s-owner"] = role })
		w := p.ask("GET", flowsHost, "/", "", "Cookie", cookie)
		if w.Code != 200 || known != (p.seen.Header.Get("X-Leat-User") != "") {
			t.Errorf("role %q: %d, flows were told %q", role, w.Code, p.seen.Header.Get("X-Leat-User"))
		}
	}
}

func TestOnlyTheEditorCountsAsActivity(t *testing.T) {
	for host, want := range map[string]int{editorHost: 204, flowsHost: 404} {
		p := newPlant(t)
		cookie := p.enter("s-owner", host)
		w := p.ask("POST", host, "/.leat/door/activity", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
		if w.Code != want || (want == 204) != (p.touched == 1) {
			t.Errorf("%s: %d, touched %d times", host, w.Code, p.touched)
		}
	}
}

func TestMethodsThatLeadNowhere(t *testing.T) {
	p := newPlant(t)
	p.instance.Access = fleet.AccessOpen
	for method, want := range map[string]int{"TRACE": 405, "CONNECT": 405, "OPTIONS": 200, "PROPFIND": 200} {
		if w := p.ask(method, flowsHost, "/x", ""); w.Code != want {
			t.Errorf("%s: %d; want %d", method, w.Code, want)
		}
	}
}

func TestAFlowsAnswerActsOnNobodyElse(t *testing.T) {
	p := newPlant(t)
	p.upstream = func(w http.ResponseWriter, _ *http.Request) {
		for _, c := range []string{"=leat=planted", "__Host-leat", " =__Host-leat-door=x; Path=/", "  ", "mine=1"} {
			w.Header().Add("Set-Cookie", c)
		}
		for _, h := range []string{"X-Accel-Redirect", "X-Sendfile", "Alt-Svc", "X-Leat-User"} {
			w.Header().Set(h, "x")
		}
		w.Header().Set("Cache-Control", "public, max-age=60, s-maxage=99")
	}
	cookie := p.enter("s-owner", flowsHost)
	w := p.ask("GET", flowsHost, "/", "", "Cookie", cookie)
	if got := w.Header()["Set-Cookie"]; len(got) != 1 || got[0] != "mine=1" {
		t.Errorf("Set-Cookie = %q", got)
	}
	for _, h := range []string{"X-Accel-Redirect", "X-Sendfile", "Alt-Svc", "X-Leat-User"} {
		if w.Header().Get(h) != "" {
			t.Errorf("%s passed", h)
		}
	}
	if got := w.Header().Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("Cache-Control = %q", got)
	}
	p.set(func() { p.instance.Access = fleet.AccessOpen })
	if got := p.ask("GET", flowsHost, "/", "").Header().Get("Cache-Control"); !strings.HasPrefix(got, "public") {
		t.Errorf("an open instance's Cache-Control = %q; want its own", got)
	}
}

func TestHeadersThatOnlyLeatMaySay(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-viewer", editorHost)
	p.ask("GET", editorHost, "/.leat/editor/flows", "", "Cookie", cookie,
		"Connection", "X-Leat-Key, Authorization", "x-leat-KEY", "forged", "X-HTTP-Method-Override", "DELETE",
		"X-Forwarded-For", "203.0.113.9", "Forwarded", "for=203.0.113.9", "Authorization", "Bearer one", "Authorization", "Bearer two")
	h := p.seen.Header
	if got := h.Values("X-Leat-Key"); len(got) != 1 || got[0] != "the-door-key" {
		t.Errorf("X-Leat-Key = %q", got)
	}
	if got := h.Values("Authorization"); len(got) != 1 || !strings.HasPrefix(got[0], "Bearer ey") {
		t.Errorf("Authorization = %q", got)
	}
	for _, name := range []string{"X-Http-Method-Override", "Forwarded"} {
		if h.Get(name) != "" {
			t.Errorf("%s passed", name)
		}
	}
	if strings.Contains(h.Get("X-Forwarded-For"), "203.0.113.9") {
		t.Errorf("X-Forwarded-For = %q", h.Get("X-Forwarded-For"))
	}
}

// Cookies know no ports: a page of a flow on the platform's own name could plant
// or read what belongs to the platform.
func TestPortsDoNotAnswerUnderThePlatformsName(t *testing.T) {
	ask := func(base, host string) bool {
		u, _ := url.Parse(base)
		places := proxy.NewPlaces(u)
		places.SetPorts("pump", proxy.Ports{Flows: 20000, Editor: 20001})
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: 20000}))
		_, found := places.Find(r)
		return found
	}
	for _, tt := range []struct {
		base, host string
		want       bool
	}{
		{platform, "leat.localhost:20000", false},
		{platform, "LEAT.localhost:20000", false},
		{platform, "127.0.0.1:20000", true},
		{platform, "pump.leat.localhost:8080", false},
		{"http://192.0.2.5:8080", "192.0.2.5:20000", true},
		{"http://192.0.2.5:8080", "evil.example:20000", false},
	} {
		if got := ask(tt.base, tt.host); got != tt.want {
			t.Errorf("platform %s, host %s: answered %t", tt.base, tt.host, got)
		}
	}
}
