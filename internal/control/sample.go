package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

// Samples is the verbs of what is measured of instances. A check-in costs a
// place in memory; once a minute what came in goes to disk in one transaction,
// so being killed costs a minute of a graph. Recent samples are kept as they
// were made, older ones as one of a minute, then of ten minutes, with the least
// and the most of each.
type Samples struct {
	*core

	mu      sync.Mutex
	pending map[fleet.InstanceID][]wire.Sample
	// recent are those of the last minutes, for alerts.
	recent map[fleet.InstanceID][]sample
}

func newSamples(c *core) *Samples {
	return &Samples{core: c, pending: map[fleet.InstanceID][]wire.Sample{}, recent: map[fleet.InstanceID][]sample{}}
}

// resolution is how samples are kept: one of each step, in chunks of a span, for
// a time.
type resolution struct {
	step, span, kept time.Duration
}

// The resolutions, finest first. Chunks of the first become points of the others.
var resolutions = []resolution{
	{0, 10 * time.Minute, 70 * time.Minute},
	{time.Minute, 4 * time.Hour, 25 * time.Hour},
	{10 * time.Minute, 24 * time.Hour, 31 * 24 * time.Hour},
}

const (
	// maxPending bounds what one instance may have in memory: more than an hour.
	maxPending = 500
	// samplesApart is the least time between two samples that are kept.
	samplesApart = time.Second
	// recentKept is how far back alerts look.
	recentKept = fleet.LoadWindow + time.Minute
)

// add takes in what a runner measured. Samples of the future, or older than an
// hour, are none.
func (c *Samples) add(id fleet.InstanceID, more []wire.Sample) {
	if len(more) == 0 {
		return
	}
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.pending[id]
	for _, m := range more {
		if m.Time.After(now.Add(time.Minute)) || m.Time.Before(now.Add(-resolutions[0].kept)) {
			continue
		}
		all = append(all, m)
	}
	if over := len(all) - maxPending; over > 0 {
		all = append([]wire.Sample(nil), all[over:]...)
	}
	if len(all) > 0 {
		c.pending[id] = all
	}
}

// forget drops what is in memory of an instance that is no more.
func (c *Samples) forget(id fleet.InstanceID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
	delete(c.recent, id)
}

// Flush writes down what came in since the last time.
func (c *Samples) Flush(ctx context.Context) error {
	c.mu.Lock()
	batch := c.pending
	c.pending = map[fleet.InstanceID][]wire.Sample{}
	c.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		known, err := tx.SpecVersions()
		if err != nil {
			return err
		}
		for id, more := range batch {
			if _, there := known[id]; !there {
				continue
			}
			if err := keepSamples(tx, id, more); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.giveBack(batch)
		return err
	}
	c.remember(batch)
	return nil
}

// Run keeps what came in until ctx ends, and writes the last of it down then.
// A job flushes it every minute before.
func (c *Samples) Run(ctx context.Context) error {
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return c.Flush(last)
}

// giveBack puts what could not be written before what came in meanwhile.
func (c *Samples) giveBack(batch map[fleet.InstanceID][]wire.Sample) {
	c.mu.Lock()
	later := c.pending
	c.pending = batch
	c.mu.Unlock()
	for id, more := range later {
		c.add(id, more)
	}
}

// remember keeps the newest for alerts.
func (c *Samples) remember(batch map[fleet.InstanceID][]wire.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.Now().Add(-recentKept)
	for id, more := range batch {
		c.recent[id] = merge(c.recent[id], samplesOf(more), samplesApart)
	}
	for id, all := range c.recent {
		for len(all) > 0 && all[0].at.Before(first) {
			all = all[1:]
		}
		if c.recent[id] = all; len(all) == 0 {
			delete(c.recent, id)
		}
	}
}

func samplesOf(list []wire.Sample) []sample {
	out := make([]sample, len(list))
	for i, w := range list {
		out[i] = sampleOf(w)
	}
	return out
}

// keepSamples puts the samples of one instance into their chunks.
func keepSamples(tx *store.Tx, id fleet.InstanceID, more []wire.Sample) error {
	span := resolutions[0].span
	chunks := map[time.Time][]sample{}
	for _, s := range samplesOf(more) {
		began := s.at.Truncate(span)
		chunks[began] = append(chunks[began], s)
	}
	for began, list := range chunks {
		if err := putSamples(tx, id, resolutions[0], began, list, true); err != nil {
			return err
		}
	}
	return nil
}

// putSamples merges samples into the chunk that begins at a time.
func putSamples(tx *store.Tx, id fleet.InstanceID, r resolution, began time.Time, list []sample, fresh bool) error {
	old, err := tx.SamplesAt(id, r.step, began)
	if err != nil && !fleet.IsKind(err, fleet.NotFound) {
		return err
	}
	var all []sample
	if err == nil {
		if all, err = unpackSamples(began, old); err != nil {
			return err
		}
	}
	points := packSamples(began, merge(all, list, samplesApart))
	return tx.PutSamples(store.SampleChunk{Instance: id, Began: began, Points: points}, r.step, fresh)
}

// Thin makes the points of minutes and of ten minutes of every chunk that is
// full, and forgets what is older than it is to be kept.
func (c *Samples) Thin(ctx context.Context) error {
	for {
		n, err := c.thinSome(ctx)
		if err != nil {
			return err
		}
		if n < thinAtOnce {
			break
		}
	}
	for _, r := range resolutions {
		before := c.Now().Add(-r.kept - r.span)
		if err := c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteOldSamples(r.step, before, expireBatch) }); err != nil {
			return err
		}
	}
	return nil
}

// thinAtOnce is how many chunks are made thinner in one transaction.
const thinAtOnce = 100

func (c *Samples) thinSome(ctx context.Context) (n int, err error) {
	full := c.Now().Add(-resolutions[0].span)
	err = c.DB.Update(ctx, func(tx *store.Tx) error {
		chunks, err := tx.FreshSamples(full, thinAtOnce)
		if err != nil {
			return err
		}
		n = len(chunks)
		for _, k := range chunks {
			if err := thin(tx, k); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// thin puts one chunk into the coarser resolutions. Doing it again, with more in
// the chunk, gives the same points anew.
func thin(tx *store.Tx, k store.SampleChunk) error {
	all, err := unpackSamples(k.Began, k.Points)
	if err != nil {
		return err
	}
	for _, r := range resolutions[1:] {
		if err := putSamples(tx, k.Instance, r, k.Began.Truncate(r.span), join(all, r.step), false); err != nil {
			return err
		}
	}
	return tx.SettleSamples(k.Instance, k.Began)
}

// newest are the samples of the last minutes, by instance, for alerts.
func (c *Samples) newest() map[fleet.InstanceID][]sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[fleet.InstanceID][]sample, len(c.recent))
	for id, all := range c.recent {
		out[id] = slices.Clone(all)
	}
	return out
}
