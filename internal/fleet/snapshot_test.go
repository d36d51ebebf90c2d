package fleet_test

import (
	"testing"
	"time"

	"leat/internal/fleet"
)

func TestIdsOfSnapshotsSortAsTheyWereMade(t *testing.T) {
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	last := fleet.SnapshotID("")
	for n := range 2000 {
		now := at.Add(time.Duration(n%7-3) * time.Hour) // a clock that jumps
		id := fleet.NextSnapshotID(now, last)
		if id <= last || len(id) != len(fleet.NewSnapshotID(at)) {
			t.Fatalf("%s does not sort behind %s", id, last)
		}
		last = id
	}
	if id := fleet.NextSnapshotID(at, "something else"); len(id) != len(last) {
		t.Errorf("behind another id: %s", id)
	}
}

func TestTheNewestSnapshotsAndOneOfEachDayAreKept(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var list []*fleet.Snapshot
	for hour := range 24 * 60 { // sixty days, one each hour, the newest first
		list = append(list, &fleet.Snapshot{ID: fleet.NewSnapshotID(now), CreatedAt: now.Add(-time.Duration(hour) * time.Hour)})
	}
	prunable := map[fleet.SnapshotID]bool{}
	for _, s := range fleet.PrunableSnapshots(list, now) {
		prunable[s.ID] = true
	}
	for i, s := range list {
		last := s.CreatedAt.Hour() == 23 // of its day
		keep := i < 50 || last && now.Sub(s.CreatedAt) < 30*24*time.Hour
		if prunable[s.ID] == keep {
			t.Errorf("number %d of %v: prunable is %v", i, s.CreatedAt, !keep)
		}
	}
	if len(fleet.PrunableSnapshots(list[:50], now.Add(1000*time.Hour))) > 0 {
		t.Error("of fifty, none is prunable however old")
	}
}
