package store_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// A damaged row makes an error that says which snapshot, and harms no other.
func TestADamagedSnapshotIsNamed(t *testing.T) {
	for name, damage := range map[string]string{
		"another chunk":  `update flow_chunk set data = (select o.data from flow_chunk o where o.hash <> flow_chunk.hash order by o.hash limit 1)`,
		"no Zstandard":   `update flow_chunk set data = x'00'`,
		"a newer kind":   `update flow_chunk set dictionary = 99`,
		"a cut list":     `update flow_list set diff = substr(diff, 1, length(diff) - 1)`,
		"an empty list":  `update flow_list set diff = x''`,
		"an odd list":    `update flow_list set diff = x'ffffffffffffffffffff'`,
		"no modules":     `update snapshot_body set data = x'00'`,
		"other settings": `update snapshot set settings = '{'`,
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, storetest.Open(t, storetest.SQLite(t)))
			s := y.keepAs(y.draft("i-1", fleet.SnapshotManual, "Before the winter"), &fleet.Manifest{Flows: plant.New(1, 100).Flows()}, nil)
			y.update(func(tx *store.Tx) error { _, err := store.Run(tx, damage); return err })
			part := "snapshot "
			if strings.HasPrefix(damage, "update flow_chunk") {
				part = "chunk "
			}
			sound := y.keep("i-1", plant.New(2, 100).Flows())
			err := y.db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.SnapshotContent(s.ID); return err })
			if !fleet.IsCode(err, "snapshot_damaged") || !strings.Contains(err.Error(), "Before the winter") || !strings.Contains(err.Error(), string(s.ID)) || !strings.Contains(err.Error(), part) {
				t.Errorf("err = %v; want snapshot_damaged and its %s", err, part)
			}
			if !bytes.Equal(y.flows(sound.ID), plant.New(2, 100).Flows()) {
				t.Error("another snapshot was harmed")
			}
		})
	}
}

// What cannot be read can be removed, and so can what it stands on.
func TestADamagedHistoryCanBeTakenDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		run := func(text string) func(*store.Tx) error {
			return func(tx *store.Tx) error { _, err := store.Run(tx, text); return err }
		}
		for _, damage := range []func(*store.Tx) error{
			run(`update flow_list set diff = substr(diff, 1, length(diff) - 1) where parent is null`), run(`update flow_list set diff = substr(diff, 1, 1)`),
			store.FlipLists,
		} {
			y := &yard{TB: t, db: db, team: "t-1", application: "a-1", now: then}
			if y.count("select count(*) from team") == 0 {
				y = newYard(t, db)
			}
			p := plant.New(14, 200)
			var ids []fleet.SnapshotID
			for range 10 {
				ids = append(ids, y.keep("i-1", p.Flows()).ID)
				p.Edit()
			}
			y.update(damage)
			for n, id := range ids {
				err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.SnapshotFlows(id); return err })
				if !fleet.IsCode(err, "snapshot_damaged") {
					t.Errorf("number %d: %v; want snapshot_damaged", n, err)
				}
				y.remove(id)
			}
			for _, table := range contentTables {
				if n := y.count("select count(*) from " + table); n != 0 {
					t.Errorf("%d rows of %s are left", n, table)
				}
			}
		}
	})
}

func TestAMissingRowIsDamage(t *testing.T) {
	for name, damage := range map[string][]string{
		"chunk":   {"delete from flow_chunk_use", "delete from flow_chunk"},
		"secrets": {"delete from snapshot_secret"},
	} {
		y := newYard(t, storetest.Open(t, storetest.SQLite(t)))
		s := y.draft("i-1", fleet.SnapshotAuto, "")
		s.SecretsDigest = "x"
		y.keepAs(s, &fleet.Manifest{Flows: plant.New(1, 100).Flows()}, []byte("sealed"))
		y.update(func(tx *store.Tx) error {
			for _, text := range damage {
				if _, err := store.Run(tx, text); err != nil {
					return err
				}
			}
			return nil
		})
		err := y.db.View(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.SnapshotContent(s.ID); err != nil {
				return err
			}
			_, err := tx.SnapshotSecrets(s.ID)
			return err
		})
		if !fleet.IsCode(err, "snapshot_damaged") || !strings.Contains(err.Error(), string(s.ID)) {
			t.Errorf("no %s: %v", name, err)
		}
	}
}

func TestSecretsAndTheirDigestBelongTogether(t *testing.T) {
	y := newYard(t, storetest.Open(t, storetest.SQLite(t)))
	c, err := store.Pack(&fleet.Manifest{})
	if err != nil {
		t.Fatal(err)
	}
	for digest, sealed := range map[string][]byte{"": []byte("x"), "x": nil} {
		s := y.draft("i-1", fleet.SnapshotAuto, "")
		s.SecretsDigest = digest
		if err := y.db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, sealed) }); err == nil {
			t.Errorf("%q with %q was kept", digest, sealed)
		}
	}
}

// Chunks that were packed with an older dictionary are read, and shared, beside
// newer ones.
func TestANewerDictionaryLeavesOlderChunksReadable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		p := plant.New(12, 300)
		old, oldFlows := y.keep("i-1", p.Flows()), p.Flows()
		samples := [][]byte{}
		for seed := range uint64(20) {
			samples = append(samples, plant.New(seed, 20).Flows())
		}
		d, err := zstd.BuildDict(zstd.BuildDictOptions{ID: 77, Contents: samples, History: samples[0], Offsets: [3]int{1, 4, 8}})
		if err != nil {
			t.Fatal(err)
		}
		store.WithDictionary(t, d)
		for range 5 {
			p.Edit()
		}
		fresh := y.keep("i-1", p.Flows())
		for s, flows := range map[*fleet.Snapshot]json.RawMessage{old: oldFlows, fresh: p.Flows()} {
			if !bytes.Equal(y.flows(s.ID), flows) {
				t.Errorf("%s is not what was kept", s.ID)
			}
		}
		if n := y.count("select count(distinct dictionary) from flow_chunk"); n != 2 {
			t.Errorf("chunks of %d dictionaries; want 2", n)
		}
	})
}
