package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// history is a random life of some instances, and what must be there of it.
type history struct {
	*rapid.T
	db     *store.DB
	plants [3]*plant.Plant
	now    time.Time
	// kept is what was put in, by id; order is that of the ids.
	kept  map[fleet.SnapshotID]keptSnapshot
	order []fleet.SnapshotID
}

type keptSnapshot struct {
	instance fleet.InstanceID
	flows    json.RawMessage
	lock     json.RawMessage
	sealed   []byte
}

// Whatever is made and removed in whatever order: what is kept reads back byte
// for byte, no chunk in use is lost and none is kept that nothing uses.
func TestAnyHistoryKeepsWhatItNeedsAndNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		newYard(t, db)
		rapid.Check(t, func(r *rapid.T) {
			h := &history{T: r, db: db, now: then, kept: map[fleet.SnapshotID]keptSnapshot{}}
			h.update(empty) // of what a history before it left that failed
			for i := range h.plants {
				h.plants[i] = plant.New(rapid.Uint64Range(0, 5).Draw(r, "seed"), rapid.IntRange(1, 160).Draw(r, "nodes"))
			}
			for range rapid.IntRange(1, 40).Draw(r, "steps") {
				switch rapid.IntRange(0, 9).Draw(r, "step") {
				case 0:
					h.removeAny()
				case 1:
					h.removeOldest()
				case 2:
					h.again()
				default:
					h.deploy()
				}
			}
			h.check()
			for len(h.order) > 0 {
				h.removeAny()
			}
			h.check()
		})
	})
}

func (h *history) update(fn func(*store.Tx) error) {
	if err := h.db.Update(context.Background(), fn); err != nil {
		h.Fatal(err)
	}
}

// contentTables are the tables of snapshots, those that others refer to last.
var contentTables = []string{"snapshot", "flow_chunk_use", "flow_list", "flow_chunk", "snapshot_body", "snapshot_secret"}

func empty(tx *store.Tx) error {
	for _, table := range contentTables {
		if _, err := store.Run(tx, "delete from "+table); err != nil {
			return err
		}
	}
	return nil
}

// deploy edits an instance's flows, in rare cases all of them, and keeps them.
func (h *history) deploy() {
	i := rapid.IntRange(0, len(h.plants)-1).Draw(h.T, "instance")
	switch edits := rapid.IntRange(0, 6).Draw(h.T, "edits"); edits {
	case 6:
		h.plants[i] = plant.New(rapid.Uint64Range(0, 5).Draw(h.T, "seed"), rapid.IntRange(1, 160).Draw(h.T, "nodes"))
	default:
		for range edits {
			h.plants[i].Edit()
		}
	}
	h.keep(fleet.InstanceID(fmt.Sprint("i-", i)), h.plants[i].Flows())
}

// again keeps what was there before, in the same instance or in another one.
func (h *history) again() {
	if len(h.order) == 0 {
		return
	}
	old := h.kept[rapid.SampledFrom(h.order).Draw(h.T, "old")]
	instance := fleet.InstanceID(fmt.Sprint("i-", rapid.IntRange(0, len(h.plants)).Draw(h.T, "instance")))
	if instance == "i-3" {
		instance = "" // an import
	}
	h.keep(instance, old.flows)
}

func (h *history) keep(instance fleet.InstanceID, flows json.RawMessage) {
	k := keptSnapshot{instance: instance, flows: flows, lock: json.RawMessage(fmt.Sprintf(`{"lock": %d}`, rapid.IntRange(0, 3).Draw(h.T, "lock")))}
	s := &fleet.Snapshot{Application: "a-1", Team: "t-1", Instance: instance, Kind: fleet.SnapshotAuto, CreatedAt: h.now}
	if secret := rapid.IntRange(0, 3).Draw(h.T, "secret"); secret > 0 {
		s.SecretsDigest, k.sealed = fmt.Sprint("s", secret), fmt.Append(nil, "sealed ", secret)
	}
	h.now = h.now.Add(time.Hour)
	c, err := store.Pack(&fleet.Manifest{Flows: flows, Modules: fleet.ManifestModules{Direct: map[string]string{"a": "1"}, Lock: k.lock}})
	if err != nil {
		h.Fatal(err)
	}
	if rapid.Bool().Draw(h.T, "prepared") {
		if err := h.db.Prepare(context.Background(), c); err != nil {
			h.Fatal(err)
		}
	}
	h.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, k.sealed) })
	h.kept[s.ID] = k
	h.order = append(h.order, s.ID)
}

