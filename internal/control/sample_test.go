package control_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// measure lets an instance run for a while: every ten seconds a sample, every
// minute to disk, every ten minutes made fewer.
func (p *plant) measure(i *control.Instance, long time.Duration, at func(n int) wire.Sample) {
	p.t.Helper()
	ctx := p.t.Context()
	for n := range int(long / (10 * time.Second)) {
		p.sleep(10 * time.Second)
		s := at(n)
		s.Time = p.clock()
		in := wire.CheckIn{Report: wire.Report{State: fleet.StateRunning, At: p.clock()}, Samples: []wire.Sample{s}}
		if err := p.Runners.CheckIn(ctx, i.ID, in); err != nil {
			p.t.Fatal(err)
		}
		if n%6 == 5 {
			if err := p.Samples.Flush(ctx); err != nil {
				p.t.Fatal(err)
			}
		}
		if n%60 == 59 {
			if err := p.Samples.Thin(ctx); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

func calm(int) wire.Sample {
	return wire.Sample{MemoryBytes: 100 << 20, CPUPercent: 10, LagMs: 2, Loop: 0.25}
}

func TestSamplesSurviveARestartAndKeepTheirExtremesWhenTheyAreMadeFewer(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	first := p.clock()
	p.measure(i, 3*time.Hour, func(n int) wire.Sample {
		s := calm(n)
		if n == 100 { // one short peak, more than an hour ago in the end
			s.CPUPercent, s.MemoryBytes, s.LagMs, s.Loop = 49, 250<<20, 900, 0.99
		}
		return s
	})
	before := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{}))(t)
	p.reopen()
	after := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{}))(t)
	if len(before.Items) < 359 || len(after.Items) != len(before.Items) || after.StepSeconds != 10 || after.MemoryLimitMiB != 256 || after.CPULimit != 50 {
		t.Errorf("%d samples before and %d after a restart, of %d s each", len(before.Items), len(after.Items), after.StepSeconds)
	}
	if one := after.Items[7]; one.Count != 1 || one.Max != nil || one.MemoryMiB != 100 || one.CPUPercent != 10 {
		t.Errorf("a recent one is %+v", one)
	}
	all := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{From: first, Points: 500}))(t)
	if all.StepSeconds != 60 || len(all.Items) < 180 || len(all.Items) > 181 {
		t.Fatalf("three hours are %d items of %d s", len(all.Items), all.StepSeconds)
	}
	checkPeak(t, all)
	few := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{From: first, Points: 20}))(t)
	if len(few.Items) > 20 || few.StepSeconds < 600 {
		t.Errorf("made fewer they are %d items of %d s", len(few.Items), few.StepSeconds)
	}
	checkPeak(t, few)
}

// checkPeak looks for the one peak and counts what the items stand for.
func checkPeak(t *testing.T, s *api.Samples) {
	t.Helper()
	peaks, n := 0, 0
	for _, x := range s.Items {
		n += x.Count
		if x.Max != nil && x.Max.CPUPercent == 49 && x.Max.MemoryMiB == 250 && x.Max.LagMs == 900 && x.Min.CPUPercent == 10 && x.CPUPercent > 10 && x.CPUPercent < 49 {
			peaks++
		}
	}
	if peaks != 1 || n != 3*360 {
		t.Errorf("%d peaks among %d measurements; want 1 among %d", peaks, n, 3*360)
	}
}

func TestSamplesOfDaysAreBounded(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	first := p.clock()
	p.measure(i, 20*time.Minute, calm)
	p.sleep(26 * time.Hour)
	p.measure(i, 20*time.Minute, calm)
	day := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{From: first, To: first.Add(time.Hour)}))(t)
	if len(day.Items) != 3 || day.StepSeconds != 600 || day.Items[1].Count != 60 {
		t.Errorf("of the day before: %+v of %d s; want points of ten minutes", day.Items, day.StepSeconds)
	}
	p.sleep(40 * 24 * time.Hour)
	if err := p.Samples.Thin(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{From: first}))(t)
	if len(gone.Items) != 0 {
		t.Errorf("after forty days there are %d items", len(gone.Items))
	}
}

