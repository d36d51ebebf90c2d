package control_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

// benchWorld is a benchmark's world: olga, her team and the running sealer.
func benchWorld(b *testing.B) (*world, fleet.Actor, *store.TeamRole) {
	b.Helper()
	dir := b.TempDir()
	w := newWorldOn(b, dir, "sqlite:"+dir+"/leat.db")
	w.tick = time.Now
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	done := make(chan error, 1)
	ctx, stop := contextWithCancel(b)
	go func() { done <- w.AuditEvents.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return w, olga, team
}

// BenchmarkCreate makes applications durably, each with its audit event, from 16
// callers at once, while the sealer seals them.
func BenchmarkCreate(b *testing.B) {
	w, olga, team := benchWorld(b)
	var n atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var group sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for range 16 {
		group.Go(func() {
			var own []time.Duration
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				begin := time.Now()
				_, err := w.Applications.Create(b.Context(), olga, string(team.ID), api.NewApplication{Name: fmt.Sprint("Line ", i)}, control.Key{})
				if err != nil {
					b.Error(err)
				}
				own = append(own, time.Since(begin))
			}
			mu.Lock()
			took = append(took, own...)
			mu.Unlock()
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "creates/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkAuthenticate is the hot path of every request with a token.
func BenchmarkAuthenticate(b *testing.B) {
	w, olga, _ := benchWorld(b)
	_, secret, err := w.Tokens.Create(b.Context(), olga, api.NewToken{Name: "bench"}, control.Key{})
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Tokens.Authenticate(b.Context(), secret); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkTeam is GET /teams/{team} without HTTP and authentication.
func BenchmarkTeam(b *testing.B) {
	w, olga, team := benchWorld(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Teams.Get(b.Context(), olga, string(team.ID)); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkVerify computes a log of 20,000 events again.
func BenchmarkVerify(b *testing.B) {
	w, olga, team := benchWorld(b)
	var group sync.WaitGroup
	for c := range 16 {
		group.Go(func() {
			for i := range 1250 {
				if _, err := w.Applications.Create(b.Context(), olga, team.Slug, api.NewApplication{Name: fmt.Sprint("Line ", c, " ", i)}, control.Key{}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := w.AuditEvents.Seal(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r, err := w.AuditEvents.Verify(b.Context()); err != nil || !r.Whole() || r.Leaves < 20_000 {
			b.Fatalf("%+v, %v", r, err)
		}
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
