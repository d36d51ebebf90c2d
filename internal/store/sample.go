package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// SampleChunk holds the measurements of a span of time that begins at Began, in
// the form of whoever wrote them.
type SampleChunk struct {
	Instance fleet.InstanceID
	Began    time.Time
	Points   []byte
}

// Samples are an instance's measurements of a step that begin from one time to
// another, oldest first.
func (tx *Tx) Samples(id fleet.InstanceID, step time.Duration, from, to time.Time) ([]SampleChunk, error) {
	rows, err := tx.q.SamplesFrom(tx.ctx, query.SamplesFromParams{InstanceID: id, Step: seconds(step), Least: micros(from), Most: micros(to)})
	return each(rows, func(r query.SamplesFromRow) SampleChunk {
		return SampleChunk{Instance: id, Began: fromMicros(r.Began), Points: r.Points}
	}), noun(err, "sample", "list")
}

// FreshSamplesOf are an instance's measurements that are not in the next step
// yet, oldest first.
func (tx *Tx) FreshSamplesOf(id fleet.InstanceID, to time.Time) ([]SampleChunk, error) {
	rows, err := tx.q.FreshSamplesOf(tx.ctx, id, micros(to))
	return each(rows, func(r query.FreshSamplesOfRow) SampleChunk {
		return SampleChunk{Instance: id, Began: fromMicros(r.Began), Points: r.Points}
	}), noun(err, "sample", "list")
}

// SamplesAt are those of one span; NotFound where there are none.
func (tx *Tx) SamplesAt(id fleet.InstanceID, step time.Duration, began time.Time) ([]byte, error) {
	points, err := tx.q.SamplesAt(tx.ctx, query.SamplesAtParams{InstanceID: id, Step: seconds(step), Began: micros(began)})
	return points, noun(err, "sample", "read")
}

// PutSamples keeps the measurements of one span in place of those there. fresh
// says that they are still to go into the next step.
func (tx *Tx) PutSamples(c SampleChunk, step time.Duration, fresh bool) error {
	return noun(tx.q.PutSamples(tx.ctx, query.PutSamplesParams{
		InstanceID: c.Instance, Step: seconds(step), Began: micros(c.Began), Fresh: fresh, Points: c.Points,
	}), "sample", "put")
}

// FreshSamples are up to most spans of any instance that begin up to a time and
// are not in the next step yet.
func (tx *Tx) FreshSamples(upTo time.Time, most int) ([]SampleChunk, error) {
	rows, err := tx.q.FreshSamples(tx.ctx, micros(upTo), int32(most))
	return each(rows, func(r query.FreshSamplesRow) SampleChunk {
		return SampleChunk{Instance: r.InstanceID, Began: fromMicros(r.Began), Points: r.Points}
	}), noun(err, "sample", "list")
}

// SettleSamples notes that a span is in the next step.
func (tx *Tx) SettleSamples(id fleet.InstanceID, began time.Time) error {
	return noun(tx.q.SettleSamples(tx.ctx, id, micros(began)), "sample", "update")
}

// DeleteOldSamples removes up to most spans of a step that begin before a time.
func (tx *Tx) DeleteOldSamples(step time.Duration, before time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteOldSamples(tx.ctx, query.DeleteOldSamplesParams{Step: seconds(step), Before: micros(before), Most: int32(most)})
	return n, noun(err, "sample", "delete")
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
