package control_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

func flowsWith(label string) json.RawMessage {
	return json.RawMessage(`[{"id":"t","type":"tab","label":"` + label + `"},{"id":"m","type":"mqtt-broker","z":"","broker":"plant"}]`)
}

func credentials(password string) map[string]map[string]json.RawMessage {
	return map[string]map[string]json.RawMessage{"m": {"password": json.RawMessage(`"` + password + `"`)}}
}

func (p *plant) put(i *control.Instance, label, password string) *api.Flows {
	p.t.Helper()
	p.sleep(time.Second)
	in := api.PutFlows{Flows: flowsWith(label)}
	if password != "" {
		in.Credentials = credentials(password)
	}
	out, err := p.Flows.Put(p.t.Context(), p.mika, i.ID, in)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *plant) snapshots(i *control.Instance) []*fleet.Snapshot {
	p.t.Helper()
	list, _, err := p.Snapshots.ListInstance(p.t.Context(), p.vera, i.ID, store.SnapshotFilter{}, store.Page{Limit: store.MaxLimit})
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

func (p *plant) timeline(i *control.Instance, kinds ...fleet.TimelineKind) []*fleet.TimelineEntry {
	p.t.Helper()
	list, _, err := p.Timeline.List(p.t.Context(), p.vera, i.ID, store.TimelineFilter{Kinds: kinds}, store.Page{Limit: store.MaxLimit})
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

func summaryOf(t *testing.T, e *fleet.TimelineEntry) (sum api.TimelineSummary) {
	t.Helper()
	if err := json.Unmarshal(e.Summary, &sum); err != nil {
		t.Fatal(err)
	}
	return sum
}

func (p *plant) spec(i *control.Instance) *wire.Spec {
	p.t.Helper()
	spec, err := p.Runners.Spec(p.t.Context(), i.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return spec
}

func TestTheWayNodesAreWrittenIsNoChange(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "one", "a")
	p.sleep(time.Second)
	in := api.PutFlows{Flows: json.RawMessage(`[ {"label": "two", "type": "tab", "id": "t"}, {"broker": "plant", "z": "", "type": "mqtt-broker", "id": "m"} ]`)}
	in.Credentials = map[string]map[string]json.RawMessage{"m": {"password": json.RawMessage(`"\u0061"`)}}
	must(p.Flows.Put(t.Context(), p.mika, i.ID, in))(t)
	if sum := summaryOf(t, p.timeline(i)[0]); sum.NodeChanges == nil || *sum.NodeChanges != (api.Changes{Changed: 1}) || sum.Credentials {
		t.Errorf("told %+v, %+v", sum, sum.NodeChanges)
	}
}

func TestEveryChangeOfContentIsKeptAndTold(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "one", "a")
	p.put(i, "two", "")
	p.sleep(time.Second)
	env := api.Environment{Items: []api.Variable{{Name: "HOST", Value: "plc"}, {Name: "TOKEN", Value: "s3cret", Hidden: true}}}
	must(p.Environment.Put(t.Context(), p.mika, i.ID, env, 0))(t)
	p.sleep(time.Second)
	must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{TimeZone: api.Some("Europe/Berlin"), Name: api.Some("Pump 2")}, 0))(t)
	p.sleep(time.Second)
	must(p.Instances.Restart(t.Context(), p.mika, i.ID))(t)

	snaps := p.snapshots(i)
	var triggers []string
	for _, s := range snaps {
		triggers = append(triggers, string(s.Kind)+" "+string(s.Trigger)+" "+s.Author)
	}
	if got := strings.Join(triggers, ", "); got != "auto settings olga, auto environment mika, auto deploy mika, auto deploy mika, auto create olga" {
		t.Fatalf("kept %s", got)
	}
	if snaps[0].InstanceName != "Pump 2" || snaps[0].Team != p.team.ID || snaps[0].SecretsDigest == "" || snaps[0].SecretsDigest != snaps[1].SecretsDigest || snaps[1].SecretsDigest == snaps[2].SecretsDigest {
		t.Errorf("snapshots %+v", snaps[0])
	}
	entries := p.timeline(i)
	var kinds []string
	for n, e := range entries {
		kinds = append(kinds, string(e.Kind))
		if n > 0 && e.ID >= entries[n-1].ID {
			t.Errorf("%s comes behind %s", e.ID, entries[n-1].ID)
		}
	}
	if got := strings.Join(kinds, " "); got != "restart settings environment deploy deploy created" {
		t.Fatalf("told %s", got)
	}
	if e := entries[1]; e.Snapshot != snaps[0].ID || e.Before != snaps[1].ID || e.Author != "olga" {
		t.Errorf("settings: %+v", e)
	}
	if e := entries[0]; e.Snapshot != "" || e.Before != "" {
		t.Errorf("a restart changes no content: %+v", e)
	}
	if sum := summaryOf(t, entries[3]); sum.Nodes != 2 || sum.NodeChanges == nil || *sum.NodeChanges != (api.Changes{Changed: 1}) || sum.Credentials {
		t.Errorf("the second deploy: %+v", sum)
	}
	if sum := summaryOf(t, entries[4]); !sum.Credentials || *sum.NodeChanges != (api.Changes{Added: 1, Changed: 1, Removed: 1}) {
		t.Errorf("the first deploy: %+v", sum)
	}
	if sum := summaryOf(t, entries[2]); sum.Variables == nil || !slices.Equal(sum.Variables.Added, []string{"HOST", "TOKEN"}) {
		t.Errorf("environment: %+v", sum)
	}
	for _, e := range entries {
		if strings.Contains(string(e.Summary), "s3cret") {
			t.Errorf("the timeline tells a secret: %s", e.Summary)
		}
	}
	p.put(i, "two", "") // the same again
	if again := p.snapshots(i); len(again) != len(snaps) {
		t.Errorf("%d snapshots after a deploy of the same; want %d", len(again), len(snaps))
	}
	if e := p.timeline(i)[0]; e.Kind != fleet.TimelineDeploy || e.Snapshot != snaps[0].ID || e.Before != snaps[0].ID {
		t.Errorf("a deploy of the same: %+v", e)
	}
}

