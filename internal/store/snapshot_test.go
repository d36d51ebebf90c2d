package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// yard is a database with a team and an application, to keep snapshots in.
type yard struct {
	testing.TB
	db          *store.DB
	team        fleet.TeamID
	application fleet.ApplicationID
	now         time.Time
}

func newYard(t testing.TB, db *store.DB) *yard {
	t.Helper()
	y := &yard{TB: t, db: db, team: "t-1", application: "a-1", now: then}
	y.update(func(tx *store.Tx) error {
		if err := tx.InsertTeam(&fleet.Team{ID: y.team, Name: "Plant", Slug: "plant", Version: 1, CreatedAt: then}); err != nil {
			return err
		}
		return tx.InsertApplication(&fleet.Application{ID: y.application, Team: y.team, Name: "Plant", Version: 1, CreatedAt: then})
	})
	return y
}

func (y *yard) update(fn func(*store.Tx) error) {
	y.Helper()
	if err := y.db.Update(y.Context(), fn); err != nil {
		y.Fatal(err)
	}
}

func (y *yard) view(fn func(*store.Tx) error) {
	y.Helper()
	if err := y.db.View(y.Context(), fn); err != nil {
		y.Fatal(err)
	}
}

// draft is a snapshot that was not kept yet; the clock goes on with each.
func (y *yard) draft(id fleet.InstanceID, kind fleet.SnapshotKind, name string) *fleet.Snapshot {
	s := &fleet.Snapshot{Application: y.application, Team: y.team, Instance: id, Name: name, Kind: kind, Author: "olga", CreatedAt: y.now}
	y.now = y.now.Add(time.Minute)
	return s
}

func (y *yard) keepAs(s *fleet.Snapshot, m *fleet.Manifest, sealed []byte) *fleet.Snapshot {
	y.Helper()
	c, err := store.Pack(m)
	if err != nil {
		y.Fatal(err)
	}
	y.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, sealed) })
	return s
}

// keep makes an automatic snapshot of flows.
func (y *yard) keep(id fleet.InstanceID, flows json.RawMessage) *fleet.Snapshot {
	y.Helper()
	return y.keepAs(y.draft(id, fleet.SnapshotAuto, ""), &fleet.Manifest{Flows: flows}, nil)
}

