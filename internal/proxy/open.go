package proxy

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"leat/internal/control"
	"leat/internal/fleet"
)

// recheck is how often what is open is asked again whether it still may be, when
// no hint came before.
const recheck = 5 * time.Second

// maxOpen bounds what is open to one instance at a time. An instance that is open
// to everybody must not take the descriptors of all.
const maxOpen = 2000

// openSet is everything that is open through the door: requests on their way
// and sockets. What ends a session, a role or an access mode ends these too.
type openSet struct {
	mu     sync.Mutex
	m      map[*opened]struct{}
	counts map[fleet.InstanceID]int
	sweeps int
	// late is sent to when something was entered that the last sweep missed.
	late chan struct{}
	// changed is told of the instances whose editors were opened or closed.
	changed func(*fleet.Instance)
}

// opened is one of them; end cuts it off.
type opened struct {
	visitor
	user  fleet.UserID
	label string
	token string // the secret itself, to ask again with
	end   context.CancelFunc
	conn  net.Conn
	comms *comms // nil for what is not the socket of an open editor
}

// visitor is what all that one session or token holds open at one surface shares.
type visitor struct {
	instance fleet.InstanceID
	session  fleet.SessionID
	tokenID  fleet.TokenID
	role     fleet.Role
	surface  surface
	editing  bool // may change the flows
}

func newOpenSet(changed func(*fleet.Instance)) *openSet {
	return &openSet{m: map[*opened]struct{}{}, counts: map[fleet.InstanceID]int{}, late: make(chan struct{}, 1), changed: changed}
}

// seen counts the sweeps so far. A visitor that was let in before the last one
// and enters the set after it has to be asked about again.
func (s *openSet) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweeps
}

type openedKey struct{}

// add enters a visit; false where too much is open already. The context ends
// when the visit must.
func (s *openSet) add(v *visit) (context.Context, func(), bool) {
	ctx, cancel := context.WithCancel(v.r.Context())
	e := v.entry
	o := &opened{
		visitor: visitor{e.Instance.ID, e.Actor.Session, e.Actor.Token, e.Role, v.place.Surface, mayEdit(e) == nil},
		user:    e.Actor.User, label: e.Instance.Label, token: v.token, end: cancel,
	}
	if v.place.Surface == editorSurface && v.r.URL.Path == commsPath {
		o.comms = &comms{username: e.Actor.Username, name: e.Name, since: v.door.Now(), instance: e.Instance}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[o.instance] >= maxOpen {
		cancel()
		return nil, nil, false
	}
	s.m[o] = struct{}{}
	s.counts[o.instance]++
	if s.sweeps != v.sweeps {
		select {
		case s.late <- struct{}{}:
		default:
		}
	}
	return context.WithValue(ctx, openedKey{}, o), func() { s.drop(o) }, true
}

func (s *openSet) drop(o *opened) {
	o.end()
	s.mu.Lock()
	delete(s.m, o)
	if s.counts[o.instance]--; s.counts[o.instance] == 0 {
		delete(s.counts, o.instance)
	}
	closed := o.comms != nil && o.conn != nil
	s.mu.Unlock()
	if closed {
		s.changed(&o.comms.instance)
	}
}

// watch wraps the writer so that a socket that is taken over from the server can
// still be closed by us.
func (s *openSet) watch(ctx context.Context, v *visit) http.ResponseWriter {
	if !isUpgrade(v.r) {
		return v.w
	}
	o := ctx.Value(openedKey{}).(*opened)
	return &hijackWatcher{ResponseWriter: v.w, took: func(c net.Conn) {
		s.mu.Lock()
		o.conn = c
		s.mu.Unlock()
		if o.comms != nil {
			s.changed(&o.comms.instance)
		}
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

// visitors begins a sweep: all that is open, by who holds it open.
func (s *openSet) visitors() map[visitor][]*opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweeps++
	out := map[visitor][]*opened{}
	for o := range s.m {
		out[o.visitor] = append(out[o.visitor], o)
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
		case <-d.open.late:
		case <-timer.C:
		}
		timer.Reset(d.sweep(ctx))
	}
}

// sweep asks the rules about every visitor with something open, and says when to
// ask again.
func (d *Door) sweep(ctx context.Context) time.Duration {
	next := recheck
	for _, list := range d.open.visitors() {
		ends, ok := d.stillAllowed(ctx, list[0])
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

// stillAllowed asks again whether what is open may be. Whoever is somebody else
// now, has another role, or may no longer edit or may again, begins anew: what is
// open was told who they are.
func (d *Door) stillAllowed(ctx context.Context, o *opened) (ends time.Time, ok bool) {
	e, err := d.askAgain(ctx, o)
	if err != nil {
		// A store that cannot answer is no reason to cut an operator off; a thing that
		// is gone is.
		return time.Time{}, !fleet.IsKind(err, fleet.NotFound)
	}
	if e.Instance.ID != o.instance || e.Actor.User != o.user || e.Role != o.role {
		return time.Time{}, false
	}
	if o.surface == flowsSurface {
		return e.EndsAt, mayOpen(e)
	}
	if (mayEdit(e) == nil) != o.editing {
		return time.Time{}, false
	}
	return e.EndsAt, e.Actor.May(o.surface.permission(), e.Role, "instance") == nil
}

func (d *Door) askAgain(ctx context.Context, o *opened) (control.Entry, error) {
	if o.token != "" {
		return d.Rules.EnterToken(ctx, o.label, o.token)
	}
	return d.Rules.EnterID(ctx, o.instance, o.session)
}
