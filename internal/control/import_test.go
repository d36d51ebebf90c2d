package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
	"leat/internal/wire"
)

const fileSecret = "a pump in the cellar"

// whole is an instance with everything that a snapshot keeps.
func (p *plant) whole(name string) *control.Instance {
	p.t.Helper()
	i := p.instance(name)
	p.put(i, "<script>alert(1)</script>", "s3cret")
	p.sleep(time.Second)
	env := api.Environment{Items: []api.Variable{{Name: "Z", Value: "last"}, {Name: "A", Value: "first"}, {Name: "TOKEN", Value: "t0ken", Hidden: true}}}
	if _, err := p.Environment.Put(p.t.Context(), p.mika, i.ID, env, 0); err != nil {
		p.t.Fatal(err)
	}
	p.sleep(time.Second)
	i, err := p.Instances.Update(p.t.Context(), p.olga, i.ID, api.EditInstance{TimeZone: api.Some("Europe/Berlin")}, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

func (p *plant) export(snap *fleet.Snapshot, c *api.Components, word string) json.RawMessage {
	p.t.Helper()
	f, err := p.Snapshots.Export(p.t.Context(), p.mika, snap.ID, api.Export{Secret: word, Components: c})
	if err != nil {
		p.t.Fatal(err)
	}
	return f.Bytes
}

// elsewhere is a team of another person with an empty instance.
func (p *plant) elsewhere() (fleet.Actor, *control.ApplicationCount, *control.Instance) {
	p.t.Helper()
	who := p.person("nora", false)
	team := p.team2(who)
	app, err := p.Applications.Create(p.t.Context(), who, team.Slug, api.NewApplication{Name: "Air"}, control.Key{})
	if err != nil {
		p.t.Fatal(err)
	}
	i, err := p.Instances.Create(p.t.Context(), who, app.ID, api.NewInstance{Name: "Fan"}, control.Key{})
	if err != nil {
		p.t.Fatal(err)
	}
	return who, app, i
}

func (p *plant) team2(who fleet.Actor) *store.TeamRole { return p.world.team(who, "Elsewhere", nil) }

func TestAnExportedSnapshotWorksInAnotherTeam(t *testing.T) {
	p := newPlant(t)
	i := p.whole("Pump")
	snap := p.snapshots(i)[0]
	text := p.export(snap, nil, fileSecret)
	for _, open := range []string{"s3cret", "t0ken", string(snap.ID), string(i.ID), "mika", "olga"} {
		if strings.Contains(string(text), open) {
			t.Errorf("the file tells %q", open)
		}
	}
	want := p.spec(i)
	nora, app, fan := p.elsewhere()
	p.sleep(time.Second)

	imported := must(p.Snapshots.Import(t.Context(), nora, app.ID, api.ImportSnapshot{Snapshot: text, Secret: fileSecret, Name: "From the plant"}, control.Key{}))(t)
	if imported.Digest != snap.Digest || imported.Kind != fleet.SnapshotImported || imported.Instance != "" || imported.Name != "From the plant" {
		t.Errorf("imported %+v", imported)
	}
	p.sleep(time.Second)
	done := must(p.Snapshots.Restore(t.Context(), nora, fan.ID, api.Restore{Snapshot: string(imported.ID)}))(t)
	if fmt.Sprint(done.Changed) != "[flows credentials environment settings]" {
		t.Errorf("changed %v", done.Changed)
	}
	sameContent(t, "restored elsewhere", p.spec(fan), want)
	if _, err := p.Snapshots.Restore(t.Context(), nora, fan.ID, api.Restore{Snapshot: string(snap.ID)}); !fleet.IsCode(err, "snapshot_not_found") {
		t.Errorf("a snapshot of another team: %v", err)
	}
	if events := p.audited(store.AuditFilter{Event: "snapshot.export"}); len(events) != 1 || events[0].Actor.User != p.mika.User {
		t.Errorf("exports audited: %+v", events)
	}
	if events := p.audited(store.AuditFilter{Event: "snapshot.import"}); len(events) != 1 || events[0].Actor.User != nora.User {
		t.Errorf("imports audited: %+v", events)
	}
}

func TestTheFileOpensWithNodeREDsOwnEncryption(t *testing.T) {
	p := newPlant(t)
	text := p.export(p.snapshots(p.whole("Pump"))[0], nil, fileSecret)
	var file struct {
		Flows struct {
			Credentials map[string]string `json:"credentials"`
		} `json:"flows"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	got := must(secret.DecryptCredentials(fileSecret, file.Flows.Credentials["$"]))(t)
	if got["m"]["password"] != "s3cret" || len(got) != 1 {
		t.Errorf("decrypted %v", got)
	}
}

func TestAWrongSecretAndADamagedFileChangeNothing(t *testing.T) {
	p := newPlant(t)
	i := p.whole("Pump")
	text := string(p.export(p.snapshots(i)[0], nil, fileSecret))
	bare := string(p.export(p.snapshots(i)[0], &api.Components{Environment: "keys", Credentials: new(bool)}, ""))
	nora, app, fan := p.elsewhere()
	before := p.spec(fan)
	other := must(secret.EncryptCredentials("another secret", secret.Credentials{"m": {"password": "x"}}))(t)
	for name, c := range map[string]struct{ text, word, code string }{
		"a wrong secret":         {text, "a pump in the attic!", "wrong_secret"},
		"no secret":              {text, "", "secret_required"},
		"altered content":        {strings.Replace(text, "Europe/Berlin", "Europe/Paris", 2), fileSecret, "invalid_snapshot_file"},
		"an altered flow":        {strings.Replace(text, `"broker":"plant"`, `"broker":"evil"`, 1), fileSecret, "invalid_snapshot_file"},
		"altered sealed parts":   {strings.Replace(text, `"$":"`, `"$":"00`, 1), fileSecret, "wrong_secret"},
		"cut short":              {text[:len(text)/2], fileSecret, "invalid_snapshot_file"},
		"another's wrong secret": {`{"flows":{"flows":[],"credentials":{"$":"` + other + `"}}}`, "not the one", "wrong_secret"},
		"another's, no base64":   {`{"flows":{"flows":[],"credentials":{"$":"` + other[:40] + `!!"}}}`, "not the one", "invalid_snapshot_file"},
		"an unknown zone":        {`{"leat":{"form":1,"settings":{"timeZone":"Mars/Olympus"},"digest":""},"flows":{"flows":[]}}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Snapshots.Import(t.Context(), nora, app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(c.text), Secret: c.word}, control.Key{})
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantCode(t, err, c.code)
		})
	}
	if got := must(p.Snapshots.Import(t.Context(), nora, app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(bare)}, control.Key{}))(t); got.SecretsDigest != "" {
		t.Errorf("without secrets: %+v", got)
	}
	_, err := p.Flows.Import(t.Context(), nora, fan.ID, api.ImportFlows{Flows: json.RawMessage(`[]`), Credentials: json.RawMessage(`{"$":"` + other + `"}`), Secret: "not the one"})
	wantCode(t, err, "wrong_secret")
	sameContent(t, "after all that", p.spec(fan), before)
	_, err = p.Snapshots.Import(t.Context(), p.stranger, app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(bare)}, control.Key{})
	wantCode(t, err, "application_not_found")
	_, err = p.Snapshots.Export(t.Context(), p.vera, p.snapshots(i)[0].ID, api.Export{})
	wantCode(t, err, "forbidden")
	_, err = p.Snapshots.Export(t.Context(), p.mika, p.snapshots(i)[0].ID, api.Export{})
	wantCode(t, err, "secret_required")
	_, err = p.Snapshots.Export(t.Context(), p.mika, p.snapshots(i)[0].ID, api.Export{Secret: "short"})
	wantCode(t, err, "invalid_input")
}

