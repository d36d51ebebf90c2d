package servertest_test

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

// benchGet measures one address from 16 connections, load and server on the
// same cores.
func benchGet(b *testing.B, path func(*servertest.Server) string) {
	s := servertest.New(b)
	owner := s.As("owner")
	target := path(s)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	var failed atomic.Int64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, err := owner.NewRequest(b.Context(), http.MethodGet, target, nil)
			if err != nil {
				b.Error(err)
				return
			}
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
				failed.Add(1)
			}
			res.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	if n := failed.Load(); n > 0 {
		b.Errorf("%d requests failed", n)
	}
}

func BenchmarkGetUser(b *testing.B) {
	benchGet(b, func(*servertest.Server) string { return "/user" })
}

func BenchmarkGetTeam(b *testing.B) {
	benchGet(b, func(s *servertest.Server) string { return "/teams/" + s.Team.ID })
}

func BenchmarkCreateApplication(b *testing.B) {
	s := servertest.New(b)
	owner := s.As("owner")
	var n atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := owner.CreateApplication(b.Context(), s.Team.ID, api.NewApplication{Name: "application " + itoa(n.Add(1))}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
