package control

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"leat/internal/wire"
)

// A point is one measurement, or several that were made into one. The order of
// its numbers is that of measure.
type point4 [4]float64

const (
	memoryMiB = iota
	cpuPercent
	lagMs
	loopShare
)

// sample is a point in time: what n measurements come to on average, and what
// the least and the most of them were.
type sample struct {
	at               time.Time
	n                int
	mean, least, top point4
}

func sampleOf(w wire.Sample) sample {
	p := point4{float64(w.MemoryBytes) / (1 << 20), w.CPUPercent, w.LagMs, w.Loop}
	for i, v := range p {
		if math.IsNaN(v) || v < 0 {
			p[i] = 0
		}
		p[i] = min(p[i], 1e12)
	}
	return sample{at: w.Time, n: 1, mean: p, least: p, top: p}
}

// join makes samples into one for each span of step, oldest first. They are given
// by time.
func join(all []sample, step time.Duration) []sample {
	if step <= 0 {
		return all
	}
	var out []sample
	for _, s := range all {
		began := s.at.Truncate(step)
		if last := len(out) - 1; last >= 0 && out[last].at.Equal(began) {
			out[last].add(s)
			continue
		}
		s.at = began
		out = append(out, s)
	}
	return out
}

func (s *sample) add(o sample) {
	both := float64(s.n + o.n)
	for i := range s.mean {
		s.mean[i] = (s.mean[i]*float64(s.n) + o.mean[i]*float64(o.n)) / both
		s.least[i] = min(s.least[i], o.least[i])
		s.top[i] = max(s.top[i], o.top[i])
	}
	s.n += o.n
}

// A chunk is samples as they are kept: a version, then for each the milliseconds
// since the chunk began, how many measurements it stands for, its means and,
// where it stands for several, least and most. Numbers are of 32 bits.
const chunkVersion = 1

func packSamples(began time.Time, all []sample) []byte {
	out := []byte{chunkVersion}
	for _, s := range all {
		out = binary.AppendUvarint(out, uint64(s.at.Sub(began).Milliseconds()))
		out = binary.AppendUvarint(out, uint64(s.n))
		out = appendPoint(out, s.mean)
		if s.n > 1 {
			out = appendPoint(appendPoint(out, s.least), s.top)
		}
	}
	return out
}

func appendPoint(out []byte, p point4) []byte {
	for _, v := range p {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
	}
	return out
}

func unpackSamples(began time.Time, data []byte) ([]sample, error) {
	if len(data) == 0 || data[0] != chunkVersion {
		return nil, fmt.Errorf("a chunk of samples of %v has a form that is none of ours", began)
	}
	var out []sample
	for data = data[1:]; len(data) > 0; {
		ms, a := binary.Uvarint(data)
		n, b := binary.Uvarint(data[max(a, 0):])
		if a <= 0 || b <= 0 {
			return nil, fmt.Errorf("a chunk of samples of %v ends early", began)
		}
		data = data[a+b:]
		size := 16
		if n > 1 {
			size = 48
		}
		if len(data) < size {
			return nil, fmt.Errorf("a chunk of samples of %v ends early", began)
		}
		s := sample{at: began.Add(time.Duration(ms) * time.Millisecond), n: int(n), mean: pointAt(data)}
		s.least, s.top = s.mean, s.mean
		if n > 1 {
			s.least, s.top = pointAt(data[16:]), pointAt(data[32:])
		}
		data = data[size:]
		out = append(out, s)
	}
	return out, nil
}

func pointAt(data []byte) (p point4) {
	for i := range p {
		p[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
	}
	return p
}

// merge puts more among all by time. Where both have one of the same time, that
// of more counts; two of which one comes less than apart after the other are
// one too many.
func merge(all, more []sample, apart time.Duration) []sample {
	out := slices.Concat(all, more)
	slices.SortStableFunc(out, func(a, b sample) int { return a.at.Compare(b.at) })
	kept := out[:0]
	for _, s := range out {
		if last := len(kept) - 1; last >= 0 {
			if s.at.Equal(kept[last].at) {
				kept[last] = s
				continue
			}
			if s.at.Sub(kept[last].at) < apart {
				continue
			}
		}
		kept = append(kept, s)
	}
	return kept
}
