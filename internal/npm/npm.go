// Package npm reads npm lock files (version 3), fetches and verifies what they
// name, and lays the trees out on disk without npm. npm itself runs only to
// make a lock (Resolver).
//
// Trees are always made of files of their own, never of hard links into a
// shared store: a tree may be handed to an instance's uid, and whoever owns an
// inode can change it for all of its names. Unpacking again from the cache
// costs a few tenths of a second; a poisoned neighbour would cost more.
package npm

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"leat/internal/fleet"
)

// DefaultRegistry is the address of the package registry. It is set when Leat
// is built (-ldflags "-X leat/internal/npm.DefaultRegistry=…"), so that no
// registry is written into the source.
var DefaultRegistry string

// Config says where packages come from and where they are kept.
type Config struct {
	// Registry is the base address; empty means DefaultRegistry.
	Registry string
	// CacheDir keeps verified tarballs by their integrity.
	CacheDir string
	// CacheBytes bounds the cache; 0 means 1 GiB. What was used last stays.
	CacheBytes int64
	// Client makes the requests; nil means one with limits that fit downloads.
	Client *http.Client
	// Stall ends a request that brought no byte for so long; 0 means 30 s.
	Stall time.Duration
	// Backoff is the pause after a first failure, doubled up to 16 times itself
	// after each further one; 0 means half a second.
	Backoff time.Duration
	// Parallel bounds simultaneous downloads; 0 means 8.
	Parallel int
	// AllowSHA1 accepts packages so old that their lock entry has only SHA-1.
	AllowSHA1 bool
	// Limits bound what is unpacked; zero fields take the defaults.
	Limits Limits
	Log    *slog.Logger
}

// Client fetches packages and lays trees out. It is safe for concurrent use,
// also by several processes on one cache.
type Client struct {
	registry  string
	cache     *cache
	http      *http.Client
	stall     time.Duration
	backoff   time.Duration
	parallel  int
	allowSHA1 bool
	limits    Limits
	log       *slog.Logger
	// resolving holds a token for each npm that runs: one takes up to 200 MiB.
	resolving chan struct{}
}

// New checks the configuration. A missing registry is no error here: a platform
// whose stacks are laid out must start without one.
func New(c Config) (*Client, error) {
	registry, err := registryURL(c.Registry)
	if err != nil {
		return nil, err
	}
	client := c.Client
	if client == nil {
		client = newHTTPClient()
	}
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{
		registry:  registry,
		cache:     newCache(c.CacheDir, or(c.CacheBytes, 1<<30)),
		http:      client,
		stall:     or(c.Stall, 30*time.Second),
		backoff:   or(c.Backoff, 500*time.Millisecond),
		parallel:  or(c.Parallel, 8),
		allowSHA1: c.AllowSHA1,
		limits:    c.Limits.orDefault(),
		log:       log,
		resolving: make(chan struct{}, 2),
	}, nil
}

// Registry is the base address in use, without a slash at its end; empty where
// none is set.
func (c *Client) Registry() string { return c.registry }

func or[T int | int64 | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

func registryURL(s string) (string, error) {
	if s == "" {
		s = DefaultRegistry
	}
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", &fleet.Error{Kind: fleet.Invalid, Code: "registry_invalid",
			Msg: "The package registry's address is not a plain http or https address.", Err: err}
	}
	return strings.TrimRight(s, "/"), nil
}

func errNoRegistry() error {
	return &fleet.Error{Kind: fleet.Unavailable, Code: "registry_not_set",
		Msg: "No package registry is set. Give its address in the configuration (npm.registry), or build with " +
			`-ldflags "-X leat/internal/npm.DefaultRegistry=…".`}
}

// newHTTPClient bounds every phase but the body, which is bounded by progress.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true,
	}}
}
