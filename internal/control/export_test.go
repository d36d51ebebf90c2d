package control

import (
	"context"
	"time"
)

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

// Sample is a point of a graph; PackSamples, UnpackSamples and JoinSamples are how
// they are kept and made fewer.
type Sample struct {
	At               time.Time
	N                int
	Mean, Least, Top [4]float64
}

func inner(list []Sample) []sample {
	out := make([]sample, len(list))
	for i, s := range list {
		out[i] = sample{s.At, s.N, s.Mean, s.Least, s.Top}
	}
	return out
}

func outer(list []sample) []Sample {
	out := make([]Sample, len(list))
	for i, s := range list {
		out[i] = Sample{s.at, s.n, s.mean, s.least, s.top}
	}
	return out
}

func PackSamples(began time.Time, list []Sample) []byte { return packSamples(began, inner(list)) }

func UnpackSamples(began time.Time, data []byte) ([]Sample, error) {
	list, err := unpackSamples(began, data)
	return outer(list), err
}

func JoinSamples(list []Sample, step time.Duration) []Sample { return outer(join(inner(list), step)) }

// ThinFileTo is ThinFile with other bounds.
func (c *AuditEvents) ThinFileTo(ctx context.Context, most, recent int) error {
	return c.thinFile(ctx, most, recent)
}

// ThinTableTo is ThinTable with other bounds.
func (c *AuditEvents) ThinTableTo(ctx context.Context, most, recent int) error {
	return c.thinTable(ctx, most, recent)
}
