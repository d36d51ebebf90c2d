// Package server is the role of the platform: one function builds everything
// from the rows up to the listeners, and a group runs it in order.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/cron"
	"leat/internal/fleet"
	"leat/internal/proxy"
	"leat/internal/run"
	"leat/internal/secret"
	"leat/internal/store"
	"leat/internal/web"
	"leat/ui"
)

// World is what a server has from the process it runs in.
type World struct {
	// Out is where the setup link is printed.
	Out io.Writer
	Log *slog.Logger
	Now func() time.Time
	// WithoutHost leaves out what keeps instances running: their rows are there,
	// and nothing runs. For tests of the rest.
	WithoutHost bool
	// MailTLS says whom to trust as a mail server; nil but in tests.
	MailTLS *tls.Config
	// Asked is told which permission a route states and which its verb asked
	// for; tests compare them. May be nil.
	Asked func(web.Route, []fleet.Permission)
}

// Server is a platform that is ready to run.
type Server struct {
	config   *Config
	world    World
	dir      *directory
	db       *store.DB
	bus      *bus.Bus[fleet.Event]
	hashes   *secret.Passwords
	control  *control.Control
	web      *web.Server
	listener net.Listener
	base     *url.URL
	// certificate is nil where the platform speaks plain HTTP.
	certificate *certificate

	stacks    *stacks
	instances *instances
}

