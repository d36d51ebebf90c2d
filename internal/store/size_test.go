package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

func TestAThousandSnapshotsOfALargeFileTakeLittleRoom(t *testing.T) {
	url := storetest.SQLite(t)
	db := storetest.Open(t, url)
	y := newYard(t, db)
	size := func() (n int64) {
		if err := db.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(strings.TrimPrefix(url, "sqlite:"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	_ = filepath.Base
	before := size()
	p := plant.New(7, 5000)
	var packT, insT time.Duration
	for n := range 200 {
		m := &fleet.Manifest{Flows: p.Flows()}
		t0 := time.Now()
		c, err := store.Pack(m)
		if err != nil {
			t.Fatal(err)
		}
		t1 := time.Now()
		s := &fleet.Snapshot{Application: y.application, Team: y.team, Instance: "i-1", Kind: fleet.SnapshotAuto, Trigger: fleet.TriggerDeploy, Author: "olga", CreatedAt: y.now.Add(time.Duration(n) * time.Minute)}
		y.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, nil) })
		t2 := time.Now()
		packT += t1.Sub(t0)
		insT += t2.Sub(t1)
		if n == 0 {
			t.Log("first", t1.Sub(t0), t2.Sub(t1), (size()-before)/1000)
		}
		p.Edit()
	}
	t.Log(packT/1000, insT/1000, float64(size()-before)/1e6)
}
