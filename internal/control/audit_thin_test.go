package control_test

import (
	"slices"
	"testing"

	"leat/internal/store"
)

// tableOf lists the checkpoints of the table.
func tableOf(t *testing.T, w *world) (list []*store.Checkpoint) {
	t.Helper()
	err := w.db.View(t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Checkpoints(0, 1000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func sizes(list []*store.Checkpoint) (out []int64) {
	for _, c := range list {
		out = append(out, c.Size)
	}
	return out
}

func TestTheTableOfCheckpointsDoesNotGrowWithoutEnd(t *testing.T) {
	w := newFileWorld(t)
	for round := range 4 {
		w.minutes(16)
		all := sizes(tableOf(t, w))
		if err := w.AuditEvents.ThinTableTo(t.Context(), 16, 4); err != nil {
			t.Fatal(err)
		}
		left := sizes(tableOf(t, w))
		if round == 0 && !slices.Equal(all, left) {
			t.Fatalf("a table of %d rows was made thinner", len(all))
		}
		if len(left) > 16 || left[0] != all[0] || !slices.Equal(left[len(left)-4:], all[len(all)-4:]) {
			t.Fatalf("of %v %v are left", all, left)
		}
		if r := must(w.AuditEvents.Verify(t.Context()))(t); !r.Whole() {
			t.Fatalf("%+v", r)
		}
	}
	err := w.db.Update(t.Context(), func(tx *store.Tx) error { return tx.BlankAuditEvent(firstEvent(t, w)) })
	if err != nil {
		t.Fatal(err)
	}
	if r := must(w.AuditEvents.Verify(t.Context()))(t); r.Whole() {
		t.Error("an event lost its content, and nobody noticed")
	}
}

// What is not as it was signed is evidence: it stays, and verification tells of it.
func TestACheckpointThatIsNotAsSignedStaysInTheTable(t *testing.T) {
	w := newFileWorld(t)
	w.minutes(20)
	odd := tableOf(t, w)[5]
	odd.Root = tableOf(t, w)[4].Root
	err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.DeleteCheckpoint(odd.Size); err != nil {
			return err
		}
		return tx.InsertCheckpoint(odd)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.AuditEvents.ThinTableTo(t.Context(), 16, 4); err != nil {
			t.Fatal(err)
		}
		w.minutes(16)
	}
	if !slices.Contains(sizes(tableOf(t, w)), odd.Size) {
		t.Error("the evidence is gone")
	}
	if r := must(w.AuditEvents.Verify(t.Context()))(t); r.Whole() {
		t.Error("verification found nothing")
	}
}
