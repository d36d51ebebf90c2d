package blueprint_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"leat/internal/blueprint"
)

// node is what the tests read of a node; every kind of node has some of it.
type node struct {
	ID     string     `json:"id"`
	Type   string     `json:"type"`
	Name   string     `json:"name"`
	Tab    string     `json:"z"`
	InBox  string     `json:"g"`
	X, Y   float64    //
	W, H   float64    //
	Wires  [][]string `json:"wires"`
	Links  []string   `json:"links"`
	Mode   string     `json:"mode"`
	Nodes  []string   `json:"nodes"`
	Scope  []string   `json:"scope"`
	Group  string     `json:"group"`
	Page   string     `json:"page"`
	UI     string     `json:"ui"`
	Theme  string     `json:"theme"`
	Broker any        `json:"broker"`
	Func   string     `json:"func"`

	TemplateScope string `json:"templateScope"`
}

// plan is one blueprint, parsed.
type plan struct {
	blueprint.Blueprint
	nodes []node
	byID  map[string]node
}

func plans(t *testing.T) []plan {
	t.Helper()
	var all []plan
	for _, b := range blueprint.List() {
		p := plan{Blueprint: b, byID: map[string]node{}}
		if err := json.Unmarshal(b.Flows, &p.nodes); err != nil {
			t.Fatalf("%s: %v", b.ID, err)
		}
		for _, n := range p.nodes {
			p.byID[n.ID] = n
		}
		all = append(all, p)
	}
	return all
}

// each runs a check on every blueprint under its own name.
func each(t *testing.T, check func(t *testing.T, p plan)) {
	t.Helper()
	for _, p := range plans(t) {
		t.Run(p.ID, func(t *testing.T) { check(t, p) })
	}
}

func TestEveryBlueprintIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range blueprint.List() {
		if seen[b.ID] {
			t.Errorf("%s is listed twice", b.ID)
		}
		seen[b.ID] = true
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(b.ID) || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(b.Icon) {
			t.Errorf("%s: id and icon %q must be lower-case words", b.ID, b.Icon)
		}
		if b.Name == "" || b.Category == "" || !strings.HasSuffix(b.Sentence, ".") {
			t.Errorf("%s: needs a name, a category and a sentence", b.ID)
		}
		got, ok := blueprint.Get(b.ID)
		if !ok || got.Name != b.Name {
			t.Errorf("Get(%s) = %q, %v", b.ID, got.Name, ok)
		}
	}
	if _, ok := blueprint.Get("no-such-thing"); ok {
		t.Error("Get found a blueprint that does not exist")
	}
}

func TestACallerCannotChangeABlueprint(t *testing.T) {
	b, _ := blueprint.Get(blueprint.Empty)
	clear(b.Flows)
	again, _ := blueprint.Get(blueprint.Empty)
	if !json.Valid(again.Flows) {
		t.Error("writing into the flows of one caller changed them for the next")
	}
}

func TestIDsAreValidAndUnique(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{16}$`)
	each(t, func(t *testing.T, p plan) {
		if len(p.byID) != len(p.nodes) {
			t.Errorf("%d nodes share %d ids", len(p.nodes), len(p.byID))
		}
		for _, n := range p.nodes {
			if !form.MatchString(n.ID) {
				t.Errorf("%s %q has the id %q", n.Type, n.Name, n.ID)
			}
		}
	})
}

func TestEveryNodeTypeIsInTheStack(t *testing.T) {
	text, err := os.ReadFile("testdata/nodetypes.txt")
	if err != nil {
		t.Fatal(err)
	}
	types := strings.Split(string(text), "\n")
	each(t, func(t *testing.T, p plan) {
		for _, n := range p.nodes {
			if !slices.Contains(types, n.Type) {
				t.Errorf("%q is a %q, which the stack does not have", n.Name, n.Type)
			}
		}
	})
}

func TestReferencesLeadSomewhere(t *testing.T) {
	each(t, func(t *testing.T, p plan) {
		want := func(n node, what, id, kind string) {
			if got, ok := p.byID[id]; !ok || (kind != "" && got.Type != kind) {
				t.Errorf("%s %q: its %s %q is a %q, want a %q", n.Type, n.Name, what, id, got.Type, kind)
			}
		}
		for _, n := range p.nodes {
			for _, to := range slices.Concat(n.Wires...) {
				want(n, "wire", to, "")
				if p.byID[to].Tab != n.Tab {
					t.Errorf("%q is wired to another tab", n.Name)
				}
			}
			if n.Tab != "" {
				want(n, "tab", n.Tab, "tab")
			}
			if n.InBox != "" {
				want(n, "group", n.InBox, "group")
				if !slices.Contains(p.byID[n.InBox].Nodes, n.ID) {
					t.Errorf("%q is in a group that does not list it", n.Name)
				}
			}
			for _, id := range slices.Concat(n.Nodes, n.Scope) {
				want(n, "member", id, "")
			}
		}
	})
}

func TestLinksGoBothWays(t *testing.T) {
	each(t, func(t *testing.T, p plan) {
		for _, n := range p.nodes {
			other := map[string]string{"link in": "link out", "link out": "link in"}[n.Type]
			if other != "" && len(n.Links) == 0 {
				t.Errorf("%s %q leads nowhere", n.Type, n.Name)
			}
			for _, id := range n.Links {
				if far := p.byID[id]; far.Type != other || !slices.Contains(far.Links, n.ID) {
					t.Errorf("%s %q: the other end %q does not know it", n.Type, n.Name, far.Name)
				}
			}
		}
	})
}

func TestWidgetsHaveTheirPlace(t *testing.T) {
	each(t, func(t *testing.T, p plan) {
		pages := []string{}
		for _, n := range p.nodes {
			place := map[string]string{}
			switch {
			case n.Type == "ui-page":
				place[n.UI], place[n.Theme] = "ui-base", "ui-theme"
				pages = append(pages, n.ID)
			case n.Type == "ui-group", n.TemplateScope == "page:style":
				place[n.Page] = "ui-page"
			case strings.HasPrefix(n.Type, "ui-") && n.Tab != "":
				place[n.Group] = "ui-group"
			case n.Type == "mqtt in":
				id, _ := n.Broker.(string)
				place[id] = "mqtt-broker"
			}
			for id, kind := range place {
				if p.byID[id].Type != kind {
					t.Errorf("%s %q: %q is a %q, want a %q", n.Type, n.Name, id, p.byID[id].Type, kind)
				}
			}
		}
		if (p.Page != "") != (len(pages) > 0) {
			t.Errorf("says its page is %q and has %d", p.Page, len(pages))
		}
	})
}

func TestFunctionsReadLikeText(t *testing.T) {
	each(t, func(t *testing.T, p plan) {
		for _, n := range p.nodes {
			if n.Type == "function" && !strings.HasPrefix(n.Func, "//") {
				t.Errorf("function %q does not begin with a comment that says what it does", n.Name)
			}
			if n.Tab != "" && n.Type != "group" && n.Name == "" {
				t.Errorf("a %s has no name", n.Type)
			}
		}
	})
}

func TestNothingPointsOutside(t *testing.T) {
	address := regexp.MustCompile(`(?i)(https?:|wss?:|mqtts?:)?//[a-z0-9-]+(\.[a-z0-9-]+)+|@import|"credentials"|\burl\((?:#)?["']?https?`)
	each(t, func(t *testing.T, p plan) {
		if found := address.Find(p.Flows); found != nil {
			t.Errorf("contains %q", found)
		}
	})
}
