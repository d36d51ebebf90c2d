package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

func (p *plant) checkIn(i *control.Instance, r wire.Report) {
	p.t.Helper()
	r.SpecVersion = 1 << 40
	if err := p.Runners.CheckIn(p.t.Context(), i.ID, wire.CheckIn{Report: r}); err != nil {
		p.t.Fatal(err)
	}
}

func told(list []*fleet.TimelineEntry) string {
	var out []string
	for _, e := range slices.Backward(list) {
		text := string(e.Kind)
		if e.Code != "" {
			text += "/" + e.Code
		}
		if e.Count > 1 {
			text += fmt.Sprint("×", e.Count)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestOnlyWhatRunsForAWhileHasRecovered(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	exit := &wire.Exit{At: p.clock(), Code: "exit", Reason: "It ended."}
	step := func(r wire.Report) { p.sleep(40 * time.Second); p.checkIn(i, r) }
	crashes := int64(0)
	for range 5 {
		crashes++
		step(wire.Report{State: fleet.StateStarting, Crashes: crashes, LastExit: exit})
		step(wire.Report{State: fleet.StateRunning, Crashes: crashes, LastExit: exit, Since: p.clock()})
	}
	if got := told(p.timeline(i)); got != "created crash/exit×5" {
		t.Errorf("in a crash loop it tells %s", got)
	}
	running := wire.Report{State: fleet.StateRunning, Crashes: crashes, LastExit: exit, Since: p.clock()}
	for range 4 { // the same again, as a runner says it while nothing happens
		step(running)
	}
	if got := told(p.timeline(i)); got != "created crash/exit×5 recovered" {
		t.Errorf("after it has run for a while it tells %s", got)
	}
}

func TestTroubleIsToldOnceAndCounted(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	exit := func(code string) *wire.Exit {
		return &wire.Exit{At: p.clock(), Code: code, Reason: "It ended: " + code + "."}
	}
	step := func(r wire.Report) { p.sleep(10 * time.Second); p.checkIn(i, r) }

	step(wire.Report{State: fleet.StateRunning})
	step(wire.Report{State: fleet.StateStarting, Crashes: 1, LastExit: exit("heap_limit")})
	step(wire.Report{State: fleet.StateRunning, Crashes: 1, LastExit: exit("heap_limit")})
	if got := told(p.timeline(i)); got != "created crash/heap_limit recovered" {
		t.Fatalf("told %s", got)
	}
	for n := range 300 { // a night of it
		step(wire.Report{State: fleet.StateCrashLoop, Crashes: int64(2 + 2*n), LastExit: exit("heap_limit")})
		step(wire.Report{State: fleet.StateRunning, Crashes: int64(2 + 2*n), LastExit: exit("heap_limit")})
		step(wire.Report{State: fleet.StateStarting, Crashes: int64(3 + 2*n), LastExit: exit("hang")})
		step(wire.Report{State: fleet.StateSafeMode, Code: "crash_loop", Reason: "Too often.", Crashes: int64(3 + 2*n), LastExit: exit("hang")})
	}
	if got := told(p.timeline(i)); got != "created crash/heap_limit×301 recovered×301 hang/hang×300 safe-mode/crash_loop×300" {
		t.Errorf("told %s", got)
	}
	if e := p.timeline(i, fleet.TimelineCrash)[0]; e.LastAt.Equal(e.Time) || e.Author != "" || summaryOf(t, e).Reason != "It ended: heap_limit." {
		t.Errorf("crash %+v", e)
	}
	p.put(i, "repaired", "")
	step(wire.Report{State: fleet.StateRunning, Crashes: 601, LastExit: exit("hang")})
	step(wire.Report{State: fleet.StateStarting, Crashes: 0}) // another runner, which begins to count
	step(wire.Report{State: fleet.StateStarting, Crashes: 2, LastExit: exit("; drop table <b>")})
	if got := told(p.timeline(i)[:3]); got != "deploy recovered crash×2" {
		t.Errorf("after the repair: %s", got)
	}
	step(wire.Report{State: fleet.StateSafeMode, Code: "safe_mode_asked"})
	if got := told(p.timeline(i)[:1]); got != "crash×2" {
		t.Errorf("a safe mode that somebody asked for was told as %s", got)
	}
}

func TestManyKindsOfTroubleAreBounded(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	for n := range 100 {
		p.sleep(time.Minute)
		p.checkIn(i, wire.Report{State: fleet.StateStarting, Crashes: int64(n + 1), LastExit: &wire.Exit{At: p.clock(), Code: "code_" + strings.Repeat("a", n%40)}})
	}
	if n := len(p.timeline(i)); n > 20 {
		t.Errorf("an instance on its own wrote %d entries", n)
	}
}

func TestWhatPeopleDoIsTold(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	do := func(fn func(context.Context, fleet.Actor, fleet.InstanceID) (*control.Instance, error)) {
		t.Helper()
		p.sleep(time.Second)
		must(fn(t.Context(), p.mika, i.ID))(t)
	}
	do(p.Instances.Stop)
	do(p.Instances.Start)
	do(p.Instances.Suspend)
	do(p.Instances.Restart)
	p.sleep(time.Second)
	must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{InstanceType: api.Some("medium"), Protected: api.Some(true), Access: api.Some("open")}, 0))(t)
	if got := told(p.timeline(i)); got != "created stop start suspend restart protect type settings" {
		t.Errorf("told %s", got)
	}
	if len(p.snapshots(i)) != 1 {
		t.Error("what changes no content made a snapshot")
	}
	_, _, err := p.Timeline.List(t.Context(), p.stranger, i.ID, store.TimelineFilter{}, store.Page{})
	wantCode(t, err, "instance_not_found")
	_, _, err = p.Timeline.List(t.Context(), p.dora, i.ID, store.TimelineFilter{}, store.Page{})
	wantCode(t, err, "forbidden")

	snap := must(p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{}, control.Key{}))(t)
	_, err = p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID)})
	wantCode(t, err, "protected_instance")
	must(p.Snapshots.Restore(t.Context(), p.olga, i.ID, api.Restore{Snapshot: string(snap.ID)}))(t)
}

