package control_test

import (
	"encoding/json"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

func TestASuspendedTeamRunsNothingAndGoesOnAsItWas(t *testing.T) {
	p := newPlant(t)
	ada := p.person("ada", true)
	running, stopped := p.instance("Runs"), p.instance("Stands")
	must(p.Instances.Stop(t.Context(), p.olga, stopped.ID))(t)
	report := func(id fleet.InstanceID, state fleet.State) {
		t.Helper()
		spec := must(p.Runners.Spec(t.Context(), id))(t)
		if err := p.Runners.CheckIn(t.Context(), id, wire.CheckIn{Report: wire.Report{State: state, SpecVersion: spec.Version}}); err != nil {
			t.Fatal(err)
		}
	}
	report(running.ID, fleet.StateRunning)
	report(stopped.ID, fleet.StateStopped)

	in := api.EditAdminTeam{Suspended: api.Some(true), SuspendReason: api.Some("The bill of March is open.")}
	_, err := p.Teams.Administer(t.Context(), p.olga, p.team.Slug, in, 0)
	wantCode(t, err, "forbidden")
	team := must(p.Teams.Administer(t.Context(), ada, p.team.Slug, in, 0))(t)
	if !team.Suspended() || team.Instances != 2 {
		t.Errorf("the team is %+v", team)
	}
	got := must(p.Instances.Get(t.Context(), p.vera, running.ID))(t)
	if got.Observed != fleet.StateStopping || !strings.Contains(got.Reason, "The bill of March is open.") || got.Wanted != fleet.WantRunning {
		t.Errorf("while it stops: %s, %q, wanted %s", got.Observed, got.Reason, got.Wanted)
	}
	if spec := must(p.Runners.Spec(t.Context(), running.ID))(t); spec.Running || spec.Version <= got.SpecVersion-1 {
		t.Errorf("its runner is told %+v; want it to stop", spec)
	}
	report(running.ID, fleet.StateStopped)
	if got = must(p.Instances.Get(t.Context(), p.vera, running.ID))(t); got.Observed != fleet.StateSuspended || !strings.Contains(got.Reason, "March") {
		t.Errorf("stopped: %s, %q; want suspended, and why", got.Observed, got.Reason)
	}
	for _, start := range []func() error{
		func() error { _, err := p.Instances.Start(t.Context(), p.olga, stopped.ID); return err },
		func() error { _, err := p.Instances.Restart(t.Context(), ada, running.ID); return err },
		func() error {
			_, err := p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "New"}, control.Key{})
			return err
		},
	} {
		wantCode(t, start(), "team_suspended")
	}

	must(p.Teams.Administer(t.Context(), ada, p.team.Slug, api.EditAdminTeam{Suspended: api.Some(false)}, team.Version))(t)
	if got = must(p.Instances.Get(t.Context(), p.vera, running.ID))(t); got.Observed != fleet.StateStarting || got.Reason != "" {
		t.Errorf("let go: %s, %q; want it to start", got.Observed, got.Reason)
	}
	if spec := must(p.Runners.Spec(t.Context(), running.ID))(t); !spec.Running {
		t.Error("its runner is not told to start")
	}
	if spec := must(p.Runners.Spec(t.Context(), stopped.ID))(t); spec.Running {
		t.Error("the one that stood is told to start")
	}
	if got = must(p.Instances.Get(t.Context(), p.vera, stopped.ID))(t); got.Observed != fleet.StateStopped {
		t.Errorf("the one that stood is %s", got.Observed)
	}
	events := p.audited(store.AuditFilter{})
	if !has(events, "team.suspend") || !has(events, "team.unsuspend") {
		t.Error("the audit log does not tell of it")
	}
}

