package control

import (
	"sync"
	"time"

	"leat/internal/fleet"
)

// postage bounds the letters that a person can have sent to addresses that may be
// anybody's: an invitation that is deleted and made again must not become a way
// to fill a stranger's mailbox in the platform's name.
type postage struct {
	mu   sync.Mutex
	left map[throttleKey]stamps
}

type stamps struct {
	n  float64
	at time.Time
}

// A person has postPerson letters of invitations at once and then one in
// postEvery; an address gets postAddress at once and then one in postAgain.
const (
	postPerson  = 100
	postEvery   = time.Minute
	postAddress = 3
	postAgain   = 20 * time.Minute
	// postForget is when everybody has all of theirs back.
	postForget = postPerson * postEvery
)

func newPostage() *postage { return &postage{left: map[throttleKey]stamps{}} }

// take uses a letter of one person to one reader up, and reports whether there
// was one.
func (p *postage) take(by fleet.UserID, to string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, s := range p.left {
		if now.Sub(s.at) > postForget {
			delete(p.left, key)
		}
	}
	person, reader := throttleKeyOf("person", string(by)), throttleKeyOf("reader", to)
	a, b := p.have(person, postPerson, postEvery, now), p.have(reader, postAddress, postAgain, now)
	if a.n < 1 || b.n < 1 {
		return false
	}
	a.n--
	b.n--
	p.left[person], p.left[reader] = a, b
	return true
}

func (p *postage) have(key throttleKey, most float64, every time.Duration, now time.Time) stamps {
	s, known := p.left[key]
	if !known {
		return stamps{n: most, at: now}
	}
	if since := now.Sub(s.at); since > 0 {
		s.n, s.at = min(most, s.n+float64(since)/float64(every)), now
	}
	return s
}
