package control_test

import (
	"context"
	"encoding/json"
	"errors"
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

// plant is a team with an application and people of every role.
type plant struct {
	*world
	olga, mika, vera, dora, stranger fleet.Actor
	team                             *store.TeamRole
	app                              *control.ApplicationCount
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	w := newWorld(t)
	p := &plant{world: w, olga: w.person("olga", false), mika: w.person("mika", false), vera: w.person("vera", false), dora: w.person("dora", false), stranger: w.person("stranger", false)}
	p.team = w.team(p.olga, "Plant", map[fleet.Role]fleet.Actor{fleet.RoleMember: p.mika, fleet.RoleViewer: p.vera, fleet.RoleDashboard: p.dora})
	p.app = must(w.Applications.Create(t.Context(), p.olga, p.team.Slug, api.NewApplication{Name: "Water"}, control.Key{}))(t)
	return p
}

func (p *plant) instance(name string) *control.Instance {
	p.t.Helper()
	i, err := p.Instances.Create(p.t.Context(), p.olga, p.app.ID, api.NewInstance{Name: name, Blueprint: "first"}, control.Key{})
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

func TestAnInstanceIsMadeOfABlueprint(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pumpe Süd")
	if i.Label != "pumpe-sud" || i.Type != "small" || i.Access != fleet.AccessLogin || i.Stack != "node-red-5" || i.Observed != fleet.StateStarting {
		t.Errorf("made %+v", i.Instance)
	}
	if i.Deploy.Nodes != 2 || i.Deploy.Author != "olga" {
		t.Errorf("deploy %+v", i.Deploy)
	}
	f := must(p.Flows.Get(t.Context(), p.vera, i.ID))(t)
	if want := must(wire.Digest(f.Flows))(t); f.Digest != want || len(f.Flows) == 0 {
		t.Errorf("flows %s", f.Digest)
	}
	spec := must(p.Runners.Spec(t.Context(), i.ID))(t)
	if err := spec.Check(); err != nil || !spec.Running || spec.Limits.MemoryMiB != 256 || spec.Stack != "5374" || spec.Settings.PlatformURL != "http://leat.localhost:3000/instance/"+string(i.ID) {
		t.Errorf("spec %+v, %v", spec, err)
	}
	_, err := p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "PUMPE süd"}, control.Key{})
	wantCode(t, err, "name_taken")
	_, err = p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Other", Label: "pumpe-sud"}, control.Key{})
	wantCode(t, err, "label_taken")
	_, err = p.Instances.Create(t.Context(), p.mika, p.app.ID, api.NewInstance{Name: "Other"}, control.Key{})
	wantCode(t, err, "forbidden")
	_, err = p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "", InstanceType: "x", Access: "x", Stack: "x", TimeZone: "Mars/Base"}, control.Key{})
	var e *fleet.Error
	if !asError(err, &e) || len(e.Fields) != 5 {
		t.Errorf("err = %#v; want five faults", err)
	}
	_, err = p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Bad", Flows: json.RawMessage(`[{"id":1}]`)}, control.Key{})
	wantCode(t, err, "flows_invalid")
	wantCode(t, p.Applications.Delete(t.Context(), p.olga, p.app.ID), "application_not_empty")
}

func TestLabelsOfInstancesMadeTogetherDiffer(t *testing.T) {
	p := newPlant(t)
	other := must(p.Applications.Create(t.Context(), p.olga, p.team.Slug, api.NewApplication{Name: "Air"}, control.Key{}))(t)
	var group sync.WaitGroup
	labels := make([]string, 6)
	for n := range labels {
		group.Go(func() {
			app, name := p.app.ID, fmt.Sprintf("Pump %d", n/2)
			if n%2 == 1 {
				app = other.ID
			}
			i, err := p.Instances.Create(t.Context(), p.olga, app, api.NewInstance{Name: name}, control.Key{})
			if err != nil {
				t.Error(err)
				return
			}
			labels[n] = i.Label
		})
	}
	group.Wait()
	slices.Sort(labels)
	if len(slices.Compact(labels)) != 6 {
		t.Errorf("labels %v; want six", labels)
	}
}

