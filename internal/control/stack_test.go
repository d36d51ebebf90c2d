package control_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/runtime"
	"leat/internal/store"
	"leat/internal/wire"
)

func versions(red, node string) fleet.StackVersions {
	return fleet.StackVersions{NodeRED: red, NodeJS: node, Dashboard: "1.31.0"}
}

// twoStacks are those of a version of the platform.
func twoStacks() []control.Stack {
	return []control.Stack{
		{ID: "node-red-5", Name: "Node-RED 5", Digest: "five", Versions: versions("5.0.7", "24.21.0")},
		{ID: "node-red-4", Name: "Node-RED 4", Digest: "four", Versions: versions("4.1.15", "22.23.3")},
	}
}

// newStackPlant is a plant whose platform has two stacks.
func newStackPlant(t *testing.T) (*plant, fleet.Actor) {
	t.Helper()
	p := newPlant(t)
	p.stacks = twoStacks()
	p.reopen()
	if err := p.Stacks.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, p.person("root", true)
}

func (p *plant) stackOf(id fleet.InstanceID) string {
	p.t.Helper()
	spec, err := p.Runners.Spec(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return spec.Stack
}

func TestAnUpgradeReachesAnInstanceWhenSomebodyAsks(t *testing.T) {
	p, _ := newStackPlant(t)
	i := p.instance("Pump")
	laid := map[string]bool{"five": true, "four": true}
	p.ready = func(digest string) bool { return laid[digest] }
	p.stacks[0].Digest, p.stacks[0].Versions = "five-new", versions("5.0.8", "24.22.0")
	p.reopen()
	if err := p.Stacks.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seen := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t); seen.Update != nil {
		t.Errorf("before it is fetched there is %+v", seen.Update)
	}
	must(p.Flows.Put(t.Context(), p.mika, i.ID, api.PutFlows{Flows: json.RawMessage(`[]`)}))(t)
	if got := p.stackOf(i.ID); got != "five" {
		t.Errorf("a deploy brought %s", got)
	}
	// As long as the new one does not lie here, a restart goes without it.
	must(p.Instances.Restart(t.Context(), p.mika, i.ID))(t)
	if got := p.stackOf(i.ID); got != "five" {
		t.Errorf("a restart brought %s, which has not been fetched", got)
	}
	laid["five-new"] = true
	seen := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t)
	if seen.Update == nil || !slices.Equal(seen.Update.Parts, []string{"stack"}) || !strings.Contains(seen.Update.Reason, "Node-RED 5.0.8 on Node.js 24.22.0") {
		t.Fatalf("update %+v", seen.Update)
	}
	must(p.Instances.Restart(t.Context(), p.mika, i.ID))(t)
	if got := p.stackOf(i.ID); got != "five-new" {
		t.Errorf("a restart brought %s", got)
	}
	if seen = must(p.Instances.Get(t.Context(), p.vera, i.ID))(t); seen.Update != nil {
		t.Errorf("after it there is still %+v", seen.Update)
	}
}

func TestAnInstanceMovesToAnotherStackWithItsModules(t *testing.T) {
	p, root := newStackPlant(t)
	i := p.instance("Pump")
	lock := json.RawMessage(`{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"*"}},"node_modules/a":{"version":"1.0.0","engines":{"node":">=24"},
		"integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}}}`)
	err := p.db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.UpdateModules(i.ID, &store.Modules{Direct: map[string]string{"a": "1.0.0"}, Lock: lock, Digest: "m"}, p.clock())
	})
	if err != nil {
		t.Fatal(err)
	}
	choices := must(p.Stacks.Choices(t.Context(), p.vera, i.ID))(t)
	if got := fmt.Sprintf("%+v", choices[0].Misfits); len(choices) != 2 || choices[0].Stack != "node-red-4" || got != "[{Module:a Version:1.0.0 Wants:>=24 Has:22.23.3}]" || len(choices[1].Misfits) != 0 {
		t.Errorf("choices %+v", choices)
	}
	edit := func(id string) error {
		_, err := p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Stack: api.Some(id)}, 0)
		return err
	}
	wantCode(t, edit("node-red-1"), "invalid_input")
	_, err = p.Instances.Update(t.Context(), p.mika, i.ID, api.EditInstance{Stack: api.Some("node-red-4")}, 0)
	wantCode(t, err, "forbidden")
	if err := edit("node-red-4"); err != nil {
		t.Fatal(err)
	}
	spec := must(p.Runners.Spec(t.Context(), i.ID))(t)
	if spec.Stack != "four" || spec.Modules.Digest != "m" || spec.Restarts != 0 {
		t.Errorf("desired state %+v", spec)
	}
	noted := slices.ContainsFunc(p.audited(store.AuditFilter{Event: "instance.edit"}), func(e *control.AuditEvent) bool {
		return e.Result == fleet.AuditDone && fmt.Sprint(e.Detail["misfits"]) == "[a@1.0.0]"
	})
	if !noted {
		t.Error("the audit log does not name the module that does not fit")
	}
	must(p.Stacks.Update(t.Context(), root, "node-red-5", api.EditStack{Name: api.Some("Old")}, 0))(t)
	must(p.Stacks.Update(t.Context(), root, "node-red-4", api.EditStack{Default: api.Some(true)}, 0))(t)
	must(p.Stacks.Update(t.Context(), root, "node-red-5", api.EditStack{Active: api.Some(false), ReplacedBy: api.Some("node-red-4")}, 0))(t)
	wantCode(t, edit("node-red-5"), "invalid_input")
	if i := p.instance("Other"); i.Stack != "node-red-4" {
		t.Errorf("a new instance has %s; want the default", i.Stack)
	}
}

