package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/servertest"
)

const snapshotFlows = `[{"id":"t","type":"tab","label":"%s"},{"id":"m","type":"mqtt-broker","broker":"plant"}]`

func took[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// currentOf is the thing as it is now, in the answer to a stale change.
func currentOf(err error) string {
	var p *api.Problem
	if !errors.As(err, &p) {
		return ""
	}
	return fmt.Sprint(p.Current)
}

func labelled(label string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(snapshotFlows, label))
}

func TestASnapshotFromItsMakingToAnotherTeam(t *testing.T) {
	s := servertest.New(t)
	owner, member, viewer := s.As("owner"), s.As("member"), s.As("viewer")
	app := s.Application("Water")
	pump := took(owner.CreateInstance(t.Context(), app.ID, api.NewInstance{Name: "Pump"}))(t)
	put := func(label string) {
		t.Helper()
		s.Clock.Step(time.Second)
		took(member.PutFlows(t.Context(), pump.ID, api.PutFlows{Flows: labelled(label), Credentials: map[string]map[string]json.RawMessage{"m": {"password": json.RawMessage(`"s3cret"`)}}}))(t)
	}
	put("one")
	s.Clock.Step(time.Second)
	snap := took(member.CreateSnapshot(t.Context(), pump.ID, api.NewSnapshot{Name: "Before the move", Description: "why"}))(t)
	put("two")

	list := took(viewer.InstanceSnapshots(t.Context(), pump.ID, api.SnapshotQuery{}))(t)
	if len(list.Items) != 4 || list.Items[1].ID != snap.ID || list.Items[0].Kind != "auto" || list.Items[0].Trigger != "deploy" || list.Items[0].InstanceName != "Pump" {
		t.Errorf("listed %+v", list.Items)
	}
	if found := took(viewer.TeamSnapshots(t.Context(), s.Team.ID, api.SnapshotQuery{Page: api.Page{Q: "mov"}, Kind: "manual"}))(t); len(found.Items) != 1 || found.Items[0].ID != snap.ID {
		t.Errorf("found %+v", found.Items)
	}
	if found := took(viewer.ApplicationSnapshots(t.Context(), app.ID, api.SnapshotQuery{Kind: "import"}))(t); len(found.Items) != 0 {
		t.Errorf("found %+v", found.Items)
	}
	if _, err := viewer.ApplicationSnapshots(t.Context(), app.ID, api.SnapshotQuery{Kind: "golden"}); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("a kind that there is not: %v", err)
	}
	if flows := took(viewer.SnapshotFlows(t.Context(), snap.ID))(t); string(flows.Flows) != string(labelled("one")) {
		t.Errorf("its flows are %s", flows.Flows)
	}
	if content := took(viewer.SnapshotContent(t.Context(), snap.ID))(t); len(content.Credentials) != 1 || content.Stack.ID == "" || content.Stack.Name == "" {
		t.Errorf("its content is %+v", content)
	}
	renamed := took(member.UpdateSnapshot(t.Context(), snap.ID, api.EditSnapshot{Name: api.Some("Moved")}, api.IfMatch(snap.Version)))(t)
	_, err := member.UpdateSnapshot(t.Context(), snap.ID, api.EditSnapshot{Name: api.Some("x")}, api.IfMatch(snap.Version))
	if api.StatusOf(err) != http.StatusPreconditionFailed || !strings.Contains(currentOf(err), "Moved") {
		t.Errorf("a stale edit of %+v: %v", renamed, err)
	}

	s.Clock.Step(time.Second)
	done := took(member.RestoreSnapshot(t.Context(), pump.ID, api.Restore{Snapshot: snap.ID}))(t)
	if done.ID != pump.ID || done.Safety != list.Items[0].ID || fmt.Sprint(done.Changed) != "[flows]" {
		t.Errorf("restored %+v", done)
	}
	if flows := took(viewer.Flows(t.Context(), pump.ID))(t); string(flows.Flows) != string(labelled("one")) {
		t.Errorf("the instance has %s", flows.Flows)
	}
	told := took(viewer.Timeline(t.Context(), pump.ID, api.TimelineQuery{Kind: "restore,deploy"}))(t)
	if len(told.Items) != 3 || told.Items[0].Kind != "restore" || told.Items[0].Before != done.Safety || told.Items[0].Summary.Name != "Moved" || told.Items[0].Summary.Source != snap.ID {
		t.Errorf("told %+v", told.Items)
	}
	if used := took(viewer.Snapshot(t.Context(), snap.ID))(t); len(used.UsedBy) != 1 {
		t.Errorf("used by %v", used.UsedBy)
	}
	if err := owner.DeleteSnapshot(t.Context(), snap.ID); !api.Is(err, "snapshot_in_use") {
		t.Errorf("deleted although another came from it: %v", err)
	}
	carry(t, s, snap.ID)
}