func TestASnapshotOfAnotherPlatformIsTaken(t *testing.T) {
	p := newPlant(t)
	sealed := must(secret.EncryptCredentials("theirs", secret.Credentials{"m": {"password": "s3cret"}}))(t)
	peer := `{"name":"Their snapshot","flows":{"flows":` + string(flowsWith("theirs")) + `,"credentials":{"$":"` + sealed + `"}},
		"settings":{"settings":{"timeZone":"Europe/Paris"},"env":{"FF_INSTANCE_NAME":"x","HOST":"plc","TOKEN":{"hidden":true,"$":"` + secret.EncryptValue("theirs", "t0ken") + `"}},"modules":{}}}`
	i := p.instance("Pump")
	p.sleep(time.Second)
	snap := must(p.Snapshots.Import(t.Context(), p.mika, p.app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(peer), Secret: "theirs"}, control.Key{}))(t)
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID)}))(t)
	spec := p.spec(i)
	if string(spec.Credentials) != `{"m":{"password":"s3cret"}}` || fmt.Sprint(spec.Environment) != "[{HOST plc} {TOKEN t0ken}]" || spec.Settings.TimeZone != "Europe/Paris" || snap.Name != "Their snapshot" {
		t.Errorf("restored %s %v %s", spec.Credentials, spec.Environment, spec.Settings.TimeZone)
	}
}

