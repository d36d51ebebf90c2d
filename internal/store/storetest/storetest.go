// Package storetest gives tests new databases: SQLite always, and PostgreSQL
// where a test binary is built with the tag real, from the programs installed on
// the machine and with data that is thrown away.
package storetest

import (
	"path/filepath"
	"testing"

	"leat/internal/store"
)

// Each runs a test on a new database of every engine.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, Open(t, SQLite(t))) })
	if url := postgres(t); url != "" {
		t.Run("postgres", func(t *testing.T) { test(t, Open(t, url)) })
	}
}

// SQLite is the address of a new SQLite database.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "leat.db")
}

// Open opens a database until the end of the test.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}