func TestARestoreBringsEverythingBackAndCanBeUndone(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "old", "old secret")
	p.sleep(time.Second)
	must(p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: "1"}, {Name: "TOKEN", Value: "old token", Hidden: true}}}, 0))(t)
	p.sleep(time.Second)
	must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{TimeZone: api.Some("Europe/Berlin")}, 0))(t)
	p.sleep(time.Second)
	snap := must(p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{Name: "Good"}, control.Key{}))(t)
	before := p.spec(i)

	p.put(i, "new", "new secret")
	p.sleep(time.Second)
	must(p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "TOKEN", Value: "new token", Hidden: true}}}, 0))(t)
	p.sleep(time.Second)
	must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{TimeZone: api.Some("")}, 0))(t)
	after := p.spec(i)
	p.sleep(time.Second)

	done := must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID)}))(t)
	if got := strings.Join(done.Changed, " "); got != "flows credentials environment settings" || done.Safety == "" {
		t.Errorf("changed %s, safety %q", got, done.Safety)
	}
	sameContent(t, "restored", p.spec(i), before)
	if now := p.spec(i).Version; now <= after.Version {
		t.Errorf("the version went from %d to %d", after.Version, now)
	}
	if e := p.timeline(i)[0]; e.Kind != fleet.TimelineRestore || e.Before != done.Safety || e.Snapshot == "" || summaryOf(t, e).Name != "Good" {
		t.Errorf("the timeline says %+v", e)
	}
	events := p.audited(store.AuditFilter{Event: "instance.restore"})
	if len(events) != 1 || events[0].Detail["snapshot"] != string(snap.ID) || events[0].Actor.User != p.mika.User {
		t.Errorf("audited %+v", events)
	}
	p.sleep(time.Second)

	again := must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID)}))(t)
	if len(again.Changed) != 0 || again.Safety != "" || again.SpecVersion != p.spec(i).Version {
		t.Errorf("restored what is there: %+v", again)
	}
	undone := must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(done.Safety)}))(t)
	if len(undone.Changed) != 4 {
		t.Errorf("the undo changed %v", undone.Changed)
	}
	sameContent(t, "undone", p.spec(i), after)
	if newest := p.snapshots(i)[0]; newest.From != string(done.Safety) || newest.Trigger != fleet.TriggerRestore {
		t.Errorf("the newest snapshot is %+v", newest)
	}
}

func sameContent(t *testing.T, what string, got, want *wire.Spec) {
	t.Helper()
	if string(got.Flows) != string(want.Flows) || string(got.Credentials) != string(want.Credentials) || fmt.Sprint(got.Environment) != fmt.Sprint(want.Environment) ||
		got.Settings.TimeZone != want.Settings.TimeZone || got.Stack != want.Stack || got.Modules.Digest != want.Modules.Digest {
		t.Errorf("%s:\n%s %s %v %s\nwant\n%s %s %v %s", what, got.Flows, got.Credentials, got.Environment, got.Settings.TimeZone,
			want.Flows, want.Credentials, want.Environment, want.Settings.TimeZone)
	}
}

