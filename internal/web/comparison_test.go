package web_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

// pair is two instances whose content is compared.
type pair struct {
	*servertest.Server
	t        *testing.T
	from, to *api.Instance
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{Server: servertest.New(t), t: t}
	application := p.Application("Intake")
	p.from, p.to = p.instance(p.As("owner"), application.ID, "Before"), p.instance(p.As("owner"), application.ID, "After")
	return p
}

func (p *pair) instance(client *api.Client, application, name string) *api.Instance {
	p.t.Helper()
	i, err := client.CreateInstance(p.t.Context(), application, api.NewInstance{Name: name})
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

func (p *pair) deploy(i *api.Instance, flows string, credentials ...string) {
	p.t.Helper()
	in := api.PutFlows{Flows: json.RawMessage(flows)}
	for _, c := range credentials {
		id, value, _ := strings.Cut(c, "=")
		if in.Credentials == nil {
			in.Credentials = map[string]map[string]json.RawMessage{}
		}
		in.Credentials[id] = map[string]json.RawMessage{"password": json.RawMessage(`"` + value + `"`)}
	}
	if _, err := p.As("owner").PutFlows(p.t.Context(), i.ID, in); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) compare() *api.Comparison {
	p.t.Helper()
	c, err := p.As("viewer").Compare(p.t.Context(), p.from.ID, p.to.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

const before = `[{"id":"t1","type":"tab","label":"Intake","info":"one\ntwo"},{"id":"t2","type":"tab","label":"Outlet"},
	{"id":"g","type":"group","z":"t1","name":"Pumps","x":0,"y":0,"w":9,"h":9,"nodes":["f"]},
	{"id":"f","type":"function","z":"t1","g":"g","name":"level","func":"a\nb\nc","outputs":1,"x":1,"y":1,"wires":[["d"]]},
	{"id":"d","type":"debug","z":"t1","x":2,"y":2,"wires":[]},{"id":"m","type":"mqtt in","z":"t2","broker":"b","x":1,"y":1,"wires":[["d"]]},
	{"id":"b","type":"mqtt-broker","name":"plant","broker":"old.example"},{"id":"sw","type":"switch","z":"t2","rules":[{"t":"eq","v":"1","vt":"str"},{"t":"eq","v":"2","vt":"str"}],"x":1,"y":1,"wires":[[],[]]}]`

const after = `[{"id":"t2","type":"tab","label":"Outlet"},{"id":"t1","type":"tab","label":"Intake","info":"one\n2"},
	{"id":"g","type":"group","z":"t1","name":"Pumps","x":0,"y":0,"w":9,"h":9,"nodes":[]},
	{"id":"f","type":"function","z":"t1","name":"level","func":"a\nB\nc","outputs":1,"x":1,"y":1,"wires":[["n"]]},
	{"id":"d","type":"debug","z":"t2","x":2,"y":2,"wires":[]},{"id":"m","type":"mqtt in","z":"t2","broker":"b","x":9,"y":1,"wires":[["d"]]},
	{"id":"b","type":"mqtt-broker","name":"plant","broker":"new.example"},{"id":"n","type":"debug","z":"t1","name":"new","x":3,"y":3,"wires":[]},
	{"id":"sw","type":"switch","z":"t2","rules":[{"t":"eq","v":"1","vt":"str"},{"t":"neq","v":"2","vt":"str"}],"x":1,"y":1,"wires":[[],[]]}]`

func TestAComparisonTellsWhatDiffersAndWhere(t *testing.T) {
	p := newPair(t)
	p.deploy(p.from, before, "b=old secret", "m=same")
	p.deploy(p.to, after, "b=new secret", "m=same")
	got := p.compare()
	if got.Identical || !got.SecretsCompared || got.Cut != nil {
		t.Errorf("identical %v, secrets compared %v, cut %+v", got.Identical, got.SecretsCompared, got.Cut)
	}
	want := api.ComparisonSummary{Added: 1, Changed: 5, Moved: 1, Flows: 2, Configuration: 1, Reordered: 1, Credentials: 1}
	if got.Summary != want {
		t.Errorf("summary %+v\nwant %+v", got.Summary, want)
	}
	if len(got.Flows) != 2 || got.Flows[0].ID != "t2" || got.Flows[1].Order == nil && got.Flows[0].Order == nil {
		t.Fatalf("flows %+v", got.Flows)
	}
	intake := got.Flows[1]
	if len(intake.Left) != 1 || intake.Left[0].ID != "d" || intake.Change != "changed" || len(intake.Code) != 1 || intake.Code[0].Language != "markdown" {
		t.Errorf("intake %+v", intake)
	}
	f := node(t, intake.Nodes, "f")
	if f.Group == nil || f.Group.FromLabel != "Pumps" || len(f.Wires) != 1 || f.Wires[0].Added[0].Label != "new" || f.Wires[0].Removed[0].ID != "d" {
		t.Errorf("function %+v", f)
	}
	if len(f.Code) != 1 || f.Code[0].Added != 1 || f.Code[0].Removed != 1 || f.Code[0].Language != "javascript" {
		t.Errorf("code %+v", f.Code)
	}
	if d := node(t, got.Flows[0].Nodes, "d"); d.Flow == nil || d.Flow.FromLabel != "Intake" || d.Flow.ToLabel != "Outlet" {
		t.Errorf("the node that went to another tab: %+v", d)
	}
	if m := node(t, got.Flows[0].Nodes, "m"); m.Change != "moved" || len(m.Position) != 1 || m.Properties != nil {
		t.Errorf("the moved node: %+v", m)
	}
	if sw := node(t, got.Flows[0].Nodes, "sw"); len(sw.Code) != 1 || sw.Code[0].Language != "json" || sw.Code[0].Added != 1 {
		t.Errorf("the switch: %+v", sw)
	}
	if b := node(t, got.Configuration, "b"); !b.Credentials || b.Users != 1 || b.UsedBy[0].ID != "m" || string(b.Properties[0].To) != `"new.example"` {
		t.Errorf("the broker: %+v", b)
	}
	if len(got.Credentials) != 1 || got.Credentials[0] != (api.CredentialDiff{Node: "b", Type: "mqtt-broker", Label: "plant", Change: "changed"}) {
		t.Errorf("credentials %+v", got.Credentials)
	}
}

func node(t *testing.T, list []api.NodeDiff, id string) api.NodeDiff {
	t.Helper()
	i := slices.IndexFunc(list, func(n api.NodeDiff) bool { return n.ID == id })
	if i < 0 {
		t.Fatalf("%s is not among %+v", id, list)
	}
	return list[i]
}

func TestTheSameIsIdentical(t *testing.T) {
	p := newPair(t)
	p.deploy(p.from, before, "b=x")
	p.deploy(p.to, before, "b=x")
	got := p.compare()
	if !got.Identical || got.Summary != (api.ComparisonSummary{}) || len(got.Flows) != 2 || got.Flows[0].Change != "same" {
		t.Errorf("%+v", got)
	}
	self, err := p.As("viewer").Compare(t.Context(), p.to.ID, p.to.ID)
	if err != nil || !self.Identical {
		t.Errorf("an instance differs from itself: %+v, %v", self, err)
	}
}

func TestHiddenValuesAreComparedAndNeverTold(t *testing.T) {
	p := newPair(t)
	for i, value := range map[*api.Instance]string{p.from: "first secret", p.to: "second secret"} {
		_, err := p.As("owner").PutEnvironment(t.Context(), i.ID, api.Environment{Items: []api.Variable{
			{Name: "PUMP", Value: "pump of " + i.Name}, {Name: "KEY", Value: value, Hidden: true}, {Name: "SAME", Value: "same secret", Hidden: true},
			{Name: "HALF", Value: value, Hidden: i == p.to},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.deploy(p.from, before, "b=third secret")
	p.deploy(p.to, before)
	req, err := p.As("viewer").NewRequest(t.Context(), "GET", "/snapshots/compare?from="+p.from.ID+"&to="+p.to.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := p.Do(req)
	for _, secret := range []string{"second secret", "third secret", "same secret"} {
		if strings.Contains(answer.Text, secret) {
			t.Errorf("the answer tells %q", secret)
		}
	}
	got := p.compare()
	var told []string
	for _, v := range got.Environment {
		told = append(told, fmt.Sprint(v.Name, " ", v.Change, " ", v.From != nil, " ", v.To != nil))
	}
	want := []string{"HALF changed true false", "KEY changed false false", "PUMP changed true true"}
	if !slices.Equal(told, want) || got.Summary.Environment != 3 {
		t.Errorf("environment %v; want %v", told, want)
	}
	if len(got.Credentials) != 1 || got.Credentials[0].Change != "removed" {
		t.Errorf("credentials %+v", got.Credentials)
	}
}

// Whoever may change one team's secrets could try out what another team's are,
// if they were told which are the same.
func TestSecretsOfTwoTeamsAreNotCompared(t *testing.T) {
	p := newPair(t)
	admin := p.As("admin")
	team, err := admin.CreateTeam(t.Context(), api.NewTeam{Name: "Elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	application, err := admin.CreateApplication(t.Context(), team.ID, api.NewApplication{Name: "Elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := p.instance(admin, application.ID, "Elsewhere")
	for i, value := range map[*api.Instance]string{p.from: "one", elsewhere: "two"} {
		in := api.PutFlows{Flows: json.RawMessage(before), Credentials: map[string]map[string]json.RawMessage{"b": {"password": json.RawMessage(`"` + value + `"`)}}}
		if _, err := admin.PutFlows(t.Context(), i.ID, in); err != nil {
			t.Fatal(err)
		}
	}
	got, err := admin.Compare(t.Context(), p.from.ID, elsewhere.ID)
	if err != nil || got.SecretsCompared || len(got.Credentials) != 0 || !got.Identical {
		t.Errorf("across teams: %+v, %v", got, err)
	}
	if _, err := p.As("owner").Compare(t.Context(), p.from.ID, elsewhere.ID); !api.Is(err, "instance_not_found") {
		t.Errorf("a side that the caller may not see: %v", err)
	}
	if _, err := p.As("owner").Compare(t.Context(), elsewhere.ID, p.from.ID); !api.Is(err, "instance_not_found") {
		t.Errorf("a side that the caller may not see: %v", err)
	}
	if _, err := p.As("dashboard").Compare(t.Context(), p.from.ID, p.to.ID); !api.Is(err, "forbidden") {
		t.Errorf("whoever only looks at dashboards: %v", err)
	}
}

func TestALargeComparisonIsCutAndSaysSo(t *testing.T) {
	p := newPair(t)
	var b strings.Builder
	b.WriteString(`[{"id":"t","type":"tab","label":"T"}`)
	for i := range 20_500 {
		fmt.Fprintf(&b, `,{"id":"n%d","type":"function","z":"t","name":"number %d","func":"%s","x":1,"y":1,"wires":[["n%d"]]}`, i, i, strings.Repeat(`msg.payload++;\n`, 10), i+1)
	}
	b.WriteString(`,{"id":"big","type":"comment","z":"t","info":"` + strings.Repeat("wide ", 100_000) + `","x":1,"y":1,"wires":[]}]`)
	p.deploy(p.from, `[{"id":"t","type":"tab","label":"T"},{"id":"big","type":"comment","z":"t","info":"","x":1,"y":1,"wires":[]}]`)
	p.deploy(p.to, b.String())
	req, err := p.As("viewer").NewRequest(t.Context(), "GET", "/snapshots/compare?from="+p.from.ID+"&to="+p.to.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := p.Do(req)
	if len(answer.Text) > 10<<20 {
		t.Errorf("the answer has %d bytes", len(answer.Text))
	}
	got := p.compare()
	if got.Summary.Added != 20_500 || got.Cut == nil || got.Cut.Nodes < 500 || got.Cut.Nodes > 502 || got.Cut.Details == 0 {
		t.Fatalf("summary %+v, cut %+v", got.Summary, got.Cut)
	}
	if big := got.Flows[0].Added + got.Flows[0].Changed; big != 20_501 {
		t.Errorf("the flow counts %d", big)
	}
	one, err := p.As("viewer").CompareNode(t.Context(), p.from.ID, p.to.ID, "big")
	if err != nil || len(one.Flows) != 1 || len(one.Flows[0].Nodes) != 1 {
		t.Fatalf("one node: %+v, %v", one, err)
	}
	if big := one.Flows[0].Nodes[0]; len(big.Properties) != 1 || len(big.Properties[0].To) != 500_002 || one.Cut != nil {
		t.Errorf("one node alone is cut: %d bytes, %+v", len(big.Properties[0].To), one.Cut)
	}
}

func TestSnapshotsAreComparedLikeInstances(t *testing.T) {
	p := newPair(t)
	owner, ctx := p.As("owner"), t.Context()
	p.deploy(p.from, before, "b=old secret")
	first, err := owner.CreateSnapshot(ctx, p.from.ID, api.NewSnapshot{Name: "First"})
	if err != nil {
		t.Fatal(err)
	}
	same, err := p.As("viewer").Compare(ctx, first.ID, p.from.ID)
	if err != nil || !same.Identical || !same.SecretsCompared || same.From.Name != "First" || same.From.Digest != first.Digest || same.To.Instance != p.from.ID {
		t.Fatalf("a snapshot and what it was made of: %+v, %v", same, err)
	}
	p.deploy(p.from, after, "b=new secret")
	zone := "Europe/Berlin"
	if _, err := owner.UpdateInstance(ctx, p.from.ID, api.EditInstance{TimeZone: api.Some(zone)}); err != nil {
		t.Fatal(err)
	}
	second, err := owner.CreateSnapshot(ctx, p.from.ID, api.NewSnapshot{Name: "Second"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.As("viewer").Compare(ctx, first.ID, second.ID)
	if err != nil || got.Identical || len(got.Absent) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got.Summary.Added != 1 || got.Summary.Credentials != 1 || len(got.Settings) != 1 || string(got.Settings[0].To) != `"Europe/Berlin"` || got.Settings[0].From != nil {
		t.Errorf("summary %+v, settings %+v", got.Summary, got.Settings)
	}
	third, err := owner.CreateSnapshot(ctx, p.from.ID, api.NewSnapshot{Name: "Third"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := owner.Compare(ctx, second.ID, third.ID); err != nil || !got.Identical {
		t.Errorf("two snapshots of the same: %+v, %v", got, err)
	}
	for _, pair := range [][2]string{{"n-0000", p.from.ID}, {p.from.ID, "n-0000"}} {
		if _, err := owner.Compare(ctx, pair[0], pair[1]); !api.Is(err, "snapshot_not_found") {
			t.Errorf("a snapshot that is not there: %v", err)
		}
	}
	if _, err := p.As("other").Compare(ctx, first.ID, second.ID); !api.Is(err, "snapshot_not_found") {
		t.Errorf("somebody from elsewhere: %v", err)
	}
}

func TestWhatAFileDidNotHoldIsNotCompared(t *testing.T) {
	p := newPair(t)
	p.deploy(p.to, before, "b=secret")
	bare, err := p.As("owner").ImportSnapshot(t.Context(), p.to.Application, api.ImportSnapshot{Snapshot: json.RawMessage(before), Name: "Bare flows"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.As("viewer").Compare(t.Context(), bare.ID, p.to.ID)
	if err != nil || !got.Identical || len(got.Credentials) != 0 || got.Stack != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, part := range []string{"credentials", "environment", "modules", "settings", "stack"} {
		if !slices.Contains(got.Absent, part) {
			t.Errorf("absent are %v; %s is missing", got.Absent, part)
		}
	}
}

// Whoever may deploy can hold anything in a flow file; a comparison of it must
// not take the platform's memory, nor the reader's.
func TestAHostileComparisonStaysSmall(t *testing.T) {
	many := func(n int, each func(i int) string) string {
		out := make([]string, n)
		for i := range out {
			out[i] = each(i)
		}
		return strings.Join(out, ",")
	}
	id := func(i int) string { return fmt.Sprintf(`"a target with a long name %d"`, i) }
	for name, flows := range map[string]string{
		"wires":      `{"id":"a","type":"x","x":1,"y":1,"wires":[[` + many(40_000, id) + `]]}`,
		"outputs":    `{"id":"a","type":"x","x":1,"y":1,"wires":[` + many(40_000, func(i int) string { return "[" + id(i) + "]" }) + `]}`,
		"members":    `{"id":"a","type":"group","x":1,"y":1,"nodes":[` + many(40_000, id) + `]}`,
		"properties": `{"id":"a","type":"x","x":1,"y":1,` + many(40_000, func(i int) string { return id(i) + ":1" }) + `}`,
		"tabs":       many(40_000, func(i int) string { return `{"type":"tab","id":` + id(i) + `}` }),
		"depth":      `{"id":"a","type":"x","x":1,"y":1,"p":` + strings.Repeat(`[`, 900) + strings.Repeat(`]`, 900) + `}`,
		"one line":   `{"id":"a","type":"function","x":1,"y":1,"func":"` + strings.Repeat(`x`, 1<<20) + `\n"}`,
		"lines":      `{"id":"a","type":"function","x":1,"y":1,"func":"` + strings.Repeat(`x\n`, 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.deploy(p.from, `[{"id":"a","type":"x","x":1,"y":1,"wires":[],"nodes":[]}]`)
			p.deploy(p.to, "["+flows+"]")
			for _, pair := range [][2]string{{p.from.ID, p.to.ID}, {p.to.ID, p.from.ID}} {
				req, err := p.As("viewer").NewRequest(t.Context(), "GET", "/snapshots/compare?from="+pair[0]+"&to="+pair[1], nil)
				if err != nil {
					t.Fatal(err)
				}
				answer := p.Do(req)
				if answer.StatusCode != 200 || len(answer.Text) > 12<<20 {
					t.Errorf("%d with %d bytes", answer.StatusCode, len(answer.Text))
				}
				if !strings.Contains(answer.Text, `"cut":{"nodes"`) && name != "depth" {
					t.Error("nothing says that something was left out")
				}
			}
		})
	}
}
