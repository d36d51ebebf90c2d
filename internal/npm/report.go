package npm

import (
	"sync"
	"time"
)

const reportEvery = 100 * time.Millisecond

// report gathers what many downloads tell, and passes it on at a pace that
// people can follow.
type report struct {
	mu      sync.Mutex
	show    func(Progress)
	now     Progress
	shown   time.Time
	arrived int64 // from the registry
}

func newReport(show func(Progress), total int64, packages int) *report {
	r := &report{show: show, now: Progress{Total: total, Of: packages}}
	r.change(func() {})
	return r
}

func (r *report) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	if r.show == nil {
		return
	}
	if done := r.now.Packages == r.now.Of; done || time.Since(r.shown) >= reportEvery {
		r.shown = time.Now()
		r.show(r.now)
	}
}

func (r *report) fetched(n int64) { r.change(func() { r.now.Bytes += n; r.arrived += n }) }
func (r *report) cached(n int64)  { r.change(func() { r.now.Bytes += n }) }
func (r *report) unpacked()       { r.change(func() { r.now.Packages++ }) }

func (r *report) laid(t *tree) Laid {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Laid{Packages: r.now.Packages, Files: t.files.Load(), Bytes: t.bytes.Load(), Archives: r.now.Bytes, Fetched: r.arrived}
}
