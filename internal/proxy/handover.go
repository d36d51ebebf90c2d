package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"leat/internal/fleet"
)

// How long a hand-over may take: the code from the platform to the instance's
// host, and the whole way from the first redirect on.
const (
	codeLife  = 30 * time.Second
	stateLife = 10 * time.Minute
	maxCodes  = 10_000
)

// AuthorizePath is the hand-over's page on the platform's host.
const AuthorizePath = "/door/authorize"

// startHandOver sends a visitor without a session to the platform. The state
// cookie ties the code that comes back to this browser; tabs that start at the
// same time share it. Addresses carry its hash alone: a script of the instance
// can see the way back (in a service worker), and must not be able to go it with
// a cookie of its own making somewhere else.
func (v *visit) startHandOver() {
	secret := v.stateSecret()
	if secret == "" {
		secret = rand.Text()
	}
	v.place.setCookie(v.w, v.place.stateName(), secret, int(stateLife.Seconds()))
	to := v.r.URL.RequestURI()
	q := url.Values{"origin": {v.place.Origin}, "state": {stateOf(secret)}, "to": {localPath(to)}}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, v.place.platformURL(AuthorizePath, q), http.StatusFound)
}

// stateOf is what addresses show of a state cookie.
func stateOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// stateSecret is the state cookie, where there is exactly one of a plausible form.
func (v *visit) stateSecret() string {
	cookies := v.r.CookiesNamed(v.place.stateName())
	if len(cookies) != 1 || len(cookies[0].Value) < 16 || len(cookies[0].Value) > 64 {
		return ""
	}
	return cookies[0].Value
}

// Authorize is the platform's end of the hand-over: it checks that the person
// may enter and answers with a code for that place, session and browser alone.
//
// Its refusals may be framed by the platform's pages, in which instances open.
func (d *Door) Authorize(w http.ResponseWriter, r *http.Request) {
	w.Header().Del("X-Frame-Options")
	q := r.URL.Query()
	place, ok := d.placeOf(q.Get("origin"), r)
	state := q.Get("state")
	if !ok || len(state) < 16 || len(state) > 64 {
		d.pages.refuse(w, r, http.StatusBadRequest, "bad_hand_over", "This link is not complete.", "Open the instance again from the platform.")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	who, ok := d.Platform(r)
	if !ok || who.Session == "" {
		http.Redirect(w, r, "/sign-in?"+url.Values{"to": {r.URL.RequestURI()}}.Encode(), http.StatusFound)
		return
	}
	e, err := d.Rules.Enter(r.Context(), place.Label, who.Session)
	if err == nil {
		err = e.Actor.May(place.Surface.permission(), e.Role, "instance")
	}
	switch {
	case fleet.IsKind(err, fleet.NotFound):
		d.pages.framed(w, r, http.StatusNotFound, "instance_not_found", "There is no such instance, or you may not see it.")
	case fleet.IsKind(err, fleet.Forbidden):
		if err := d.Rules.Refused(r.Context(), e.Actor, e.Instance, string(place.Surface.permission())); err != nil {
			d.Log.WarnContext(r.Context(), "refusal could not be recorded", "err", err)
		}
		d.pages.framed(w, r, http.StatusForbidden, "forbidden", "You may not open this.")
	case err != nil:
		d.fail(w, r, err)
	default:
		code := d.codes.mint(grant{session: who.Session, instance: e.Instance.ID, origin: place.Origin, state: state})
		back := url.Values{"code": {code}, "to": {localPath(q.Get("to"))}}
		http.Redirect(w, r, place.Origin+doorRoot+"enter?"+back.Encode(), http.StatusFound)
	}
}

// placeOf finds the place that an origin names, as the visitor of r reaches it.
func (d *Door) placeOf(origin string, r *http.Request) (Place, bool) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != d.Places.Base.Scheme || origin != u.Scheme+"://"+u.Host {
		return Place{}, false
	}
	return d.Places.byOrigin(u, r)
}

