package proxy

import (
	"net/http"
	"path"
	"strings"

	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// visit is one request on its way through the door.
type visit struct {
	door   *Door
	w      http.ResponseWriter
	r      *http.Request
	place  Place
	entry  control.Entry
	cookie doorCookie
	// cookies says that the request carries a cookie of Leat's.
	cookies bool
	// token is the secret of the token that the visitor came with.
	token string
	// sweeps is how often what is open had been looked through when the visit began.
	sweeps int
	// slow is the body, where there is one.
	slow *patientBody
}

// enter asks the rules who this is. A token counts on the flows' side of an
// instance, and nowhere else.
func (v *visit) enter() (control.Entry, error) {
	ctx := v.r.Context()
	if v.place.Surface == flowsSurface && !v.cookie.valid {
		if token, ok := leatToken(v.r); ok {
			v.token = token
			return v.door.Rules.EnterToken(ctx, v.place.Label, token)
		}
	}
	e, err := v.door.Rules.Enter(ctx, v.place.Label, v.cookie.session)
	if err == nil && v.cookie.valid && v.cookie.instance != e.Instance.ID {
		// The label has gone to another instance since the cookie was made.
		e.Actor, e.Role = fleet.Anonymous(v.r.RemoteAddr, ""), fleet.RoleNone
	}
	return e, err
}

// serve decides by surface and path.
func (v *visit) serve() {
	p := v.r.URL.Path
	if reserved(p) && !plainReserved(p, v.r.URL.RawPath) {
		v.door.pages.notHere(v.w, v.r)
		return
	}
	switch {
	case strings.HasPrefix(p, doorRoot):
		v.doorEndpoint(strings.TrimPrefix(p, doorRoot))
	case v.place.Surface == editorSurface:
		v.serveEditor(p)
	default:
		v.serveFlows(p)
	}
}

// reserved reports a path below /.leat however it is written: Node-RED's router
// does not tell upper case from lower.
func reserved(p string) bool {
	p = strings.ToLower(path.Clean("/" + strings.ReplaceAll(p, `\`, "/")))
	return p == "/.leat" || strings.HasPrefix(p, "/.leat/")
}

// plainReserved reports a reserved path that is written the one way we mean: in
// lower case as far as the rules read it, with no dots or doubled slashes to
// climb by, and no encoded slash on the way to what the rules compare.
func plainReserved(p, raw string) bool {
	if strings.Contains(p, "//") || strings.Contains(p, `\`) || path.Clean(p) != strings.TrimSuffix(p, "/") {
		return false
	}
	if raw != "" && !strings.HasPrefix(raw, editorRoot) {
		return false
	}
	return p == strings.TrimSuffix(editorRoot, "/") || strings.HasPrefix(p, editorRoot) || strings.HasPrefix(p, doorRoot)
}

// serveEditor serves the editor's own host: the editor root and nothing else,
// and nobody without a session.
func (v *visit) serveEditor(p string) {
	if !v.allowed(fleet.FlowsRead) {
		v.refuse(fleet.FlowsRead)
		return
	}
	switch {
	case p == "/" || p == strings.TrimSuffix(editorRoot, "/"):
		http.Redirect(v.w, v.r, editorRoot, http.StatusFound)
	case p == wire.CataloguePath && v.reading():
		v.door.Catalogue.ServeHTTP(v.w, v.r)
	case !strings.HasPrefix(p, editorRoot):
		v.door.pages.notHere(v.w, v.r)
	case mayEdit(v.entry) != nil && (!v.reading() || isUpgrade(v.r) && p != commsPath):
		v.refuseEdit(mayEdit(v.entry))
	default:
		v.forwardEditor(p)
	}
}

// serveFlows serves what the flows serve. Of the editor root, dashboards need
// the modules' resources, and the layout editor of Dashboard a single PATCH.
func (v *visit) serveFlows(p string) {
	if !mayOpen(v.entry) {
		v.refuse(fleet.InstanceOpen)
		return
	}
	if rest, ok := strings.CutPrefix(p, editorRoot); ok {
		resource := v.reading() && strings.HasPrefix(rest, "resources/") && v.r.URL.RawPath == "" && !isUpgrade(v.r)
		layout := v.r.Method == http.MethodPatch && strings.HasPrefix(rest, "dashboard/api/v1/") && mayEdit(v.entry) == nil
		switch {
		case resource:
			v.forward(forwardOptions{})
		case layout:
			v.forward(forwardOptions{identity: true})
		default:
			v.door.pages.notHere(v.w, v.r)
		}
		return
	}
	if reserved(p) {
		v.door.pages.notHere(v.w, v.r)
		return
	}
	v.forward(forwardOptions{user: true})
}

// reading reports a request that changes nothing by its method; the editor's
// comms socket opens with a GET.
func (v *visit) reading() bool {
	return v.r.Method == http.MethodGet || v.r.Method == http.MethodHead
}

// allowed asks the permission table.
func (v *visit) allowed(p fleet.Permission) bool {
	return v.entry.Actor.May(p, v.entry.Role, "instance") == nil
}

// mayOpen applies the access mode of the instance.
func mayOpen(e control.Entry) bool {
	allowed := e.HTTPToken != "" || e.Actor.May(fleet.InstanceOpen, e.Role, "instance") == nil
	switch e.Instance.Access {
	case fleet.AccessOpen:
		return true
	case fleet.AccessToken:
		return allowed
	default:
		return allowed && (e.HTTPToken != "" || e.Actor.Kind != fleet.ActorToken)
	}
}

// refuse sends strangers to sign in, where they can, and others away.
func (v *visit) refuse(p fleet.Permission) {
	switch {
	case v.entry.Actor.SignedIn():
		if err := v.door.Rules.Refused(v.r.Context(), v.entry.Actor, v.entry.Instance, string(p)); err != nil {
			v.door.Log.WarnContext(v.r.Context(), "refusal could not be recorded", "err", err)
		}
		v.door.pages.refuse(v.w, v.r, http.StatusForbidden, "forbidden", "You may not open this.", "Ask an owner of the team for access.")
	case v.signInPossible():
		v.startHandOver()
	default:
		if v.place.Surface == flowsSurface && v.entry.Instance.Access == fleet.AccessToken {
			v.w.Header().Set("WWW-Authenticate", `Bearer realm="Leat"`)
			if v.r.Header.Get("Sec-Fetch-Mode") == "" {
				// A program; a browser would ask its user for a name and a password.
				v.w.Header().Add("WWW-Authenticate", `Basic realm="Leat"`)
			}
		}
		v.door.pages.refuse(v.w, v.r, http.StatusUnauthorized, "not_signed_in", "Sign in to open this.", "Open the page in a browser to sign in.")
	}
}

// signInPossible reports a page that a person asked for: only there does a
// redirect to the sign-in page help.
func (v *visit) signInPossible() bool {
	if v.r.Method != http.MethodGet || isUpgrade(v.r) {
		return false
	}
	if mode := v.r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(v.r.Header.Get("Accept"), "text/html")
}

func isUpgrade(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || headerHas(r.Header, "Connection", "upgrade")
}

func headerHas(h http.Header, name, token string) bool {
	for _, v := range h.Values(name) {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