func TestOnlyOwnersChangeWhatAProtectedInstanceRuns(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	flows := api.PutFlows{Flows: json.RawMessage(`[{"id":"t","type":"tab","label":"new"}]`)}
	_, err := p.Instances.Update(t.Context(), p.mika, i.ID, api.EditInstance{Protected: api.Some(true)}, 0)
	wantCode(t, err, "forbidden")
	got := must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Protected: api.Some(true)}, i.Version))(t)
	if !got.Protected || got.Version != i.Version+1 {
		t.Errorf("protected %v at version %d", got.Protected, got.Version)
	}
	_, err = p.Flows.Put(t.Context(), p.mika, i.ID, flows)
	wantCode(t, err, "protected_instance")
	_, err = p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: "1"}}}, 0)
	wantCode(t, err, "protected_instance")
	wantCode(t, p.Doors.Witness(t.Context(), p.mika, i.ID, "d", "b"), "protected_instance")
	_, err = p.Flows.Put(t.Context(), p.vera, i.ID, flows)
	wantCode(t, err, "forbidden")
	if _, err := p.Instances.Restart(t.Context(), p.mika, i.ID); err != nil {
		t.Errorf("a member restarts it: %v", err)
	}
	if _, err := p.Flows.Put(t.Context(), p.olga, i.ID, flows); err != nil {
		t.Errorf("an owner deploys: %v", err)
	}
	must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Protected: api.Some(false)}, 0))(t)
	if _, err := p.Flows.Put(t.Context(), p.mika, i.ID, flows); err != nil {
		t.Errorf("a member deploys after it was let go: %v", err)
	}
	refused := false
	for _, e := range p.audited(store.AuditFilter{}) {
		refused = refused || e.Event == "flows.edit" && e.Result == fleet.AuditRefused
	}
	if !has(p.audited(store.AuditFilter{}), "instance.protect") {
		t.Error("the audit log does not tell of the protection")
	}
	if !refused {
		t.Error("the refusal is not in the audit log")
	}
}

func TestSnapshotsMadeByHandAreBoundedForEachInstance(t *testing.T) {
	p := newPlant(t)
	ada := p.person("ada", true)
	one, other := p.instance("Pump"), p.instance("Mill")
	keep := func(i *control.Instance, name string) error {
		_, err := p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{Name: name}, control.Key{})
		return err
	}
	two := 2
	must(p.Teams.Administer(t.Context(), ada, p.team.Slug, api.EditAdminTeam{Limits: api.Some(api.TeamLimits{Snapshots: &two})}, 0))(t)
	for _, name := range []string{"first", "second"} {
		if err := keep(one, name); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, keep(one, "third"), "limit_reached")
	if err := keep(other, "first"); err != nil {
		t.Errorf("of another instance: %v", err)
	}
	if _, err := p.Flows.Put(t.Context(), p.mika, one.ID, api.PutFlows{Flows: json.RawMessage(`[{"id":"x","type":"tab"}]`)}); err != nil {
		t.Errorf("a deploy, which keeps a version by itself: %v", err)
	}
	byItself := p.snapshots(one)[0]
	if byItself.Name != "" || byItself.Kind != fleet.SnapshotAuto {
		t.Fatalf("newest %+v", byItself)
	}
	if _, err := p.Snapshots.Update(t.Context(), p.mika, byItself.ID, api.EditSnapshot{Name: api.Some("Keep it all the same")}, 0); !fleet.IsCode(err, "limit_reached") {
		t.Errorf("one that was made by itself is kept by its name: %v", err)
	}
	must(p.Teams.Administer(t.Context(), ada, p.team.Slug, api.EditAdminTeam{Limits: api.Opt[api.TeamLimits]{Set: true, Null: true}}, 0))(t)
	kind := must(p.TeamTypes.Create(t.Context(), ada, api.NewTeamType{Name: "One", Limits: api.TeamLimits{Snapshots: new(int)}}, control.Key{}))(t)
	_, err := p.Teams.Administer(t.Context(), ada, p.team.Slug, api.EditAdminTeam{Type: api.Some(string(kind.ID))}, 0)
	var e *fleet.Error
	if !asError(err, &e) || e.Code != "over_limit" || len(e.Limits) != 1 || e.Limits[0] != (fleet.OverLimit{What: "snapshots", Limit: 0, Count: 2}) {
		t.Errorf("a type without snapshots: %v; want over_limit with how many there are", err)
	}
}
