package control

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"leat/internal/fleet"
)

// throttle slows down who guesses passwords: after a few failures each further
// one doubles the wait. It counts by account and address together, by address,
// and by account alone, the last so loosely that nobody can lock another out.
// It forgets with time and holds a bounded number of counts.
type throttle struct {
	mu     sync.Mutex
	counts map[string]*failures
}

type failures struct {
	n     int
	last  time.Time
	until time.Time
}

const (
	throttleCounts = 20_000
	throttleForget = time.Hour
)

// limit is how many failures are free and how long the wait may grow.
type limit struct {
	key  string
	free int
	most time.Duration
}

func newThrottle() *throttle { return &throttle{counts: map[string]*failures{}} }

func limits(account, addr string) []limit {
	net := network(addr)
	return []limit{
		{"b " + account + " " + net, 5, 15 * time.Minute},
		{"n " + net, 30, 15 * time.Minute},
		{"a " + account, 100, 10 * time.Second},
	}
}

// network is what one subscriber holds: an IPv4 address or an IPv6 /64.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.Unmap().Is4() {
		return addr
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}

// check refuses an attempt that comes too early.
func (t *throttle) check(account, addr string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait time.Duration
	for _, l := range limits(account, addr) {
		if f := t.counts[l.key]; f != nil {
			wait = max(wait, f.until.Sub(now))
		}
	}
	if wait <= 0 {
		return nil
	}
	return &fleet.Error{
		Kind: fleet.TooMany, Code: "too_many_attempts", RetryAfterSeconds: int(math.Ceil(wait.Seconds())),
		Msg: "Too many attempts failed. Wait a moment and try again.",
	}
}

// failed counts a failure.
func (t *throttle) failed(account, addr string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range limits(account, addr) {
		f := t.counts[l.key]
		if f == nil || now.Sub(f.last) > throttleForget {
			t.room(now)
			f = &failures{}
			t.counts[l.key] = f
		}
		f.n++
		f.last = now
		if over := f.n - l.free; over >= 0 {
			f.until = now.Add(min(time.Second<<min(over, 20), l.most))
		}
	}
}

// passed forgets the failures of who then got it right. The address keeps its
// count: one good password among many guessed is no excuse.
func (t *throttle) passed(account, addr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.counts, limits(account, addr)[0].key)
}

// room makes place for another count: of the old ones, or of some by chance.
func (t *throttle) room(now time.Time) {
	if len(t.counts) < throttleCounts {
		return
	}
	for key, f := range t.counts {
		if now.Sub(f.last) > throttleForget {
			delete(t.counts, key)
		}
	}
	for key := range t.counts {
		if len(t.counts) < throttleCounts*9/10 {
			return
		}
		delete(t.counts, key)
	}
}
