//go:build real

package nodered_test

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// TestAStartTakesAboutAsLongAsABareOne prints both; machines differ too much for
// a strict bound, and this one has other work.
func TestAStartTakesAboutAsLongAsABareOne(t *testing.T) {
	var bare, ours []time.Duration
	stack := tree(t)
	r := newRig(t, nil)
	r.set(func(s *wire.Spec) { s.Running, s.Limits = false, wire.Limits{} })
	r.until("stopped", func(rep wire.Report) bool { return rep.State == fleet.StateStopped && rep.Settled })
	for range 3 {
		bare = append(bare, startBare(t, stack.Node, stack.NodeRED))
		begun := time.Now()
		r.set(func(s *wire.Spec) { s.Running = true })
		r.running()
		ours = append(ours, time.Since(begun))
		r.set(func(s *wire.Spec) { s.Running = false })
		r.until("stopped", func(rep wire.Report) bool { return rep.State == fleet.StateStopped && rep.Settled })
	}
	t.Logf("bare, to \"Started flows\": %v", bare)
	t.Logf("ours, to running and settled: %v", ours)
	if least(ours) > 2*least(bare)+time.Second {
		t.Errorf("a start takes %v; bare it takes %v", least(ours), least(bare))
	}
}

func least(d []time.Duration) time.Duration {
	m := d[0]
	for _, x := range d {
		m = min(m, x)
	}
	return m
}

func startBare(t *testing.T, node, red string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, red, "--userDir", t.TempDir(), "--port", "0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var took time.Duration
	for in := bufio.NewScanner(out); in.Scan(); {
		if strings.Contains(in.Text(), "Started flows") {
			took = time.Since(begun)
			cancel()
		}
	}
	_ = cmd.Wait() // it was killed
	if took == 0 {
		t.Fatal("a bare Node-RED did not start")
	}
	return took
}
