package store_test

import (
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// happenings writes entries of an instance, a minute apart: every tenth is a
// deploy, every hundredth a crash, the others restarts.
func happenings(t *testing.T, db *store.DB, id fleet.InstanceID, count int) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		for n := range count {
			at := then.Add(time.Duration(n) * time.Minute)
			e := &fleet.TimelineEntry{ID: fleet.NewTimelineID(at), Instance: id, Time: at, Kind: fleet.TimelineRestart, Author: "olga", Summary: []byte("{}"), Count: 1, LastAt: at}
			switch {
			case n%100 == 0:
				e.Kind, e.Code = fleet.TimelineCrash, "exit"
			case n%10 == 0:
				e.Kind, e.Snapshot = fleet.TimelineDeploy, "n-gone"
			}
			if err := tx.InsertTimeline(e); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestATimelineIsFoundInPartsAndCutAtItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := fleet.InstanceID("i-1")
		newYard(t, db).update(func(tx *store.Tx) error {
			return tx.InsertInstance(&store.Instance{Instance: fleet.Instance{ID: id, Application: "a-1", Team: "t-1", Name: "Pump", Label: "pump", Version: 1, CreatedAt: then}, SpecVersion: 1, EnvVersion: 1})
		})
		happenings(t, db, id, 1000)
		count := func(f store.TimelineFilter, limit int) (n int) {
			t.Helper()
			last := fleet.TimelineID("~")
			for p := (store.Page{Limit: limit}); ; {
				var rows []*fleet.TimelineEntry
				view(t, db, func(tx *store.Tx) (err error) { rows, p.Cursor, err = tx.Timeline(id, f, p); return err })
				for _, e := range rows {
					if e.ID >= last {
						t.Fatalf("%s comes behind %s", e.ID, last)
					}
					if last = e.ID; e.Snapshot != "" {
						t.Fatalf("the entry names a snapshot that is gone: %+v", e)
					}
				}
				if n += len(rows); p.Cursor == "" {
					return n
				}
			}
		}
		for name, c := range map[string]struct {
			f    store.TimelineFilter
			want int
		}{
			"all":       {store.TimelineFilter{}, 1000},
			"a kind":    {store.TimelineFilter{Kinds: []fleet.TimelineKind{fleet.TimelineCrash}}, 10},
			"two kinds": {store.TimelineFilter{Kinds: []fleet.TimelineKind{fleet.TimelineDeploy, fleet.TimelineCrash}}, 100},
			"none":      {store.TimelineFilter{Kinds: []fleet.TimelineKind{fleet.TimelineHang}}, 0},
			"an hour":   {store.TimelineFilter{From: then.Add(time.Hour), To: then.Add(2 * time.Hour)}, 60},
		} {
			if got := count(c.f, 37); got != c.want {
				t.Errorf("%s: %d entries; want %d", name, got, c.want)
			}
		}
		var long []fleet.InstanceID
		view(t, db, func(tx *store.Tx) (err error) { long, err = tx.LongTimelines(900); return err })
		if len(long) != 1 || long[0] != id {
			t.Errorf("long ones: %v", long)
		}
		for n := int64(1); n > 0; {
			update(t, db, func(tx *store.Tx) (err error) { n, err = tx.PruneTimeline(id, 900, 30); return err })
		}
		if got := count(store.TimelineFilter{To: then.Add(100 * time.Minute)}, 500); got != 0 || count(store.TimelineFilter{}, 500) != 900 {
			t.Errorf("%d old entries are left", got)
		}
	})
}

// Every page is a walk along an index, however long the timeline is.
func TestPagesOfATimelineAreWalksAlongAnIndex(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	view(t, db, func(tx *store.Tx) error {
		for index, text := range store.TimelineQueries(tx) {
			plan, err := store.Plan(tx, text, "i-1", "~", "", 51, "crash")
			if err != nil {
				return err
			}
			if !strings.Contains(plan, index+" ") || strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s is read as %s", index, plan)
			}
		}
		return nil
	})
}
