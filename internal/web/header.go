package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"leat/internal/fleet"
)

// header is one that answers share: value is never appended to.
type header struct {
	name  string
	value []string
}

func shared(name, value string) header { return header{name, []string{value}} }

// pageHeaders are on every answer of the platform's own host.
func pageHeaders(config Config) []header {
	list := []header{
		shared("Content-Security-Policy", contentPolicy(config.InstanceOrigins)),
		shared("X-Content-Type-Options", "nosniff"),
		shared("X-Frame-Options", "DENY"),
		// The door knows by the origin who frames an instance; no path goes along.
		shared("Referrer-Policy", "strict-origin"),
		shared("Cross-Origin-Opener-Policy", "same-origin"),
		shared("Cross-Origin-Resource-Policy", "same-origin"),
		shared("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
	}
	if config.BaseURL.Scheme == "https" {
		list = append(list, shared("Strict-Transport-Security", "max-age=31536000"))
	}
	return list
}

// contentPolicy lets pages load from the platform alone and frame its instances.
// The way into an instance leads over the platform's own host, which hands the
// sign-in over, so frames may pass there too.
func contentPolicy(frames []string) string {
	if len(frames) == 0 {
		frames = []string{"'none'"}
	} else {
		frames = append(slices.Clone(frames), "'self'")
	}
	return "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
		"connect-src 'self'; frame-src " + strings.Join(frames, " ") + "; frame-ancestors 'none'; base-uri 'none'; " +
		"form-action 'self'; object-src 'none'"
}

func setHeaders(h http.Header, list []header) {
	for _, one := range list {
		h[one.name] = one.value
	}
}

// framesByPort lets pages frame instances that stand at other ports of the
// host the page came from, where there are no names for them.
func (s *Server) framesByPort(h http.Header, host string, https bool) {
	name := fleet.HostName(host)
	if fleet.HasSubdomains(host) || fleet.IsLocalhost(host) {
		return
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.Is6() {
		name = "[" + name + "]"
	}
	scheme := "http://"
	if https {
		scheme = "https://"
	}
	frames := append([]string{scheme + name + ":*"}, s.InstanceOrigins...)
	h.Set("Content-Security-Policy", contentPolicy(frames))
}
