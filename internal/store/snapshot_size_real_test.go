//go:build real

package store_test

import "testing"

func TestAThousandSnapshotsOfALargeFileTakeLessThan20MB(t *testing.T) {
	n := growth(t, 1000)
	t.Logf("%.1f MB", float64(n)/1e6)
	if n > 20_000_000 {
		t.Errorf("a thousand snapshots took %.1f MB", float64(n)/1e6)
	}
}
