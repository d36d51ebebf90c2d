package fleet_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/fleet"
)

func exampleFile() *fleet.SnapshotFile {
	return &fleet.SnapshotFile{
		Name: "Before the move", Description: "Line 4",
		Manifest: fleet.Manifest{
			Flows:    json.RawMessage(`[{"id":"t","type":"tab","label":"<script>alert(1)</script>"},{"id":"m","type":"mqtt-broker","z":""}]`),
			Settings: map[string]any{"timeZone": "Europe/Berlin", "persistentContext": true},
			Environment: []fleet.Variable{
				{Name: "Z_FIRST", Value: "1 < 2"}, {Name: "A_TOKEN", Hidden: true}, {Name: "B_EMPTY", Hidden: true},
			},
			Modules: fleet.ManifestModules{Direct: map[string]string{"@scope/pump": "1.2.3"}, Lock: json.RawMessage(`{"lockfileVersion":3,"packages":{}}`)},
			Stack:   "5374",
		},
		Credentials: "00112233445566778899aabbccddeeffAAAA",
		Hidden:      map[string]string{"A_TOKEN": "sealed"},
		Proof:       "proof",
	}
}

func TestAFileIsReadBackAsItWasWritten(t *testing.T) {
	want := exampleFile()
	text, err := want.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := fleet.ParseSnapshotFile(text)
	if err != nil {
		t.Fatal(err)
	}
	if want.Digest, err = want.Manifest.Digest(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again, err := got.Manifest.Digest(); err != nil || again != got.Digest {
		t.Errorf("the digest is %s, %v; the file says %s", again, err, got.Digest)
	}
	// What another platform reads: its own envelope.
	var peer struct {
		Name  string `json:"name"`
		Flows struct {
			Flows       []map[string]any  `json:"flows"`
			Credentials map[string]string `json:"credentials"`
		} `json:"flows"`
		Settings struct {
			Settings map[string]any    `json:"settings"`
			Env      map[string]any    `json:"env"`
			Modules  map[string]string `json:"modules"`
		} `json:"settings"`
	}
	if err := json.Unmarshal(text, &peer); err != nil {
		t.Fatal(err)
	}
	if peer.Name != want.Name || len(peer.Flows.Flows) != 2 || peer.Flows.Credentials["$"] != want.Credentials ||
		peer.Settings.Settings["timeZone"] != "Europe/Berlin" || peer.Settings.Env["Z_FIRST"] != "1 < 2" || peer.Settings.Modules["@scope/pump"] != "1.2.3" {
		t.Errorf("another platform reads %+v", peer)
	}
}

func TestComponentsThatAreLeftOutStayOut(t *testing.T) {
	for name, c := range map[string]struct {
		choose func(*fleet.Components)
		absent []fleet.ManifestPart
		gone   string
	}{
		"flows":       {func(c *fleet.Components) { c.Flows = false }, []fleet.ManifestPart{"credentials", "flows"}, "mqtt-broker"},
		"credentials": {func(c *fleet.Components) { c.Credentials = false }, []fleet.ManifestPart{"credentials"}, "00112233"},
		"settings":    {func(c *fleet.Components) { c.Settings = false }, []fleet.ManifestPart{"settings"}, "Berlin"},
		"modules":     {func(c *fleet.Components) { c.Modules = false }, []fleet.ManifestPart{"modules"}, "pump"},
		"stack":       {func(c *fleet.Components) { c.Stack = false }, []fleet.ManifestPart{"stack"}, "5374"},
		"values":      {func(c *fleet.Components) { c.Environment = fleet.EnvironmentKeys }, []fleet.ManifestPart{"values"}, "1 < 2"},
		"environment": {func(c *fleet.Components) { c.Environment = fleet.EnvironmentNone }, []fleet.ManifestPart{"environment", "values"}, "Z_FIRST"},
	} {
		t.Run(name, func(t *testing.T) {
			f, chosen := exampleFile(), fleet.AllComponents
			c.choose(&chosen)
			f.Only(chosen)
			text, err := f.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), c.gone) {
				t.Errorf("the file holds %s: %s", c.gone, text)
			}
			got, err := fleet.ParseSnapshotFile(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.absent, got.Manifest.Absent); diff != "" {
				t.Error(diff)
			}
			if digest, err := got.Manifest.Digest(); err != nil || digest != got.Digest {
				t.Errorf("digest %s, %v; the file says %s", digest, err, got.Digest)
			}
		})
	}
}

