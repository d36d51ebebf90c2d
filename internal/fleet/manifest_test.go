package fleet_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"leat/internal/fleet"
)

var updateVectors = flag.Bool("update", false, "write the test vectors anew")

const formatPage = "../../docs/snapshot-format.md"

// vectorParts is how the page writes the parts of a manifest.
type vectorParts struct {
	Flows       json.RawMessage
	Settings    map[string]any
	Environment []struct {
		Name, Value string
		Hidden      bool
	}
	Modules struct {
		Direct map[string]string
		Lock   json.RawMessage
	}
	Stack  string
	Absent []fleet.ManifestPart
}

func (p vectorParts) manifest() *fleet.Manifest {
	m := &fleet.Manifest{
		Flows: p.Flows, Settings: p.Settings, Stack: p.Stack, Absent: p.Absent,
		Modules: fleet.ManifestModules{Direct: p.Modules.Direct, Lock: p.Modules.Lock},
	}
	for _, v := range p.Environment {
		m.Environment = append(m.Environment, fleet.Variable(v))
	}
	return m
}

var vector = regexp.MustCompile("(?s)### ([^\n]+)\n\n```json\n(.*?)\n```\n\n```canonical\n(.*?)```\n\n```digest\n(.*?)```\n")

// The test vectors are those that people read.
func TestTheVectorsOfTheFormatPageHold(t *testing.T) {
	page, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	_, part, there := strings.Cut(string(page), "## Test vectors\n")
	found := vector.FindAllStringSubmatch(part, -1)
	if !there || len(found) != strings.Count(part, "\n### ") || len(found) < 10 {
		t.Fatalf("%d vectors of %d headings", len(found), strings.Count(part, "\n### "))
	}
	for _, v := range found {
		name, in, canonical, digest := v[1], v[2], strings.TrimSuffix(v[3], "\n"), strings.TrimSuffix(v[4], "\n")
		var parts vectorParts
		if err := json.Unmarshal([]byte(in), &parts); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m := parts.manifest()
		b, err := m.Canonical()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d, err := m.Digest()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if *updateVectors {
			anew := strings.Replace(v[0], "```canonical\n"+v[3]+"```", "```canonical\n"+string(b)+"\n```", 1)
			anew = strings.Replace(anew, "```digest\n"+v[4]+"```", "```digest\n"+d+"\n```", 1)
			page = []byte(strings.Replace(string(page), v[0], anew, 1))
			continue
		}
		if string(b) != canonical || d != digest {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", name, b, d, canonical, digest)
		}
	}
	if *updateVectors {
		if err := os.WriteFile(formatPage, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatCannotBeKeptIsSaid(t *testing.T) {
	for flows, want := range map[string]string{
		`{"flows":[]}`:   "The flows cannot be kept: this is not an array of nodes.",
		`[{"id":1e999}]`: "The flows cannot be kept: it holds a number that is too large for Node-RED.",
		`[{]`:            "The flows cannot be kept: this is not JSON.",
		strings.Repeat("[", 1001) + strings.Repeat("]", 1001): "The flows cannot be kept: it is nested more than 1000 levels deep.",
	} {
		_, err := (&fleet.Manifest{Flows: json.RawMessage(flows)}).Digest()
		if !fleet.IsCode(err, "content_invalid") || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.30s: %v; want %s", flows, err, want)
		}
	}
	lock := fleet.ManifestModules{Direct: map[string]string{"a": "1.0.0"}, Lock: json.RawMessage(`{"packages":`)}
	if _, err := (&fleet.Manifest{Modules: lock}).Digest(); !fleet.IsCode(err, "content_invalid") {
		t.Errorf("a broken lock: %v", err)
	}
}

func TestADigestChangesWithEachPartAndWithNothingElse(t *testing.T) {
	base := func() *fleet.Manifest {
		return &fleet.Manifest{
			Flows: json.RawMessage(`[{"id":"a","type":"t"},{"id":"b","type":"t"}]`), Settings: map[string]any{"timeZone": "UTC"}, Stack: "s",
			Environment: []fleet.Variable{{Name: "A", Value: "1"}, {Name: "B", Hidden: true}},
			Modules:     fleet.ManifestModules{Direct: map[string]string{"m": "1.0.0"}, Lock: json.RawMessage(`{"packages":{}}`)},
		}
	}
	digest := func(m *fleet.Manifest) string {
		d, err := m.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	whole := digest(base())
	for name, change := range map[string]func(*fleet.Manifest){
		"a node's property":  func(m *fleet.Manifest) { m.Flows = json.RawMessage(`[{"id":"a","type":"u"},{"id":"b","type":"t"}]`) },
		"the order of nodes": func(m *fleet.Manifest) { m.Flows = json.RawMessage(`[{"id":"b","type":"t"},{"id":"a","type":"t"}]`) },
		"a setting":          func(m *fleet.Manifest) { m.Settings["persistentContext"] = true },
		"a value":            func(m *fleet.Manifest) { m.Environment[0].Value = "2" },
		"a name":             func(m *fleet.Manifest) { m.Environment[0].Name = "C" },
		"a hidden name":      func(m *fleet.Manifest) { m.Environment[1].Name = "C" },
		"what is hidden":     func(m *fleet.Manifest) { m.Environment[0].Hidden = true },
		"a version":          func(m *fleet.Manifest) { m.Modules.Direct["m"] = "1.0.1" },
		"the lock":           func(m *fleet.Manifest) { m.Modules.Lock = json.RawMessage(`{"packages":{"":{}}}`) },
		"the stack":          func(m *fleet.Manifest) { m.Stack = "z" },
		"an absent part":     func(m *fleet.Manifest) { m.Absent = []fleet.ManifestPart{fleet.PartStack} },
	} {
		m := base()
		change(m)
		if digest(m) == whole || m.SameContent(base()) {
			t.Errorf("%s is no part of it", name)
		}
	}
	for name, change := range map[string]func(*fleet.Manifest){
		"a hidden value":         func(m *fleet.Manifest) { m.Environment[1].Value = "secret" },
		"the order of variables": func(m *fleet.Manifest) { m.Environment[0], m.Environment[1] = m.Environment[1], m.Environment[0] },
		"white space": func(m *fleet.Manifest) {
			m.Flows = json.RawMessage(` [ {"type":"t","id":"a"}, {"id":"b","type":"t"} ]`)
		},
		"a default": func(m *fleet.Manifest) { m.Settings["persistentContext"] = false },
	} {
		m := base()
		change(m)
		if digest(m) != whole {
			t.Errorf("%s is part of it", name)
		}
	}
}

func TestSecretsHaveOneFormAndAreReadBack(t *testing.T) {
	s := &fleet.Secrets{
		Credentials: map[string]json.RawMessage{"b": json.RawMessage(`{"user": "x<y", "password":"\u00e9"}`), "a": json.RawMessage(`{"n":1.0}`)},
		Hidden:      map[string]string{"TOKEN": "t"},
	}
	b, err := s.Canonical()
	const want = `{"credentials":{"a":{"n":1},"b":{"password":"é","user":"x<y"}},"hidden":{"TOKEN":"t"}}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
	back, err := fleet.ParseSecrets(b)
	if err != nil || string(back.Credentials["b"]) != `{"password":"é","user":"x<y"}` || back.Hidden["TOKEN"] != "t" {
		t.Errorf("read %+v, %v", back, err)
	}
	if b, err := (&fleet.Secrets{Hidden: map[string]string{}}).Canonical(); err != nil || b != nil {
		t.Errorf("no secrets are %q, %v", b, err)
	}
	if back, err := fleet.ParseSecrets(nil); err != nil || !back.Empty() {
		t.Errorf("nothing is %+v, %v", back, err)
	}
	if _, err := fleet.ParseSecrets([]byte("{")); err == nil {
		t.Error("half an object was read")
	}
}
