package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"leat/internal/fleet"
)

// clientAddr is where a request comes from: the peer's address, or, where the
// peer is a trusted proxy, the nearest address in X-Forwarded-For that is not.
func (s *Server) clientAddr(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return req.RemoteAddr
	}
	if len(s.TrustedProxies) == 0 || !s.trusted(host) {
		return host
	}
	hops := strings.Split(strings.Join(req.Header["X-Forwarded-For"], ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		addr, err := netip.ParseAddr(hop)
		if err != nil {
			break // from here on it is only what somebody wrote
		}
		host = addr.Unmap().String()
		if !s.trusted(host) {
			break
		}
	}
	return host
}

// https reports whether the browser's end of a request is TLS: the base URL says
// so for its own host, whatever stands between.
func (s *Server) https(req *http.Request) bool {
	return req.TLS != nil || s.BaseURL.Scheme == "https" && strings.EqualFold(fleet.HostName(req.Host), s.BaseURL.Hostname())
}

func (s *Server) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for _, prefix := range s.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
