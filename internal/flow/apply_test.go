package flow_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/flow"
)

// someValue is a value of a property, of any shape.
func someValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.SampledFrom([]any{nil, true, 0.0, 1.0, -2.5, 1e300, "", "a", "b", "c", "t1", "t2", "return msg;\nreturn;", "ä\u2028\"\\</script>", []any{}, map[string]any{}}),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]any{"a", "b", "c", 1.0, nil}), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "__proto__"}), rapid.SampledFrom([]any{"x", 1.0, []any{"y"}}), 0, 3), func(m map[string]any) any { return m }),
	)
}

// someIDs is wires of an output, or the nodes of a group.
func someIDs() *rapid.Generator[any] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]any{"a", "b", "c", "d", "g1"}), 0, 4), func(l []any) any { return l })
}

func someNode(t *rapid.T) any {
	if rapid.IntRange(0, 30).Draw(t, "odd") == 0 {
		return someValue().Draw(t, "no node")
	}
	n := map[string]any{}
	set := func(name string, g *rapid.Generator[any]) {
		if rapid.IntRange(0, 2).Draw(t, "has "+name) > 0 {
			n[name] = g.Draw(t, name)
		}
	}
	text := func(list ...string) *rapid.Generator[any] {
		return rapid.Map(rapid.SampledFrom(list), func(s string) any { return s })
	}
	n["id"] = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "t1", "t2", "s1", "g1", "g2", "h"}).Draw(t, "id")
	n["type"] = rapid.SampledFrom([]string{"tab", "subflow", "group", "junction", "function", "inject", "mqtt-broker", "subflow:s1"}).Draw(t, "type")
	set("z", text("t1", "t2", "s1", "", "none"))
	set("g", text("g1", "g2"))
	for _, name := range []string{"x", "y", "w"} {
		set(name, rapid.Map(rapid.IntRange(0, 3), func(i int) any { return float64(i) }))
	}
	set("wires", rapid.OneOf(rapid.Map(rapid.SliceOfN(someIDs(), 0, 3), func(l []any) any { return l }), someValue()))
	set("nodes", rapid.OneOf(someIDs(), someValue()))
	for _, name := range []string{"name", "func", "env", "", "__proto__"} {
		set(name, someValue())
	}
	if rapid.IntRange(0, 40).Draw(t, "nameless") == 0 {
		delete(n, "id")
	}
	return n
}

// someFiles is a file and another that is made of it by changing a few nodes, or
// has nothing to do with it.
func someFiles(t *rapid.T) (from, to []any) {
	file := func(most int) []any {
		out := make([]any, rapid.IntRange(0, most).Draw(t, "nodes"))
		for i := range out {
			out[i] = someNode(t)
		}
		return out
	}
	from = file(12)
	if rapid.Bool().Draw(t, "apart") {
		return from, file(12)
	}
	to = append(to, from...)
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		at := rapid.IntRange(0, max(len(to)-1, 0)).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			to = append(to[:at:at], append([]any{someNode(t)}, to[at:]...)...)
		case 1:
			if len(to) > 0 {
				to = append(to[:at:at], to[at+1:]...)
			}
		case 2:
			if len(to) > 0 {
				to[at] = someNode(t)
			}
		case 3:
			to = rapid.Permutation(to).Draw(t, "order")
		}
	}
	return from, to
}

func encode(t *rapid.T, nodes []any) []byte {
	b, err := json.Marshal(nodes)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bare leaves of a difference what it says, without the nodes that it was made of.
func bare(d *flow.Difference) *flow.Difference {
	out := *d
	out.Changes = nil
	for _, c := range d.Changes {
		n := *c
		n.From = nil
		if c.What != flow.Added {
			n.To = nil
		}
		out.Changes = append(out.Changes, &n)
	}
	return &out
}

func TestADifferenceAppliedGivesTheTarget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := someFiles(t)
		a, errA := flow.Parse(encode(t, from))
		b, errB := flow.Parse(encode(t, to))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		d := flow.Compare(a, b)
		var made []any
		if err := json.Unmarshal(flow.Apply(a, bare(d)).JSON(), &made); err != nil {
			t.Fatal(err)
		}
		if len(made)+len(to) > 0 && !reflect.DeepEqual(made, to) {
			t.Fatalf("made %v\nwant %v", made, to)
		}
		if again := flow.Compare(a, a); len(again.Changes) > 0 || again.Order != nil || again.Reordered > 0 {
			t.Fatalf("a file differs from itself: %+v", again)
		}
		checkSections(t, d, a, b)
	})
}

// checkSections holds that each change is told once.
func checkSections(t *rapid.T, d *flow.Difference, a, b *flow.File) {
	sections, configuration := d.Sections(a, b)
	told := len(configuration)
	for _, s := range sections {
		told += len(s.Nodes) + len(s.Groups)
		if s.Own != nil {
			told++
		}
	}
	if told != len(d.Changes) {
		t.Fatalf("%d changes are told, of %d", told, len(d.Changes))
	}
}

func TestMovedNodesAloneAreMoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var from, to []any
		moved := map[string]bool{}
		for i := range rapid.IntRange(1, 20).Draw(t, "nodes") {
			id := fmt.Sprint("n", i)
			place := rapid.SliceOfN(rapid.IntRange(0, 2), 4, 4).Draw(t, "place")
			moved[id] = place[0] != place[2] || place[1] != place[3]
			from = append(from, map[string]any{"id": id, "type": "debug", "z": "t", "x": float64(place[0]), "y": float64(place[1])})
			to = append(to, map[string]any{"id": id, "type": "debug", "z": "t", "x": float64(place[2]), "y": float64(place[3])})
		}
		a, _ := flow.Parse(encode(t, from))
		b, _ := flow.Parse(encode(t, to))
		for _, c := range flow.Compare(a, b).Changes {
			if c.What != flow.Moved || !moved[c.Key.ID] {
				t.Fatalf("%s is %s", c.Key.ID, c.What)
			}
			delete(moved, c.Key.ID)
		}
		for id, was := range moved {
			if was {
				t.Fatalf("nobody told that %s was moved", id)
			}
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add(`[]`, `[{"id":"a","type":"tab","label":"T"}]`)
	f.Add(`[{"id":"a","wires":[["b"]],"x":1,"y":2,"func":"a\nb"}]`, `[{"id":"a","wires":[["c"],[]],"x":2,"y":2,"func":"a\nc"}]`)
	f.Add(`[{"id":"a"},{"id":"a"},5,null,{}]`, `[{"id":5,"z":[]},{"id":"a","nodes":["\ud800"],"type":"group"}]`)
	f.Fuzz(func(t *testing.T, from, to string) {
		a, errA := flow.Parse([]byte(from))
		b, errB := flow.Parse([]byte(to))
		if errA != nil || errB != nil {
			return
		}
		d := flow.Compare(a, b)
		made := flow.Apply(a, bare(d))
		if again := flow.Compare(made, b); len(again.Changes) > 0 || again.Order != nil {
			t.Fatalf("made %s, which differs from %s: %+v", made.JSON(), to, again)
		}
		sections, configuration := d.Sections(a, b)
		ids := map[string]bool{}
		for _, c := range configuration {
			ids[c.Key.ID] = true
		}
		a.Users(ids)
		for _, s := range sections {
			s.What()
		}
		for _, c := range d.Changes {
			a.Label(c.Node())
			for _, e := range c.Spelled().Properties {
				if r, ok := c.ReadingOf(e); ok {
					flow.Lines(r.From, r.To)
				}
			}
		}
	})
}
