package server

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"

	"leat/api"
	"leat/internal/blueprint"
	"leat/internal/control"
	"leat/internal/driver"
	"leat/internal/driver/process"
	"leat/internal/fleet"
	"leat/internal/host"
	"leat/internal/proxy"
	"leat/internal/registry"
	"leat/internal/wire"
)

// instances is everything that hosted instances need: who keeps them, and the
// door to them.
type instances struct {
	driver    driver.Driver
	host      *host.Host
	catalogue *registry.Catalogue
	places    *proxy.Places
	door      *proxy.Door
	listeners *proxy.Listeners
}

// newInstances puts the parts together. The program itself is what launchers run.
func (s *Server) newInstances() (*instances, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	processes, err := process.New(process.Config{
		Dir: s.dir.file("instances"), Self: self, Hub: s.dir.file("run", "hub.sock"),
		Runtime: s.stacks.store.Dir(), Packages: s.dir.file("npm", "packages"), Registry: s.stacks.client.Registry(), Log: s.world.Log,
	})
	if err != nil {
		return nil, err
	}
	in := &instances{driver: processes, places: proxy.NewPlaces(s.base)}
	in.host = host.New(host.Config{
		Runners: runnerVerbs{s.control.Runners}, Driver: processes, Hub: s.dir.file("run", "hub.sock"),
		Key: s.dir.key.Derive("launcher").MAC("tokens"), Build: s.config.Version, Self: self, Hear: s.hearInstances, Log: s.world.Log,
	})
	in.catalogue = &registry.Catalogue{
		Source: s.config.Palette.Catalogue, File: s.dir.file("npm", "catalogue.json"), Client: http.DefaultClient, Now: s.world.Now, Log: s.world.Log,
	}
	in.door = proxy.New(proxy.Config{
		Rules: s.control.Doors, Runners: in.host, Places: in.places, Catalogue: in.catalogue,
		Identity: s.dir.key.Derive("door identity").Signer(), CookieKey: s.dir.key.Derive("door cookie").MAC("cookie"),
		EditorsChanged: s.hintEditors, Platform: s.whoIsAtThePlatform, Address: func(r *http.Request) string { return s.web.Address(r) }, Now: s.world.Now, Log: s.world.Log,
	})
	in.listeners = &proxy.Listeners{
		Host: listenHost(s.listener.Addr()), List: s.doorPorts, Places: in.places, Handler: in.door, Wrap: s.certificate.wrap, Log: s.world.Log,
	}
	return in, nil
}

// runnerVerbs fits the verbs to the host, which declares what it asks.
type runnerVerbs struct{ *control.Runners }

// Wanted lists the instances with the versions of their desired states.
func (r runnerVerbs) Wanted(ctx context.Context) ([]host.Wanted, error) {
	versions, err := r.Versions(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]host.Wanted, 0, len(versions))
	for id, v := range versions {
		out = append(out, host.Wanted{ID: id, Version: v})
	}
	return out, nil
}

// hearInstances tells the host which instances changed. An empty id, after events
// were missed, has it look at all.
func (s *Server) hearInstances(ctx context.Context) <-chan fleet.InstanceID {
	out := make(chan fleet.InstanceID)
	go func() {
		defer close(out)
		for ctx.Err() == nil {
			l := s.bus.Subscribe(ctx, func(e fleet.Event) bool { return e.Noun == "instance" })
			for e := range l.Events() {
				select {
				case out <- fleet.InstanceID(e.ID):
				case <-ctx.Done():
					return
				}
			}
			select {
			case out <- "":
			case <-ctx.Done():
			}
		}
	}()
	return out
}

// doorNouns are those whose changes may end what is open at the door, or open
// or close the ports of an instance.
var doorNouns = map[string]bool{"session": true, "token": true, "http-token": true, "user": true, "member": true, "team": true, "instance": true}

// hints tells a part that something changed, without saying what; hints that come
// together are one.
func (s *Server) hints(ctx context.Context) <-chan struct{} { return s.hintsOf(ctx, doorNouns) }

func (s *Server) hintsOf(ctx context.Context, nouns map[string]bool) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		defer close(out)
		for ctx.Err() == nil {
			l := s.bus.Subscribe(ctx, func(e fleet.Event) bool { return nouns[e.Noun] })
			for range l.Events() {
				select {
				case out <- struct{}{}:
				default:
				}
			}
			select { // some were missed
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out
}

func (s *Server) runDoor(ctx context.Context) error { return s.instances.door.Run(ctx, s.hints(ctx)) }

func (s *Server) runPorts(ctx context.Context) error {
	return s.instances.listeners.Run(ctx, s.hints(ctx))
}

// doorPorts lists the ports that instances have where there are no names.
func (s *Server) doorPorts(ctx context.Context) ([]proxy.PortsOf, error) {
	ports, err := s.control.Doors.Ports(ctx)
	out := make([]proxy.PortsOf, 0, len(ports))
	for label, port := range ports {
		out = append(out, proxy.PortsOf{Label: label, Ports: proxy.Ports{Flows: port, Editor: port + 1}})
	}
	return out, err
}

// whoIsAtThePlatform is who is signed in, for the door's hand-over.
func (s *Server) whoIsAtThePlatform(r *http.Request) (fleet.Actor, bool) {
	who, err := s.web.Who(r)
	return who, err == nil && who.SignedIn()
}

// hintEditors tells pages that somebody opened or closed an instance's editor.
func (s *Server) hintEditors(i *fleet.Instance) {
	s.bus.Publish(fleet.Event{Noun: "editors", ID: string(i.ID), Team: i.Team, Time: s.world.Now()})
}

// wantsPorts says whether instances get ports of their own: where the platform
// has no names, and on this machine, for browsers that do not know its names.
func (s *Server) wantsPorts() bool {
	switch s.config.Ports.Instances {
	case "on":
		return true
	case "off":
		return false
	}
	return !fleet.HasSubdomains(s.base.Host) || fleet.IsLocalhost(s.base.Host)
}

func listenHost(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	return host
}

// reservedPorts are the platform's own, on which no flow may listen.
func reservedPorts(addr net.Addr) []uint16 {
	_, text, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil
	}
	return []uint16{uint16(port)}
}

// blueprints are the flows to start from, for the verbs and for people.
func blueprints() (flows map[string]json.RawMessage, views []api.Blueprint) {
	flows = map[string]json.RawMessage{}
	for _, b := range blueprint.List() {
		flows[b.ID] = b.Flows
		views = append(views, api.Blueprint{ID: b.ID, Name: b.Name, Description: b.Sentence, Category: b.Category, Icon: b.Icon})
	}
	return flows, views
}

// EndInstances ends every instance's launcher, and with it its Node-RED, after
// Run has returned. A platform leaves them running when it stops; whoever wants
// nothing left behind calls this. They start again with the next server.
func (s *Server) EndInstances(ctx context.Context) error {
	ids, err := s.instances.driver.List(ctx)
	for _, id := range ids {
		err = errors.Join(err, s.instances.driver.Kill(ctx, id))
	}
	return err
}

// contexts reaches what flows remember, once instances are kept.
type contexts struct{ s *Server }

func (c contexts) Context(ctx context.Context, id fleet.InstanceID, q wire.ContextQuery) (wire.ContextPage, error) {
	return c.s.instances.host.Context(ctx, id, q)
}

func (c contexts) SetContext(ctx context.Context, id fleet.InstanceID, change wire.ContextChange) error {
	return c.s.instances.host.SetContext(ctx, id, change)
}
