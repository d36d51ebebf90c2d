package nodered

import (
	"slices"
	"sync"
	"time"

	"leat/internal/wire"
)

// maxSamples is an hour of them.
const maxSamples = 360

// samples is a bounded ring of measurements.
type samples struct {
	mu  sync.Mutex
	all []wire.Sample
}

func newSamples() *samples { return &samples{} }

func (s *samples) add(x wire.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Where the clock was put back, what it showed later is gone: times stay in order.
	for n := len(s.all); n > 0 && s.all[n-1].Time.After(x.Time); n-- {
		s.all = s.all[:n-1]
	}
	if len(s.all) == maxSamples {
		s.all = slices.Delete(s.all, 0, maxSamples/4)
	}
	s.all = append(s.all, x)
}

func (s *samples) after(t time.Time) []wire.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.all, t, func(x wire.Sample, t time.Time) int {
		if x.Time.After(t) {
			return 1
		}
		return -1
	})
	return slices.Clone(s.all[i:])
}

// beat is what the bridge tells each second.
type beat struct {
	Lag  float64 `json:"lag"`
	Loop float64 `json:"loop"`
	CPU  float64 `json:"cpu"`
	RSS  int64   `json:"rss"`
	Heap int64   `json:"heap"`
}

// window gathers beats until a sample is made of them.
type window struct {
	n                  int
	lag, loop, cpu     float64
	rss, heap          int64
	cpuTotal, cpuStamp time.Duration
}

func (w *window) take(b beat) {
	w.n++
	w.lag = max(w.lag, b.Lag)
	w.loop += b.Loop
	w.cpu += b.CPU
	w.rss, w.heap = b.RSS, b.Heap
}