func (y *yard) remove(ids ...fleet.SnapshotID) {
	y.Helper()
	y.update(func(tx *store.Tx) error {
		for _, id := range ids {
			if err := tx.DeleteSnapshot(id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (y *yard) flows(id fleet.SnapshotID) (flows json.RawMessage) {
	y.Helper()
	y.view(func(tx *store.Tx) (err error) { flows, err = tx.SnapshotFlows(id); return err })
	return flows
}

func (y *yard) count(text string) (n int64) {
	y.Helper()
	y.view(func(tx *store.Tx) (err error) { n, err = store.Count(tx, text); return err })
	return n
}

// sound looks whether exactly what is needed is kept.
func (y *yard) sound() {
	y.Helper()
	y.view(store.CheckSnapshots)
}

func TestASnapshotReadsBackByteForByte(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		m := &fleet.Manifest{
			Flows: plant.New(1, 400).Flows(), Settings: map[string]any{"timeZone": "Europe/Berlin", "persistentContext": true}, Stack: "abc",
			Environment: []fleet.Variable{{Name: "B", Value: "x"}, {Name: "A", Hidden: true, Value: "never kept"}, {Name: "C", Value: ""}},
			Modules:     fleet.ManifestModules{Direct: map[string]string{"a": "1.2.3"}, Lock: json.RawMessage("{\"packages\": {},\n \"x\":\"<&>\"}\n")},
			Absent:      []fleet.ManifestPart{fleet.PartStack},
		}
		s := y.keepAs(y.draft("i-1", fleet.SnapshotAuto, ""), m, nil)
		var back, rest *fleet.Manifest
		var row *fleet.Snapshot
		y.view(func(tx *store.Tx) (err error) {
			if back, err = tx.SnapshotContent(s.ID); err != nil {
				return err
			}
			if rest, err = tx.SnapshotRest(s.ID); err != nil {
				return err
			}
			row, err = tx.Snapshot(s.ID)
			return err
		})
		if !bytes.Equal(back.Flows, m.Flows) || !bytes.Equal(back.Modules.Lock, m.Modules.Lock) || !back.SameContent(m) {
			t.Errorf("read back %+v", back)
		}
		if d, err := back.Digest(); err != nil || d != s.Digest || *row != *s || s.Nodes != 400 || s.Modules != 1 || s.Size != int64(len(m.Flows)) {
			t.Errorf("digest %s, %v of %+v; row %+v", d, err, s, row)
		}
		if v := back.Environment[1]; v.Name != "A" || !v.Hidden || v.Value != "" || len(rest.Flows) > 0 || rest.Stack != "abc" {
			t.Errorf("the rest %+v", rest)
		}
		if n := y.count("select count(*) from snapshot_body"); n != 2 {
			t.Errorf("%d bodies", n)
		}
	})
}

// Whatever can be in a file is kept as it came.
func TestFilesThatAreOddReadBackAsWell(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		big := "[" + strings.Repeat(`{"id":"same","type":"t"},`, 3000) + `{"id":"z","type":"t","b":"` + strings.Repeat("b", 3*store.MaxChunk) + `"}]`
		deep := `[{"id":"d","x":` + strings.Repeat("[", 990) + strings.Repeat("]", 990) + `}]`
		for i, flows := range []string{
			"[]", " [ ]\n", `[{"type":"no id"},{"id":"a","type":"t"},{"id":"a","type":"t"}]`, `[{"id":"a","__proto__":{"x":1},"constructor":null}]`,
			"[{\"id\":\"\xff\xfe\",\"x\":\"\x80\"}]", `[{"id":"n","v":12345678901234567890.123e-5,"v":0}]`, big, deep, `[{"id":"\u0000","x":"\ud800"}]`,
		} {
			s := y.keep("i-1", json.RawMessage(flows))
			if got := y.flows(s.ID); string(got) != flows {
				t.Errorf("file %d came back as %.200q", i, got)
			}
		}
		none := y.keep("i-1", nil)
		absent := y.keepAs(y.draft("i-1", fleet.SnapshotAuto, ""), &fleet.Manifest{Absent: []fleet.ManifestPart{fleet.PartFlows}}, nil)
		if string(y.flows(none.ID)) != "[]" || len(y.flows(absent.ID)) != 0 || none.Digest == absent.Digest {
			t.Errorf("no flows are %q, absent ones %q", y.flows(none.ID), y.flows(absent.ID))
		}
		y.sound()
	})
}

func TestContentThatIsSharedIsKeptOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		p := plant.New(5, 600)
		lock := json.RawMessage(`{"packages":"` + strings.Repeat("lock ", 40_000) + `"}`)
		var all []fleet.SnapshotID
		for n := range 40 {
			m := &fleet.Manifest{
				Flows: p.Flows(), Environment: []fleet.Variable{{Name: "A", Value: "1"}},
				Modules: fleet.ManifestModules{Direct: map[string]string{"m": "1.0.0"}, Lock: lock},
			}
			s := y.draft("i-1", fleet.SnapshotAuto, "")
			s.SecretsDigest = fmt.Sprint("secret ", n/20)
			all = append(all, y.keepAs(s, m, []byte("sealed "+s.SecretsDigest)).ID)
			if n%2 == 0 {
				all = append(all, y.keepAs(y.draft("i-2", fleet.SnapshotManual, "copy"), m, nil).ID)
			}
			p.Edit()
		}
		y.sound()
		lists := y.count("select count(*) from flow_list")
		if b, s := y.count("select count(*) from snapshot_body"), y.count("select count(*) from snapshot_secret"); b != 2 || s != 2 || lists > 40 {
			t.Errorf("%d bodies, %d secrets, %d lists; want 2, 2 and 40 at most", b, s, lists)
		}
		var sealed, none []byte
		y.view(func(tx *store.Tx) (err error) {
			if sealed, err = tx.SnapshotSecrets(all[0]); err == nil {
				none, err = tx.SnapshotSecrets(all[1])
			}
			return err
		})
		if string(sealed) != "sealed secret 0" || none != nil {
			t.Errorf("secrets %q and %q", sealed, none)
		}
		y.remove(all...)
		for _, table := range contentTables {
			if n := y.count("select count(*) from " + table); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
	})
}

func TestAPreparedContentIsKeptAndWhatWentMeanwhileIsPackedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		m := &fleet.Manifest{Flows: plant.New(6, 200).Flows(), Modules: fleet.ManifestModules{Direct: map[string]string{"a": "1"}, Lock: json.RawMessage(`{}`)}}
		first := y.keepAs(y.draft("i-1", fleet.SnapshotAuto, ""), m, nil)
		c, err := store.Pack(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Prepare(t.Context(), c); err != nil { // all is there
			t.Fatal(err)
		}
		y.remove(first.ID)
		s := y.draft("i-1", fleet.SnapshotAuto, "")
		y.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, nil) })
		if !bytes.Equal(y.flows(s.ID), m.Flows) || !c.Fits(m) {
			t.Error("it is not what was packed")
		}
		other := *m
		other.Stack = "another"
		if c.Fits(&other) || (*store.Content)(nil).Fits(m) {
			t.Error("it fits what it was not made of")
		}
		y.sound()
	})
}