// Run opens a server and runs it until ctx ends.
func Run(ctx context.Context, config *Config, world World) error {
	s, err := Open(ctx, config, world)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// busBuffer is how many events a listener may be behind before it is dropped.
const busBuffer = 1024

// Open takes the data directory, opens the database and the listener, and puts
// the parts together. Nothing is answered before Run.
func Open(ctx context.Context, config *Config, world World) (*Server, error) {
	s := &Server{config: config, world: world, bus: bus.New[fleet.Event](busBuffer), hashes: secret.NewPasswords(0)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (err error) {
	config, world := s.config, s.world
	if s.dir, err = openDirectory(config.Data); err != nil {
		return err
	}
	if s.db, err = store.Open(ctx, s.databaseURL()); err != nil {
		return err
	}
	if err := s.checkKey(ctx); err != nil {
		return err
	}
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", config.HTTP.Listen.String()); err != nil {
		return fmt.Errorf("http.listen: %w", err)
	}
	if config.HTTP.TLSCert != "" {
		if s.certificate, err = newCertificate(config.HTTP.TLSCert, config.HTTP.TLSKey, world.Now); err != nil {
			return err
		}
	}
	var local bool
	s.base, local = config.base(s.listener.Addr())
	if s.stacks, err = s.newStacks(); err != nil {
		return err
	}
	link, text := newSetupLink(world.Now)
	flows, _ := blueprints()
	s.control = control.New(control.Deps{
		DB: s.db, Bus: s.bus, Key: s.dir.key, Passwords: s.hashes, Now: world.Now, Log: world.Log,
		SessionIdle: config.Session.Idle, SessionLife: config.Session.Life, SetupSecret: link.check,
		CheckpointFile: s.dir.file("checkpoints", "audit"), AuditKeep: config.Audit.Keep,
		Stacks: s.stacks.builtIn(), StackReady: s.stacks.ready, Context: contexts{s}, Blueprints: flows, Resolver: s.stacks, Packages: s.stacks, PlatformURL: s.base.String(), PlatformName: config.Name, Mail: config.Mail.settings(), MailTLS: world.MailTLS, LogTail: s.logTail, ReservedPorts: reservedPorts(s.listener.Addr()),
	})
	s.stacks.verbs = s.control.Stacks
	if err := s.control.Stacks.Sync(ctx); err != nil {
		return err
	}
	if err := s.setUp(ctx, link, text); err != nil {
		return err
	}
	if s.instances, err = s.newInstances(); err != nil {
		return err
	}
	s.web = web.New(s.webConfig(local), s.webDeps())
	return nil
}

func (s *Server) databaseURL() string {
	if s.config.DB.URL != "" {
		return s.config.DB.URL
	}
	return "sqlite:" + s.dir.file("leat.db")
}

// setUp makes the administrator of the configuration or, where none is
// configured and none exists, prints the link that lets a person do it.
func (s *Server) setUp(ctx context.Context, link *setupLink, text string) error {
	admin := s.config.Admin
	if admin.Username != "" {
		created, err := s.control.Setup.FromEnvironment(ctx, api.Setup{
			Username: admin.Username, Email: admin.Email, Password: admin.Password,
		})
		if err != nil {
			return fmt.Errorf("make the administrator: %w", err)
		}
		if created {
			s.world.Log.InfoContext(ctx, "administrator created", "username", admin.Username)
		}
	}
	needed, err := s.control.Setup.Needed(ctx)
	if err != nil || !needed {
		return err
	}
	s.world.Log.InfoContext(ctx, "waiting for setup", "link", fmt.Sprintf("%s/setup#%s", s.base, text))
	return link.print(s.world.Out, s.base, text)
}

func (s *Server) webConfig(local bool) web.Config {
	return web.Config{
		Name: s.config.Name, Version: s.config.Version, BaseURL: s.base, Local: local,
		InstanceOrigins: instanceOrigins(s.base), TrustedProxies: s.config.HTTP.TrustedProxies,
		SessionIdle: s.config.Session.Idle, SessionLife: s.config.Session.Life, Demo: s.config.Demo,
		SetupHint: "The server printed a link for that when it started, in its terminal and its log. It prints a new one at each start, good for an hour.",
	}
}

// instanceOrigins is what the platform's pages may frame: all below its host.
func instanceOrigins(base *url.URL) []string {
	if !fleet.HasSubdomains(base.Host) {
		return nil
	}
	return []string{base.Scheme + "://*." + base.Host}
}

func (s *Server) webDeps() web.Deps {
	_, views := blueprints()
	return web.Deps{
		Control: s.control, Bus: s.bus, UI: s.pages(), Log: s.world.Log, Now: s.world.Now, Asked: s.world.Asked,
		Ready:      []web.Check{{Name: "database", Test: s.db.Ping}},
		Blueprints: views, Logs: hostLogs{s.instances.host}, StackProgress: s.stacks.progress, URLs: s.instances.places.URLs, Trouble: s.instances.listeners.Trouble,
		Editors: s.instances.door.Editors,
		Mounts:  map[string]http.Handler{"GET " + proxy.AuthorizePath: http.HandlerFunc(s.instances.door.Authorize)},
	}
}

func (s *Server) pages() fs.FS {
	if s.config.UI.Dir != "" {
		return ui.Live(filepath.Clean(s.config.UI.Dir))
	}
	return ui.Files()
}

// Base is where browsers reach the platform.
func (s *Server) Base() *url.URL { return s.base }

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until ctx ends or a part fails, and returns when all is still.
// Parts stop in reverse: live streams end first, then requests are waited for,
// then what they stood on goes.
func (s *Server) Run(ctx context.Context) error {
	g := run.New(s.world.Log)
	g.Add("password memory", s.hashes.Run)
	g.Add("audit log", s.control.AuditEvents.Run)
	g.Add("samples", s.control.Samples.Run)
	g.Add("letters", s.control.Letters.Run)
	g.Add("announcements", s.control.Announcements.Run)
	g.Add("periodic jobs", (&cron.Loop{Jobs: append(cron.Jobs(s.control, s.db), s.stacks.job()), Log: s.world.Log}).Run)
	if !s.world.WithoutHost {
		s.addHost(g)
	}
	g.Add("door", s.runDoor)
	g.AddReady("http", s.serve, run.StopWithin(stopWithin))
	if s.config.Metrics.Listen != "" {
		g.Add("metrics", s.serveMetrics)
	}
	g.Add("live streams", s.web.Run)
	return errors.Join(g.Run(ctx), s.close())
}

// addHost adds what keeps instances running.
func (s *Server) addHost(g *run.Group) {
	g.Add("stacks", func(ctx context.Context) error {
		return s.stacks.run(ctx, s.hintsOf(ctx, map[string]bool{"stack": true}))
	})
	g.Add("palette catalogue", s.instances.catalogue.Run)
	g.Add("instances", s.instances.host.Run)
	if s.wantsPorts() {
		g.Add("ports of instances", s.runPorts)
	}
}

// close gives back what Open took, in reverse.
func (s *Server) close() error {
	s.bus.Close()
	var faults []error
	if s.listener != nil {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			faults = append(faults, err)
		}
	}
	if s.db != nil {
		faults = append(faults, s.db.Close())
	}
	if s.dir != nil {
		faults = append(faults, s.dir.close())
	}
	return errors.Join(faults...)
}

// handler is what answers on the platform's listener.
func (s *Server) handler() http.Handler {
	return &hosts{base: s.base, platform: s.web, door: s.instances.door, owns: s.instances.places.IsInstanceHost}
}