func TestLimitsOfATypeReachAnInstanceAtItsRestart(t *testing.T) {
	p, root := newStackPlant(t)
	i := p.instance("Pump")
	must(p.InstanceTypes.Update(t.Context(), root, "small", api.EditInstanceType{MemoryMiB: api.Some(300)}, 0))(t)
	if seen := must(p.Instances.Get(t.Context(), p.vera, i.ID))(t); seen.Update == nil || !slices.Equal(seen.Update.Parts, []string{"limits"}) {
		t.Errorf("update %+v", seen.Update)
	}
	if spec := must(p.Runners.Spec(t.Context(), i.ID))(t); spec.Limits.MemoryMiB != 256 {
		t.Errorf("without a restart it has %d MiB", spec.Limits.MemoryMiB)
	}
	must(p.Instances.Stop(t.Context(), p.mika, i.ID))(t)
	must(p.Instances.Start(t.Context(), p.mika, i.ID))(t)
	if spec := must(p.Runners.Spec(t.Context(), i.ID))(t); spec.Limits.MemoryMiB != 300 {
		t.Errorf("after a start it has %d MiB", spec.Limits.MemoryMiB)
	}
}

func TestStacksAreAddedChangedAndDeleted(t *testing.T) {
	p, root := newStackPlant(t)
	ask := api.NewStack{NodeRed: "4.0.9", NodeJS: "20.19.0", Name: "Long term"}
	_, err := p.Stacks.Create(t.Context(), p.olga, ask)
	wantCode(t, err, "forbidden")
	for _, bad := range []api.NewStack{{}, {NodeRed: "4", NodeJS: "22.23.3"}, {NodeRed: "4.0.9", NodeJS: "latest"}, {NodeRed: "4.0.9", NodeJS: "22.23.3", Dashboard: "^1"}, {NodeRed: "4.0.9", Lock: json.RawMessage(`{}`)}} {
		_, err := p.Stacks.Create(t.Context(), root, bad)
		wantCode(t, err, "invalid_input")
	}
	for text, code := range map[string]string{`[]`: "lock_invalid", `{"lockfileVersion":3,"packages":{}}`: "stack_invalid"} {
		_, err := p.Stacks.Create(t.Context(), root, api.NewStack{Lock: json.RawMessage(text)})
		wantCode(t, err, code)
	}
	made := must(p.Stacks.Create(t.Context(), root, ask))(t)
	if made.ID != "node-red-4-0-9-node-20-19-0" || made.Name != "Long term" || made.Digest != "" {
		t.Fatalf("made %+v", made)
	}
	_, err = p.Stacks.Create(t.Context(), root, ask)
	wantCode(t, err, "stack_exists")
	_, err = p.Stacks.Update(t.Context(), root, made.ID, api.EditStack{Default: api.Some(true)}, 0)
	wantCode(t, err, "invalid_input")
	_, err = p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Early", Stack: made.ID}, control.Key{})
	wantCode(t, err, "invalid_input")

	if err := p.Stacks.Unresolved(t.Context(), made.ID, &fleet.Error{Kind: fleet.Invalid, Code: "version_not_found", Msg: "The package registry has no Node-RED 4.0.9."}); err != nil {
		t.Fatal(err)
	}
	if resolve, _, err := p.Stacks.Wanted(t.Context()); err != nil || len(resolve) != 0 {
		t.Errorf("a stack that failed is tried again by itself: %v, %v", resolve, err)
	}
	again := must(p.Stacks.Create(t.Context(), root, ask))(t)
	if again.ID != made.ID || again.Reason != "" {
		t.Errorf("asked for again: %+v", again)
	}
	text := must(runtime.Find("node-red-4"))(t).Text()
	if err := p.Stacks.Resolved(t.Context(), made.ID, must(runtime.FromLock(text))(t)); err != nil {
		t.Fatal(err)
	}
	i := must(p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "On it", Stack: made.ID}, control.Key{}))(t)
	given := must(p.Runners.Stack(t.Context(), i.ID, wire.StackAsk{Digest: i.Given.Digest}))(t)
	if string(given.Lock) != string(text) {
		t.Error("the runner got another lock")
	}
	_, err = p.Runners.Stack(t.Context(), i.ID, wire.StackAsk{Digest: "five"})
	wantCode(t, err, "stack_not_found")
	deleteStacks(t, p, root, made.ID, i.ID)
}