func TestFilesOfOthersAreRead(t *testing.T) {
	peer := `{"id":"x","name":"theirs","description":"d","credentialSecret":"ignored","flows":{"flows":[ {"id":"a","type":"tab"} ],"credentials":{"$":"aa"}},
		"settings":{"settings":{"timeZone":"Europe/Paris","httpAdminRoot":"/x"},"env":{"FF_INSTANCE_ID":"7","A":"1","B":{"value":"2","hidden":true},"C":{"$":"cc","hidden":true},"D":{"value":"4","hidden":false},"E":5},"modules":{"node-red":"4.1.0","node-red-dashboard":"~3.6.5"}},"ownerType":"instance"}`
	f, err := fleet.ParseSnapshotFile([]byte(peer))
	if err != nil {
		t.Fatal(err)
	}
	want := &fleet.SnapshotFile{
		Name: "theirs", Description: "d", Credentials: "aa",
		Manifest: fleet.Manifest{
			Flows: json.RawMessage(`[{"id":"a","type":"tab"}]`), Settings: map[string]any{"timeZone": "Europe/Paris"},
			Environment: []fleet.Variable{{Name: "A", Value: "1"}, {Name: "B", Hidden: true}, {Name: "C", Hidden: true}, {Name: "D", Value: "4"}, {Name: "E", Value: "5"}},
			Modules:     fleet.ManifestModules{Direct: map[string]string{"node-red-dashboard": "~3.6.5"}},
			Absent:      []fleet.ManifestPart{"stack"},
		},
		Hidden: map[string]string{"C": "cc"}, PlainHidden: map[string]string{"B": "2"},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	bare, err := fleet.ParseSnapshotFile([]byte("\xef\xbb\xbf [{\"id\":\"a\",\"type\":\"tab\",\"credentials\":{\"password\":\"p\"},\"x\":1}]"))
	if err != nil {
		t.Fatal(err)
	}
	if string(bare.Manifest.Flows) != `[{"id":"a","type":"tab","x":1}]` || string(bare.Plain["a"]) != `{"password":"p"}` || !bare.Manifest.Has(fleet.PartCredentials) {
		t.Errorf("bare flows: %+v", bare)
	}
	beside, err := fleet.ParseSnapshotFile([]byte(`{"flows":[{"id":"a","type":"tab"}],"credentials":{"a":{"k":"v"}},"rev":"9"}`))
	if err != nil || string(beside.Plain["a"]) != `{"k":"v"}` || beside.Manifest.Has(fleet.PartEnvironment) {
		t.Errorf("flows with credentials beside them: %+v, %v", beside, err)
	}
}

func TestHostileFilesAreRefusedWithThePlace(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)
	many := "[" + strings.Repeat("{},", fleet.MaxFileNodes) + "{}]"
	for name, c := range map[string]struct{ text, where, says string }{
		"nothing":             {"  ", "", "empty"},
		"no JSON":             {"PK\x03\x04", "", "not JSON"},
		"no text":             {"{\"a\":\"\xff\"}", "", "UTF-8"},
		"cut short":           {`{"flows":{"flows":[{"id":"a"`, "", "cut short"},
		"no flows":            {`{"name":"x"}`, "flows", "no flows"},
		"a number":            {`7`, "the file", "not an object"},
		"flows as text":       {`{"flows":"[]"}`, "flows", "no flows"},
		"a node as text":      {`["a"]`, "[0]", "not an object"},
		"no id":               {`[{"id":"a","type":"tab"},{"type":"tab"}]`, "[1]", "no id"},
		"an id as number":     {`[{"id":7,"type":"tab"}]`, "[0]", "no id"},
		"the same id":         {`{"flows":{"flows":[{"id":"a","type":"tab"},{"id":"a","type":"tab"}]}}`, "flows.flows[1]", "same id"},
		"deep":                {`[{"id":"a","type":"tab","x":` + deep + `}]`, "", "nested"},
		"many":                {many, "", "nodes"},
		"a list of nothing":   {`{"flows":[` + strings.Repeat("0,", 1_000_000) + `0]}`, "flows", "entries"},
		"many members":        {`{"flows":[],"credentials":{"a":{` + strings.Repeat(`"x":0,`, fleet.MaxFileNodes) + `"x":0}}}`, "credentials.a", "entries"},
		"a stack of anything": {`{"leat":{"form":1,"stack":{"digest":"` + strings.Repeat("x", 1000) + `"}},"flows":{"flows":[]}}`, "leat.stack", "no digest"},
		"proto":               {`[{"id":"a","type":"tab","x":[{"__proto__":{"admin":true}}]}]`, "[0].x[0].__proto__", "share"},
		"proto, escaped":      {`[{"id":"a","type":"tab","\u005f_proto__":1}]`, "[0].__proto__", "share"},
		"constructor":         {`{"flows":[{"id":"a","type":"tab"}],"credentials":{"constructor":{"x":"y"}}}`, "credentials.constructor", "share"},
		"credentials as list": {`{"flows":[],"credentials":[1]}`, "credentials", "not an object"},
		"sealed and more":     {`{"flows":[],"credentials":{"$":"x","a":{}}}`, "credentials", "Node-RED writes"},
		"a module as a path":  {`{"flows":{"flows":[]},"settings":{"modules":{"../../etc/passwd":"1.0.0"}}}`, "settings.modules", "no module"},
		"a version as a path": {`{"flows":{"flows":[]},"settings":{"modules":{"pump":"file:../x"}}}`, "settings.modules.pump", "no version"},
		"an address":          {`{"flows":{"flows":[]},"settings":{"modules":{"pump":"https://example.com/x.tgz"}}}`, "settings.modules.pump", "no version"},
		"a variable's name":   {`{"flows":{"flows":[]},"settings":{"env":{"NODE_OPTIONS":"--inspect"}}}`, "settings.env.NODE_OPTIONS", "NODE_OPTIONS"},
		"a variable as list":  {`{"flows":{"flows":[]},"settings":{"env":{"A":[1]}}}`, "settings.env.A", "not the value"},
		"a newer form":        {`{"leat":{"form":9},"flows":{"flows":[]}}`, "leat.form", "newer"},
		"an unknown part":     {`{"leat":{"form":1,"absent":["soul"]},"flows":{"flows":[]}}`, "leat.absent", "part"},
		"an unknown setting":  {`{"leat":{"form":1,"settings":{"uid":0}},"flows":{"flows":[]}}`, "leat.settings", "setting"},
		"a range beside lock": {`{"leat":{"form":1,"lock":{}},"flows":{"flows":[]},"settings":{"modules":{"pump":"*"}}}`, "settings.modules.pump", "exact"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fleet.ParseSnapshotFile([]byte(c.text))
			var e *fleet.Error
			if !asError(err, &e) || e.Code != "invalid_snapshot_file" || !strings.Contains(e.Msg, c.says) {
				t.Fatalf("err = %v; want invalid_snapshot_file that says %q", err, c.says)
			}
			if c.where != "" && (len(e.Fields) != 1 || e.Fields[0].Path != c.where) {
				t.Errorf("the fault is at %+v; want %s", e.Fields, c.where)
			}
			if len(e.Msg) > 1000 {
				t.Errorf("the sentence has %d bytes", len(e.Msg))
			}
		})
	}
	huge := make([]byte, fleet.MaxSnapshotFile+1)
	if _, err := fleet.ParseSnapshotFile(append(huge, 'x')); !fleet.IsKind(err, fleet.TooLarge) {
		t.Errorf("a huge file: %v", err)
	}
}

func FuzzSnapshotFile(f *testing.F) {
	text, err := exampleFile().Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`[{"id":"a","type":"tab","credentials":{"a":"b"}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := fleet.ParseSnapshotFile(text)
		if err != nil {
			return
		}
		if _, err := got.Manifest.Digest(); err != nil && !fleet.IsKind(err, fleet.Invalid) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func asError(err error, e **fleet.Error) bool { return errors.As(err, e) }