func (h *history) removeAny() {
	if len(h.order) > 0 {
		h.remove(rapid.SampledFrom(h.order).Draw(h.T, "removed"))
	}
}

// removeOldest does what pruning does: it removes the oldest of an instance, some
// in one transaction.
func (h *history) removeOldest() {
	instance := fleet.InstanceID(fmt.Sprint("i-", rapid.IntRange(0, len(h.plants)-1).Draw(h.T, "instance")))
	var oldest []fleet.SnapshotID
	for _, id := range h.order {
		if h.kept[id].instance == instance {
			oldest = append(oldest, id)
		}
	}
	h.remove(oldest[:rapid.IntRange(0, len(oldest)).Draw(h.T, "pruned")]...)
}

func (h *history) remove(ids ...fleet.SnapshotID) {
	h.update(func(tx *store.Tx) error {
		for _, id := range ids {
			if err := tx.DeleteSnapshot(id); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range ids {
		delete(h.kept, id)
	}
	h.order = slices.DeleteFunc(h.order, func(id fleet.SnapshotID) bool { _, there := h.kept[id]; return !there })
}

func (h *history) check() {
	err := h.db.View(context.Background(), func(tx *store.Tx) error {
		if err := store.CheckSnapshots(tx); err != nil {
			return err
		}
		for id, k := range h.kept {
			m, err := tx.SnapshotContent(id)
			if err != nil {
				return err
			}
			sealed, err := tx.SnapshotSecrets(id)
			if err != nil {
				return err
			}
			if !bytes.Equal(m.Flows, k.flows) || !bytes.Equal(m.Modules.Lock, k.lock) || !bytes.Equal(sealed, k.sealed) {
				return fmt.Errorf("%s came back as something else", id)
			}
		}
		if n, err := store.Count(tx, "select count(*) from snapshot"); err != nil || int(n) != len(h.kept) {
			return fmt.Errorf("%d snapshots of %d, %w", n, len(h.kept), err)
		}
		if len(h.kept) > 0 {
			return nil
		}
		for _, table := range contentTables {
			if n, err := store.Count(tx, "select count(*) from "+table); err != nil || n != 0 {
				return fmt.Errorf("%d rows of %s are left, %w", n, table, err)
			}
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
}

// A long history stands on chains that are cut where they become long, and every
// step of taking it down from either end leaves it whole.
func TestALongHistoryCanBeTakenDownFromEitherEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, newestFirst := range []bool{false, true} {
			y := &yard{TB: t, db: db, team: "t-1", application: "a-1", now: then}
			if !newestFirst {
				y = newYard(t, db)
			}
			p := plant.New(11, 200)
			var ids []fleet.SnapshotID
			files := map[fleet.SnapshotID]json.RawMessage{}
			for range 3 * store.MaxListDepth {
				s := y.keep("i-1", p.Flows())
				files[s.ID] = p.Flows()
				ids = append(ids, s.ID)
				p.Edit()
			}
			if deep := y.count("select max(depth) from flow_list"); deep != store.MaxListDepth {
				t.Errorf("the deepest stands on %d; want %d", deep, store.MaxListDepth)
			}
			if newestFirst {
				slices.Reverse(ids)
			}
			for n, id := range ids {
				y.remove(id)
				if n%7 != 0 {
					continue
				}
				y.sound()
				for _, other := range ids[n+1:] {
					if !bytes.Equal(y.flows(other), files[other]) {
						t.Fatalf("%s was lost with %s", other, id)
					}
				}
			}
		}
	})
}
