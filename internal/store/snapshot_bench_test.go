package store_test

import (
	"context"
	"testing"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

func BenchmarkPack(b *testing.B) {
	m := &fleet.Manifest{Flows: plant.New(1, 5000).Flows()}
	b.SetBytes(int64(len(m.Flows)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.Pack(m); err != nil {
			b.Fatal(err)
		}
	}
}

// A snapshot of a large file behind another that differs a little: prepared, and
// the part within the transaction.
func BenchmarkInsertSnapshot(b *testing.B) {
	y := newYard(b, storetest.Open(b, storetest.SQLite(b)))
	p := plant.New(1, 5000)
	y.keep("i-1", p.Flows())
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		p.Edit()
		c, err := store.Pack(&fleet.Manifest{Flows: p.Flows()})
		if err != nil {
			b.Fatal(err)
		}
		s := y.draft("i-1", fleet.SnapshotAuto, "")
		b.StartTimer()
		if err := y.db.Prepare(context.Background(), c); err != nil {
			b.Fatal(err)
		}
		y.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, nil) })
	}
}

func BenchmarkSnapshotFlows(b *testing.B) {
	y := newYard(b, storetest.Open(b, storetest.SQLite(b)))
	p := plant.New(1, 5000)
	var last *fleet.Snapshot
	for range store.MaxListDepth {
		last = y.keep("i-1", p.Flows())
		p.Edit()
	}
	b.ReportAllocs()
	for b.Loop() {
		y.flows(last.ID)
	}
}

// Pruning as it goes on from day to day: the oldest goes for each that comes.
func BenchmarkPrune(b *testing.B) {
	y := newYard(b, storetest.Open(b, storetest.SQLite(b)))
	p := plant.New(1, 5000)
	var ids []fleet.SnapshotID
	for b.Loop() {
		b.StopTimer()
		for len(ids) < 50 {
			ids = append(ids, y.keep("i-1", p.Flows()).ID)
			p.Edit()
		}
		b.StartTimer()
		y.remove(ids[0])
		ids = ids[1:]
	}
}
