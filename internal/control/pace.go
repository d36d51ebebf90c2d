package control

import (
	"math"
	"sync"
	"time"

	"leat/internal/fleet"
)

// pace bounds how often an instance deploys by itself: each such deploy is an
// audit event that is kept, and a flow may deploy in a circle. People who deploy
// through the door are not counted.
type pace struct {
	mu   sync.Mutex
	left map[fleet.InstanceID]allowance
}

type allowance struct {
	n  float64
	at time.Time
}

// An instance may deploy paceBurst times at once, and then once in paceEvery.
const (
	paceBurst = 10
	paceEvery = 6 * time.Second
)

func newPace() *pace { return &pace{left: map[fleet.InstanceID]allowance{}} }

// take uses one deploy up, or says when there is one again.
func (p *pace) take(id fleet.InstanceID, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, known := p.left[id]
	if !known {
		a.n = paceBurst
	} else if since := now.Sub(a.at); since > 0 {
		a.n = min(paceBurst, a.n+float64(since)/float64(paceEvery))
	}
	a.at = now
	if a.n < 1 {
		p.left[id] = a
		wait := time.Duration((1 - a.n) * float64(paceEvery))
		return &fleet.Error{
			Kind: fleet.TooMany, Code: "too_many_deploys", RetryAfterSeconds: int(math.Ceil(wait.Seconds())),
			Msg: "The instance changes its own flows too often. Nothing was saved; wait a moment.",
		}
	}
	a.n--
	p.left[id] = a
	p.forget(now)
	return nil
}

// forget drops those who have all their deploys back.
func (p *pace) forget(now time.Time) {
	for id, a := range p.left {
		if now.Sub(a.at) > paceBurst*paceEvery {
			delete(p.left, id)
		}
	}
}
