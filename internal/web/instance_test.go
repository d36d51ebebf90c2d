package web_test

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"

	"leat/api"
	"leat/internal/control"
	"leat/internal/web"
)

func TestAnInstanceWithoutAnAddressSaysWhy(t *testing.T) {
	on := verbs(t)
	on.Stacks = []control.Stack{{ID: "node-red-5", Digest: "0"}}
	on.Blueprints = map[string]json.RawMessage{"empty": json.RawMessage(`[]`)}
	var named atomic.Bool
	s := small(t, on, func(_ *web.Config, d *web.Deps) {
		d.URLs = func(label, _ string) (string, string) {
			if !named.Load() {
				return "", ""
			}
			return "http://" + label + ".leat.localhost", "http://" + label + "-editor.leat.localhost"
		}
		d.Trouble = func(label string) string { return "Port 20000 is taken, which " + label + " needs." }
	})
	client := smallClient(t, s)
	team, err := client.CreateTeam(t.Context(), api.NewTeam{Name: "Water works"})
	if err != nil {
		t.Fatal(err)
	}
	application, err := client.CreateApplication(t.Context(), team.ID, api.NewApplication{Name: "Intake"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Pump station", Flows: json.RawMessage(`[{"id":"t","type":"tab"}]`)})
	if err != nil {
		t.Fatal(err)
	}
	if made.Reason != "Port 20000 is taken, which pump-station needs." || made.URL != "" {
		t.Errorf("reason %q, url %q; want the trouble, and no address", made.Reason, made.URL)
	}
	named.Store(true)
	got, err := client.Instance(t.Context(), made.ID)
	if err != nil || got.Reason != "" || !strings.HasPrefix(got.EditorURL, "http://pump-station-editor") {
		t.Errorf("with an address: reason %q, editor %q, %v", got.Reason, got.EditorURL, err)
	}
}