func TestOperatingAnInstanceIsNoChangeOfItsConfiguration(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	report := func(state fleet.State, spec int64) {
		t.Helper()
		if err := p.Runners.CheckIn(t.Context(), i.ID, wire.CheckIn{Report: wire.Report{State: state, SpecVersion: spec, Isolation: []string{"uid"}, Dashboard: "/dashboard/first"}}); err != nil {
			t.Fatal(err)
		}
	}
	report(fleet.StateRunning, i.SpecVersion)
	steps := []struct {
		do   func(context.Context, fleet.Actor, fleet.InstanceID) (*control.Instance, error)
		want fleet.State
		then fleet.State
		show fleet.State
	}{
		{p.Instances.Stop, fleet.StateStopping, fleet.StateStopped, fleet.StateStopped},
		{p.Instances.Start, fleet.StateStarting, fleet.StateRunning, fleet.StateRunning},
		{p.Instances.Restart, fleet.StateStarting, fleet.StateRunning, fleet.StateRunning},
		{p.Instances.Suspend, fleet.StateStopping, fleet.StateStopped, fleet.StateSuspended},
	}
	for n, s := range steps {
		got := must(s.do(t.Context(), p.mika, i.ID))(t)
		if got.Observed != s.want || got.Version != i.Version {
			t.Errorf("step %d: %s, version %d; want %s and version %d", n, got.Observed, got.Version, s.want, i.Version)
		}
		report(fleet.StateRunning, got.SpecVersion-1) // the runner has not heard yet
		if seen := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t); seen.Observed != s.want {
			t.Errorf("step %d: an old report shows %s; want %s", n, seen.Observed, s.want)
		}
		report(s.then, got.SpecVersion)
		seen := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t)
		if seen.Observed != s.show || seen.Seen.Isolation[0] != "uid" {
			t.Errorf("step %d: %s; want %s", n, seen.Observed, s.show)
		}
	}
	_, err := p.Instances.Stop(t.Context(), p.vera, i.ID)
	wantCode(t, err, "forbidden")
	list, _, err := p.Instances.Dashboards(t.Context(), p.dora, p.team.Slug, store.Page{})
	if err != nil || len(list) != 1 || list[0].Dashboard != "/dashboard/first" {
		t.Errorf("dashboards %+v, %v", list, err)
	}
	down := wire.CheckIn{Report: wire.Report{State: fleet.StateStopped, SpecVersion: i.SpecVersion + 9}}
	if err := p.Runners.CheckIn(t.Context(), i.ID, down); err != nil {
		t.Fatal(err)
	}
	if list, _, err = p.Instances.Dashboards(t.Context(), p.dora, p.team.Slug, store.Page{}); err != nil || len(list) != 1 {
		t.Errorf("dashboards while it is down %+v, %v; want the one it had", list, err)
	}
	_, err = p.Instances.Get(t.Context(), p.dora, i.ID)
	wantCode(t, err, "forbidden")
}

func TestASilentRunnerIsMarked(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.sleep(time.Minute)
	check := func(want fleet.State) {
		t.Helper()
		if err := p.Instances.MarkLost(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t); got.Observed != want {
			t.Errorf("state %s; want %s", got.Observed, want)
		}
	}
	check(fleet.StateStarting)
	p.sleep(2 * time.Minute)
	check(fleet.StateUnreachable)
	if err := p.Runners.CheckIn(t.Context(), i.ID, wire.CheckIn{Report: wire.Report{State: fleet.StateRunning}}); err != nil {
		t.Fatal(err)
	}
	check(fleet.StateRunning)
}

