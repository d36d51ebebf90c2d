package control_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// minutes lets a world write and seal an event in each of so many minutes.
func (w *world) minutes(n int) {
	w.t.Helper()
	for range n {
		w.sleep(time.Minute)
		w.person("p"+strings.ToLower(w.clock().Format("02t150405")), false)
		w.team(w.person("o"+strings.ToLower(w.clock().Format("02t150405")), false), "Team", nil)
		if err := w.AuditEvents.Seal(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func notesOf(t *testing.T, w *world) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "checkpoints"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n\n\n"), "\n\n\n")
}

func thin(t *testing.T, w *world) {
	t.Helper()
	if err := w.AuditEvents.ThinFileTo(t.Context(), 16, 4); err != nil {
		t.Fatal(err)
	}
}

func TestTheFileOfCheckpointsDoesNotGrowWithoutEnd(t *testing.T) {
	w := newFileWorld(t)
	w.minutes(16)
	before := notesOf(t, w)
	thin(t, w)
	if !slices.Equal(before, notesOf(t, w)) || len(before) != 16 {
		t.Fatalf("a file of %d notes was made thinner", len(before))
	}
	for range 6 {
		w.minutes(10)
		all := notesOf(t, w)
		thin(t, w)
		left := notesOf(t, w)
		if len(left) > 16 || left[0] != before[0] || !slices.Equal(left[len(left)-4:], all[len(all)-4:]) {
			t.Fatalf("%d notes are left of %d", len(left), len(all))
		}
		r := must(w.AuditEvents.Verify(t.Context()))(t)
		if !r.Whole() || r.Checkpoints < 16 {
			t.Fatalf("%+v", r)
		}
	}
	w.minutes(1)
	w.reopen()
	ctx, stop := contextWithCancel(t)
	stop()
	if err := w.AuditEvents.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if r := must(w.AuditEvents.Verify(t.Context()))(t); !r.Whole() {
		t.Errorf("%+v", r)
	}
}

// What the log contradicts is evidence: it stays, and verification tells of it.
func TestANoteThatTheLogContradictsIsNeverTakenOut(t *testing.T) {
	w := newFileWorld(t)
	other := newWorldOn(t, t.TempDir(), "sqlite:"+filepath.Join(t.TempDir(), "leat.db"))
	other.key = w.key
	other.reopen()
	other.sleep(time.Hour)
	other.minutes(3) // another history, signed by the same key
	false1 := notesOf(t, other)[1]
	w.minutes(12)
	notes := notesOf(t, w)
	unsigned := strings.Replace(notes[5], "leat/audit\n", "leat/audit\n9", 1)
	odd := slices.Concat(notes[:2], []string{false1}, notes[2:5], []string{unsigned}, notes[5:])
	if err := os.WriteFile(filepath.Join(w.dir, "checkpoints"), []byte(strings.Join(odd, "\n\n\n")+"\n\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.minutes(20)
	for range 3 {
		thin(t, w)
		w.minutes(3)
	}
	left := notesOf(t, w)
	if !slices.Contains(left, false1) || !slices.Contains(left, unsigned) || len(left) > 24 {
		t.Errorf("of %d notes that are left the evidence is gone", len(left))
	}
	if r := must(w.AuditEvents.Verify(t.Context()))(t); r.Whole() {
		t.Error("verification found nothing")
	}
}

// A log that is rewritten after notes were taken out is found out as before.
func TestARewriteIsFoundWithFewerNotes(t *testing.T) {
	w := newFileWorld(t)
	w.minutes(30)
	thin(t, w)
	err := w.db.Update(t.Context(), func(tx *store.Tx) error { return tx.BlankAuditEvent(firstEvent(t, w)) })
	if err != nil {
		t.Fatal(err)
	}
	if r := must(w.AuditEvents.Verify(t.Context()))(t); r.Whole() {
		t.Error("an event lost its content, and nobody noticed")
	}
}

func firstEvent(t *testing.T, w *world) fleet.AuditEventID {
	t.Helper()
	events := w.audited(store.AuditFilter{})
	return events[len(events)-1].ID
}

func TestAFileThatCannotBeMadeAnewStaysAsItIs(t *testing.T) {
	w := newFileWorld(t)
	w.minutes(20)
	before := notesOf(t, w)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.AuditEvents.ThinFileTo(ctx, 16, 4); err == nil {
		t.Error("it was made anew without time for it")
	}
	if !slices.Equal(before, notesOf(t, w)) {
		t.Error("the file is another")
	}
	if _, err := os.Stat(filepath.Join(w.dir, "checkpoints.new")); err == nil {
		t.Error("half a file was left")
	}
}
