package store_test

import (
	"fmt"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// fill writes 3,000 events of a team, a second apart: every third is olga's, of
// which every hundredth is a delete.
func fill(t *testing.T, db *store.DB) (olgas, deletes int) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		olgas, deletes = 0, 0
		for n := range 3000 * 3 {
			at := then.Add(time.Duration(n) * time.Second)
			e := fleet.AuditEvent{ID: fleet.NewAuditEventID(at), Time: at, Event: "instance.edit", Result: fleet.AuditDone, Team: "t-1", Object: fmt.Sprint("i-", n%7)}
			e.Actor = fleet.Actor{Kind: fleet.ActorUser, User: "u-others"}
			if n%3 == 0 {
				e.Actor.User = "u-olga"
				olgas++
				if n%300 == 0 {
					e.Event = "instance.delete"
					deletes++
				}
			}
			if err := tx.InsertAuditEvent(&e, "{}"); err != nil {
				return err
			}
		}
		return nil
	})
	return olgas, deletes
}

func walk(t *testing.T, db *store.DB, f store.AuditFilter, limit int) (found, pages int) {
	t.Helper()
	last := fleet.AuditEventID("~")
	for p := (store.Page{Limit: limit}); ; pages++ {
		var rows []*store.AuditRow
		view(t, db, func(tx *store.Tx) (err error) { rows, p.Cursor, err = tx.AuditEvents(f, p); return err })
		for _, r := range rows {
			if r.ID >= last {
				t.Fatalf("%s comes behind %s", r.ID, last)
			}
			last = r.ID
		}
		found += len(rows)
		if p.Cursor == "" {
			return found, pages + 1
		}
	}
}

func TestFiltersOfTheAuditLogFindAllAndNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		olgas, deletes := fill(t, db)
		for name, c := range map[string]struct {
			f    store.AuditFilter
			want int
		}{
			"all":            {store.AuditFilter{}, 9000},
			"team":           {store.AuditFilter{Team: "t-1"}, 9000},
			"actor":          {store.AuditFilter{Actor: "u-olga"}, olgas},
			"team and actor": {store.AuditFilter{Team: "t-1", Actor: "u-olga"}, olgas},
			"actor, event":   {store.AuditFilter{Team: "t-1", Actor: "u-olga", Event: "instance.delete"}, deletes},
			"neither":        {store.AuditFilter{Actor: "u-others", Event: "instance.delete"}, 0},
			"three":          {store.AuditFilter{Actor: "u-olga", Event: "instance.delete", Object: "i-0"}, 5},
			"from":           {store.AuditFilter{From: then.Add(8990 * time.Second)}, 10},
			"to":             {store.AuditFilter{Team: "t-1", To: then.Add(10 * time.Second)}, 10},
			"between":        {store.AuditFilter{Actor: "u-olga", From: then.Add(300 * time.Second), To: then.Add(600 * time.Second)}, 100},
			"other team":     {store.AuditFilter{Team: "t-2"}, 0},
		} {
			if got, _ := walk(t, db, c.f, 400); got != c.want {
				t.Errorf("%s: found %d; want %d", name, got, c.want)
			}
		}
		if _, pages := walk(t, db, store.AuditFilter{Actor: "u-others", Event: "instance.delete"}, 400); pages < 3 {
			t.Errorf("a rare combination was looked for in %d pages; want its work in bounds", pages)
		}
	})
}