func TestAnEditOfAnInstance(t *testing.T) {
	p := newPlant(t)
	i, other := p.instance("Pump"), p.instance("Tank")
	edit := api.EditInstance{
		Name: api.Some("Pump 1"), InstanceType: api.Some("medium"), TimeZone: api.Some("Europe/Berlin"), Ports: api.Some([]int{1884, 1883}), SafeMode: api.Some(true), Access: api.Some("open"),
	}
	ada := p.person("ada", true)
	_, err := p.Instances.Update(t.Context(), p.olga, i.ID, edit, i.Version)
	wantCode(t, err, "invalid_input") // without https an owner names no ports
	got := must(p.Instances.Update(t.Context(), ada, i.ID, edit, i.Version))(t)
	if got.Name != "Pump 1" || got.Label != "pump" || !slices.Equal(got.Ports, []uint16{1883, 1884}) || got.Version != 2 {
		t.Errorf("edited %+v", got.Instance)
	}
	_, err = p.Instances.Update(t.Context(), ada, i.ID, edit, i.Version)
	wantCode(t, err, "stale")
	kept := must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Ports: api.Some([]int{1884})}, 0))(t)
	if !slices.Equal(kept.Ports, []uint16{1884}) {
		t.Errorf("ports %v; want the one that an owner left", kept.Ports)
	}
	_, err = p.Instances.Update(t.Context(), ada, other.ID, api.EditInstance{Ports: api.Some([]int{1884})}, 0)
	wantCode(t, err, "port_taken")
	for _, ports := range [][]int{{80}, {3000}, {5000, 5000}, {70000}, {20000}, {20001}, {29999}} {
		_, err = p.Instances.Update(t.Context(), ada, other.ID, api.EditInstance{Ports: api.Some(ports)}, 0)
		wantCode(t, err, "invalid_input")
	}
	_, err = p.Instances.Update(t.Context(), p.olga, other.ID, api.EditInstance{Name: api.Some("pump 1")}, 0)
	wantCode(t, err, "name_taken")
	spec := must(p.Runners.Spec(t.Context(), i.ID))(t)
	if !spec.SafeMode || spec.Limits.MemoryMiB != 512 || spec.Settings.TimeZone != "Europe/Berlin" || spec.Version <= i.SpecVersion {
		t.Errorf("spec %+v", spec)
	}
	if err := p.Instances.Delete(t.Context(), p.olga, i.ID); err != nil {
		t.Fatal(err)
	}
	versions := must(p.Runners.Versions(t.Context()))(t)
	if _, there := versions[i.ID]; there || len(versions) != 1 {
		t.Errorf("versions %v", versions)
	}
}

func TestADeployIsMadeOnceAndTheDoorSaysByWhom(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	old := must(p.Flows.Get(t.Context(), p.vera, i.ID))(t)
	flows := json.RawMessage(`[{"id":"t","type":"tab","label":"<b>&"},{"id":"m","type":"mqtt in","z":"t"}]`)
	digest := must(wire.Digest(flows))(t)
	seen, _ := fleet.DeployDigest(flows)
	if err := p.db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertDoorDeploy(&store.DoorDeploy{ID: "w-1", Instance: i.ID, Digest: seen, User: p.mika.User, Username: "mika", Session: "s-1", Addr: "192.0.2.5", CreatedAt: p.clock()})
	}); err != nil {
		t.Fatal(err)
	}
	in := wire.Deploy{ID: fleet.NewDeployID(p.clock()), Base: old.Digest, Flows: flows, SHA256: digest, Credentials: json.RawMessage(`{"m":{"password":"s3cret"}}`), User: "root"}
	first := must(p.Runners.Deploy(t.Context(), i.ID, in))(t)
	again := must(p.Runners.Deploy(t.Context(), i.ID, in))(t)
	if first.Version <= i.SpecVersion || again.Version != first.Version {
		t.Errorf("versions %d, %d; want one above %d, twice", first.Version, again.Version, i.SpecVersion)
	}
	got := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t)
	if got.Deploy.ID != in.ID || got.Deploy.Author != "mika" || got.Deploy.Digest != digest {
		t.Errorf("deploy %+v; want mika's", got.Deploy)
	}
	spec := must(p.Runners.Spec(t.Context(), i.ID))(t)
	if string(spec.Flows) != string(flows) || string(spec.Credentials) != `{"m":{"password":"s3cret"}}` {
		t.Errorf("spec holds %s %s", spec.Flows, spec.Credentials)
	}
	events := p.audited(store.AuditFilter{Event: "flows.deploy"})
	if len(events) != 1 || events[0].Actor.User != p.mika.User || events[0].Actor.Addr != "192.0.2.5" {
		t.Errorf("audited %+v", events)
	}

	self := wire.Deploy{ID: fleet.NewDeployID(p.clock()), Base: digest, Flows: json.RawMessage(`[]`), User: "mika"}
	must(p.Runners.Deploy(t.Context(), i.ID, self))(t)
	got = must(p.Instances.Get(t.Context(), p.vera, i.ID))(t)
	if got.Deploy.Author != "the instance itself" {
		t.Errorf("a save that nobody made is %q's", got.Deploy.Author)
	}
	if spec := must(p.Runners.Spec(t.Context(), i.ID))(t); len(spec.Credentials) == 0 {
		t.Error("credentials that did not change were lost")
	}
	late := wire.Deploy{ID: fleet.NewDeployID(p.clock()), Base: digest, Flows: flows}
	_, err := p.Runners.Deploy(t.Context(), i.ID, late)
	wantCode(t, err, "flows_changed")
	late.SHA256 = "0000"
	_, err = p.Runners.Deploy(t.Context(), i.ID, late)
	wantCode(t, err, "flows_damaged")
}