func TestATimelineIsPagedAndFiltered(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	begin := p.clock()
	for n := range 30 {
		p.sleep(time.Minute)
		must(p.Instances.Restart(t.Context(), p.mika, i.ID))(t)
		if n%10 == 0 {
			p.put(i, fmt.Sprint(n), "")
		}
	}
	count := func(f store.TimelineFilter) (n int) {
		t.Helper()
		last := fleet.TimelineID("~")
		for page := (store.Page{Limit: 7}); ; {
			list, next, err := p.Timeline.List(t.Context(), p.vera, i.ID, f, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if e.ID >= last {
					t.Fatalf("%s comes behind %s", e.ID, last)
				}
				last = e.ID
			}
			if n += len(list); next == "" {
				return n
			}
			page.Cursor = next
		}
	}
	for want, f := range map[int]store.TimelineFilter{
		34: {},
		33: {Kinds: []fleet.TimelineKind{fleet.TimelineRestart, fleet.TimelineDeploy, fleet.TimelineRestart, fleet.TimelineCrash}},
		3:  {Kinds: []fleet.TimelineKind{fleet.TimelineDeploy}},
		1:  {To: begin.Add(time.Minute)},
		5:  {From: begin.Add(10 * time.Minute), To: begin.Add(15 * time.Minute), Kinds: []fleet.TimelineKind{fleet.TimelineRestart}},
	} {
		if n := count(f); n != want {
			t.Errorf("%+v finds %d entries; want %d", f, n, want)
		}
	}
}

func TestAutomaticSnapshotsArePrunedAndNothingInUseIs(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "named", "")
	must(p.Snapshots.Update(t.Context(), p.mika, p.snapshots(i)[0].ID, api.EditSnapshot{Name: api.Some("Keep me")}, 0))(t)
	p.put(i, "origin", "")
	origin := p.snapshots(i)[0]
	for n := range 120 {
		p.put(i, fmt.Sprint("old ", n), "")
	}
	p.sleep(40 * 24 * time.Hour)
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(origin.ID)}))(t)
	for n := range 45 {
		p.put(i, fmt.Sprint("new ", n), "")
	}
	for range 2 { // the second finds nothing to do
		if err := p.Snapshots.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	left := p.snapshots(i)
	var named, origins int
	for _, s := range left {
		if s.Name == "Keep me" {
			named++
		}
		if s.ID == origin.ID {
			origins++
		}
	}
	if len(left) != 52 || named != 1 || origins != 1 {
		t.Errorf("%d snapshots are left, %d of them named, %d the origin; want 50, one and one", len(left), named, origins)
	}
	for _, s := range left {
		must(p.Snapshots.Flows(t.Context(), p.vera, s.ID))(t)
	}
	for _, e := range p.timeline(i, fleet.TimelineDeploy) {
		if e.Snapshot != "" {
			must(p.Snapshots.Get(t.Context(), p.vera, e.Snapshot))(t)
		}
	}
}

// lockOf resolves everything to one version.
type lockOf string

