package control

import (
	"context"
	"slices"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Read gives the measurements of a span of time, made fewer where they are more
// than asked for. The newest are among them although they are not on disk yet.
func (c *Samples) Read(ctx context.Context, who fleet.Actor, id fleet.InstanceID, q api.SampleQuery) (out *api.Samples, err error) {
	now := c.Now()
	if q, err = sampleQuery(q, now); err != nil {
		return nil, err
	}
	var thin, raw []sample
	r := resolutionFor(q, now)
	err = c.read(ctx, who, fleet.InstanceRead, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		memory, cpu, err := s.loadLimits(&i.Instance.Instance)
		if err != nil {
			return err
		}
		out = &api.Samples{MemoryLimitMiB: memory, CPULimit: cpu, From: q.From.UTC(), To: q.To.UTC()}
		thin, raw, err = s.samplesOf(id, r, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	raw = merge(raw, c.unwritten(id), samplesApart)
	c.show(out, merge(thin, join(raw, r.step), 0), r, q)
	return out, nil
}

// show fills in what was asked for, in steps as wide as they must be.
func (c *Samples) show(out *api.Samples, all []sample, r resolution, q api.SampleQuery) {
	step := r.step
	within := cutSamples(all, step, q)
	for len(within) > q.Points {
		step = widen(step, q)
		within = cutSamples(all, step, q)
	}
	out.Items, out.StepSeconds = sampleViews(within), int(max(step, sampleEvery)/time.Second)
}

// cutSamples joins samples and leaves out those outside of what was asked for.
func cutSamples(all []sample, step time.Duration, q api.SampleQuery) []sample {
	joined := join(all, step)
	return slices.DeleteFunc(slices.Clone(joined), func(s sample) bool {
		return s.at.Before(q.From.Truncate(max(step, 1))) || s.at.After(q.To)
	})
}

// sampleEvery is how often runners measure.
const sampleEvery = 10 * time.Second

// widen finds the next span of which one point each is few enough.
func widen(step time.Duration, q api.SampleQuery) time.Duration {
	least := q.To.Sub(q.From) / time.Duration(q.Points)
	for _, s := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour} {
		if s > step && s >= least {
			return s
		}
	}
	return step + 24*time.Hour
}

// unwritten are the samples of an instance that are in memory alone.
func (c *Samples) unwritten(id fleet.InstanceID) []sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	return samplesOf(c.pending[id])
}

// samplesOf reads the chunks of a resolution, and the raw ones that are not in it
// yet.
func (s *step) samplesOf(id fleet.InstanceID, r resolution, q api.SampleQuery) (thin, raw []sample, err error) {
	chunks, err := s.Tx.Samples(id, r.step, q.From.Add(-r.span), q.To)
	if err != nil {
		return nil, nil, err
	}
	if thin, err = unpackAll(chunks); err != nil || r.step == 0 {
		return nil, thin, err
	}
	fresh, err := s.FreshSamplesOf(id, q.To)
	if err != nil {
		return nil, nil, err
	}
	raw, err = unpackAll(fresh)
	return thin, raw, err
}

func unpackAll(chunks []store.SampleChunk) (all []sample, err error) {
	for _, k := range chunks {
		list, err := unpackSamples(k.Began, k.Points)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

const (
	defaultPoints = 500
	maxPoints     = 2000
	maxSpan       = 32 * 24 * time.Hour
)

// sampleQuery fills in what was left open: the last hour.
func sampleQuery(q api.SampleQuery, now time.Time) (api.SampleQuery, error) {
	if q.To.IsZero() || q.To.After(now) {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-time.Hour)
	}
	if q.Points <= 0 {
		q.Points = defaultPoints
	}
	q.Points = min(q.Points, maxPoints)
	if !q.From.Before(q.To) {
		return q, fleet.InvalidField("from", "The span ends before it begins.")
	}
	if q.To.Sub(q.From) > maxSpan {
		q.From = q.To.Add(-maxSpan)
	}
	return q, nil
}

// resolutionFor is the finest that reaches back far enough, and is not finer than
// the points asked for.
func resolutionFor(q api.SampleQuery, now time.Time) resolution {
	each := q.To.Sub(q.From) / time.Duration(q.Points)
	for n, r := range resolutions {
		last := n == len(resolutions)-1
		if last || !q.From.Before(now.Add(-r.kept)) && each < resolutions[n+1].step {
			return r
		}
	}
	return resolutions[0]
}

func sampleViews(all []sample) []api.Sample {
	out := make([]api.Sample, len(all))
	for i, s := range all {
		m := measureView(s.mean)
		out[i] = api.Sample{Time: s.at.UTC(), MemoryMiB: m.MemoryMiB, CPUPercent: m.CPUPercent, LagMs: m.LagMs, Loop: m.Loop, Count: s.n}
		if s.n > 1 {
			out[i].Min, out[i].Max = measureView(s.least), measureView(s.top)
		}
	}
	return out
}

func measureView(p point4) *api.Measure {
	return &api.Measure{MemoryMiB: p[memoryMiB], CPUPercent: p[cpuPercent], LagMs: p[lagMs], Loop: p[loopShare]}
}
