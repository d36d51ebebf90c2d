// Package web is the platform's own HTTP: the API, its routes with their
// permissions, the live stream, and the files of the UI. A handler decodes,
// calls one verb of control and shows the result; no rule lives here.
package web

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/fleet"
)

// Config is what the platform knows about itself.
type Config struct {
	// Name is what the platform is called, Version its release.
	Name, Version string
	// BaseURL is where browsers reach the platform, without a path.
	BaseURL *url.URL
	// Local says that BaseURL was made up because none was configured: pages
	// asked for at another loopback name are then sent to it.
	Local bool
	// InstanceOrigins may be framed by the platform's pages; CSP source expressions.
	InstanceOrigins []string
	// TrustedProxies are the networks whose X-Forwarded headers count.
	TrustedProxies []netip.Prefix
	// SessionIdle and SessionLife are the lengths of a session.
	SessionIdle, SessionLife time.Duration
	// SetupHint says where the setup link is to be found; it never holds the link.
	SetupHint string
	// Patience is how long a body or an answer may stand still, Beat how often a
	// quiet stream says that it lives; 0 means 30 s and 15 s.
	Patience, Beat time.Duration
	// Demo lists the accounts of the demo plant; empty elsewhere.
	Demo []api.DemoAccount
}

// Deps is what the server stands on.
type Deps struct {
	Control *control.Control
	Bus     *bus.Bus[fleet.Event]
	Logs    Logs
	// StackProgress tells of a stack whether it is laid out on this machine, how far
	// that is, and why it is not.
	StackProgress func(*fleet.Stack) (ready bool, p *api.Progress, reason string)
	Ready         []Check
	UI            fs.FS
	Log           *slog.Logger
	Now           func() time.Time
	// Mounts are handlers on the platform's host that belong to others, by pattern.
	Mounts map[string]http.Handler
	// URLs are the addresses of an instance's flows and editor for somebody who
	// reaches the platform at host.
	URLs func(label, host string) (flows, editor string)
	// Trouble says why an instance has no address where it should, or ""; nil
	// where that cannot be.
	Trouble func(label string) string
	// Editors lists who has an instance's editor open.
	Editors func(fleet.InstanceID) []api.Editor
	// Blueprints lists the flows that instances may start from.
	Blueprints []api.Blueprint
	// Asked is told, where set, which permission a route states and which its
	// verb asked for; tests compare them.
	Asked func(Route, []fleet.Permission)
}

// Logs gives the log lines of instances; the host has them.
type Logs interface {
	// Read gives the lines behind a cursor, or the last ones where it is empty.
	Read(ctx context.Context, id fleet.InstanceID, q LogQuery) (api.List[api.LogLine], error)
	// Follow calls each for every line behind a cursor as it comes, until ctx ends.
	Follow(ctx context.Context, id fleet.InstanceID, q LogQuery, each func(api.LogLine) error) error
}

// LogQuery chooses log lines.
type LogQuery struct {
	Cursor string
	Limit  int
	Level  string
}

// Server answers on the platform's own hosts.
type Server struct {
	Config
	Deps

	*control.Control
	hub     *hub
	meter   *meter
	routes  *routes
	root    *http.ServeMux
	ui      *static
	docs    *static
	origin  originCheck
	setUp   setupGate
	large   *largeGate
	headers []header
}

// New builds the server. Its live stream works while Run runs.
func New(config Config, deps Deps) *Server {
	config.Patience = cmp.Or(config.Patience, 30*time.Second)
	config.Beat = cmp.Or(config.Beat, 15*time.Second)
	s := &Server{
		Config: config, Deps: deps, Control: deps.Control,
		large: newLargeGate(),
	}
	s.hub = newHub(deps.Bus, deps.Now)
	s.meter = newMeter(s.hub)
	s.meter.count(newTally(deps.Control.Statistics, deps.Log))
	s.ui, s.docs = newStatic(deps.UI), newDocs()
	s.origin = originCheck{base: config.BaseURL}
	s.setUp = setupGate{hint: config.SetupHint, needed: deps.Control.Setup.Needed}
	s.headers = pageHeaders(config)
	s.routes = newRoutes(s)
	s.allRoutes(s.routes)
	s.routes.finish()
	s.root = s.newRoot()
	return s
}

// Run carries events to the live streams until ctx ends, and then ends the streams.
func (s *Server) Run(ctx context.Context) error { return s.hub.run(ctx) }

// allRoutes states every route of the API, noun by noun.
func (s *Server) allRoutes(r *routes) {
	s.statusRoutes(r)
	s.setupRoutes(r)
	s.sessionRoutes(r)
	s.userRoutes(r)
	s.tokenRoutes(r)
	s.signInRequestRoutes(r)
	s.teamRoutes(r)
	s.memberRoutes(r)
	s.invitationRoutes(r)
	s.applicationRoutes(r)
	s.instanceRoutes(r)
	s.flowsRoutes(r)
	s.environmentRoutes(r)
	s.snapshotRoutes(r)
	s.snapshotFileRoutes(r)
	s.timelineRoutes(r)
	s.comparisonRoutes(r)
	s.editorRoutes(r)
	s.sampleRoutes(r)
	s.logRoutes(r)
	s.catalogueRoutes(r)
	s.stackRoutes(r)
	s.contextRoutes(r)
	s.settingRoutes(r)
	s.statisticsRoutes(r)
	s.searchRoutes(r)
	s.mailRoutes(r)
	s.notificationRoutes(r)
	s.announcementRoutes(r)
	s.passwordResetRoutes(r)
	s.httpTokenRoutes(r)
	s.instanceTypeRoutes(r)
	s.teamTypeRoutes(r)
	s.teamAdminRoutes(r)
	s.auditEventRoutes(r)
	s.eventRoutes(r)
}

// newRoot is the platform's address space: the API, what watches the process,
// and the UI for all the rest.
func (s *Server) newRoot() *http.ServeMux {
	root := http.NewServeMux()
	root.Handle(base+"/", s.routes.mux)
	root.HandleFunc("GET /api/docs", s.apiDocs)
	root.HandleFunc("GET /api/docs/{file}", s.apiDocs)
	root.HandleFunc("GET /healthz", s.health)
	root.HandleFunc("GET /readyz", s.ready)
	root.HandleFunc("GET /metrics", s.metrics)
	for pattern, handler := range s.Mounts {
		root.Handle(pattern, handler)
	}
	root.HandleFunc("/", s.page)
	return root
}
