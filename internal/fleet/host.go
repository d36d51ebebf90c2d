package fleet

import (
	"net"
	"net/netip"
	"strings"
)

// SecureOrigin reports whether browsers take Secure cookies from an origin:
// those served over TLS, and localhost names, which they trust without it.
// Addresses such as 127.0.0.1 are left out: many clients refuse them there.
func SecureOrigin(tls bool, host string) bool {
	return tls || IsLocalhost(host)
}

// IsLocalhost reports whether a host, with or without a port, is "localhost" or
// a name below it.
func IsLocalhost(host string) bool {
	host = strings.ToLower(HostName(host))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// HostName takes the port off a host and the brackets off an IPv6 address.
func HostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// HasSubdomains reports whether host can have names below it that browsers
// resolve: a domain name or a localhost name, but no address and no single name.
func HasSubdomains(host string) bool {
	name := HostName(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	return strings.Contains(name, ".")
}