func TestADeployOfOldCredentialsIsRefused(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	flows := json.RawMessage(`[{"id":"t","type":"tab"},{"id":"m","type":"mqtt-broker"}]`)
	put := func(password string) *api.Flows {
		t.Helper()
		return must(p.Flows.Put(t.Context(), p.mika, i.ID, api.PutFlows{Flows: flows, Credentials: map[string]map[string]json.RawMessage{"m": {"password": json.RawMessage(`"` + password + `"`)}}}))(t)
	}
	held := put("old")
	spec := must(p.Runners.Spec(t.Context(), i.ID))(t)
	old := must(wire.Digest(spec.Credentials))(t)
	put("new")

	late := wire.Deploy{ID: fleet.NewDeployID(p.clock()), Base: held.Digest, BaseCredentials: old, Flows: json.RawMessage(`[{"id":"t","type":"tab"}]`), Credentials: spec.Credentials}
	_, err := p.Runners.Deploy(t.Context(), i.ID, late)
	wantCode(t, err, "flows_changed")
	late.ID, late.BaseCredentials = fleet.NewDeployID(p.clock()), wire.NoCredentials
	_, err = p.Runners.Deploy(t.Context(), i.ID, late)
	wantCode(t, err, "flows_changed")
	spec = must(p.Runners.Spec(t.Context(), i.ID))(t)
	if string(spec.Credentials) != `{"m":{"password":"new"}}` || string(spec.Flows) != string(flows) {
		t.Errorf("the instance has %s %s", spec.Flows, spec.Credentials)
	}
	good := late
	good.ID, good.Credentials, good.BaseCredentials = fleet.NewDeployID(p.clock()), nil, must(wire.Digest(spec.Credentials))(t)
	must(p.Runners.Deploy(t.Context(), i.ID, good))(t)
	older := wire.Deploy{ID: fleet.NewDeployID(p.clock()), Base: must(wire.Digest(good.Flows))(t), Flows: flows} // of a runner that does not know the field
	must(p.Runners.Deploy(t.Context(), i.ID, older))(t)
}