func TestARestoreOfAFileWithoutSecretsKeepsThoseThatAreThere(t *testing.T) {
	p := newPlant(t)
	i := p.whole("Pump")
	text := p.export(p.snapshots(i)[0], &api.Components{Environment: "keys", Credentials: new(bool)}, "")
	p.put(i, "newer", "newer secret")
	must(p.Environment.Put(t.Context(), p.mika, i.ID, api.Environment{Items: []api.Variable{{Name: "A", Value: "newer"}, {Name: "TOKEN", Value: "newer token", Hidden: true}}}, 0))(t)
	snap := must(p.Snapshots.Import(t.Context(), p.mika, p.app.ID, api.ImportSnapshot{Snapshot: text}, control.Key{}))(t)
	p.sleep(time.Second)
	done := must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(snap.ID)}))(t)
	spec := p.spec(i)
	if fmt.Sprint(done.Changed) != "[flows environment]" || string(spec.Credentials) != `{"m":{"password":"newer secret"}}` || fmt.Sprint(spec.Environment) != "[{Z } {A newer} {TOKEN newer token}]" {
		t.Errorf("changed %v: %s %v", done.Changed, spec.Credentials, spec.Environment)
	}
	content := must(p.Snapshots.Content(t.Context(), p.vera, snap.ID))(t)
	if len(content.Missing) != 2 {
		t.Errorf("missing %+v", content.Missing)
	}
}

func TestFlowsAreImportedInsteadOrBeside(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.put(i, "here", "s3cret")
	more := json.RawMessage(`[{"id":"t","type":"tab","label":"more"},{"id":"m","type":"mqtt-broker","z":"","broker":"other"},{"id":"n","type":"mqtt in","z":"t","x":1,"y":1,"broker":"m","wires":[]}]`)
	p.sleep(time.Second)
	out := must(p.Flows.Import(t.Context(), p.mika, i.ID, api.ImportFlows{Flows: more, Credentials: json.RawMessage(`{"m":{"password":"0ther"}}`), Mode: "add"}))(t)
	if out.Nodes != 3 || out.Renewed != 2 || out.Safety == "" || fmt.Sprint(out.Changed) != "[flows credentials]" {
		t.Errorf("imported %+v", out)
	}
	spec := p.spec(i)
	var nodes []map[string]any
	if err := json.Unmarshal(spec.Flows, &nodes); err != nil || len(nodes) != 5 || nodes[0]["label"] != "here" || nodes[4]["z"] != nodes[2]["id"] || nodes[4]["broker"] != nodes[3]["id"] {
		t.Errorf("flows %s (%v)", spec.Flows, err)
	}
	want := fmt.Sprintf(`{"%v":{"password":"0ther"},"m":{"password":"s3cret"}}`, nodes[3]["id"])
	if got := must(fleet.AppendCanonicalText(nil, spec.Credentials))(t); string(got) != string(must(fleet.AppendCanonicalText(nil, []byte(want)))(t)) {
		t.Errorf("credentials %s; want %s", got, want)
	}
	p.sleep(time.Second)
	replaced := must(p.Flows.Import(t.Context(), p.mika, i.ID, api.ImportFlows{Flows: more}))(t)
	if spec := p.spec(i); string(spec.Flows) != string(more) || len(spec.Credentials) < 10 || replaced.Digest != must(wire.Digest(more))(t) {
		t.Errorf("replaced: %s %s", spec.Flows, spec.Credentials)
	}
	if e := p.timeline(i)[0]; e.Kind != fleet.TimelineImport || e.Before != replaced.Safety {
		t.Errorf("the timeline says %+v", e)
	}
	p.sleep(time.Second)
	must(p.Snapshots.Restore(t.Context(), p.mika, i.ID, api.Restore{Snapshot: string(out.Safety)}))(t)
	if spec := p.spec(i); string(spec.Flows) != string(flowsWith("here")) || string(spec.Credentials) != `{"m":{"password":"s3cret"}}` {
		t.Errorf("undone: %s %s", spec.Flows, spec.Credentials)
	}
	_, err := p.Flows.Import(t.Context(), p.mika, i.ID, api.ImportFlows{Flows: more, Mode: "both"})
	wantCode(t, err, "invalid_input")
	_, err = p.Flows.Import(t.Context(), p.vera, i.ID, api.ImportFlows{Flows: more})
	wantCode(t, err, "forbidden")
}

