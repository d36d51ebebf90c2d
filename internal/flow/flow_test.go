package flow_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"leat/internal/flow"
)

func parse(t testing.TB, text string) *flow.File {
	t.Helper()
	f, err := flow.Parse([]byte(text))
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return f
}

func compare(t testing.TB, from, to string) *flow.Difference {
	t.Helper()
	return flow.Compare(parse(t, from), parse(t, to))
}

// plain is a file as JSON reads it.
func plain(t testing.TB, text []byte) []any {
	t.Helper()
	var out []any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

func TestWhatIsNoFlowFileIsRefused(t *testing.T) {
	for _, text := range []string{`{`, `{}`, `5`, `"flows"`, `{"flows":{}}`, `[1`, `[]x`, "\x00", `{"flows":"[]"}`} {
		if _, err := flow.Parse([]byte(text)); err == nil {
			t.Errorf("%q was taken for a flow file", text)
		}
	}
	for _, text := range []string{``, ` null `, `[]`, ` [ ] `, `{"flows":[]}`, `{"rev":"1","flows":[{"id":"a"}]}`} {
		if _, err := flow.Parse([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestADuplicateNameCountsOnceAndTheLast(t *testing.T) {
	f := parse(t, `[{"id":"a","x":1,"x":2,"id":"b"}]`)
	if n := f.Node("b"); n == nil || string(n.Value("x")) != "2" || len(n.Members) != 2 {
		t.Errorf("read %+v", f.Nodes[0])
	}
}

func TestMeaningAndNotWritingIsCompared(t *testing.T) {
	from := `[{"id":"a","type":"inject","x":10,"y":1e1,"name":"\u00e4","props":{"a":1,"b":[1.0]}}]`
	to := `[ {"type":"inject","id":"a","props":{"b":[1],"a":1},"name":"ä","y":10.0,"x":10} ]`
	if d := compare(t, from, to); len(d.Changes) != 0 || d.Order != nil {
		t.Errorf("written otherwise counts as changed: %+v", d.Changes[0])
	}
}

func TestEachSortOfChangeIsToldApart(t *testing.T) {
	node := `{"id":"n","type":"function","z":"t","g":"g","name":"f","func":"return msg","x":1,"y":2,"wires":[["a","b"],[]]}`
	others := `,{"id":"t","type":"tab","label":"T"},{"id":"g","type":"group","z":"t","nodes":["n","m"],"x":0,"y":0,"w":9,"h":9}`
	for _, c := range []struct {
		name, to string
		what     flow.What
		want     func(c *flow.Change) bool
	}{
		{"place", strings.Replace(node, `"x":1`, `"x":5`, 1), flow.Moved, func(c *flow.Change) bool { return len(c.Position) == 1 && c.Repositioned() }},
		{"flow", strings.Replace(node, `"z":"t"`, `"z":"u"`, 1), flow.Changed, func(c *flow.Change) bool { return c.Flow != nil && !c.Repositioned() }},
		{"group", strings.Replace(node, `"g":"g",`, ``, 1), flow.Changed, func(c *flow.Change) bool { return c.Group != nil && c.Group.To == nil }},
		{"property", strings.Replace(node, `"f"`, `"g"`, 1), flow.Changed, func(c *flow.Change) bool {
			return len(c.Properties) == 1 && c.Properties[0].Name == "name" && string(c.Properties[0].To) == `"g"`
		}},
		{"wire added", strings.Replace(node, `[]]`, `["a"]]`, 1), flow.Changed, func(c *flow.Change) bool {
			p := c.Wires.Ports
			return len(p) == 1 && p[0].Port == 1 && slices.Equal(p[0].Added, []string{"a"}) && p[0].Removed == nil
		}},
		{"wire removed", strings.Replace(node, `["a","b"]`, `["b"]`, 1), flow.Changed, func(c *flow.Change) bool {
			p := c.Wires.Ports
			return len(p) == 1 && p[0].Port == 0 && slices.Equal(p[0].Removed, []string{"a"}) && p[0].Order == nil
		}},
		{"wires reordered", strings.Replace(node, `["a","b"]`, `["b","a"]`, 1), flow.Changed, func(c *flow.Change) bool { return c.Wires.Ports[0].Reordered() }},
		{"output more", strings.Replace(node, `[]]`, `[],[]]`, 1), flow.Changed, func(c *flow.Change) bool { return c.Wires.From == 2 && c.Wires.To == 3 && len(c.Wires.Ports) == 0 }},
		{"type", strings.Replace(node, `"function"`, `"template"`, 1), flow.Changed, func(c *flow.Change) bool { return c.Properties[0].Name == "type" }},
	} {
		d := compare(t, "["+node+others+"]", "["+c.to+others+"]")
		if len(d.Changes) != 1 || d.Changes[0].What != c.what || !c.want(d.Changes[0]) {
			t.Errorf("%s: %+v", c.name, d.Changes)
		}
	}
}

func TestAResizedGroupIsMoved(t *testing.T) {
	d := compare(t, `[{"id":"g","type":"group","z":"t","x":1,"y":1,"w":5,"h":5}]`, `[{"id":"g","type":"group","z":"t","x":1,"y":1,"w":6,"h":7}]`)
	if len(d.Changes) != 1 || d.Changes[0].What != flow.Moved || len(d.Changes[0].Position) != 2 {
		t.Errorf("%+v", d.Changes)
	}
}

func TestMembersOfAGroupAreTold(t *testing.T) {
	d := compare(t, `[{"id":"g","type":"group","z":"t","nodes":["a","b"]}]`, `[{"id":"g","type":"group","z":"t","nodes":["b","c"]}]`)
	m := d.Changes[0].Members
	if m == nil || !slices.Equal(m.Added, []string{"c"}) || !slices.Equal(m.Removed, []string{"a"}) || m.Reordered() {
		t.Errorf("members %+v", m)
	}
}

func TestTheOrderOfNodesIsCountedAndChangesNothing(t *testing.T) {
	d := compare(t, `[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]`, `[{"id":"d"},{"id":"a"},{"id":"b"},{"id":"c"}]`)
	if len(d.Changes) != 0 || d.Reordered != 1 {
		t.Errorf("%d changes, %d reordered", len(d.Changes), d.Reordered)
	}
}

func TestOddNodesHaveASensibleDifference(t *testing.T) {
	d := compare(t, `[5,{"id":"a","x":1},{"id":"a","x":1},{"type":"debug"},null]`, `["5",{"id":"a","x":1},{"id":"a","x":2},{"type":"debug"},null]`)
	if len(d.Changes) != 2 || d.Changes[0].Whole == nil || d.Changes[1].Key != (flow.Key{ID: "a", Nth: 1}) || d.Changes[1].What != flow.Moved {
		t.Errorf("%+v", d.Changes)
	}
}

func TestAPrototypeIsAPropertyLikeAnyOther(t *testing.T) {
	d := compare(t, `[{"id":"a"}]`, `[{"id":"a","__proto__":{"x":1},"":2,"constructor":"<script>"}]`)
	if len(d.Changes) != 1 || len(d.Changes[0].Properties) != 3 {
		t.Fatalf("%+v", d.Changes)
	}
	made := flow.Apply(parse(t, `[{"id":"a"}]`), d).JSON()
	if !reflect.DeepEqual(plain(t, made), plain(t, []byte(`[{"id":"a","__proto__":{"x":1},"":2,"constructor":"<script>"}]`))) {
		t.Errorf("made %s", made)
	}
}

func TestUsersOfAConfigurationNode(t *testing.T) {
	f := parse(t, `[{"id":"b","type":"mqtt-broker","name":"b"},{"id":"1","type":"mqtt in","broker":"b"},{"id":"2","type":"x","name":"b"},
		{"id":"3","type":"subflow:s","env":[{"name":"B","type":"mqtt-broker","value":"b"},{"value":"b"}]},{"id":"4","type":"debug","wires":[["b"]]}]`)
	var ids []string
	for _, n := range f.Users(map[string]bool{"b": true})["b"] {
		ids = append(ids, n.Key.ID)
	}
	if !slices.Equal(ids, []string{"1", "3"}) {
		t.Errorf("users %v", ids)
	}
}