func (version lockOf) Resolve(_ context.Context, _ string, wanted map[string]string, _ json.RawMessage) (json.RawMessage, error) {
	packages := map[string]any{"": map[string]any{"name": "modules", "version": "1.0.0", "dependencies": wanted}}
	for name := range wanted {
		packages["node_modules/"+name] = map[string]any{"version": string(version), "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}
	}
	return json.Marshal(map[string]any{"lockfileVersion": 3, "requires": true, "packages": packages})
}

// packages stands for the cache of packages.
type packages struct {
	fail error
	// during, where set, is what happens while packages are fetched.
	during func()
}

func (c *packages) Fetch(context.Context, json.RawMessage) error {
	if c.during != nil {
		c.during()
	}
	return c.fail
}

func TestARestoreWhoseModulesAreGoneChangesNothing(t *testing.T) {
	p := newPlant(t)
	cache := &packages{}
	p.resolver, p.packages = lockOf("1.0.0"), cache
	p.reopen()
	i := p.instance("Pump")
	install := func(version string) {
		t.Helper()
		p.sleep(time.Second)
		have := p.spec(i).Modules.Digest
		in := wire.ModuleChange{ID: fleet.NewDeployID(p.clock()), Base: have, Install: "pump", Version: version}
		got := must(p.Runners.Resolve(t.Context(), i.ID, in))(t)
		must(p.Runners.Commit(t.Context(), i.ID, wire.ModuleCommit{ID: in.ID, Digest: got.Digest}))(t)
	}
	install("1.0.0")
	old := p.snapshots(i)[0]
	if old.Trigger != fleet.TriggerModules || old.Modules != 1 {
		t.Fatalf("kept %+v", old)
	}
	p.resolver = lockOf("2.0.0")
	p.reopen()
	install("2.0.0")
	p.put(i, "newer", "")
	before := p.spec(i)
	if e := p.timeline(i, fleet.TimelineModules); len(e) != 2 || fmt.Sprint(summaryOf(t, e[0]).Modules.Changed) != "[pump@2.0.0]" {
		t.Errorf("told %+v", e)
	}
	p.sleep(time.Second)

	cache.fail = &fleet.Error{Kind: fleet.NotFound, Code: "package_gone", Msg: "The package registry no longer has pump@1.0.0."}
	_, err := p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(old.ID)})
	wantCode(t, err, "modules_unavailable")
	if !strings.Contains(err.Error(), "no longer has pump@1.0.0") || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("the error says %v", err)
	}
	sameContent(t, "after it", p.spec(i), before)
	if n := len(p.snapshots(i)); n != 4 {
		t.Errorf("%d snapshots; want those of before", n)
	}
	no := false
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(old.ID), Components: &api.Components{Modules: &no}}))(t)
	p.sleep(time.Second)
	cache.fail = errors.New("disk on fire")
	_, err = p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(old.ID)})
	wantCode(t, err, "modules_unavailable")
	if strings.Contains(err.(*fleet.Error).Msg, "fire") {
		t.Errorf("the error tells of what is inside: %v", err)
	}
	cache.fail, cache.during = nil, func() { p.put(i, "meanwhile", "") }
	_, err = p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(old.ID)})
	wantCode(t, err, "instance_changed")
	if got := string(p.spec(i).Flows); got != string(flowsWith("meanwhile")) {
		t.Errorf("a change in between was lost: %s", got)
	}
	cache.during = nil
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(old.ID), Components: &api.Components{Modules: &no}}))(t)
	p.sleep(time.Second)
	done := must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(old.ID)}))(t)
	if fmt.Sprint(done.Changed) != "[modules]" || p.spec(i).Modules.Direct["pump"] != "1.0.0" {
		t.Errorf("restored %v, modules %v", done.Changed, p.spec(i).Modules.Direct)
	}
}

func TestARestoreOfAnUnknownStackChangesNothing(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	snap := p.snapshots(i)[0]
	text := string(p.export(snap, nil, fileSecret))
	digest := must(p.Snapshots.Content(t.Context(), p.vera, snap.ID))(t).Stack.Digest
	other := strings.ReplaceAll(text, `"stack":{"digest":"`+digest+`"`, `"stack":{"digest":"beef"`)
	var file map[string]any
	if err := json.Unmarshal([]byte(other), &file); err != nil {
		t.Fatal(err)
	}
	delete(file["leat"].(map[string]any), "digest")
	other = string(must(json.Marshal(file))(t))
	imported := must(p.Snapshots.Import(t.Context(), p.mika, p.app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(other)}, control.Key{}))(t)
	p.put(i, "mine", "")
	before := p.spec(i)
	p.sleep(time.Second)
	_, err := p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(imported.ID)})
	wantCode(t, err, "stack_unknown")
	sameContent(t, "after it", p.spec(i), before)
	no := false
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(imported.ID), Components: &api.Components{Stack: &no}}))(t)
	if missing := must(p.Snapshots.Content(t.Context(), p.vera, imported.ID))(t).Missing; len(missing) != 1 || missing[0].Component != "stack" {
		t.Errorf("missing %+v", missing)
	}

	// A lock that is kept is enough, also when no stack has it any more.
	if err := p.db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertStackLock(&store.StackLock{Digest: "beef", Lock: []byte(`{}`), CreatedAt: p.clock()})
	}); err != nil {
		t.Fatal(err)
	}
	p.sleep(time.Second)
	done := must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(imported.ID)}))(t)
	if fmt.Sprint(done.Changed) != "[stack]" || p.spec(i).Stack != "beef" || done.Stack != i.Stack {
		t.Errorf("restored %v: %s of %s", done.Changed, p.spec(i).Stack, done.Stack)
	}
	if missing := must(p.Snapshots.Content(t.Context(), p.vera, imported.ID))(t).Missing; len(missing) != 0 {
		t.Errorf("missing %+v", missing)
	}
	p.sleep(time.Second)
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID)}))(t)
	if p.spec(i).Stack != before.Stack {
		t.Errorf("it runs on %s; want %s", p.spec(i).Stack, before.Stack)
	}
}
