package nodered

import (
	"time"

	"leat/internal/wire"
)

// Measured is what is kept of samples made at these times.
func Measured(times ...time.Time) []wire.Sample {
	s := newSamples()
	for _, t := range times {
		s.add(wire.Sample{Time: t})
	}
	return s.after(time.Time{})
}
