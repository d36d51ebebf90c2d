package web_test

import (
	"net/http"
	"testing"
	"time"

	"leat/api"
	"leat/internal/servertest"
)

func TestMeasurementsAreAskedForBySpan(t *testing.T) {
	s := servertest.New(t)
	instance, err := s.As("owner").CreateInstance(t.Context(), s.Application("Water").ID, api.NewInstance{Name: "Pump"})
	if err != nil {
		t.Fatal(err)
	}
	viewer := s.As("viewer")
	from := time.Now().Add(-48 * time.Hour).UTC()
	got, err := viewer.SamplesBetween(t.Context(), instance.ID, api.SampleQuery{From: from, To: from.Add(time.Hour), Points: 10})
	if err != nil || !got.From.Equal(from) || !got.To.Equal(from.Add(time.Hour)) || got.Items == nil || got.StepSeconds != 600 || got.CPULimit != 50 {
		t.Errorf("%+v, %v", got, err)
	}
	for name, q := range map[string]api.SampleQuery{"backwards": {From: from, To: from.Add(-time.Hour)}, "too many": {Points: 100_000}} {
		if _, err := viewer.SamplesBetween(t.Context(), instance.ID, q); api.StatusOf(err) != http.StatusUnprocessableEntity {
			t.Errorf("%s: %v; want 422", name, err)
		}
	}
}
