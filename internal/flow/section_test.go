package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/internal/flow"
)

func sections(t *testing.T, from, to string) ([]*flow.Section, []*flow.Change) {
	t.Helper()
	a, b := parse(t, from), parse(t, to)
	return flow.Compare(a, b).Sections(a, b)
}

// outline is a line for each section.
func outline(list []*flow.Section) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "%s %s %q", s.Kind, s.ID, s.What())
		if s.Order != nil {
			fmt.Fprintf(&b, " %d>%d", s.Order.From, s.Order.To)
		}
		for _, c := range slices.Concat(s.Nodes, s.Groups) {
			fmt.Fprintf(&b, " %s:%s", c.Key.ID, c.What)
		}
		for _, n := range s.Left {
			fmt.Fprintf(&b, " left:%s", n.Key.ID)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestADifferenceIsSortedByFlow(t *testing.T) {
	from := `[{"id":"t1","type":"tab"},{"id":"t2","type":"tab"},{"id":"gone","type":"tab"},{"id":"t3","type":"tab","label":"a"},{"id":"s","type":"subflow"},
		{"id":"a","type":"debug","z":"t1","x":1,"y":1},{"id":"b","type":"debug","z":"t1","x":1,"y":1},{"id":"c","type":"debug","z":"gone","x":1,"y":1},
		{"id":"g","type":"group","z":"t2","x":1,"y":1,"nodes":[]},{"id":"i","type":"debug","z":"s","x":1,"y":1},
		{"id":"conf","type":"mqtt-broker"},{"id":"scoped","type":"tls","z":"t2","a":1},{"id":"j","type":"junction","z":"t3","x":1,"y":1},{"id":"lost","type":"debug","x":1,"y":1}]`
	to := `[{"id":"t3","type":"tab","label":"b"},{"id":"t1","type":"tab"},{"id":"t2","type":"tab"},{"id":"new","type":"tab"},{"id":"s","type":"subflow"},
		{"id":"a","type":"debug","z":"t1","x":2,"y":1},{"id":"b","type":"debug","z":"new","x":1,"y":1},
		{"id":"g","type":"group","z":"t2","x":1,"y":1,"nodes":["q"]},{"id":"i","type":"debug","z":"s","x":1,"y":1},
		{"id":"conf","type":"mqtt-broker","host":"h"},{"id":"scoped","type":"tls","z":"t2","a":2},{"id":"j","type":"junction","z":"t3","x":2,"y":1},{"id":"lost","type":"inject","x":1,"y":1}]`
	list, configuration := sections(t, from, to)
	want := `tab t3 "changed" 3>0 j:moved
tab t1 "changed" a:moved left:b
tab t2 "changed" g:changed
tab gone "removed" c:removed
tab new "added" b:changed
subflow s ""
missing  "changed" lost:changed
`
	if got := outline(list); got != want {
		t.Errorf("sections:\n%s\nwant\n%s", got, want)
	}
	if len(configuration) != 2 || configuration[0].Key.ID != "conf" || configuration[1].Key.ID != "scoped" {
		t.Errorf("configuration %+v", configuration)
	}
}

func TestATabWhoseNodesWereMovedIsMoved(t *testing.T) {
	list, _ := sections(t, `[{"id":"t","type":"tab"},{"id":"a","type":"debug","z":"t","x":1,"y":1}]`, `[{"id":"t","type":"tab"},{"id":"a","type":"debug","z":"t","x":1,"y":7}]`)
	if len(list) != 1 || list[0].What() != flow.Moved {
		t.Error(outline(list))
	}
}

func TestATabPutBetweenOthersMovesNone(t *testing.T) {
	list, _ := sections(t, `[{"id":"a","type":"tab"},{"id":"b","type":"tab"}]`, `[{"id":"new","type":"tab"},{"id":"a","type":"tab"},{"id":"b","type":"tab"}]`)
	if got := outline(list); strings.Contains(got, ">") {
		t.Error(got)
	}
}
