package nodered_test

import (
	"testing"
	"time"

	"leat/internal/nodered"
)

func TestSamplesStayInOrderWhenTheClockIsPutBack(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	got := nodered.Measured(noon, noon.Add(time.Minute), noon.Add(time.Hour), noon.Add(2*time.Minute), noon.Add(3*time.Minute))
	want := []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute}
	if len(got) != len(want) {
		t.Fatalf("kept %v; want %v after noon", got, want)
	}
	for n, x := range got {
		if x.Time.Sub(noon) != want[n] {
			t.Errorf("sample %d is of %v; want %v after noon", n, x.Time, want[n])
		}
	}
}
