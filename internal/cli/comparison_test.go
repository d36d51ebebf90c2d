package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/api"
	"leat/internal/cli"
)

func text(s string) *string { return &s }

func exampleComparison() *api.Comparison {
	return &api.Comparison{
		From:    api.ComparisonSide{Snapshot: "n-1", Name: "Before", InstanceName: "Pump", Author: "olga", CreatedAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)},
		To:      api.ComparisonSide{Instance: "i-1", Name: "Pump"},
		Summary: api.ComparisonSummary{Added: 1, Changed: 2, Moved: 1, Modules: 1, IndirectModules: 13, Environment: 1, Settings: 1, Credentials: 1},
		Flows: []api.FlowDiff{
			{Kind: "tab", Label: "Quiet", Change: "same"},
			{
				Kind: "tab", Label: "Intake\x1b[2J", Change: "changed", Order: &api.OrderDiff{From: 0, To: 1},
				Code: []api.TextDiff{{Property: "info", Added: 1, Removed: 1, Hunks: []api.TextHunk{{From: 1, To: 1, Lines: []api.TextLine{{Change: "same", Text: "one"}, {Change: "removed", Text: "two"}, {Change: "added", Text: "2"}}}}}},
				Nodes: []api.NodeDiff{
					{
						Type: "function", Label: "level", Change: "changed", Group: &api.RefDiff{From: "g", FromLabel: "Pumps"},
						Properties: []api.FieldDiff{{Name: "outputs", From: json.RawMessage("1"), To: json.RawMessage("2")}, {Name: "libs", ToSize: 5000}},
						Wires:      []api.WireDiff{{Port: 1, Added: []api.NodeRef{{ID: "n", Label: "new"}}, Removed: []api.NodeRef{{ID: "d"}}}},
					},
					{Type: "debug", Label: "new", Change: "added"},
					{Type: "inject", Label: "inject", Change: "moved", Moved: true, Position: []api.FieldDiff{{Name: "x", From: json.RawMessage("1"), To: json.RawMessage("5")}}},
				},
				Left: []api.NodeRef{{Type: "debug", Label: "away"}},
			},
		},
		Configuration: []api.NodeDiff{{Type: "mqtt-broker", Label: "plant", Change: "changed", Users: 2, Credentials: true}},
		Modules:       []api.ModuleDiff{{Name: "node-red-contrib-x", Change: "changed", From: "1.0.0", To: "1.1.0", Direct: true}, {Name: "ws", Change: "added", To: "8.0.0"}},
		Environment:   []api.VariableDiff{{Name: "KEY", Change: "changed", FromHidden: true, ToHidden: true}, {Name: "PUMP", Change: "changed", From: text("a"), To: text("b")}},
		Stack:         &api.FieldDiff{From: json.RawMessage(`{"name":"Node-RED 5"}`), To: json.RawMessage(`{"digest":"0123456789abcdef"}`)},
		Credentials:   []api.CredentialDiff{{Type: "mqtt-broker", Label: "plant", Change: "changed"}},
		Cut:           &api.ComparisonCut{Details: 3, Values: 1},
	}
}

func TestAComparisonIsWrittenInLines(t *testing.T) {
	want := `--- snapshot Before of Pump, by olga, 2026-11-22T12:00:00Z
+++ instance Pump as it is now

1 node added, 2 changed, 1 only moved, 1 module, 13 modules that others need, 1 variable, 1 setting, 1 node's credentials

~ tab Intake�[2J (place 1 → 2)
    info: +1 -1 lines
      @@ -1 +1 @@
       one
      -two
      +2
  ~ function level
      group: Pumps → none
      wires of output 2: + new, - d
      outputs: 1 → 2
      libs: (5000 bytes)
  + debug new
  > inject
      moved: x 1 → 5
    debug away went to another flow

Configuration
  ~ mqtt-broker plant (used by 2)
      credentials differ

Modules
  ~ node-red-contrib-x 1.0.0 → 1.1.0
  and 13 that others need

Environment
  ~ KEY (hidden value)
  ~ PUMP a → b

Settings
  ~ stack Node-RED 5 → 0123456789ab

Credentials
  ~ mqtt-broker plant

Whether secrets are the same was not compared.
Too much to show: 0 nodes are not listed, of 3 the details are left out, 1 values are cut.`
	if diff := cmp.Diff(strings.Split(want, "\n"), cli.Comparison(exampleComparison(), false)); diff != "" {
		t.Errorf("lines differ:\n%s", diff)
	}
}

func TestAComparisonIsColouredOnATerminal(t *testing.T) {
	lines := strings.Join(cli.Comparison(exampleComparison(), true), "\n")
	for _, want := range []string{"\033[32m+ debug new\033[0m", "\033[31m-two\033[0m", "\033[36m> inject\033[0m", "\033[32m+ new\033[0m"} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is missing in\n%q", want, lines)
		}
	}
	if strings.Contains(lines, "\033[2J") {
		t.Error("a label cleared the screen")
	}
}

func TestTwoVersionsThatAreTheSameAreSaidToBe(t *testing.T) {
	lines := cli.Comparison(&api.Comparison{Identical: true, SecretsCompared: true, To: api.ComparisonSide{Snapshot: "n-2"}}, false)
	if got := strings.Join(lines, "\n"); !strings.Contains(got, "They are the same.") || strings.Contains(got, "secrets") {
		t.Error(got)
	}
}
