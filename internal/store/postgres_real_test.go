//go:build real

package store_test

import (
	"testing"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

func TestTextThatPostgresDoesNotKeepIsNoFaultOfOurs(t *testing.T) {
	db := storetest.Open(t, storetest.Postgres(t))
	for _, text := range []string{"a\x00b", "a\xffb"} {
		find := func(tx *store.Tx) error { _, err := tx.UserByUsername(text); return err }
		for name, run := range map[string]error{"view": db.View(t.Context(), find), "update": db.Update(t.Context(), find)} {
			if !fleet.IsCode(run, "invalid_text") {
				t.Errorf("%s of %q: %v; want invalid_text", name, text, run)
			}
		}
	}
}

func TestAPostgresThatGoesAwayIsSaidAndFoundAgain(t *testing.T) {
	db := storetest.Open(t, storetest.Postgres(t))
	end := func(tx *store.Tx) error { return store.Ask(tx, "select pg_terminate_backend(pg_backend_pid())") }
	if err := db.Update(t.Context(), end); !fleet.IsCode(err, "database_unavailable") {
		t.Errorf("update: %v; want database_unavailable", err)
	}
	if err := db.View(t.Context(), end); !fleet.IsCode(err, "database_unavailable") {
		t.Errorf("view: %v; want database_unavailable", err)
	}
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutSetting("later", "x") }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
