//go:build real

package nodered_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"leat/internal/fleet"
	"leat/internal/nodered"
	"leat/internal/runtime"
	"leat/internal/wire"
)

// shelf has the stack "five" always and the stack "four" once it is open.
type shelf struct {
	five, four runtime.Tree
	open       atomic.Bool
}

func (s *shelf) Find(ctx context.Context, digest string, flags []string, uid int, p nodered.Progress) (nodered.Stack, error) {
	if digest != "four" {
		return stacks{s.five}.Find(ctx, digest, flags, uid, p)
	}
	if !s.open.Load() {
		return nodered.Stack{}, &fleet.Error{Kind: fleet.Unavailable, Code: "registry_unreachable", Msg: "The package registry cannot be reached."}
	}
	return stacks{s.four}.Find(ctx, digest, flags, uid, p)
}

func TestAChangeOfStackLeavesWhatRunsUntilTheOtherIsThere(t *testing.T) {
	s := &shelf{five: tree(t, "node-red-5"), four: tree(t, "node-red-4")}
	r := newRig(t, func(c *nodered.Config) { c.Stacks = s })
	r.set(func(s *wire.Spec) { s.Flows, s.Settings.PersistentContext = json.RawMessage(remembering), true })
	if rep := r.running(); rep.NodeRed != "5.0.7" {
		t.Fatalf("Node-RED %s runs; want 5.0.7", rep.NodeRed)
	}
	r.says("1")

	r.set(func(s *wire.Spec) { s.Stack = "four" })
	rep := r.until("the reason", func(rep wire.Report) bool { return rep.Code == "registry_unreachable" })
	if rep.State != fleet.StateDegraded || !rep.Settled || rep.Starts != 1 || !strings.Contains(rep.Reason, "goes on as it was") {
		t.Fatalf("report: %+v", rep)
	}
	r.says("2")

	s.open.Store(true)
	rep = r.until("the other stack", func(rep wire.Report) bool {
		return rep.State == fleet.StateRunning && rep.Settled && rep.NodeRed == "4.1.15"
	})
	if rep.Starts != 2 || rep.Crashes != 0 || rep.NodeJS != "22.23.3" {
		t.Errorf("report: %+v", rep)
	}
	r.says("3") // context came along
	if code, text := r.deploy(answering("after")); code != 200 && code != 204 {
		t.Fatalf("deploy: %d %s", code, text)
	}
	r.says("after")

	// And back, given up in between.
	s.open.Store(false)
	r.set(func(s *wire.Spec) { s.Stack = "five" })
	r.until("the first stack", func(rep wire.Report) bool { return rep.Settled && rep.NodeRed == "5.0.7" })
	r.set(func(s *wire.Spec) { s.Stack = "four" })
	r.until("the reason", func(rep wire.Report) bool { return rep.Code == "registry_unreachable" })
	r.set(func(s *wire.Spec) { s.Stack = "five" })
	if rep := r.running(); rep.Starts != 3 || rep.Code != "" {
		t.Errorf("after a change that was taken back: %+v", rep)
	}
}

func TestWhatARestartWouldBringIsSaid(t *testing.T) {
	r := newRig(t, nil)
	r.set(func(s *wire.Spec) { s.Settings.PlatformURL = "http://one/instance/i-test" })
	if rep := r.running(); len(rep.Stale) != 0 {
		t.Errorf("a fresh start lacks %v", rep.Stale)
	}
	r.set(func(s *wire.Spec) { s.Settings.PlatformURL = "http://two/instance/i-test" })
	rep := r.until("the new address", func(rep wire.Report) bool { return len(rep.Stale) > 0 })
	if !slices.Equal(rep.Stale, []string{"address"}) || rep.Starts != 1 || rep.State != fleet.StateRunning {
		t.Errorf("report: %+v", rep)
	}
	r.set(func(s *wire.Spec) { s.Restarts++ })
	r.until("a restart that brings it", func(rep wire.Report) bool { return rep.Starts == 2 && rep.Settled && len(rep.Stale) == 0 })
}
