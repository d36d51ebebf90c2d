//go:build !real

package storetest

import "testing"

// postgres is only there with the tag real.
func postgres(testing.TB) string { return "" }

// Main runs a binary's tests.
func Main(m *testing.M) int { return m.Run() }

// Default is the address of a new database: on SQLite without the tag real.
func Default(t testing.TB) string { return SQLite(t) }
