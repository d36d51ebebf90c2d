package plant_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"leat/internal/plant"
)

func TestAPlantIsAFlowFileOfTheSizeOfLargeOnes(t *testing.T) {
	p := plant.New(1, 5000)
	text := p.Flows()
	var nodes []struct{ ID, Type string }
	if err := json.Unmarshal(text, &nodes); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, n := range nodes {
		if n.ID == "" || n.Type == "" || seen[n.ID] {
			t.Fatalf("node %+v", n)
		}
		seen[n.ID] = true
	}
	if len(nodes) != 5000 || len(text) < 1_400_000 || len(text) > 1_900_000 {
		t.Errorf("%d nodes in %d bytes; want 5000 in about 1.5 MB", len(nodes), len(text))
	}
	if !bytes.Equal(text, plant.New(1, 5000).Flows()) {
		t.Error("the same seed wrote another file")
	}
}

func TestEditsAreSmallAndLeaveAFlowFile(t *testing.T) {
	p := plant.New(2, 300)
	changed := 0
	for range 200 {
		before := p.Flows()
		p.Edit()
		text := p.Flows()
		if !json.Valid(text) {
			t.Fatalf("an edit left %s", text)
		}
		if !bytes.Equal(before, text) {
			changed++
		}
		if grown := len(text) - len(before); grown > 5000 || grown < -5000 {
			t.Errorf("an edit of %d bytes", grown)
		}
	}
	if changed < 160 {
		t.Errorf("%d of 200 edits changed something", changed)
	}
}
