//go:build !real

package servertest

import "testing"

// databaseURL is empty: a SQLite file in the data directory.
func databaseURL(testing.TB) string { return "" }
