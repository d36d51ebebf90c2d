package proxy

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"leat/internal/fleet"
)

// recheck is how often what is open is asked again whether it still may be, when
// no hint came before.
const recheck = 5 * time.Second

// openSet is everything that is open through the door: requests on their way
// and sockets. What ends a session, a role or an access mode ends these too.
type openSet struct {
	mu sync.Mutex
	m  map[*opened]struct{}
}

// opened is one of them; end cuts it off.
type opened struct {
	instance fleet.InstanceID
	actor    fleet.Actor
	surface  surface
	end      context.CancelFunc
	conn     net.Conn
}

func newOpenSet() *openSet { return &openSet{m: map[*opened]struct{}{}} }

type openedKey struct{}

// add enters a visit. The context ends when the visit must.
func (s *openSet) add(v *visit) (context.Context, func()) {
	ctx, cancel := context.WithCancel(v.r.Context())
	o := &opened{instance: v.entry.Instance.ID, actor: v.entry.Actor, surface: v.place.Surface, end: cancel}
	s.mu.Lock()
	s.m[o] = struct{}{}
	s.mu.Unlock()
	return context.WithValue(ctx, openedKey{}, o), func() {
		s.mu.Lock()
		delete(s.m, o)
		s.mu.Unlock()
		cancel()
	}
}

// watch wraps the writer so that a socket that is taken over from the server can
// still be closed by us.
func (s *openSet) watch(v *visit, ctx context.Context) http.ResponseWriter {
	if !isUpgrade(v.r) {
		return v.w
	}
	o := ctx.Value(openedKey{}).(*opened)
	return &hijackWatcher{ResponseWriter: v.w, took: func(c net.Conn) {
		s.mu.Lock()
		o.conn = c
		s.mu.Unlock()
	}}
}

type hijackWatcher struct {
	http.ResponseWriter
	took func(net.Conn)
}

func (h *hijackWatcher) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err == nil {
		h.took(c)
	}
	return c, rw, err
}

func (h *hijackWatcher) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// visitor is what all that one session holds open at one surface shares.
type visitor struct {
	instance fleet.InstanceID
	session  fleet.SessionID
	surface  surface
}

func (s *openSet) visitors() map[visitor][]*opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[visitor][]*opened{}
	for o := range s.m {
		k := visitor{o.instance, o.actor.Session, o.surface}
		out[k] = append(out[k], o)
	}
	return out
}

func (s *openSet) close(list []*opened) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range list {
		o.end()
		if o.conn != nil {
			o.conn.Close()
		}
	}
}

// Run ends what must no longer be open: soon after a hint, at the moment a
// session idles out, and on a timer in any case.
func (d *Door) Run(ctx context.Context, hints <-chan struct{}) error {
	timer := time.NewTimer(recheck)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-hints:
			if !ok {
				hints = nil
			}
		case <-timer.C:
		}
		timer.Reset(d.sweep(ctx))
	}
}

// sweep asks the rules about every visitor with something open, and says when to
// ask again.
func (d *Door) sweep(ctx context.Context) time.Duration {
	next := recheck
	for k, list := range d.open.visitors() {
		ends, ok := d.stillAllowed(ctx, k, list[0].actor)
		if !ok {
			d.open.close(list)
			continue
		}
		if left := ends.Sub(d.Now()); !ends.IsZero() && left < next {
			next = max(left, 10*time.Millisecond)
		}
	}
	return next
}

func (d *Door) stillAllowed(ctx context.Context, k visitor, was fleet.Actor) (ends time.Time, ok bool) {
	e, err := d.Rules.EnterID(ctx, k.instance, k.session)
	if err != nil {
		// A store that cannot answer is no reason to cut an operator off; a thing that
		// is gone is.
		return time.Time{}, !fleet.IsKind(err, fleet.NotFound)
	}
	if k.surface == flowsSurface && e.Instance.Access == fleet.AccessOpen {
		return time.Time{}, true
	}
	if was.Kind == fleet.ActorToken {
		return time.Time{}, e.Instance.Access == fleet.AccessToken
	}
	return e.EndsAt, e.Actor.May(k.surface.permission(), e.Role, "instance") == nil && e.Actor.User == was.User
}
