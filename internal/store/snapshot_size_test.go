package store_test

import (
	"os"
	"strings"
	"testing"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// growth keeps snapshots of a large file, each some small edits after the other,
// and tells by how many bytes the database grew.
func growth(t *testing.T, snapshots int) int64 {
	t.Helper()
	url := storetest.SQLite(t)
	db := storetest.Open(t, url)
	y := newYard(t, db)
	size := func() int64 {
		t.Helper()
		if err := db.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(strings.TrimPrefix(url, "sqlite:"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	lock := fleet.ManifestModules{Direct: map[string]string{"m": "1.0.0"}, Lock: []byte(`{"packages":"` + strings.Repeat("lock ", 40_000) + `"}`)}
	var last *fleet.Snapshot
	p := plant.New(7, 5000)
	for range snapshots {
		last = y.keepAs(y.draft("i-1", fleet.SnapshotAuto, ""), &fleet.Manifest{Flows: p.Flows(), Modules: lock}, nil)
		p.Edit()
	}
	y.view(func(tx *store.Tx) error {
		m, err := tx.SnapshotContent(last.ID)
		if err == nil && (len(m.Flows) < 1_400_000 || last.Nodes < 4_500) {
			t.Errorf("the last file has %d bytes, %d nodes", len(m.Flows), last.Nodes)
		}
		return err
	})
	return size() - before
}

// The goal is 20 MB for a thousand, of which the first takes less than one; the
// thousand themselves are kept in the test with the tag real.
func TestSnapshotsOfALargeFileTakeLittleRoom(t *testing.T) {
	if n := growth(t, 30); n > 1_000_000+30*19_000 {
		t.Errorf("30 snapshots took %.1f MB", float64(n)/1e6)
	}
}