func deleteStacks(t *testing.T, p *plant, root fleet.Actor, id string, instance fleet.InstanceID) {
	t.Helper()
	wantCode(t, p.Stacks.Delete(t.Context(), root, id), "stack_in_use")
	wantCode(t, p.Stacks.Delete(t.Context(), root, "node-red-5"), "stack_built_in")
	wantCode(t, p.Stacks.Delete(t.Context(), p.olga, id), "forbidden")
	uses, st, _, err := p.Stacks.Uses(t.Context(), root, id, store.Page{Limit: 10})
	if err != nil || len(uses) != 1 || uses[0].Instance != instance || uses[0].TeamName != "Plant" || uses[0].Digest != st.Digest {
		t.Errorf("uses %+v, %v", uses, err)
	}
	_, err = p.Stacks.Update(t.Context(), root, "node-red-5", api.EditStack{ReplacedBy: api.Some(id)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Stacks.Update(t.Context(), root, id, api.EditStack{ReplacedBy: api.Some("node-red-5")}, 0)
	wantCode(t, err, "invalid_input")
	if err := p.Instances.Delete(t.Context(), p.olga, instance); err != nil {
		t.Fatal(err)
	}
	if err := p.Stacks.Delete(t.Context(), root, id); err != nil {
		t.Fatal(err)
	}
	for _, one := range must(p.Stacks.List(t.Context(), root))(t) {
		if one.ReplacedBy != "" || one.ID == id {
			t.Errorf("after the delete there is %+v", one)
		}
	}
	// A lock that nothing names is forgotten, a day later.
	if err := p.Stacks.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	digest := must(runtime.Find("node-red-4"))(t).Digest
	must(p.Stacks.Lock(t.Context(), digest))(t)
	p.sleep(25 * time.Hour)
	if err := p.Stacks.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = p.Stacks.Lock(t.Context(), digest)
	wantCode(t, err, "stack_not_found")
}

func TestWhatRunsIsCountedAsUsed(t *testing.T) {
	p, root := newStackPlant(t)
	i := p.instance("Pump")
	report := func(r wire.Report) {
		t.Helper()
		r.State, r.StartedAt = fleet.StateRunning, p.clock()
		if err := p.Runners.CheckIn(t.Context(), i.ID, wire.CheckIn{Report: r}); err != nil {
			t.Fatal(err)
		}
	}
	report(wire.Report{})
	if _, certain, err := p.Stacks.Used(t.Context()); err != nil || certain {
		t.Errorf("with a runner that does not say: certain %t, %v", certain, err)
	}
	report(wire.Report{Stack: "an older one"})
	must(p.Stacks.Update(t.Context(), root, "node-red-4", api.EditStack{Active: api.Some(false)}, 0))(t)
	used, certain, err := p.Stacks.Used(t.Context())
	if err != nil || !certain || !slices.Contains(used, "an older one") || !slices.Contains(used, "five") || slices.Contains(used, "four") {
		t.Errorf("used %v, certain %t, %v", used, certain, err)
	}
}

func TestInstancesOfAnEarlierVersionKeepWhatTheyHave(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	err := p.db.Update(t.Context(), func(tx *store.Tx) error {
		bare := i.Instance.Instance
		bare.Given = fleet.Frame{}
		if err := tx.KeepContext(i.ID, false); err != nil { // as the migration leaves them
			return err
		}
		return tx.FrameInstance(&bare)
	})
	if err != nil {
		t.Fatal(err)
	}
	before := must(p.Runners.Spec(t.Context(), i.ID))(t)
	p.reopen()
	if err := p.Stacks.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := must(p.Runners.Spec(t.Context(), i.ID))(t)
	if before.Digest != after.Digest || after.Stack != "5374" || after.Settings.PersistentContext {
		t.Errorf("before %+v, after %+v", before, after)
	}
}