func TestPuttingFlows(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	in := api.PutFlows{Flows: json.RawMessage(`[{"id":"a","type":"tab"}]`), Credentials: map[string]map[string]json.RawMessage{"a": {"k": json.RawMessage(`"v"`)}}}
	out := must(p.Flows.Put(t.Context(), p.mika, i.ID, in))(t)
	if got := must(p.Flows.Get(t.Context(), p.vera, i.ID))(t); got.Digest != out.Digest || string(got.Flows) != string(in.Flows) {
		t.Errorf("kept %s", got.Flows)
	}
	for _, bad := range []string{``, `null`, `{}`, `[{"id":"a"}]`, `[`} {
		if _, err := p.Flows.Put(t.Context(), p.mika, i.ID, api.PutFlows{Flows: json.RawMessage(bad)}); !fleet.IsKind(err, fleet.Invalid) {
			t.Errorf("%q: %v; want Invalid", bad, err)
		}
	}
	_, err := p.Flows.Put(t.Context(), p.vera, i.ID, in)
	wantCode(t, err, "forbidden")
	for range 150 {
		p.sleep(time.Second)
		must(p.Flows.Put(t.Context(), p.mika, i.ID, in))(t)
	}
	if err := p.Flows.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.db.View(t.Context(), func(tx *store.Tx) error {
		often, err := tx.DeployedOften(100)
		if len(often) != 0 {
			t.Errorf("%v still have more than 100 deploys", often)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	must(p.Instances.Get(t.Context(), p.vera, i.ID))(t)
}

func TestHiddenValuesAreKeptAndNeverShown(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	put := func(version int64, items ...api.Variable) (*api.Environment, error) {
		return p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: items}, version)
	}
	env := must(put(1, api.Variable{Name: "HOST", Value: "plc"}, api.Variable{Name: "SECRET", Value: "hush", Hidden: true}))(t)
	if env.Version != 2 || env.Items[1].Value != "" || !env.Items[1].Hidden {
		t.Errorf("put %+v", env)
	}
	env = must(put(2, api.Variable{Name: "SECRET", Hidden: true}, api.Variable{Name: "HOST", Value: "plc2"}))(t)
	spec := must(p.Runners.Spec(t.Context(), i.ID))(t)
	if fmt.Sprint(spec.Environment) != "[{SECRET hush} {HOST plc2}]" {
		t.Errorf("the runner gets %v", spec.Environment)
	}
	_, err := put(2, api.Variable{Name: "HOST", Value: "x"})
	wantCode(t, err, "stale")
	_, err = put(0, api.Variable{Name: "NODE_OPTIONS", Value: "--require x"})
	wantCode(t, err, "invalid_environment")
	for _, e := range p.audited(store.AuditFilter{Object: string(i.ID)}) {
		if text := fmt.Sprint(e.Detail); slices.ContainsFunc([]string{"hush", "plc"}, func(v string) bool { return strings.Contains(text, v) }) {
			t.Errorf("the audit log holds a value: %s", text)
		}
	}
	if got := must(p.Environment.Get(t.Context(), p.vera, i.ID))(t); got.Version != env.Version || len(got.Items) != 2 || got.Items[0].Value != "" {
		t.Errorf("read %+v", got)
	}
}

type fakeNPM struct{ asked map[string]string }

func (f *fakeNPM) Resolve(_ context.Context, _ string, wanted map[string]string, _ json.RawMessage) (json.RawMessage, error) {
	f.asked = wanted
	if _, bad := wanted["node-red-contrib-broken"]; bad {
		return nil, &fleet.Error{Kind: fleet.NotFound, Code: "module_not_found", Msg: "no"}
	}
	packages := map[string]any{"": map[string]any{"name": "modules", "version": "1.0.0", "dependencies": wanted}}
	for name := range wanted {
		packages["node_modules/"+name] = map[string]any{"version": "1.2.3", "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}
	}
	return json.Marshal(map[string]any{"lockfileVersion": 3, "requires": true, "packages": packages})
}

func TestModulesAreResolvedThenKept(t *testing.T) {
	p := newPlant(t)
	npm := &fakeNPM{}
	p.resolver = npm
	p.reopen()
	i := p.instance("Pump")
	change := wire.ModuleChange{ID: fleet.NewDeployID(p.clock()), Install: "node-red-contrib-s7"}
	would := must(p.Runners.Resolve(t.Context(), i.ID, change))(t)
	if would.Direct["node-red-contrib-s7"] != "1.2.3" || npm.asked["node-red-contrib-s7"] != "latest" {
		t.Errorf("resolved %+v of %v", would, npm.asked)
	}
	if got := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t); len(got.Modules) != 0 {
		t.Error("resolving changed something")
	}
	commit := wire.ModuleCommit{ID: change.ID, Digest: would.Digest}
	_, err := p.Runners.Commit(t.Context(), i.ID, wire.ModuleCommit{ID: change.ID, Digest: "other"})
	wantCode(t, err, "modules_changed")
	if err := p.Doors.WitnessModule(t.Context(), p.mika, i.ID, "node-red-contrib-s7"); err != nil {
		t.Fatal(err)
	}
	first := must(p.Runners.Commit(t.Context(), i.ID, commit))(t)
	if again := must(p.Runners.Commit(t.Context(), i.ID, commit))(t); again != first {
		t.Errorf("kept twice: %v, %v", first, again)
	}
	got := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t)
	if fmt.Sprint(got.Modules) != "[{node-red-contrib-s7 1.2.3}]" {
		t.Errorf("modules %v", got.Modules)
	}
	if spec := must(p.Runners.Spec(t.Context(), i.ID))(t); spec.Modules.Digest != would.Digest || len(spec.Modules.Lock) == 0 {
		t.Errorf("spec %+v", spec.Modules)
	}
	_, err = p.Runners.Resolve(t.Context(), i.ID, wire.ModuleChange{ID: "d-2", Install: "x"})
	wantCode(t, err, "modules_changed")
	_, err = p.Runners.Resolve(t.Context(), i.ID, wire.ModuleChange{ID: "d-3", Base: would.Digest, Install: "node-red-contrib-broken"})
	wantCode(t, err, "module_not_found")
	p.sleep(time.Second) // events of one moment come in any order
	gone := must(p.Runners.Resolve(t.Context(), i.ID, wire.ModuleChange{ID: "d-4", Base: would.Digest, Remove: "node-red-contrib-s7"}))(t)
	if len(gone.Direct) != 0 || gone.Digest != "" {
		t.Errorf("removed: %+v", gone)
	}
	must(p.Runners.Commit(t.Context(), i.ID, wire.ModuleCommit{ID: "d-4"}))(t)
	events, _, err := p.AuditEvents.ListInstance(t.Context(), p.olga, i.ID, store.AuditFilter{Event: "module.change"}, store.Page{})
	if err != nil || len(events) != 2 || events[1].Actor.Username != "mika" || events[0].Actor.Username != "the instance itself" {
		t.Errorf("audit of the changes: %+v, %v; want mika for the one that came through the door, nobody for the other", events, err)
	}
	if err := errors.Join(p.Modules.Expire(t.Context()), p.Keys.Expire(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsKeptOfAnInstanceThatIsGone(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	in := wire.CheckIn{Report: wire.Report{State: fleet.StateRunning}, Samples: make([]wire.Sample, 10)}
	if err := p.Runners.CheckIn(t.Context(), i.ID, in); err != nil {
		t.Fatal(err)
	}
	if err := p.Instances.Delete(t.Context(), p.olga, i.ID); err != nil {
		t.Fatal(err)
	}
	// Its launcher says a last word.
	wantCode(t, p.Runners.CheckIn(t.Context(), i.ID, in), "instance_not_found")
	if n := p.Samples.Sampled(); n != 0 {
		t.Errorf("measurements of %d instances are kept; want none", n)
	}
}

func TestAStrangerReachesNoVerbOfAnInstance(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	ctx, id, who := t.Context(), i.ID, p.stranger
	for name, err := range map[string]error{
		"get":     second(p.Instances.Get(ctx, who, id)),
		"logs":    second(p.Instances.Logs(ctx, who, id)),
		"samples": second(p.Samples.Read(ctx, who, id, api.SampleQuery{})),
		"update":  second(p.Instances.Update(ctx, who, id, api.EditInstance{}, 0)),
		"delete":  p.Instances.Delete(ctx, who, id),
		"start":   second(p.Instances.Start(ctx, who, id)),
		"flows":   second(p.Flows.Get(ctx, who, id)),
		"put":     second(p.Flows.Put(ctx, who, id, api.PutFlows{Flows: json.RawMessage("[]")})),
		"env":     second(p.Environment.Get(ctx, who, id)),
		"put env": second(p.Environment.Put(ctx, who, id, api.Environment{}, 0)),
	} {
		if !fleet.IsCode(err, "instance_not_found") {
			t.Errorf("%s: %v; want instance_not_found", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnInstanceDeploysByItselfAtAPace(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	base := must(p.Flows.Get(t.Context(), p.vera, i.ID))(t).Digest
	deploy := func(n int, person bool) error {
		t.Helper()
		d := wire.Deploy{ID: fleet.NewDeployID(p.clock()), Base: base, Flows: json.RawMessage(fmt.Sprintf(`[{"id":"n%d","type":"tab"}]`, n))}
		if person {
			seen, _ := fleet.DeployDigest(d.Flows)
			if err := p.Doors.Witness(t.Context(), p.mika, i.ID, seen, ""); err != nil {
				t.Fatal(err)
			}
		}
		_, err := p.Runners.Deploy(t.Context(), i.ID, d)
		if err == nil {
			base = must(wire.Digest(d.Flows))(t)
		}
		return err
	}
	kept := 0
	for n := range 30 {
		if err := deploy(n, false); err != nil {
			wantCode(t, err, "too_many_deploys")
		} else {
			kept++
		}
	}
	if kept != 10 {
		t.Errorf("%d of 30 deploys in one moment were kept; want 10", kept)
	}
	for n := range 20 {
		if err := deploy(100+n, true); err != nil {
			t.Errorf("a person was held up: %v", err)
		}
	}
	p.sleep(6 * time.Second)
	if err := deploy(200, false); err != nil {
		t.Errorf("after a pause: %v", err)
	}
	wantCode(t, deploy(201, false), "too_many_deploys")
}