func TestARestoreTakesTheComponentsThatWereChosen(t *testing.T) {
	no := false
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "old", "old")
	must(p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: "1"}}}, 0))(t)
	p.sleep(time.Second)
	snap := must(p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{}, control.Key{}))(t)
	if !strings.HasPrefix(snap.Name, "Snapshot of 2026-11-02 08:00") {
		t.Errorf("it is called %q", snap.Name)
	}
	p.put(i, "new", "new")
	must(p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: "2"}, {Name: "B", Value: "3"}}}, 0))(t)
	restore := func(c *api.Components) *control.Restored {
		t.Helper()
		p.sleep(time.Second)
		return must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID), Components: c}))(t)
	}
	if r := restore(&api.Components{Flows: &no, Credentials: &no, Environment: "keys"}); fmt.Sprint(r.Changed) != "[environment]" {
		t.Errorf("changed %v", r.Changed)
	}
	if env := p.spec(i).Environment; fmt.Sprint(env) != "[{A 2}]" {
		t.Errorf("the names alone: %v", env)
	}
	if r := restore(&api.Components{Credentials: &no, Environment: "none"}); fmt.Sprint(r.Changed) != "[flows]" {
		t.Errorf("changed %v", r.Changed)
	}
	if spec := p.spec(i); string(spec.Flows) != string(flowsWith("old")) || string(spec.Credentials) != `{"m":{"password":"new"}}` || fmt.Sprint(spec.Environment) != "[{A 2}]" {
		t.Errorf("flows alone: %s %s %v", spec.Flows, spec.Credentials, spec.Environment)
	}
	if r := restore(&api.Components{Flows: &no, Environment: "none"}); fmt.Sprint(r.Changed) != "[credentials]" {
		t.Errorf("changed %v", r.Changed)
	}
	_, err := p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID), Components: &api.Components{Environment: "some"}})
	wantCode(t, err, "invalid_input")
	_, err = p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID), Components: &api.Components{Flows: &no, Credentials: &no, Settings: &no, Modules: &no, Stack: &no, Environment: "none"}})
	wantCode(t, err, "invalid_input")
	_, err = p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: "n-0"})
	wantCode(t, err, "snapshot_not_found")
	_, err = p.Snapshots.Restore(t.Context(), p.vera, i.ID, api.Restore{Snapshot: string(snap.ID)})
	wantCode(t, err, "forbidden")
}

func TestASnapshotIsNamedAndDeletedUnlessItIsInUse(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "one", "")
	p.sleep(time.Second)
	key := control.Key{Route: "POST x", Value: "k", Digest: "d"}
	snap := must(p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{Name: " Before the move ", Description: "why"}, key))(t)
	if again := must(p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{Name: "x"}, key))(t); again.ID != snap.ID {
		t.Errorf("made again as %s", again.ID)
	}
	if snap.Name != "Before the move" || snap.Kind != fleet.SnapshotManual || snap.Nodes != 2 {
		t.Errorf("made %+v", snap)
	}
	err := p.Snapshots.Delete(t.Context(), p.olga, snap.ID)
	if wantCode(t, err, "snapshot_in_use"); err != nil && !strings.Contains(err.Error(), "what the instance Pump is now") {
		t.Errorf("refused with %v", err)
	}
	p.put(i, "two", "")
	p.sleep(time.Second)
	renamed := must(p.Snapshots.Update(t.Context(), p.mika, snap.ID, api.EditSnapshot{Name: api.Some("Moved")}, snap.Version))(t)
	_, err = p.Snapshots.Update(t.Context(), p.mika, snap.ID, api.EditSnapshot{Name: api.Some("x")}, snap.Version)
	wantCode(t, err, "stale")
	_, err = p.Snapshots.Update(t.Context(), p.mika, snap.ID, api.EditSnapshot{Name: api.Some(" ")}, 0)
	wantCode(t, err, "invalid_input")
	if got := must(p.Snapshots.Get(t.Context(), p.vera, snap.ID))(t); got.Name != "Moved" || got.Version != renamed.Version || got.Description != "why" || len(got.UsedBy) != 0 {
		t.Errorf("read %+v", got)
	}
	wantCode(t, p.Snapshots.Delete(t.Context(), p.mika, snap.ID), "forbidden")
	if err := p.Snapshots.Delete(t.Context(), p.olga, snap.ID); err != nil {
		t.Fatal(err)
	}
	_, err = p.Snapshots.Get(t.Context(), p.vera, snap.ID)
	wantCode(t, err, "snapshot_not_found")
	for _, e := range p.timeline(i) {
		if e.Snapshot == snap.ID || e.Before == snap.ID {
			t.Errorf("the timeline still points at it: %+v", e)
		}
	}
	if events := p.audited(store.AuditFilter{Object: string(snap.ID)}); len(events) != 4 {
		t.Errorf("%d events of it; want create, edit, a refusal and delete", len(events))
	}
	for _, ask := range []func() error{
		func() error { _, err := p.Snapshots.Get(t.Context(), p.stranger, p.snapshots(i)[0].ID); return err },
		func() error { _, err := p.Snapshots.Flows(t.Context(), p.stranger, p.snapshots(i)[0].ID); return err },
		func() error {
			_, err := p.Snapshots.Content(t.Context(), p.stranger, p.snapshots(i)[0].ID)
			return err
		},
	} {
		wantCode(t, ask(), "snapshot_not_found")
	}
}

