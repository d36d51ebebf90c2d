//go:build real

package servertest

import (
	"testing"

	"leat/internal/store/storetest"
)

// databaseURL is a new database on PostgreSQL; storetest.Main, as the package's
// TestMain, stops it.
func databaseURL(t testing.TB) string { return storetest.Default(t) }