// doorEndpoint serves the door's own endpoints on an instance's host.
func (v *visit) doorEndpoint(name string) {
	v.w.Header().Set("Cache-Control", "no-store")
	switch {
	case name == "enter" && v.r.Method == http.MethodGet:
		v.finishHandOver()
	case name == "renew" && v.r.Method == http.MethodGet:
		v.renew()
	case name == "activity" && v.r.Method == http.MethodPost && v.place.Surface == editorSurface:
		v.activity()
	default:
		v.door.pages.notHere(v.w, v.r)
	}
}

// renew gives an open page a new cookie after its person signed in again: the
// platform loads it in a hidden frame, so that the page keeps what is unsaved.
func (v *visit) renew() {
	if !v.allowed(v.place.Surface.permission()) {
		v.refuse(v.place.Surface.permission())
		return
	}
	v.w.WriteHeader(http.StatusNoContent)
}

// activity notes that the person is at work in the editor, which the platform's
// own pages cannot see. A dashboard's scripts are flows': they keep nobody's
// session alive.
func (v *visit) activity() {
	if v.entry.Actor.Session == "" || !v.allowed(v.place.Surface.permission()) {
		v.door.pages.refuse(v.w, v.r, http.StatusUnauthorized, "not_signed_in", "Your session has ended.", "Sign in again.")
		return
	}
	if err := v.door.Rules.Touch(v.r.Context(), v.entry.Actor); err != nil {
		v.door.fail(v.w, v.r, err)
		return
	}
	v.w.WriteHeader(http.StatusNoContent)
}

// finishHandOver swaps a code for the door's cookie. A code that does not fit
// (used, late, another browser's) starts over rather than fails: the tab beside
// it may have been faster.
func (v *visit) finishHandOver() {
	q := v.r.URL.Query()
	to := localPath(q.Get("to"))
	secret := v.stateSecret()
	g, ok := v.door.codes.swap(q.Get("code"))
	fits := ok && secret != "" &&
		subtle.ConstantTimeCompare([]byte(stateOf(secret)), []byte(g.state)) == 1 &&
		g.origin == v.place.Origin && g.instance == v.entry.Instance.ID
	switch {
	case fits:
		v.place.setCookie(v.w, v.place.cookieName(), v.door.sealCookie(g.session, g.instance, v.place), 0)
		http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	case v.allowed(v.place.Surface.permission()):
		http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	case secret == "":
		v.door.pages.refuse(v.w, v.r, http.StatusForbidden, "no_cookie", "Your browser did not keep the sign-in cookie of this page.",
			"Open the instance again from the platform, and allow its cookies.")
	default:
		v.door.pages.refuse(v.w, v.r, http.StatusForbidden, "code_ended", "This sign-in link has been used or is too old.", "Open the instance again from the platform.")
	}
}

// localPath keeps a target on its own host: one slash, then no second one and no
// backslash, which browsers read as a slash.
func localPath(to string) string {
	if len(to) > 4096 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	if strings.HasPrefix(to, doorRoot) && to != doorRoot+"renew" {
		return "/"
	}
	return to
}

// grant is what a code stands for.
type grant struct {
	session  fleet.SessionID
	instance fleet.InstanceID
	origin   string
	state    string
	until    time.Time
}

// codes are the hand-over codes on their way: each good once, for codeLife.
type codes struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[string]grant
}

func newCodes(now func() time.Time) *codes { return &codes{now: now, m: map[string]grant{}} }

// mint makes a code. Where too many are on their way the late ones go first,
// then all: a flood costs others a second redirect at most.
func (c *codes) mint(g grant) string {
	code := rand.Text()
	now := c.now()
	g.until = now.Add(codeLife)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= maxCodes {
		for k, old := range c.m {
			if now.After(old.until) {
				delete(c.m, k)
			}
		}
		if len(c.m) >= maxCodes {
			clear(c.m)
		}
	}
	c.m[code] = g
	return code
}

// swap uses a code up.
func (c *codes) swap(code string) (grant, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.m[code]
	delete(c.m, code)
	return g, ok && !c.now().After(g.until)
}
