package fleet_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/fleet"
)

func TestAddedFlowsGetNewIdsWhereTheirsAreTaken(t *testing.T) {
	have := `[{"id":"t","type":"tab","label":"Pumps"},{"id":"b","type":"mqtt-broker","broker":"plant"},{"id":"c","type":"mqtt-broker","broker":"other"},
		{"id":"n","type":"inject","z":"t","x":1,"y":1,"wires":[["d"]]},{"id":"s","type":"subflow","name":"S","in":[],"out":[]}]`
	more := `[{"id":"t","type":"tab","label":"Valves"},{"id":"b","type":"mqtt-broker","broker":"plant"},{"id":"c","type":"mqtt-broker","broker":"mine"},
		{"id":"n","type":"mqtt in","z":"t","broker":"c","topic":"c","name":"n","x":1,"y":2,"g":"g","wires":[["n2","u"]]},
		{"id":"n2","type":"mqtt out","z":"t","broker":"b","x":3,"y":2,"wires":[]},
		{"id":"g","type":"group","z":"t","nodes":["n"],"x":0,"y":0},
		{"id":"s","type":"subflow","name":"S2","in":[{"wires":[{"id":"u"}]}],"out":[]},
		{"id":"u","type":"subflow:s","z":"t","x":1,"y":3,"env":[{"name":"c","value":"c"}],"wires":[]}]`
	n := 0
	m, err := fleet.MergeFlows(json.RawMessage(have), json.RawMessage(more), func() string { n++; return fmt.Sprint("new", n) })
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":"t","type":"tab","label":"Pumps"},{"id":"b","type":"mqtt-broker","broker":"plant"},{"id":"c","type":"mqtt-broker","broker":"other"},
		{"id":"n","type":"inject","z":"t","x":1,"y":1,"wires":[["d"]]},{"id":"s","type":"subflow","name":"S","in":[],"out":[]},
		{"id":"new1","type":"tab","label":"Valves"},{"id":"new2","type":"mqtt-broker","broker":"mine"},
		{"id":"new3","type":"mqtt in","z":"new1","broker":"new2","topic":"c","name":"n","x":1,"y":2,"g":"g","wires":[["n2","u"]]},
		{"id":"n2","type":"mqtt out","z":"new1","broker":"b","x":3,"y":2,"wires":[]},
		{"id":"g","type":"group","z":"new1","nodes":["new3"],"x":0,"y":0},
		{"id":"new4","type":"subflow","name":"S2","in":[{"wires":[{"id":"u"}]}],"out":[]},
		{"id":"u","type":"subflow:new4","z":"new1","x":1,"y":3,"env":[{"name":"c","value":"c"}],"wires":[]}]`
	if diff := cmp.Diff(decoded(t, want), decoded(t, string(m.Flows))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"t": "new1", "c": "new2", "n": "new3", "s": "new4"}, m.IDs); diff != "" {
		t.Error(diff)
	}
	if !m.Reused["b"] || len(m.Reused) != 1 {
		t.Errorf("reused %v", m.Reused)
	}
}

func TestAddedNodesWithoutAFlowGetOne(t *testing.T) {
	m, err := fleet.MergeFlows(json.RawMessage(`[{"id":"t","type":"tab"}]`), json.RawMessage(`[{"id":"a","type":"inject","z":"gone","x":1,"y":1,"wires":[["b"]]},{"id":"b","type":"debug","z":"gone","x":2,"y":1,"wires":[]},{"id":"k","type":"tls-config"}]`), func() string { return "made" })
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":"t","type":"tab"},{"id":"made","type":"tab","label":"Imported"},{"id":"a","type":"inject","z":"made","x":1,"y":1,"wires":[["b"]]},{"id":"b","type":"debug","z":"made","x":2,"y":1,"wires":[]},{"id":"k","type":"tls-config"}]`
	if diff := cmp.Diff(decoded(t, want), decoded(t, string(m.Flows))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