// Snapshots of one moment, and after a clock was put back, sort as they were made.
func TestTheNewestSnapshotIsTheLastOneMade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		c, err := store.Pack(&fleet.Manifest{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			s := y.draft("i-1", fleet.SnapshotAuto, "")
			s.CreatedAt = then.Add(-time.Duration(n/10) * time.Hour)
			y.update(func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, nil) })
			y.view(func(tx *store.Tx) error {
				newest, err := tx.NewestSnapshot("i-1")
				if err == nil && *newest != *s {
					t.Errorf("the newest is %+v; want %+v", newest, s)
				}
				return err
			})
		}
		y.view(func(tx *store.Tx) error {
			if _, err := tx.NewestSnapshot("i-2"); !fleet.IsKind(err, fleet.NotFound) {
				t.Errorf("of none: %v", err)
			}
			if _, err := tx.NewestSnapshot(""); !fleet.IsKind(err, fleet.NotFound) {
				t.Errorf("of no instance: %v", err)
			}
			return nil
		})
	})
}

func TestPruningKeepsWhatIsNamedOrInUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		p := plant.New(8, 120)
		var all []*fleet.Snapshot
		kept := map[fleet.SnapshotID]bool{}
		for n := range 120 {
			s := y.draft("i-1", fleet.SnapshotAuto, "")
			switch n {
			case 7:
				s.Kind = fleet.SnapshotManual
			case 8:
				s.Name = "Before the winter"
			case 9:
				s.Kind = fleet.SnapshotSafety
			case 110:
				s.From = string(all[20].ID)
				kept[all[20].ID] = true
			}
			all = append(all, y.keepAs(s, &fleet.Manifest{Flows: p.Flows()}, nil))
			kept[s.ID] = n == 7 || n == 8 || n >= 70
			p.Edit()
		}
		later := y.now.Add(31 * 24 * time.Hour)
		var often []fleet.InstanceID
		var gone []fleet.SnapshotID
		y.view(func(tx *store.Tx) (err error) {
			if often, err = tx.SnapshotsOften(); err == nil {
				gone, err = tx.PrunableSnapshots("i-1", later)
			}
			return err
		})
		if len(often) != 1 || often[0] != "i-1" || len(gone) != 67 {
			t.Errorf("of %v %d go; want 67 of i-1", often, len(gone))
		}
		y.remove(gone...)
		y.sound()
		for _, s := range all {
			err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.SnapshotFlows(s.ID); return err })
			if kept[s.ID] != (err == nil) || err != nil && !fleet.IsKind(err, fleet.NotFound) {
				t.Errorf("%s kept %v: %v", s.ID, kept[s.ID], err)
			}
		}
		y.view(func(tx *store.Tx) error {
			newest, err := tx.SnapshotUse(all[119].ID)
			source, fault := tx.SnapshotUse(all[20].ID)
			if !newest.Newest || newest.Restored != 0 || source.Newest || source.Restored != 1 || !source.InUse() {
				t.Errorf("uses %+v, %+v", newest, source)
			}
			if err == nil {
				err = fault
			}
			return err
		})
	})
}

func TestSnapshotsChangeTheirNameAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		s := y.keep("i-1", nil)
		s.Name, s.Description = "Release 4", "for the line"
		y.update(func(tx *store.Tx) error { return tx.UpdateSnapshot(s) })
		y.view(func(tx *store.Tx) error {
			got, err := tx.Snapshot(s.ID)
			if err == nil && *got != *s || s.Version != 2 {
				t.Errorf("%+v; want %+v", got, s)
			}
			return err
		})
		s.Version = 1
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSnapshot(s) }); err == nil {
			t.Error("an old version was written over")
		}
		y.remove(s.ID)
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteSnapshot(s.ID) }); !fleet.IsKind(err, fleet.NotFound) {
			t.Errorf("deleted twice: %v", err)
		}
	})
}

