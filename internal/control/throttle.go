package control

import (
	"crypto/sha256"
	"math"
	"net/netip"
	"strings"
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
	counts map[throttleKey]*failures
}

// throttleKey is a hash: what strangers send must not fill the memory.
type throttleKey [16]byte

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
	key  throttleKey
	free int
	most time.Duration
}

func newThrottle() *throttle { return &throttle{counts: map[throttleKey]*failures{}} }

func limits(account, addr string) []limit {
	net := network(addr)
	return []limit{
		{throttleKeyOf("both", account, net), 5, 15 * time.Minute},
		{throttleKeyOf("network", net), 30, 15 * time.Minute},
		{throttleKeyOf("account", account), 100, 10 * time.Second},
	}
}

func throttleKeyOf(parts ...string) (k throttleKey) {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	copy(k[:], sum[:])
	return k
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

// try refuses an attempt that comes too early, and counts any other as failed
// until it is known better: of many at the same time no more get through.
func (t *throttle) try(account, addr string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait time.Duration
	for _, l := range limits(account, addr) {
		if f := t.counts[l.key]; f != nil {
			wait = max(wait, f.until.Sub(now))
		}
	}
	if wait > 0 {
		return &fleet.Error{
			Kind: fleet.TooMany, Code: "too_many_attempts", RetryAfterSeconds: int(math.Ceil(wait.Seconds())),
			Msg: "Too many attempts failed. Wait a moment and try again.",
		}
	}
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
	return nil
}

// passed takes an attempt back that was right, and forgets the failures of this
// account from there. The network keeps its other failures: one good password
// among many guessed is no excuse.
func (t *throttle) passed(account, addr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n, l := range limits(account, addr) {
		f := t.counts[l.key]
		switch {
		case f == nil:
		case n == 0 || f.n <= 1:
			delete(t.counts, l.key)
		default:
			if f.n--; f.n < l.free {
				f.until = time.Time{}
			}
		}
	}
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
