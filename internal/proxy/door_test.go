package proxy_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/proxy"
)

// plant is a door before one instance, with rules and a Node-RED of the test's own.
type plant struct {
	t      *testing.T
	door   *proxy.Door
	public ed25519.PublicKey
	hints  chan struct{}
	// changed has something in it when somebody opened or closed the editor.
	changed chan struct{}

	mu        sync.Mutex
	now       time.Time
	instance  fleet.Instance
	roles     map[fleet.SessionID]fleet.Role
	tokens    map[string]fleet.Role
	machine   bool            // machineToken is in force
	signedIn  fleet.SessionID // at the platform
	running   bool
	witnessed []string
	touched   int
	refused   int
	upstream  http.HandlerFunc
	seen      *http.Request
}

const (
	flowsHost  = "pump.leat.localhost:8080"
	editorHost = "pump-editor.leat.localhost:8080"
	platform   = "http://leat.localhost:8080"
)

func newPlant(t *testing.T) *plant {
	p := &plant{
		t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), running: true, hints: make(chan struct{}, 1), changed: make(chan struct{}, 100),
		instance: fleet.Instance{ID: "i-1", Team: "t-1", Name: "Pump", Label: "pump", Access: fleet.AccessLogin, Observed: fleet.StateRunning, Wanted: fleet.WantRunning},
		roles:    map[fleet.SessionID]fleet.Role{"s-owner": fleet.RoleOwner, "s-viewer": fleet.RoleViewer, "s-dash": fleet.RoleDashboard, "s-other": fleet.RoleNone},
		tokens:   map[string]fleet.Role{"leat_good": fleet.RoleMember},
	}
	p.upstream = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "from the flow") }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	node := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = r.Clone(context.WithoutCancel(r.Context()))
		h := p.upstream
		p.mu.Unlock()
		h(w, r)
	})}
	go node.Serve(ln)
	t.Cleanup(func() { node.Close() })
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	base, _ := url.Parse(platform)
	p.public = public
	p.door = proxy.New(proxy.Config{
		Rules: p, Runners: runners{p, ln.Addr().String()}, Places: proxy.NewPlaces(base),
		Platform: func(*http.Request) (fleet.Actor, bool) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return fleet.Actor{Kind: fleet.ActorUser, User: "u-1", Session: p.signedIn}, p.signedIn != ""
		},
		Identity: private, CookieKey: []byte("a key of the test's own"),
		Catalogue: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"modules":[]}`) }),
		Address:   func(*http.Request) string { return "192.0.2.7" },
		EditorsChanged: func(i *fleet.Instance) {
			if i.ID == "i-1" && i.Team == "t-1" {
				p.changed <- struct{}{}
			}
		},
		Now: p.time, Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.door.Run(ctx, p.hints) }()
	t.Cleanup(func() { stop(); <-done })
	return p
}

type runners struct {
	p    *plant
	addr string
}

func (r runners) Dial(ctx context.Context, id fleet.InstanceID) (net.Conn, error) {
	if id != "i-1" {
		r.p.t.Errorf("dialed instance %q", id)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", r.addr)
}

func (r runners) DoorKey(fleet.InstanceID) (string, bool) {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	return "the-door-key", r.p.running
}

func (p *plant) time() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.now }

func (p *plant) set(f func()) { p.mu.Lock(); defer p.mu.Unlock(); f() }

func (p *plant) Enter(_ context.Context, label string, s fleet.SessionID) (control.Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if label != p.instance.Label {
		return control.Entry{}, fleet.ErrNotFound("instance")
	}
	e := control.Entry{Instance: p.instance, Actor: fleet.Anonymous("", ""), Role: fleet.RoleNone}
	if role, ok := p.roles[s]; ok {
		e.Actor = fleet.Actor{Kind: fleet.ActorUser, User: fleet.UserID("u-" + string(s)), Username: "anna", Session: s}
		e.Role, e.Name = role, "Änna"
	}
	return e, nil
}

func (p *plant) EnterID(ctx context.Context, id fleet.InstanceID, s fleet.SessionID) (control.Entry, error) {
	return p.Enter(ctx, "pump", s)
}

func (p *plant) EnterToken(ctx context.Context, label, token string) (control.Entry, error) {
	e, err := p.Enter(ctx, label, "")
	p.mu.Lock()
	defer p.mu.Unlock()
	if token == machineToken && p.machine && err == nil {
		e.HTTPToken, e.Actor = "h-1", fleet.Actor{Kind: fleet.ActorToken, Username: "PLC", Token: "h-1"}
		return e, nil
	}
	if role, ok := p.tokens[token]; ok && err == nil {
		e.Actor, e.Role = fleet.Actor{Kind: fleet.ActorToken, User: "u-t", Token: "k-1"}, role
	}
	return e, err
}

func (p *plant) Witness(_ context.Context, who fleet.Actor, _ fleet.InstanceID, flows, _ string) error {
	p.set(func() { p.witnessed = append(p.witnessed, string(who.Session)+" "+flows) })
	return nil
}

func (p *plant) WitnessModule(_ context.Context, who fleet.Actor, _ fleet.InstanceID, module string) error {
	p.set(func() { p.witnessed = append(p.witnessed, string(who.Session)+" module "+module) })
	return nil
}

func (p *plant) Touch(context.Context, fleet.Actor) error { p.set(func() { p.touched++ }); return nil }

func (p *plant) Refused(context.Context, fleet.Actor, fleet.Instance, string) error {
	p.set(func() { p.refused++ })
	return nil
}

// ask sends one request through the door.
func (p *plant) ask(method, host, target string, body string, headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = host
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.door.ServeHTTP(w, r)
	return w
}

// enter goes through the whole hand-over and returns the door's cookie.
func (p *plant) enter(session fleet.SessionID, host string) string {
	p.t.Helper()
	p.set(func() { p.signedIn = session })
	first := p.ask("GET", host, "/", "", "Accept", "text/html")
	if first.Code != http.StatusFound {
		p.t.Fatalf("first request: %d %s", first.Code, first.Body)
	}
	state := first.Result().Cookies()[0]
	second := httptest.NewRecorder()
	p.door.Authorize(second, httptest.NewRequest("GET", first.Header().Get("Location"), nil))
	if second.Code != http.StatusFound {
		p.t.Fatalf("authorize: %d %s", second.Code, second.Body)
	}
	back, _ := url.Parse(second.Header().Get("Location"))
	third := p.ask("GET", host, back.RequestURI(), "", "Cookie", state.Name+"="+state.Value, "Accept", "text/html")
	if third.Code != http.StatusSeeOther {
		p.t.Fatalf("enter: %d %s", third.Code, third.Body)
	}
	c := third.Result().Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") {
		p.t.Errorf("door cookie = %v; want a host-only, secure one that scripts cannot read", c)
	}
	return c.Name + "=" + c.Value
}

func TestSignInIsHandedOverAndKept(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-owner", flowsHost)
	w := p.ask("GET", flowsHost, "/dashboard", "", "Cookie", cookie+"; mine=1", "Sec-Fetch-Site", "same-origin")
	if w.Code != 200 || w.Body.String() != "from the flow" {
		t.Fatalf("got %d %q", w.Code, w.Body)
	}
	if got := p.seen.Header.Get("Cookie"); got != "mine=1" {
		t.Errorf("the flow saw the cookies %q; want its own alone", got)
	}
	if p.seen.Header.Get("X-Leat-Key") != "the-door-key" || p.seen.Header.Get("X-Leat-User") == "" {
		t.Errorf("headers towards the flow: %v", p.seen.Header)
	}
}

func TestACodeIsGoodOnceForItsBrowserPlaceAndTime(t *testing.T) {
	hand := func(p *plant) (state *http.Cookie, back *url.URL) {
		p.set(func() { p.signedIn = "s-owner" })
		first := p.ask("GET", flowsHost, "/x", "", "Accept", "text/html")
		second := httptest.NewRecorder()
		p.door.Authorize(second, httptest.NewRequest("GET", first.Header().Get("Location"), nil))
		back, _ = url.Parse(second.Header().Get("Location"))
		return first.Result().Cookies()[0], back
	}
	tests := map[string]func(p *plant, state *http.Cookie, back *url.URL) *httptest.ResponseRecorder{
		"used twice": func(p *plant, s *http.Cookie, b *url.URL) *httptest.ResponseRecorder {
			p.ask("GET", flowsHost, b.RequestURI(), "", "Cookie", s.Name+"="+s.Value)
			return p.ask("GET", flowsHost, b.RequestURI(), "", "Cookie", s.Name+"="+s.Value)
		},
		"another browser": func(p *plant, s *http.Cookie, b *url.URL) *httptest.ResponseRecorder {
			return p.ask("GET", flowsHost, b.RequestURI(), "", "Cookie", s.Name+"=AAAAAAAAAAAAAAAAAAAAAAAAAA")
		},
		"no cookie": func(p *plant, s *http.Cookie, b *url.URL) *httptest.ResponseRecorder {
			return p.ask("GET", flowsHost, b.RequestURI(), "")
		},
		"another place": func(p *plant, s *http.Cookie, b *url.URL) *httptest.ResponseRecorder {
			return p.ask("GET", editorHost, b.RequestURI(), "", "Cookie", s.Name+"="+s.Value)
		},
		"late": func(p *plant, s *http.Cookie, b *url.URL) *httptest.ResponseRecorder {
			p.set(func() { p.now = p.now.Add(31 * time.Second) })
			return p.ask("GET", flowsHost, b.RequestURI(), "", "Cookie", s.Name+"="+s.Value)
		},
	}
	for name, try := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			state, back := hand(p)
			if w := try(p, state, back); w.Code != http.StatusForbidden || strings.Contains(w.Header().Get("Set-Cookie"), "leat-door") {
				t.Errorf("got %d, cookies %v; want 403 and no cookie", w.Code, w.Header()["Set-Cookie"])
			}
		})
	}
}

func TestRolesAtTheDoor(t *testing.T) {
	tests := []struct {
		session             fleet.SessionID
		host, method, path  string
		want                int
		identity, userKnown bool
	}{
		{"s-owner", editorHost, "GET", "/.leat/editor/", 200, true, false},
		{"s-owner", editorHost, "POST", "/.leat/editor/nodes", 200, true, false},
		{"s-viewer", editorHost, "GET", "/.leat/editor/flows", 200, true, false},
		{"s-viewer", editorHost, "POST", "/.leat/editor/flows", 403, false, false},
		{"s-viewer", editorHost, "DELETE", "/.leat/editor/nodes/x", 403, false, false},
		{"s-dash", flowsHost, "GET", "/dashboard", 200, false, true},
		{"s-owner", flowsHost, "GET", "/.leat/editor/", 404, false, false},
		{"s-owner", flowsHost, "POST", "/.leat/editor/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/.LEAT/editor/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/.leat/EDITOR/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "//.leat/editor/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/x/../.leat/editor/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/.leat/editor/resources/../flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/.leat/editor/resources/%2e%2e/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/.leat/editor/resources/..%2fflows", 404, false, false},
		{"s-owner", flowsHost, "GET", "/%2eleat/editor/flows", 404, false, false},
		{"s-owner", flowsHost, "GET", `/%5c.leat/editor/flows`, 404, false, false},
		{"s-dash", flowsHost, "GET", "/.leat/editor/resources/a/b.js", 200, false, false},
		{"s-dash", flowsHost, "PATCH", "/.leat/editor/dashboard/api/v1/x", 404, false, false},
		{"s-owner", flowsHost, "PATCH", "/.leat/editor/dashboard/api/v1/x", 200, true, false},
		{"s-owner", editorHost, "GET", "/dashboard", 404, false, false},
	}
	for _, tt := range tests {
		t.Run(string(tt.session)+" "+tt.method+" "+tt.host+tt.path, func(t *testing.T) {
			p := newPlant(t)
			cookie := p.enter(tt.session, tt.host)
			p.set(func() { p.seen = nil })
			w := p.ask(tt.method, tt.host, tt.path, "{}", "Cookie", cookie, "Sec-Fetch-Site", "same-origin",
				"Authorization", "Bearer my-own", "X-Leat-User", "forged", "X-Leat-Key", "forged")
			if w.Code != tt.want {
				t.Fatalf("status = %d; want %d: %s", w.Code, tt.want, w.Body)
			}
			if tt.want != 200 {
				if p.seen != nil {
					t.Fatal("a refused request reached Node-RED")
				}
				return
			}
			auth := p.seen.Header.Get("Authorization")
			if tt.identity != (strings.HasPrefix(auth, "Bearer ey")) {
				t.Errorf("Authorization towards Node-RED = %q", auth)
			}
			if strings.HasPrefix(p.seen.URL.Path, "/.leat/editor/") && strings.Contains(auth, "my-own") {
				t.Error("the client's own Authorization reached the editor root")
			}
			if user := p.seen.Header.Get("X-Leat-User"); tt.userKnown != (user != "") || user == "forged" {
				t.Errorf("X-Leat-User = %q", user)
			}
		})
	}
}

func TestStrangersAndDashboardRoleGetNoEditor(t *testing.T) {
	p := newPlant(t)
	for _, s := range []fleet.SessionID{"s-dash", "s-other"} {
		p.set(func() { p.signedIn = s })
		first := p.ask("GET", editorHost, "/.leat/editor/", "", "Accept", "text/html")
		w := httptest.NewRecorder()
		p.door.Authorize(w, httptest.NewRequest("GET", first.Header().Get("Location"), nil))
		if w.Code == http.StatusFound {
			t.Errorf("session %s was let into the editor", s)
		}
	}
	if w := p.ask("GET", editorHost, "/.leat/editor/flows", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("a program without a session got %d; want 401", w.Code)
	}
	if w := p.ask("GET", editorHost, "/.leat/editor/flows", "", "Authorization", "Bearer leat_good"); w.Code != http.StatusUnauthorized {
		t.Errorf("a token at the editor got %d; want 401", w.Code)
	}
}

func TestOrigins(t *testing.T) {
	tests := []struct {
		name    string
		method  string
		headers []string
		want    int
	}{
		{"own page", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"sibling's script", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://other.leat.localhost:8080"}, 403},
		{"sibling's read", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
		{"own editor's script", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Origin", "http://pump-editor.leat.localhost:8080"}, 403},
		{"foreign form", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"a link", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"framed by the platform", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Referer", platform + "/"}, 200},
		{"framed by a sibling", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Referer", "http://other.leat.localhost:8080/"}, 403},
		{"framed in silence", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"old browser, own page", "POST", []string{"Origin", "http://" + flowsHost}, 200},
		{"old browser, sibling", "POST", []string{"Origin", "http://other.leat.localhost:8080"}, 403},
		{"opaque origin", "POST", []string{"Origin", "null"}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlant(t)
			cookie := p.enter("s-owner", flowsHost)
			w := p.ask(tt.method, flowsHost, "/x", "", append(tt.headers, "Cookie", cookie)...)
			if w.Code != tt.want {
				t.Errorf("status = %d; want %d", w.Code, tt.want)
			}
		})
	}
}

func TestWebSocketsNeedTheirOwnOrigin(t *testing.T) {
	for origin, want := range map[string]int{
		"http://" + flowsHost:               200,
		"http://other.leat.localhost:8080":  403,
		platform:                            403,
		"":                                  403,
		"http://" + editorHost:              403,
		"http://pump.leat.localhost.evil:1": 403,
	} {
		p := newPlant(t)
		cookie := p.enter("s-owner", flowsHost)
		h := []string{"Cookie", cookie, "Connection", "Upgrade", "Upgrade", "websocket"}
		if origin != "" {
			h = append(h, "Origin", origin)
		}
		if w := p.ask("GET", flowsHost, "/ws", "", h...); w.Code != want {
			t.Errorf("origin %q: status = %d; want %d", origin, w.Code, want)
		}
	}
}

func TestPlantedAndForgedCookiesDoNotCount(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-owner", flowsHost)
	name, value, _ := strings.Cut(cookie, "=")
	other := newPlant(t)
	for what, c := range map[string]string{
		"two of the name":      cookie + "; " + name + "=x",
		"changed":              name + "=" + value[:len(value)-3] + "AAA",
		"of another platform":  other.enter("s-owner", flowsHost) + "x",
		"without its MAC":      name + "=" + strings.Split(value, ".")[0],
		"name without __Host-": "leat-door=" + value,
	} {
		if w := p.ask("GET", flowsHost, "/", "", "Cookie", c); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: status = %d; want 401", what, w.Code)
		}
	}
	if w := p.ask("GET", editorHost, "/.leat/editor/flows", "", "Cookie", cookie); w.Code != http.StatusUnauthorized {
		t.Errorf("the flows' cookie opened the editor: %d", w.Code)
	}
}

func TestWhatAFlowAnswersCannotReachBeyondItsOrigin(t *testing.T) {
	p := newPlant(t)
	p.upstream = func(w http.ResponseWriter, _ *http.Request) {
		for _, c := range []string{"ok=1; Path=/", "toss=1; domain=leat.localhost", "toss2=1; DOMAIN = .localhost", "leat=1", "__Host-leat=1; Secure; Path=/", "Leat-Door=1", "__host-leat-door=1"} {
			w.Header().Add("Set-Cookie", c)
		}
		w.Header().Set("Clear-Site-Data", `"*"`)
		w.Header().Set("Strict-Transport-Security", "max-age=1")
	}
	cookie := p.enter("s-owner", flowsHost)
	w := p.ask("GET", flowsHost, "/", "", "Cookie", cookie)
	if got := w.Header()["Set-Cookie"]; len(got) != 1 || got[0] != "ok=1; Path=/" {
		t.Errorf("Set-Cookie = %q; want the harmless one alone", got)
	}
	for _, h := range []string{"Clear-Site-Data", "Strict-Transport-Security"} {
		if w.Header().Get(h) != "" {
			t.Errorf("%s passed", h)
		}
	}
}

func TestAccessModes(t *testing.T) {
	tests := []struct {
		access fleet.Access
		header []string
		want   int
	}{
		{fleet.AccessLogin, nil, 401},
		{fleet.AccessLogin, []string{"Authorization", "Bearer leat_good"}, 403},
		{fleet.AccessOpen, nil, 200},
		{fleet.AccessToken, nil, 401},
		{fleet.AccessToken, []string{"Authorization", "Bearer leat_bad"}, 401},
		{fleet.AccessToken, []string{"Authorization", "Bearer leat_good"}, 200},
	}
	for _, tt := range tests {
		p := newPlant(t)
		p.instance.Access = tt.access
		w := p.ask("GET", flowsHost, "/api", "", tt.header...)
		if w.Code != tt.want {
			t.Errorf("%s with %v: %d; want %d", tt.access, tt.header, w.Code, tt.want)
		}
		if w.Code == 200 && p.seen.Header.Get("Authorization") != "" {
			t.Errorf("%s: the person's token reached the flow", tt.access)
		}
	}
}

func TestADeployIsWitnessed(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-owner", editorHost)
	var got string
	p.upstream = func(w http.ResponseWriter, r *http.Request) { b, _ := io.ReadAll(r.Body); got = string(b) }
	body := `{"flows":[{"id":"a","type":"tab","credentials":{"password":"x"}}],"rev":"1"}`
	p.ask("POST", editorHost, "/.leat/editor/flows", body, "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
	if got != body {
		t.Errorf("Node-RED got %q; want the body as it was", got)
	}
	saved, _ := fleet.DeployDigest([]byte(`[{"type":"tab","id":"a"}]`))
	if len(p.witnessed) != 1 || p.witnessed[0] != "s-owner "+saved {
		t.Errorf("witnessed %q; want the digest of what Node-RED saves: %s", p.witnessed, saved)
	}
}

func TestAChangeOfModulesIsWitnessed(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-owner", editorHost)
	h := []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"}
	p.ask("POST", editorHost, "/.leat/editor/nodes", `{"module":"@acme/Pump","version":"1.0.0"}`, h...)
	p.ask("DELETE", editorHost, "/.leat/editor/nodes/@acme/Pump", "", h...)
	p.ask("PUT", editorHost, "/.leat/editor/nodes/@acme/Pump", `{"enabled":false}`, h...)
	want := []string{"s-owner module @acme/Pump", "s-owner module @acme/Pump"}
	if !slices.Equal(p.witnessed, want) {
		t.Errorf("witnessed %q; want %q", p.witnessed, want)
	}
}

func TestWhatIsOpenEndsWithItsSession(t *testing.T) {
	p := newPlant(t)
	started, ended := make(chan struct{}), make(chan struct{})
	p.upstream = func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		http.NewResponseController(w).Flush()
		close(started)
		<-r.Context().Done()
		close(ended)
	}
	cookie := p.enter("s-owner", flowsHost)
	go p.ask("GET", flowsHost, "/events", "", "Cookie", cookie)
	<-started
	p.set(func() { delete(p.roles, "s-owner") })
	p.hints <- struct{}{}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the stream outlived its session")
	}
}

func TestASocketEndsWithItsRole(t *testing.T) {
	p := newPlant(t)
	p.upstream = func(w http.ResponseWriter, r *http.Request) {
		c, rw, _ := http.NewResponseController(w).Hijack()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		rw.Flush()
		io.Copy(io.Discard, c)
		c.Close()
	}
	cookie := p.enter("s-viewer", editorHost)
	front := httptest.NewServer(p.door)
	defer front.Close()
	c, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /.leat/editor/comms HTTP/1.1\r\nHost: "+editorHost+"\r\nOrigin: http://"+editorHost+"\r\nCookie: "+cookie+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	buf := make([]byte, 512)
	n, _ := c.Read(buf)
	if !strings.HasPrefix(string(buf[:n]), "HTTP/1.1 101") {
		t.Fatalf("upgrade answered %q", buf[:n])
	}
	p.set(func() { p.roles["s-viewer"] = fleet.RoleDashboard })
	p.hints <- struct{}{}
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(buf); err != io.EOF && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the socket outlived the role: %v", err)
	}
}

func TestAnInstanceThatDoesNotRunSaysSo(t *testing.T) {
	p := newPlant(t)
	cookie := p.enter("s-owner", flowsHost)
	p.set(func() { p.running = false; p.instance.Name = "<b>Süd</b>"; p.instance.Observed = fleet.StateStarting })
	w := p.ask("GET", flowsHost, "/", "", "Cookie", cookie, "Accept", "text/html")
	if w.Code != 503 || !strings.Contains(w.Body.String(), "is starting") || strings.Contains(w.Body.String(), "<b>") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestUnknownHostsAreMisdirected(t *testing.T) {
	p := newPlant(t)
	for _, host := range []string{"nobody.leat.localhost:8080", "evil.example", "pump.leat.localhost:9", "a.b.leat.localhost:8080", "-editor.leat.localhost:8080"} {
		if w := p.ask("GET", host, "/", ""); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d; want 421", host, w.Code)
		}
	}
}

func TestTheWayBackStaysOnItsHost(t *testing.T) {
	p := newPlant(t)
	p.set(func() { p.signedIn = "s-owner" })
	for _, to := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil", "/.leat/door/enter?x"} {
		q := url.Values{"origin": {"http://" + flowsHost}, "state": {"AAAAAAAAAAAAAAAAAAAAAAAAAA"}, "to": {to}}
		w := httptest.NewRecorder()
		p.door.Authorize(w, httptest.NewRequest("GET", proxy.AuthorizePath+"?"+q.Encode(), nil))
		back, _ := url.Parse(w.Header().Get("Location"))
		if back.Host != flowsHost || back.Query().Get("to") != "/" {
			t.Errorf("to %q led to %s", to, back)
		}
	}
}