func TestTheContentOfASnapshotHoldsNoSecret(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "one", "s3cret")
	p.sleep(time.Second)
	must(p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: "1"}, {Name: "TOKEN", Value: "t0ken", Hidden: true}}}, 0))(t)
	snap := p.snapshots(i)[0]
	content := must(p.Snapshots.Content(t.Context(), p.vera, snap.ID))(t)
	if fmt.Sprint(content.Credentials) != "[m]" || content.Digest != snap.Digest || content.Stack.ID != "node-red-5" || len(content.Missing) != 0 {
		t.Errorf("content %+v", content)
	}
	text := string(must(json.Marshal(content))(t))
	if strings.Contains(text, "s3cret") || strings.Contains(text, "t0ken") || !strings.Contains(text, `"TOKEN"`) {
		t.Errorf("content %s", text)
	}
	flows := must(p.Snapshots.Flows(t.Context(), p.vera, snap.ID))(t)
	if string(flows.Flows) != string(flowsWith("one")) || flows.Digest != must(wire.Digest(flows.Flows))(t) {
		t.Errorf("flows %s %s", flows.Flows, flows.Digest)
	}
}

// Whatever happens at once, the newest snapshot is what the instance holds.
func TestChangesAtOnceAreAllKept(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.tick = time.Now
	first := p.snapshots(i)[0]
	for n := range 30 {
		var group sync.WaitGroup
		at := func(change func() error) {
			group.Go(func() {
				if err := change(); err != nil && !fleet.IsCode(err, "instance_changed") {
					t.Error(err)
				}
			})
		}
		at(func() error {
			_, err := p.Flows.Put(t.Context(), p.mika, i.ID, api.PutFlows{Flows: flowsWith(fmt.Sprint(n)), Credentials: credentials(fmt.Sprint(n))})
			return err
		})
		at(func() error {
			_, err := p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: fmt.Sprint(n)}}}, 0)
			return err
		})
		if n%3 == 0 {
			at(func() error {
				_, err := p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(first.ID)})
				return err
			})
		}
		group.Wait()
		p.holdsItsNewest(i)
	}
	last := first.ID
	for _, s := range slices.Backward(p.snapshots(i)[:len(p.snapshots(i))-1]) {
		if s.ID <= last {
			t.Errorf("%s sorts before %s", s.ID, last)
		}
		last = s.ID
	}
}

func (p *plant) holdsItsNewest(i *control.Instance) {
	p.t.Helper()
	spec, newest := p.spec(i), p.snapshots(i)[0]
	err := p.db.View(p.t.Context(), func(tx *store.Tx) error {
		m, err := tx.SnapshotContent(newest.ID)
		if err != nil {
			return err
		}
		env := ""
		for _, v := range m.Environment {
			env += "{" + v.Name + " " + v.Value + "}"
		}
		if string(m.Flows) != string(spec.Flows) || "["+env+"]" != fmt.Sprint(spec.Environment) {
			return fmt.Errorf("it holds %s %s and the instance %s %v", m.Flows, env, spec.Flows, spec.Environment)
		}
		return nil
	})
	if err != nil {
		p.t.Fatalf("the newest snapshot: %v", err)
	}
}
