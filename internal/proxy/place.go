package proxy

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"leat/internal/fleet"
)

// Place is where a request arrived: one surface of one instance.
type Place struct {
	Label   string
	Surface surface
	// Origin is the scheme and host of the place, as the browser writes them.
	Origin string
	// Platform is the platform's address as this visitor reaches it.
	Platform *url.URL
	// Secure says that browsers take Secure cookies here.
	Secure bool
	// Suffix tells the cookies of places apart that share a host name.
	Suffix string
}

// Ports is the pair of ports of an instance where there are no names.
type Ports struct{ Flows, Editor int }

// Places knows every place there is, and the addresses of instances.
type Places struct {
	// Base is the platform's address, such as http://leat.localhost:8080.
	Base *url.URL
	// Named says that instances have host names below the base's host.
	Named bool

	mu     sync.RWMutex
	byPort map[int]portPlace
	ports  map[string]Ports
}

type portPlace struct {
	label   string
	surface surface
}

// NewPlaces makes the places of a platform at base.
func NewPlaces(base *url.URL) *Places {
	return &Places{
		Base: base, Named: fleet.HasSubdomains(base.Host),
		byPort: map[int]portPlace{}, ports: map[string]Ports{},
	}
}

// Find says at which place a request arrived.
func (p *Places) Find(r *http.Request) (Place, bool) {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		p.mu.RLock()
		at, found := p.byPort[addr.Port]
		p.mu.RUnlock()
		if found {
			return p.portPlace(r, at, addr.Port)
		}
	}
	label, on, ok := p.named(r.Host)
	if !ok {
		return Place{}, false
	}
	return Place{
		Label: label, Surface: on, Platform: p.Base,
		Origin: p.Base.Scheme + "://" + strings.ToLower(r.Host),
		Secure: fleet.SecureOrigin(p.Base.Scheme == "https", r.Host),
	}, true
}

// named reads the label and the surface off a host below the base's.
func (p *Places) named(host string) (string, surface, bool) {
	host = strings.ToLower(host)
	below, ok := strings.CutSuffix(host, "."+strings.ToLower(p.Base.Host))
	if !p.Named || !ok || below == "" || strings.Contains(below, ".") {
		return "", "", false
	}
	if label, ok := strings.CutSuffix(below, fleet.EditorSuffix); ok {
		return label, editorSurface, label != ""
	}
	return below, flowsSurface, true
}

// IsInstanceHost reports whether a host has the form of an instance's.
func (p *Places) IsInstanceHost(host string) bool {
	_, _, ok := p.named(host)
	return ok
}

// portPlace is a place that is known by its port; the visitor's own host name is
// kept, as long as it is one that the platform answers to.
func (p *Places) portPlace(r *http.Request, at portPlace, port int) (Place, bool) {
	name := fleet.HostName(r.Host)
	if !p.answersTo(name) {
		return Place{}, false
	}
	platform := *p.Base
	platform.Host = withPort(name, p.Base.Port())
	return Place{
		Label: at.label, Surface: at.surface, Platform: &platform,
		Origin: p.Base.Scheme + "://" + strings.ToLower(r.Host),
		Secure: p.Base.Scheme == "https",
		Suffix: "-" + strconv.Itoa(port),
	}, true
}

// answersTo reports whether ports may be reached under a host name: the base's
// own where instances have no names, or a loopback address or localhost where the
// base is local. Cookies do not know ports: where instances have names, no flow's
// page may share the platform's.
func (p *Places) answersTo(name string) bool {
	if strings.EqualFold(name, fleet.HostName(p.Base.Host)) {
		return !p.Named
	}
	ip := net.ParseIP(name)
	loopback := strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
	return loopback && (fleet.IsLocalhost(p.Base.Host) || isLoopback(p.Base.Host))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(fleet.HostName(host))
	return ip != nil && ip.IsLoopback()
}

func withPort(name, port string) string {
	if port == "" {
		return name
	}
	return net.JoinHostPort(name, port)
}

// URLs are the addresses of an instance's flows and editor for somebody who
// reaches the platform at host. Without names, and for visitors who came by
// address, they are the instance's two ports.
func (p *Places) URLs(label, host string) (flows, editor string) {
	name := fleet.HostName(host)
	byName := p.Named && (host == "" || !p.answersTo(name))
	p.mu.RLock()
	ports, ok := p.ports[label]
	p.mu.RUnlock()
	if byName || !ok {
		if !p.Named {
			return "", ""
		}
		return p.Base.Scheme + "://" + label + "." + p.Base.Host, p.Base.Scheme + "://" + label + fleet.EditorSuffix + "." + p.Base.Host
	}
	if host == "" || !p.answersTo(name) {
		name = fleet.HostName(p.Base.Host)
	}
	at := func(port int) string {
		return p.Base.Scheme + "://" + net.JoinHostPort(name, strconv.Itoa(port))
	}
	return at(ports.Flows), at(ports.Editor)
}

// SetPorts makes two ports places of an instance.
func (p *Places) SetPorts(label string, ports Ports) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ports[label] = ports
	p.byPort[ports.Flows] = portPlace{label, flowsSurface}
	p.byPort[ports.Editor] = portPlace{label, editorSurface}
}

// DropPorts forgets the ports of an instance.
func (p *Places) DropPorts(label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ports := p.ports[label]
	delete(p.ports, label)
	delete(p.byPort, ports.Flows)
	delete(p.byPort, ports.Editor)
}

// byOrigin finds the place an origin names. The visitor must reach the platform
// under the same host name where places are ports.
func (p *Places) byOrigin(u *url.URL, r *http.Request) (Place, bool) {
	if label, on, ok := p.named(u.Host); ok {
		return Place{
			Label: label, Surface: on, Platform: p.Base, Origin: u.Scheme + "://" + strings.ToLower(u.Host),
			Secure: fleet.SecureOrigin(u.Scheme == "https", u.Host),
		}, true
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || !strings.EqualFold(u.Hostname(), fleet.HostName(r.Host)) {
		return Place{}, false
	}
	p.mu.RLock()
	at, found := p.byPort[port]
	p.mu.RUnlock()
	if !found {
		return Place{}, false
	}
	at2 := r.Clone(r.Context())
	at2.Host = u.Host
	return p.portPlace(at2, at, port)
}