// carry takes a snapshot out and into another team.
func carry(t *testing.T, s *servertest.Server, id string) {
	t.Helper()
	const secret = "a pump in the cellar"
	file := took(s.As("member").ExportSnapshot(t.Context(), id, api.Export{Secret: secret}))(t)
	req := took(s.As("member").NewRequest(t.Context(), http.MethodPost, "/snapshots/"+id+"/export", strings.NewReader(`{"secret":"`+secret+`"}`)))(t)
	req.Header.Set("Content-Type", "application/json")
	res := s.Do(req)
	if res.Header.Get("Content-Type") != "application/vnd.leat.snapshot+json" || res.Header.Get("Content-Disposition") != `attachment; filename="moved.snapshot.json"` {
		t.Errorf("the file comes as %v", res.Header)
	}
	other := s.As("other")
	team := took(other.CreateTeam(t.Context(), api.NewTeam{Name: "Air"}))(t)
	app := took(other.CreateApplication(t.Context(), team.ID, api.NewApplication{Name: "Fans"}))(t)
	if _, err := other.ImportSnapshot(t.Context(), app.ID, api.ImportSnapshot{Snapshot: file, Secret: "not this one at all"}); !api.Is(err, "wrong_secret") {
		t.Errorf("a wrong secret: %v", err)
	}
	if _, err := other.ImportSnapshot(t.Context(), app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(`{"flows":[{"id":"a"}]}`)}); !api.Is(err, "invalid_snapshot_file") {
		t.Errorf("a bad file: %v", err)
	}
	imported := took(other.ImportSnapshot(t.Context(), app.ID, api.ImportSnapshot{Snapshot: file, Secret: secret}))(t)
	if imported.Kind != "import" || imported.Name != "Moved" || imported.Team != team.ID {
		t.Errorf("imported %+v", imported)
	}
	fan := took(other.CreateInstance(t.Context(), app.ID, api.NewInstance{Name: "Fan", Source: &api.Source{Snapshot: imported.ID}}))(t)
	if flows := took(other.Flows(t.Context(), fan.ID))(t); string(flows.Flows) != string(labelled("one")) {
		t.Errorf("the fan has %s", flows.Flows)
	}
	s.Clock.Step(time.Second)
	added := took(other.ImportFlows(t.Context(), fan.ID, api.ImportFlows{Flows: labelled("two"), Mode: "add"}))(t)
	if added.Renewed != 1 || added.Nodes != 2 || added.Safety == "" || added.ID != fan.ID {
		t.Errorf("added %+v", added)
	}
	if err := other.DeleteSnapshot(t.Context(), imported.ID); !api.Is(err, "snapshot_in_use") {
		t.Errorf("deleted although an instance came from it: %v", err)
	}
}

func TestATimelineRefusesWhatItDoesNotKnow(t *testing.T) {
	s := servertest.New(t)
	pump := took(s.As("owner").CreateInstance(t.Context(), s.Application("Water").ID, api.NewInstance{Name: "Pump"}))(t)
	if _, err := s.As("viewer").Timeline(t.Context(), pump.ID, api.TimelineQuery{Kind: "created,party"}); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("a kind that there is not: %v", err)
	}
	list := took(s.As("viewer").Timeline(t.Context(), pump.ID, api.TimelineQuery{}))(t)
	if len(list.Items) != 1 || list.Items[0].Kind != "created" || list.Items[0].Author == "" || list.Items[0].Snapshot == "" || list.Next != nil {
		t.Errorf("told %+v", list.Items)
	}
}
