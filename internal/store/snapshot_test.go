package store_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// yard is a database with a team, an application and no instances.
type yard struct {
	t           testing.TB
	db          *store.DB
	team        fleet.TeamID
	application fleet.ApplicationID
	now         time.Time
}

func newYard(t testing.TB, db *store.DB) *yard {
	t.Helper()
	y := &yard{t: t, db: db, team: "t-1", application: "a-1", now: then}
	y.update(func(tx *store.Tx) error {
		if err := tx.InsertTeam(&fleet.Team{ID: y.team, Name: "Plant", Slug: "plant", Version: 1, CreatedAt: then}); err != nil {
			return err
		}
		return tx.InsertApplication(&fleet.Application{ID: y.application, Team: y.team, Name: "Plant", Version: 1, CreatedAt: then})
	})
	return y
}

func (y *yard) update(fn func(*store.Tx) error) {
	y.t.Helper()
	if err := y.db.Update(y.t.Context(), fn); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) view(fn func(*store.Tx) error) {
	y.t.Helper()
	if err := y.db.View(y.t.Context(), fn); err != nil {
		y.t.Fatal(err)
	}
}

// keep makes an automatic snapshot of an instance.
func (y *yard) keep(id fleet.InstanceID, m *fleet.Manifest) *fleet.Snapshot {
	y.t.Helper()
	c, err := store.Pack(m)
	if err != nil {
		y.t.Fatal(err)
	}
	s := &fleet.Snapshot{Application: y.application, Team: y.team, Instance: id, Kind: fleet.SnapshotAuto, Trigger: fleet.TriggerDeploy, Author: "olga", CreatedAt: y.now}
	y.now = y.now.Add(time.Minute)
	y.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, nil) })
	return s
}

func TestASnapshotReadsBackByteForByte(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		p := plant.New(1, 400)
		m := &fleet.Manifest{
			Flows: p.Flows(), Settings: map[string]any{"timeZone": "Europe/Berlin", "persistentContext": true}, Stack: "abc",
			Environment: []fleet.Variable{{Name: "B", Value: "x"}, {Name: "A", Hidden: true}, {Name: "C", Value: ""}},
			Modules:     fleet.ManifestModules{Direct: map[string]string{"a": "1.2.3"}, Lock: json.RawMessage("{\"packages\": {}}\n")},
			Absent:      []fleet.ManifestPart{fleet.PartStack},
		}
		s := y.keep("i-1", m)
		var back *fleet.Manifest
		y.view(func(tx *store.Tx) (err error) { back, err = tx.SnapshotContent(s.ID); return err })
		if !bytes.Equal(back.Flows, m.Flows) || !back.SameContent(m) || s.Nodes != 400 || s.Modules != 1 || s.Size != int64(len(m.Flows)) {
			t.Errorf("read back %+v", back)
		}
		if d, err := back.Digest(); err != nil || d != s.Digest {
			t.Errorf("digest %s, %v; want %s", d, err, s.Digest)
		}
		if back.Environment[1].Name != "A" || !back.Environment[1].Hidden {
			t.Errorf("environment %+v", back.Environment)
		}
	})
}