// A runner is not trusted with how much the platform keeps of it.
func TestSamplesThatNobodyCanHaveMadeAreNotKept(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	var many []wire.Sample
	for n := range 5000 {
		many = append(many, wire.Sample{Time: p.clock().Add(time.Duration(n-4990) * 100 * time.Millisecond), MemoryBytes: -5, CPUPercent: 1e300})
	}
	many = append(many, wire.Sample{Time: p.clock().Add(time.Hour)}, wire.Sample{Time: p.clock().Add(-2 * time.Hour)}, wire.Sample{})
	for range 2 { // sent again, as after an answer that was lost
		if err := p.Runners.CheckIn(t.Context(), i.ID, wire.CheckIn{Report: wire.Report{State: fleet.StateRunning}, Samples: many}); err != nil {
			t.Fatal(err)
		}
		if err := p.Samples.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.sleep(time.Second)
	s := must(p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{From: p.clock().Add(-3 * time.Hour), Points: 2000}))(t)
	n := 0
	for _, x := range s.Items {
		n += x.Count
		if x.MemoryMiB != 0 || math.IsInf(x.CPUPercent, 0) {
			t.Fatalf("%+v", x)
		}
	}
	if n == 0 || n > 60 {
		t.Errorf("%d of them are kept; want one a second at most", n)
	}
	_, err := p.Samples.Read(t.Context(), p.vera, i.ID, api.SampleQuery{From: p.clock(), To: p.clock().Add(-time.Hour)})
	wantCode(t, err, "invalid_input")
	if _, err := p.Samples.Read(t.Context(), p.dora, i.ID, api.SampleQuery{}); err == nil {
		t.Error("the dashboard role reads measurements")
	}
}

// Whatever was measured: in steps or at once, making it fewer gives the same.
func TestMakingSamplesFewerLosesNoExtreme(t *testing.T) {
	began := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for round := range 50 {
		r := rand.New(rand.NewPCG(uint64(round), 7))
		var all []control.Sample
		at := began
		for range 200 {
			at = at.Add(time.Duration(1+r.IntN(40)) * time.Second)
			p := [4]float64{float64(r.IntN(1 << 20)), float64(r.IntN(200)), float64(r.IntN(5000)), float64(r.IntN(100)) / 128}
			all = append(all, control.Sample{At: at, N: 1, Mean: p, Least: p, Top: p})
		}
		back, err := control.UnpackSamples(began, control.PackSamples(began, all))
		if err != nil || len(back) != len(all) || back[99] != all[99] {
			t.Fatalf("round %d: %d samples came back, %v", round, len(back), err)
		}
		once := control.JoinSamples(all, 10*time.Minute)
		twice := control.JoinSamples(control.JoinSamples(all, time.Minute), 10*time.Minute)
		if len(once) != len(twice) {
			t.Fatalf("round %d: %d and %d", round, len(once), len(twice))
		}
		for n, a := range once {
			b := twice[n]
			if a.At != b.At || a.N != b.N || a.Least != b.Least || a.Top != b.Top || math.Abs(a.Mean[1]-b.Mean[1]) > 1e-6 {
				t.Fatalf("round %d: %+v at once, %+v in steps", round, a, b)
			}
		}
	}
	for _, bad := range [][]byte{nil, {9}, {1, 0x80}, {1, 5, 1, 0}, {1, 5, 3, 0, 0, 0, 0}} {
		if _, err := control.UnpackSamples(began, bad); err == nil {
			t.Errorf("%v was read", bad)
		}
	}
}

// What runners measure must not become a write for each of their check-ins.
func TestACheckInWithNothingNewWritesNothing(t *testing.T) {
	w := newFileWorld(t)
	p := &plant{world: w, olga: w.person("olga", false)}
	p.team = w.team(p.olga, "Plant", nil)
	p.app = must(w.Applications.Create(t.Context(), p.olga, p.team.Slug, api.NewApplication{Name: "Water"}, noKey))(t)
	i := p.instance("Pump")
	checkIn := func() {
		t.Helper()
		s := calm(0)
		s.Time = p.clock()
		in := wire.CheckIn{Report: wire.Report{State: fleet.StateRunning, SpecVersion: 1 << 20, At: p.clock()}, Samples: []wire.Sample{s}}
		if err := p.Runners.CheckIn(t.Context(), i.ID, in); err != nil {
			t.Fatal(err)
		}
	}
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(filepath.Join(w.dir, "leat.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	checkIn()
	before := size()
	for range 20 {
		p.sleep(time.Second)
		checkIn()
	}
	if grown := size() - before; grown != 0 {
		t.Errorf("twenty check-ins wrote %d bytes", grown)
	}
	if err := w.Samples.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if size() == before {
		t.Error("writing them down wrote nothing")
	}
}
