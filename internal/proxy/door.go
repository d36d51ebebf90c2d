// Package proxy is the door: every request to an instance's flows and to its
// editor passes through here, where Leat knows the user. It decides who may
// enter, hands sign-in over from the platform, tells Node-RED who is there, and
// ends what is open when a session, a role or an access mode ends.
//
// Each instance has two origins: its flows at <label>.<domain> and its editor at
// <label>-editor.<domain> (two ports where there are no names). A script on a
// dashboard therefore never shares an origin with the editor.
package proxy

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// Rules is what the door asks of the verbs: control.Doors, or a test's own.
type Rules interface {
	// Enter finds an instance by its label, and the session's user and role. An
	// unknown label is fleet.NotFound; a session that is no longer good gives an
	// anonymous actor and no error.
	Enter(ctx context.Context, label string, session fleet.SessionID) (control.Entry, error)
	// EnterToken is Enter for a personal access token or an HTTP token.
	EnterToken(ctx context.Context, label, token string) (control.Entry, error)
	// EnterID is Enter by the instance's id; the door asks it of what is open.
	EnterID(ctx context.Context, id fleet.InstanceID, session fleet.SessionID) (control.Entry, error)
	// Witness notes a deploy that the door lets through: who, and the digest of
	// the flows in it (see fleet.DeployDigest) and of the whole body.
	Witness(ctx context.Context, who fleet.Actor, id fleet.InstanceID, flows, body string) error
	// WitnessModule notes a change of palette modules that the door lets through.
	WitnessModule(ctx context.Context, who fleet.Actor, id fleet.InstanceID, module string) error
	// Touch notes that the person behind a session did something.
	Touch(ctx context.Context, who fleet.Actor) error
	// Refused notes an entry that was refused to somebody signed in.
	Refused(ctx context.Context, who fleet.Actor, in fleet.Instance, what string) error
}

// Runners reaches the Node-RED of an instance.
type Runners interface {
	// Dial connects to where the instance's Node-RED listens.
	Dial(ctx context.Context, id fleet.InstanceID) (net.Conn, error)
	// DoorKey is the key that the running Node-RED asks of every request; false
	// while none runs.
	DoorKey(id fleet.InstanceID) (string, bool)
}

// Config is what a Door is made of.
type Config struct {
	Rules   Rules
	Runners Runners
	Places  *Places
	// Platform answers who is signed in at the platform, for the hand-over.
	Platform func(r *http.Request) (fleet.Actor, bool)
	// Identity signs what Node-RED's editor is told about the user.
	Identity ed25519.PrivateKey
	// CookieKey authenticates the door's own cookies.
	CookieKey []byte
	// Catalogue answers the editor's palette catalogue.
	Catalogue http.Handler
	// EditorsChanged is told of an instance whose editor somebody opened or closed.
	EditorsChanged func(*fleet.Instance)
	// Address is where a request comes from, for the audit log.
	Address func(r *http.Request) string
	Now     func() time.Time
	Log     *slog.Logger
}

// Door is the way in to every instance. It is an http.Handler for the hosts (or
// ports) of instances; Authorize is its page on the platform's host.
type Door struct {
	Config
	codes    *codes
	minter   *minter
	open     *openSet
	large    chan struct{} // turns of large deploys
	upstream *httputil.ReverseProxy
	pages    pages
}

// New builds a door. Run must be running for what is open to end in time.
func New(c Config) *Door {
	d := &Door{
		Config: c,
		codes:  newCodes(c.Now),
		minter: newMinter(c.Identity, c.Now),
		open:   newOpenSet(c.EditorsChanged),
		large:  make(chan struct{}, largeDeploys),
	}
	d.upstream = d.newUpstream()
	return d
}

// ServeHTTP lets a request through to an instance, or says why not.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	place, ok := d.Places.Find(r)
	if !ok {
		d.pages.misdirected(w, r)
		return
	}
	v := &visit{door: d, w: patient(w, r), r: r, place: place, sweeps: d.open.seen()}
	v.slow, _ = r.Body.(*patientBody)
	w = v.w
	if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		d.pages.refuse(w, r, http.StatusMethodNotAllowed, "method_not_allowed", "This method leads nowhere here.", "Use another one.")
		return
	}
	v.cookie, v.cookies = d.readCookie(r, place)
	if !v.sameOrigin() {
		d.pages.refuse(w, r, http.StatusForbidden, "cross_origin", "This request came from another site.", "Open the page itself and try again.")
		return
	}
	entry, err := v.enter()
	switch {
	case fleet.IsKind(err, fleet.NotFound):
		d.pages.misdirected(w, r)
	case err != nil:
		d.fail(w, r, err)
	default:
		v.entry = entry
		v.entry.Actor.Addr = d.Address(r)
		v.serve()
	}
}

// fail answers an error that is none of the visitor's making: what is away for
// a while, such as room on the disk, in its own words.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		d.Log.ErrorContext(r.Context(), "door could not decide", "host", r.Host, "err", err)
	}
	var known *fleet.Error
	if errors.As(err, &known) && known.Kind == fleet.Unavailable {
		d.pages.refuse(w, r, http.StatusServiceUnavailable, known.Code, "The platform cannot do this now.", known.Msg)
		return
	}
	d.pages.refuse(w, r, http.StatusInternalServerError, "internal", "Something went wrong on our side.", "Try again in a moment.")
}

// surface is one of the two origins of an instance.
type surface string

const (
	flowsSurface  surface = "flows"
	editorSurface surface = "editor"
)

// permission is what a caller needs to look at a surface.
func (s surface) permission() fleet.Permission {
	if s == editorSurface {
		return fleet.FlowsRead
	}
	return fleet.InstanceOpen
}

// editorRoot is where Node-RED's editor is mounted, on both surfaces.
const editorRoot = wire.EditorRoot

// doorRoot is where the door's own endpoints live, on both surfaces.
const doorRoot = "/.leat/door/"

// platformURL is an address on the platform's host.
func (p Place) platformURL(path string, query url.Values) string {
	u := *p.Platform
	u.Path = path
	u.RawQuery = query.Encode()
	return u.String()
}