func TestListsOfSnapshotsArePagedAndFiltered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		for n := range 60 {
			switch {
			case n%10 == 3:
				y.keepAs(y.draft("i-1", fleet.SnapshotManual, fmt.Sprint("Release ", n, "-pump_house")), &fleet.Manifest{}, nil)
			case n%10 == 4:
				y.keepAs(y.draft("", fleet.SnapshotImported, fmt.Sprint("From site ", n)), &fleet.Manifest{}, nil)
			default:
				y.keep("i-1", nil)
			}
		}
		for _, want := range []struct {
			filter        store.SnapshotFilter
			q             string
			instance, all int
		}{
			{all: 60, instance: 54},
			{filter: store.SnapshotFilter{Kind: fleet.SnapshotManual}, all: 6, instance: 6},
			{filter: store.SnapshotFilter{Kind: fleet.SnapshotImported}, all: 6},
			{filter: store.SnapshotFilter{Named: true}, all: 12, instance: 6},
			{filter: store.SnapshotFilter{Kind: fleet.SnapshotManual, Named: true}, q: "HOUSE", all: 6, instance: 6},
			{q: "rel", all: 6, instance: 6},
			{q: "elease"},
			{q: "site 1", all: 1},
			{q: "%"},
		} {
			list := func(what string, n int, page func(*store.Tx, store.Page) ([]*fleet.Snapshot, string, error)) {
				t.Helper()
				got, last := 0, fleet.SnapshotID("~")
				for p := (store.Page{Limit: 7, Q: want.q}); ; {
					var rows []*fleet.Snapshot
					y.view(func(tx *store.Tx) (err error) { rows, p.Cursor, err = page(tx, p); return err })
					for _, s := range rows {
						if s.ID >= last || s.Digest == "" || s.Author != "olga" {
							t.Errorf("%s: %+v behind %s", what, s, last)
						}
						last = s.ID
					}
					if got += len(rows); p.Cursor == "" {
						break
					}
				}
				if got != n {
					t.Errorf("%s with %+v, %q: %d; want %d", what, want.filter, want.q, got, n)
				}
			}
			list("instance", want.instance, func(tx *store.Tx, p store.Page) ([]*fleet.Snapshot, string, error) {
				return tx.SnapshotsOfInstance("i-1", want.filter, p)
			})
			list("application", want.all, func(tx *store.Tx, p store.Page) ([]*fleet.Snapshot, string, error) {
				return tx.SnapshotsOfApplication(y.application, want.filter, p)
			})
			list("team", want.all, func(tx *store.Tx, p store.Page) ([]*fleet.Snapshot, string, error) {
				return tx.SnapshotsOfTeam(y.team, want.filter, p)
			})
		}
	})
}

func TestSomebodysSnapshotsOutliveTheirInstanceAndGoWithTheApplication(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		y.update(func(tx *store.Tx) error {
			return tx.InsertInstance(&store.Instance{Instance: fleet.Instance{ID: "i-1", Application: y.application, Team: y.team, Name: "Pump", Label: "pump", Version: 1}})
		})
		p := plant.New(9, 100)
		gone := []fleet.SnapshotID{y.keep("i-1", p.Flows()).ID}
		kept := y.keepAs(y.draft("i-1", fleet.SnapshotManual, "Good"), &fleet.Manifest{Flows: p.Flows()}, nil)
		p.Edit()
		gone = append(gone, y.keepAs(y.draft("i-1", fleet.SnapshotSafety, ""), &fleet.Manifest{Flows: p.Flows()}, nil).ID)
		see := func(instance fleet.InstanceID) {
			t.Helper()
			y.view(func(tx *store.Tx) error {
				s, err := tx.Snapshot(kept.ID)
				if err == nil && (s.Instance != instance || s.InstanceName != "Pump") {
					t.Errorf("it is %+v", s)
				}
				return err
			})
		}
		see("i-1")
		y.update(func(tx *store.Tx) error { return tx.DeleteInstance("i-1") })
		see("")
		y.sound()
		for _, id := range gone {
			if err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Snapshot(id); return err }); !fleet.IsKind(err, fleet.NotFound) {
				t.Errorf("%s: %v", id, err)
			}
		}
		y.update(func(tx *store.Tx) error { return tx.DeleteApplication(y.application) })
		if n := y.count("select count(*) from snapshot") + y.count("select count(*) from flow_chunk"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

// Many people keep and remove what shares content at the same time.
func TestManyAtOnceShareContent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		y := newYard(t, db)
		var files []*store.Content
		for p := plant.New(10, 150); len(files) < 6; p.Edit() {
			c, err := store.Pack(&fleet.Manifest{Flows: p.Flows()})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Prepare(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			files = append(files, c)
		}
		var group sync.WaitGroup
		for w := range 6 {
			group.Go(func() {
				var mine []fleet.SnapshotID
				for n := range 12 {
					s := &fleet.Snapshot{Application: y.application, Team: y.team, Instance: fleet.InstanceID(fmt.Sprint("i-", w%2)), Kind: fleet.SnapshotAuto, CreatedAt: then}
					err := db.Update(t.Context(), func(tx *store.Tx) error {
						if len(mine) > 1 {
							if err := tx.DeleteSnapshot(mine[0]); err != nil {
								return err
							}
						}
						return tx.InsertSnapshot(s, files[(w+n)%len(files)], nil)
					})
					if err != nil {
						t.Errorf("change %d of %d: %v", n, w, err)
						return
					}
					if len(mine) > 1 {
						mine = mine[1:]
					}
					mine = append(mine, s.ID)
				}
			})
		}
		group.Wait()
		y.sound()
	})
}
