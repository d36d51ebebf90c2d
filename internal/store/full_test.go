package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

func TestAFullDiskIsSaidAndGetsOver(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	put := func(name string, size int) error {
		return db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutSetting(name, strings.Repeat("x", size)) })
	}
	limit := func(pages int) {
		t.Helper()
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return store.LimitPages(tx, pages) }); err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	// Small ones fail at the commit, large ones before it; both beside others.
	for _, size := range []int{100 << 10, 8 << 20} {
		var group sync.WaitGroup
		for n := range 16 {
			group.Go(func() {
				if err := put(fmt.Sprint(size, "-", n), size); !fleet.IsCode(err, "disk_full") {
					t.Errorf("a row of %d bytes on a full disk: %v; want disk_full", size, err)
				}
			})
		}
		group.Wait()
	}
	limit(1 << 30)
	if err := put("later", 8<<20); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if hasSetting(t, db, fmt.Sprint(8<<20, "-", 0)) || !hasSetting(t, db, "later") {
		t.Error("a refused row is there, or a kept one is not")
	}
}