func TestAnInstanceIsMadeOfAnotherOrOfASnapshot(t *testing.T) {
	no := false
	p := newPlant(t)
	i := p.whole("Pump")
	want := p.spec(i)
	p.sleep(time.Second)
	twin := must(p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Twin", Source: &api.Source{Instance: string(i.ID)}}, control.Key{}))(t)
	sameContent(t, "the twin", p.spec(twin), want)
	if twin.Type != i.Type || twin.Label == i.Label {
		t.Errorf("the twin is %+v", twin.Instance)
	}
	if e := p.timeline(twin); len(e) != 1 || e[0].Kind != fleet.TimelineCreated || summaryOf(t, e[0]).Name != "Pump" || e[0].Snapshot == "" {
		t.Errorf("its timeline: %+v", e)
	}
	if a, b := p.snapshots(twin)[0], p.snapshots(i)[0]; a.Digest != b.Digest || a.SecretsDigest != b.SecretsDigest || a.From != string(i.ID) {
		t.Errorf("the twin's snapshot %+v differs from %+v", a, b)
	}
	p.sleep(time.Second)
	bare := must(p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Bare", TimeZone: "Europe/Paris", Source: &api.Source{Snapshot: string(p.snapshots(i)[0].ID), Credentials: &no, Environment: "keys"}}, control.Key{}))(t)
	spec := p.spec(bare)
	if string(spec.Flows) != string(want.Flows) || len(spec.Credentials) != 0 || fmt.Sprint(spec.Environment) != "[{Z } {A } {TOKEN }]" || spec.Settings.TimeZone != "Europe/Paris" {
		t.Errorf("bare: %s %s %v %s", spec.Flows, spec.Credentials, spec.Environment, spec.Settings.TimeZone)
	}
	nora, app, fan := p.elsewhere()
	for _, src := range []api.Source{{Instance: string(i.ID)}, {Snapshot: string(p.snapshots(i)[0].ID)}, {}, {Instance: string(fan.ID), Snapshot: "n-0"}} {
		_, err := p.Instances.Create(t.Context(), nora, app.ID, api.NewInstance{Name: "Thief", Source: &src}, control.Key{})
		if err == nil || fleet.IsKind(err, fleet.Internal) {
			t.Errorf("made of %+v: %v", src, err)
		}
	}
	_, err := p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Both", Blueprint: "first", Source: &api.Source{Instance: string(i.ID)}}, control.Key{})
	wantCode(t, err, "invalid_input")
}

func TestTheDigestOfSecretsTellsNothingToAnotherTeam(t *testing.T) {
	p := newPlant(t)
	i := p.whole("Pump")
	snap := p.snapshots(i)[0]
	text := p.export(snap, nil, fileSecret)
	bring := func(who fleet.Actor, app fleet.ApplicationID) *fleet.Snapshot {
		t.Helper()
		return must(p.Snapshots.Import(t.Context(), who, app, api.ImportSnapshot{Snapshot: text, Secret: fileSecret}, control.Key{}))(t)
	}
	if got := bring(p.mika, p.app.ID); got.SecretsDigest != snap.SecretsDigest || got.SecretsDigest == "" {
		t.Errorf("the same secrets in one team: %q and %q", got.SecretsDigest, snap.SecretsDigest)
	}
	nora, app, fan := p.elsewhere()
	there := bring(nora, app.ID)
	if there.SecretsDigest == snap.SecretsDigest || there.SecretsDigest == "" {
		t.Errorf("who has guessed another team's secrets sees it: %q", there.SecretsDigest)
	}
	p.sleep(time.Second)
	must(p.Snapshots.Restore(t.Context(), nora, fan.ID, api.Restore{Snapshot: string(there.ID)}))(t)
	newest := func(id fleet.InstanceID) *fleet.Snapshot {
		t.Helper()
		list, _, err := p.Snapshots.ListInstance(t.Context(), nora, id, store.SnapshotFilter{}, store.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	if kept := newest(fan.ID); kept.SecretsDigest != there.SecretsDigest {
		t.Errorf("restored: %q and %q", kept.SecretsDigest, there.SecretsDigest)
	}
	p.sleep(time.Second)
	made := must(p.Instances.Create(t.Context(), nora, app.ID, api.NewInstance{Name: "Another fan", Source: &api.Source{Snapshot: string(there.ID)}}, control.Key{}))(t)
	if kept := newest(made.ID); kept.SecretsDigest != there.SecretsDigest {
		t.Errorf("duplicated: %q and %q", kept.SecretsDigest, there.SecretsDigest)
	}
}

func TestAFileCannotHoldASnapshotOfAnotherTeam(t *testing.T) {
	p := newPlant(t)
	i := p.whole("Pump")
	snap := must(p.Snapshots.Create(t.Context(), p.mika, i.ID, api.NewSnapshot{Name: "Mine"}, control.Key{}))(t)
	p.put(i, "next", "")
	nora, app, _ := p.elsewhere()
	must(p.Snapshots.Import(t.Context(), nora, app.ID, api.ImportSnapshot{
		Snapshot: json.RawMessage(`{"name":"` + string(snap.ID) + `","flows":{"flows":[]}}`),
	}, control.Key{}))(t)
	if got := must(p.Snapshots.Get(t.Context(), p.mika, snap.ID))(t); len(got.UsedBy) != 0 {
		t.Errorf("used by %q", got.UsedBy)
	}
	if err := p.Snapshots.Delete(t.Context(), p.olga, snap.ID); err != nil {
		t.Error(err)
	}
}

func TestAHiddenValueThatNoProcessTakesIsRefused(t *testing.T) {
	p := newPlant(t)
	for _, value := range []string{`zero \u0000 byte`, strings.Repeat("x", fleet.MaxVariableValue+1)} {
		text := `{"flows":{"flows":[]},"settings":{"env":{"TOKEN":{"hidden":true,"value":"` + value + `"}}}}`
		_, err := p.Snapshots.Import(t.Context(), p.mika, p.app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(text)}, control.Key{})
		wantCode(t, err, "invalid_snapshot_file")
	}
	sealed := secret.EncryptValue(fileSecret, "zero \x00 byte")
	text := `{"flows":{"flows":[]},"settings":{"env":{"TOKEN":{"hidden":true,"$":"` + sealed + `"}}}}`
	_, err := p.Snapshots.Import(t.Context(), p.mika, p.app.ID, api.ImportSnapshot{Snapshot: json.RawMessage(text), Secret: fileSecret}, control.Key{})
	wantCode(t, err, "invalid_snapshot_file")
}

func TestFlowsOfTooManyNodesAreRefused(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	var many strings.Builder
	many.WriteString(`[{"id":"t","type":"tab"}`)
	for n := range fleet.MaxFileNodes {
		fmt.Fprintf(&many, `,{"id":"%d","type":"x"}`, n)
	}
	many.WriteString("]")
	_, err := p.Flows.Put(t.Context(), p.mika, i.ID, api.PutFlows{Flows: json.RawMessage(many.String())})
	wantCode(t, err, "flows_too_large")
}
