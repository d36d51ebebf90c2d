package control

import "time"

// Throttle lets tests reach the throttle of sign-ins.
type Throttle struct{ *throttle }

// NewThrottle, Try, Passed and Counts are its parts; Network is how it groups
// addresses and ThrottleCounts how many counts it keeps.
func NewThrottle() Throttle { return Throttle{newThrottle()} }

func (t Throttle) Try(account, addr string, now time.Time) error { return t.try(account, addr, now) }
func (t Throttle) Passed(account, addr string)                   { t.passed(account, addr) }
func (t Throttle) Counts() int                                   { return len(t.counts) }

var Network = network

const ThrottleCounts = throttleCounts

// Sampled counts the instances of which measurements are in memory.
func (c *Samples) Sampled() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) + len(c.recent)
}
