package control_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// logged is a world with a sealed log of some hundred events; it is made once
// and copied.
func logged(t *testing.T) *world {
	t.Helper()
	madeOnce.Do(func() { made.dir, made.err = makeLog(t) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	w := newFileWorld(t)
	w.db.Close()
	for name, content := range made.dir.files {
		if err := os.WriteFile(filepath.Join(w.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.key, w.now = made.dir.key, made.dir.now
	w.open()
	return w
}

// snapshot is a world's directory.
type snapshot struct {
	files map[string][]byte
	key   secret.Key
	now   time.Time
}

var (
	madeOnce sync.Once
	made     struct {
		dir snapshot
		err error
	}
)

func makeLog(t *testing.T) (snapshot, error) {
	w := newFileWorld(t)
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	for i := range 400 {
		w.sleep(time.Millisecond) // events of one moment are sealed in any order
		must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: fmt.Sprintf("Line %d", i)}, control.Key{}))(t)
		if i%100 == 99 {
			w.sleep(2 * time.Minute)
			if err := w.AuditEvents.Seal(t.Context()); err != nil {
				return snapshot{}, err
			}
		}
	}
	s := snapshot{files: map[string][]byte{}, key: w.key, now: w.now}
	err := w.db.Close()
	for _, name := range []string{"leat.db", "checkpoints"} {
		text, err1 := os.ReadFile(filepath.Join(w.dir, name))
		s.files[name], err = text, errors.Join(err, err1)
	}
	return s, err
}

// verify verifies as of a stopped server's directory.
func (w *world) verify() *control.AuditReport {
	w.t.Helper()
	if err := w.db.Close(); err != nil {
		w.t.Fatal(err)
	}
	db, err := store.OpenReadOnly(w.t.Context(), filepath.Join(w.dir, "leat.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	report, err := control.VerifyAudit(w.t.Context(), db, w.key, filepath.Join(w.dir, "checkpoints"))
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// tamper changes the file as somebody with a SQL shell would.
func (w *world) tamper(statements ...string) {
	w.t.Helper()
	w.db.Close()
	db, err := sql.Open("sqlite", filepath.Join(w.dir, "leat.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(w.t.Context(), s); err != nil {
			w.t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestAWholeLogVerifies(t *testing.T) {
	w := logged(t)
	r := w.verify()
	if !r.Whole() || r.Leaves != 401 || r.Unsealed != 0 || r.Checkpoints < 8 {
		t.Errorf("report %+v; want 401 whole leaves and the checkpoints of table and file", r)
	}
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	const bytes = `update audit_event set bytes = replace(bytes, 'Line ', 'Lime ') where leaf = 8`
	for name, c := range map[string]struct {
		tamper []string
		kind   string
		leaf   int64
		what   string
	}{
		"a column":              {[]string{`update audit_event set username = 'mika' where leaf = 8`}, "altered", 8, "column username"},
		"the bytes":             {[]string{bytes}, "altered", 8, "changed since"},
		"a removed row":         {[]string{`delete from audit_event where leaf = 8`}, "removed", 8, "not in the table"},
		"a removed last row":    {[]string{`delete from audit_event where leaf = 400`}, "removed", 400, "not in the table"},
		"a row emptied":         {[]string{`update audit_event set bytes = '' where leaf = 8`}, "removed", 8, "no retention"},
		"two rows exchanged":    {[]string{`update audit_event set leaf = -5 where leaf = 8`, `update audit_event set leaf = 8 where leaf = 9`, `update audit_event set leaf = 9 where leaf = -5`}, "reordered", 8, "sealed as leaf 9"},
		"a row behind the tree": {[]string{`update audit_event set leaf = 401 where leaf = 8`}, "removed", 8, "not in the table"},
		"a stored hash":         {[]string{`update audit_tile set hashes = zeroblob(32) || substr(hashes, 33) where level = 0 and place = 0`}, "tile", 0, "stored hash"},
		"a lost tile":           {[]string{`delete from audit_tile where level = 0 and place = 0`}, "tile", -1, "missing"},
		"a hash above":          {[]string{`update audit_tile set hashes = zeroblob(32) where level = 1 and place = 0`}, "tile", -1, "above"},
		"a checkpoint's root":   {[]string{`update audit_checkpoint set root = 'x' where size = 401`}, "checkpoint", -1, "columns"},
		"a checkpoint's note":   {[]string{`update audit_checkpoint set note = replace(note, 'leat/audit', 'peat/audit')`}, "checkpoint", -1, "not signed"},
		"the end cut off": {[]string{
			`delete from audit_event where leaf >= 101`, `delete from audit_checkpoint where size > 101`,
		}, "removed", 101, "newest events were removed"},
		"a made-up event": {[]string{
			`insert into audit_event select 'e-zzz', null, time, event, result, actor_kind, actor_id, username, addr, team_id, application_id, object_id, replace(bytes, 'Line', 'Lime') from audit_event where leaf = 8`,
		}, "added", -1, "not written by this platform"},
	} {
		t.Run(name, func(t *testing.T) {
			w := logged(t)
			w.tamper(c.tamper...)
			r := w.verify()
			if r.Whole() {
				t.Fatal("nothing was found")
			}
			f := r.Findings[0]
			if f.Kind != c.kind || f.Leaf != c.leaf || !strings.Contains(f.What, c.what) {
				t.Errorf("found %+v; want %s of leaf %d: %s", f, c.kind, c.leaf, c.what)
			}
		})
	}
}

func TestARowExchangedWithItsHashBreaksTheRoot(t *testing.T) {
	w := logged(t)
	w.tamper(
		`update audit_event set bytes = replace(bytes, 'Line ', 'Lime ') where leaf = 8`,
		`update audit_tile set hashes = substr(hashes, 1, 8*32) || zeroblob(32) || substr(hashes, 9*32+1) where level = 0 and place = 0`)
	r := w.verify()
	kinds := map[string]bool{}
	for _, f := range r.Findings {
		kinds[f.Kind] = true
	}
	if !kinds["root"] || !kinds["altered"] {
		t.Errorf("found %+v; want the root and the row", r.Findings)
	}
}

func TestAFileOfCheckpointsThatWasChangedIsFound(t *testing.T) {
	w := logged(t)
	w.db.Close()
	file := filepath.Join(w.dir, "checkpoints")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "\n101\n", "\n102\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.verify(); r.Whole() || r.Findings[0].Kind != "checkpoint" {
		t.Errorf("found %+v; want a checkpoint", r.Findings)
	}
	if err := os.WriteFile(file, append(text, "leat/audit\n9"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.verify(); !r.Whole() {
		t.Errorf("half a note at the end: %+v; want it passed over", r.Findings)
	}
}

func TestRetentionRemovesContentAndTheLogStillVerifies(t *testing.T) {
	w := newFileWorld(t)
	w.keep = 24 * time.Hour
	w.reopen()
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	for i := range 30 {
		must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: fmt.Sprint("Line ", i)}, control.Key{}))(t)
		w.sleep(time.Hour)
	}
	seal := func() {
		t.Helper()
		if err := w.AuditEvents.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	seal()
	if err := w.AuditEvents.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	seal()
	for _, e := range w.audited(store.AuditFilter{Team: team.ID}) {
		if w.clock().Sub(e.Time) > 24*time.Hour {
			t.Errorf("an event of %v is still told: %+v", e.Time, e)
		}
	}
	r := w.verify()
	if !r.Whole() || r.Expired != 7 || r.Leaves != 32 {
		t.Errorf("report %+v; want 7 expired of 32", r)
	}
	w.tamper(`update audit_event set bytes = '', event = '' where leaf = 20`)
	if r := w.verify(); r.Whole() || r.Findings[0].Leaf != 20 {
		t.Errorf("found %+v; want the row that somebody else emptied", r.Findings)
	}
}

func TestTheSealerGoesOnAfterAKill(t *testing.T) {
	w := logged(t)
	olga := w.person("late", false)
	w.team(olga, "Late", nil)
	w.reopen() // as after a kill: one event waits, the file lags
	if err := os.Truncate(filepath.Join(w.dir, "checkpoints"), 700); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx, stop := contextWithCancel(t)
	go func() { done <- w.AuditEvents.Run(ctx) }()
	for w.audited(store.AuditFilter{Event: "team.create", Actor: "late"})[0].Leaf < 0 {
		if len(done) > 0 {
			t.Fatal(<-done)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r := w.verify(); !r.Whole() || r.Leaves != 402 || r.Unsealed != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestEventsThatGoOnComingAreSealed(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	done := make(chan error, 1)
	ctx, stop := contextWithCancel(t)
	go func() { done <- w.AuditEvents.Run(ctx) }()
	limit, again := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for n, sealed := 0, false; !sealed; n++ {
		w.team(olga, fmt.Sprint("Team ", n), nil)
		list := w.audited(store.AuditFilter{Event: "team.create"})
		sealed = list[len(list)-1].Leaf >= 0
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("of %d events none was sealed while more came", n)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestListsOfTheAuditLogAreFiltered(t *testing.T) {
	w := logged(t)
	ola := w.person("ola", false)
	other := w.team(ola, "Other", nil)
	all := w.audited(store.AuditFilter{})
	if all[0].Team != other.ID || all[0].Event != "team.create" {
		t.Errorf("the newest is %+v", all[0])
	}
	some := all[50]
	for name, f := range map[string]store.AuditFilter{
		"team": {Team: other.ID}, "actor": {Actor: "ola"}, "actor id": {Actor: string(ola.User)}, "object": {Object: string(other.ID)},
		"from": {From: all[0].Time}, "team and event": {Team: other.ID, Event: "team.create"},
	} {
		if got := w.audited(f); len(got) != 1 || got[0].ID != all[0].ID {
			t.Errorf("%s found %d", name, len(got))
		}
	}
	list, _, err := w.AuditEvents.ListAll(t.Context(), fleet.System("test"), store.AuditFilter{Event: "application.create", To: some.Time}, store.Page{Limit: 1})
	if err != nil || len(list) != 1 || !list[0].Time.Before(some.Time) {
		t.Errorf("to: %+v, %v", list, err)
	}
}
