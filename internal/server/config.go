package server

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"leat/api"
	"leat/internal/config"
	"leat/internal/fleet"
)

// Config is everything that can be set about a server.
type Config struct {
	Name    string `default:"Leat" min:"1" max:"64" help:"what the platform is called on its pages"`
	Data    string `default:"leat-data" min:"1" help:"the directory that holds everything the server keeps"`
	HTTP    HTTP
	DB      Database
	Session Session
	Admin   Admin
	Mail    Mail
	Metrics struct {
		Listen config.Addr `help:"address of a listener for /metrics alone, which asks nobody who they are"`
	}
	Log struct {
		Level  string `default:"info" oneof:"debug info warn error" help:"the least that is logged"`
		Format string `default:"auto" oneof:"auto text json" help:"auto is text on a terminal and JSON elsewhere"`
	}
	UI struct {
		Dir string `help:"serve the pages from this directory; for development"`
	}
	Runtime struct {
		Dir string `help:"where stacks are laid out; runtime/ in the data directory where empty"`
	}
	NPM struct {
		Registry string   `help:"address of the package registry; the one Leat was built with where empty"`
		Allow    []string `help:"modules, as exact name@version, that may be installed although they ask for install scripts; the scripts are not run even so"`
	}
	Palette struct {
		Catalogue string `default:"https://catalogue.nodered.org/catalogue.json" help:"address of the catalogue of modules; a list of well-known modules stands in where it cannot be reached"`
	}
	Ports struct {
		Instances string `default:"auto" oneof:"auto on off" help:"gives every instance two ports of its own, for browsers that reach the platform without names; auto does where the base URL has none, and on this machine"`
	}
	Audit struct {
		Keep time.Duration `help:"how long audit events keep their content; for ever where 0"`
	}
	// Demo lists the accounts of the demo plant, which its sign-in page shows.
	Demo []api.DemoAccount `config:"-"`
	// Version is the release.
	Version string `config:"-"`
}

// HTTP is how the platform is reached.
type HTTP struct {
	Listen         config.Addr    `default:"127.0.0.1:8080" help:"address to listen on"`
	BaseURL        string         `help:"where browsers reach the platform, such as https://leat.example.com; made from the port where empty"`
	TrustedProxies []netip.Prefix `help:"networks of reverse proxies whose X-Forwarded-For counts"`
	TLSCert        string         `help:"file with the certificate and its chain (PEM), for the platform's name and all names below it; read again when it changes"`
	TLSKey         string         `help:"file with its private key (PEM)"`
}

// Validate checks the base URL and what TLS needs.
func (h *HTTP) Validate(fault func(path, message string)) {
	if (h.TLSCert == "") != (h.TLSKey == "") {
		fault("tls_cert", "must be set together with http.tls_key")
	}
	if h.TLSCert != "" && !strings.HasPrefix(h.BaseURL, "https://") {
		fault("base_url", "must begin with https:// where a certificate is set")
	}
	if h.BaseURL == "" {
		return
	}
	if _, err := parseBase(h.BaseURL); err != "" {
		fault("base_url", err)
	}
}

// Database is where rows are kept.
type Database struct {
	URL string `secret:"true" help:"postgres://… to keep rows in PostgreSQL; a SQLite file in the data directory where empty"`
}

// Validate checks the address.
func (d *Database) Validate(fault func(path, message string)) {
	if d.URL != "" && !strings.HasPrefix(d.URL, "postgres://") && !strings.HasPrefix(d.URL, "postgresql://") && !strings.HasPrefix(d.URL, "sqlite:") {
		fault("url", "must begin with postgres:// or sqlite:")
	}
}

// Session is how long people stay signed in.
type Session struct {
	Idle time.Duration `default:"8h" min:"1s" help:"a session ends this long after its person last did something"`
	Life time.Duration `default:"168h" min:"1s" help:"a session ends this long after signing in"`
}

// Validate compares the two.
func (s *Session) Validate(fault func(path, message string)) {
	if s.Idle > s.Life {
		fault("idle", "must not be longer than session.life")
	}
}

// Admin is the first administrator, made without a person.
type Admin struct {
	Username string `help:"makes the first administrator at the first start, with password and email"`
	Email    string
	Password string `secret:"true"`
}

// Validate checks what concerns several parts.
func (c *Config) Validate(fault func(path, message string)) {
	if c.Metrics.Listen != "" && c.Metrics.Listen == c.HTTP.Listen {
		fault("metrics.listen", "must be another address than http.listen")
	}
}

// Validate wants all of the first administrator or nothing.
func (a *Admin) Validate(fault func(path, message string)) {
	if a.Username == "" && a.Email == "" && a.Password == "" {
		return
	}
	for path, value := range map[string]string{"username": a.Username, "email": a.Email, "password": a.Password} {
		if value == "" {
			fault(path, "must be set together with the other two of admin")
		}
	}
	if _, err := fleet.CleanUsername(a.Username); a.Username != "" && err != nil {
		fault("username", err.Error())
	}
	if _, err := fleet.CleanEmail(a.Email); a.Email != "" && err != nil {
		fault("email", err.Error())
	}
}

// parseBase reads a base URL; fault says what is wrong with it.
func parseBase(text string) (base *url.URL, fault string) {
	base, err := url.Parse(strings.TrimSuffix(text, "/"))
	switch {
	case err != nil:
		return nil, "is not an address such as https://leat.example.com"
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, "must begin with http:// or https://"
	case base.Hostname() == "" || base.User != nil:
		return nil, "must name a host, and no user"
	case base.Path != "" || base.RawQuery != "" || base.Fragment != "":
		return nil, "must have no path: instances live beside the platform, not below it"
	}
	base.Host = strings.ToLower(base.Host)
	return base, ""
}

// base is where browsers reach the platform: as configured or, where nothing
// is, at the name that browsers resolve to this machine.
func (c *Config) base(listening net.Addr) (base *url.URL, local bool) {
	if c.HTTP.BaseURL != "" {
		base, _ = parseBase(c.HTTP.BaseURL)
		return base, false
	}
	_, port, _ := net.SplitHostPort(listening.String())
	return &url.URL{Scheme: "http", Host: "leat.localhost:" + port}, true
}
