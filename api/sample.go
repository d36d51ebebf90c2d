package api

import (
	"context"
	"time"
)

// Sample is one measurement of an instance or, where several were made into one,
// their average.
type Sample struct {
	Time      time.Time `json:"time"`
	MemoryMiB float64   `json:"memoryMiB"`
	// CPUPercent counts one core as 100.
	CPUPercent float64 `json:"cpuPercent"`
	// LagMs is how late the event loop was, Loop the share of time it was busy (0–1).
	LagMs float64 `json:"lagMs"`
	Loop  float64 `json:"loop"`
	// Count is how many measurements it stands for. With more than one, Min and
	// Max are what the smallest and the largest of them were.
	Count int      `json:"count" doc:"how many measurements it stands for"`
	Min   *Measure `json:"min,omitempty" doc:"the smallest of them; absent where it stands for one"`
	Max   *Measure `json:"max,omitempty" doc:"the largest of them; absent where it stands for one"`
}

// Measure is what is measured of an instance.
type Measure struct {
	MemoryMiB  float64 `json:"memoryMiB"`
	CPUPercent float64 `json:"cpuPercent"`
	LagMs      float64 `json:"lagMs"`
	Loop       float64 `json:"loop"`
}

// Samples are the measurements of a span of time, oldest first. Recent ones are
// kept as they were made, older ones as one of each minute, then of ten minutes.
type Samples struct {
	Items          []Sample  `json:"items"`
	MemoryLimitMiB int       `json:"memoryLimitMiB"`
	CPULimit       int       `json:"cpuLimitPercent"`
	From           time.Time `json:"from"`
	To             time.Time `json:"to"`
	// StepSeconds is the span that one item covers at most; a gap of more than
	// twice as much is time without measurements.
	StepSeconds int `json:"stepSeconds" doc:"the span that one item covers; a gap of more than twice as much is time without measurements"`
}

// SampleQuery chooses samples. The zero value asks for the last hours.
type SampleQuery struct {
	From, To time.Time
	// Points bounds how many come back; smallest and largest are kept when they
	// are made fewer.
	Points int
}

// SamplesBetween are an instance's measurements of a span of time.
func (c *Client) SamplesBetween(ctx context.Context, id string, q SampleQuery) (*Samples, error) {
	return take[Samples](ctx, c, at("/instances/", id, "/samples"),
		query("from", timeText(q.From), "to", timeText(q.To), "points", countText(q.Points)))
}
