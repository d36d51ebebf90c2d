//go:build real

package nodered_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// remembering counts GET /hello in the flow's context and keeps one of each kind
// of value in the global one.
const remembering = `[{"id":"t1","type":"tab","label":"One"},
{"id":"a1","type":"http in","z":"t1","url":"/hello","method":"get","wires":[["f1"]]},
{"id":"f1","type":"function","z":"t1","name":"count","func":"const n=(flow.get('n')||0)+1; flow.set('n',n); context.set('mine',{deep:[1,2]});\nglobal.set('text','a <b> \\u00fc'); global.set('when',new Date(0)); global.set('bytes',Buffer.from('abc')); global.set('fn',function hello(){});\nglobal.set('nan',NaN); global.set('odd',new Map([[1,2]])); global.set('mixed',{at:new Date(0)}); global.set('large','x'.repeat(1e6)); global.set('many',Array.from({length:2e5},(_,i)=>i));\nconst loop={}; loop.self=loop; global.set('loop',loop,'memory');\nmsg.payload=String(n); return msg","outputs":1,"wires":[["o1"]]},
{"id":"o1","type":"http response","z":"t1","wires":[]}]`

func (r *rig) context(q wire.ContextQuery) wire.ContextPage {
	r.t.Helper()
	q.Limit = wire.MaxContextItems
	page, err := r.Context(r.t.Context(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return page
}

// entry finds a key in a scope.
func (r *rig) entry(scope, key string) *wire.ContextEntry {
	r.t.Helper()
	for _, e := range r.context(wire.ContextQuery{Scope: scope, Prefix: key}).Entries {
		if e.Key == key {
			return &e
		}
	}
	return nil
}

func TestContextIsSeenChangedAndKept(t *testing.T) {
	onEachStack(t, func(t *testing.T, on string) {
		r := newRig(t, nil, on)
		r.set(func(s *wire.Spec) { s.Flows, s.Settings.PersistentContext = json.RawMessage(remembering), true })
		r.running()
		r.says("1")
		page := r.context(wire.ContextQuery{})
		if got := fmt.Sprint(page.Scopes); !page.Live || page.Default != "persistent" || got != "[{global 10} {flow:t1 1} {node:f1 1}]" {
			t.Fatalf("scopes: %+v", page)
		}
		seeValues(t, r)
		changeContext(t, r)
		r.says("42")

		// Stopped in order, everything is on the disk and can be looked at.
		r.set(func(s *wire.Spec) { s.Running = false })
		r.until("stopped", func(rep wire.Report) bool { return rep.State == fleet.StateStopped && rep.Settled })
		page = r.context(wire.ContextQuery{})
		if got := fmt.Sprint(page.Scopes); page.Live || page.Flushed.IsZero() || got != "[{global -1} {flow:t1 1} {node:f1 1}]" {
			t.Fatalf("scopes on the disk: %+v", page)
		}
		if e := r.entry("flow:t1", "n"); e == nil || string(e.Value) != "42" {
			t.Fatalf("n on the disk: %+v", e)
		}
		if e := r.entry("global", "many"); e == nil || !e.Cut || e.Size < 1e6 || e.Value != nil || len(e.Preview) > 4096 {
			t.Fatalf("many on the disk: %+v", e)
		}
		err := r.SetContext(t.Context(), wire.ContextChange{Scope: "flow:t1", Key: "n", Value: json.RawMessage("1")})
		if !fleet.IsCode(err, "instance_not_running") {
			t.Errorf("a change of a stopped one: %v", err)
		}
		r.set(func(s *wire.Spec) { s.Running = true })
		r.running()
		r.says("43")
	})
}

func seeValues(t *testing.T, r *rig) {
	t.Helper()
	for _, row := range []struct {
		key, kind, value, preview string
		exact, cut                bool
	}{
		{"text", "string", `"a <b> ü"`, "", true, false},
		{"when", "date", "", "1970-01-01T00:00:00.000Z", false, false},
		{"bytes", "buffer", "", "616263", false, false},
		{"fn", "function", "", "function hello", false, false},
		{"nan", "number", "", "NaN", false, false},
		{"odd", "Map", "", "{}", false, false},
		{"mixed", "object", `{"at":"[1970-01-01T00:00:00.000Z]"}`, "", false, false},
		{"loop", "object", `{"self":"[circular]"}`, "", false, false},
	} {
		e := r.entry("global", row.key)
		if e == nil || e.Type != row.kind || string(e.Value) != row.value || e.Preview != row.preview || e.Exact != row.exact || e.Cut != row.cut {
			t.Errorf("%s: %+v", row.key, e)
		}
	}
	if e := r.entry("global", "large"); e == nil || !e.Cut || e.Length != 1e6 || e.Size < 1e6 || len(e.Preview) > 4096 || !strings.HasPrefix(e.Preview, `"xxx`) {
		t.Errorf("large: %+v", e)
	}
	if e := r.entry("global", "many"); e == nil || !e.Cut || e.Length != 2e5 || e.Size < 1e5 || e.Value != nil {
		t.Errorf("many: %+v", e)
	}
	if e := r.entry("node:f1", "mine"); e == nil || string(e.Value) != `{"deep":[1,2]}` || !e.Exact {
		t.Errorf("mine: %+v", e)
	}
}

func changeContext(t *testing.T, r *rig) {
	t.Helper()
	for _, row := range []struct {
		change wire.ContextChange
		code   string
	}{
		{wire.ContextChange{Scope: "flow:t1", Key: "n", Value: json.RawMessage("41")}, ""},
		{wire.ContextChange{Scope: "node:f1", Key: "mine", Delete: true}, ""},
		{wire.ContextChange{Scope: "node:o1", Key: "new", Value: json.RawMessage(`{"a":1}`), Store: "memory"}, ""},
		{wire.ContextChange{Scope: "global", Key: "x", Store: "nowhere", Value: json.RawMessage("1")}, "store_not_found"},
		{wire.ContextChange{Scope: "node:gone", Key: "x", Value: json.RawMessage("1")}, "scope_not_found"},
		{wire.ContextChange{Scope: "global", Key: "__proto__.x", Value: json.RawMessage("1")}, "invalid_key"},
		{wire.ContextChange{Scope: "global", Key: "a[", Value: json.RawMessage("1")}, "invalid_key"},
		{wire.ContextChange{Scope: "global", Key: "x", Value: json.RawMessage("{")}, "invalid_input"},
		{wire.ContextChange{Scope: "everything", Key: "x", Delete: true}, "invalid_input"},
	} {
		err := r.SetContext(t.Context(), row.change)
		if (err == nil) != (row.code == "") || row.code != "" && !fleet.IsCode(err, row.code) {
			t.Errorf("%+v: %v; want %q", row.change, err, row.code)
		}
	}
	if e := r.entry("node:f1", "mine"); e != nil {
		t.Errorf("a deleted key is there: %+v", e)
	}
	if e := r.entry("node:o1", "new"); e == nil || e.Store != "memory" || string(e.Value) != `{"a":1}` {
		t.Errorf("a new key: %+v", e)
	}
}

func TestAKillLosesNoMoreContextThanOfTheLastSeconds(t *testing.T) {
	r := newRig(t, nil)
	r.set(func(s *wire.Spec) { s.Flows, s.Settings.PersistentContext = json.RawMessage(remembering), true })
	r.running()
	r.says("1")
	begun := time.Now()
	rep := r.until("context to be written", func(rep wire.Report) bool { return !rep.ContextFlushed.IsZero() })
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("it was written after %v; want about 5 s", took)
	}
	if page := r.context(wire.ContextQuery{Scope: "global"}); page.Pending || !page.Flushed.Equal(rep.ContextFlushed) {
		t.Errorf("the page says %v, pending %v", page.Flushed, page.Pending)
	}
	killNodeRED(t, r)
	r.until("a start after the kill", func(rep wire.Report) bool { return rep.Starts == 2 && rep.Settled })
	r.says("2") // what was written is there

	// A power cut may leave a file that is no JSON.
	r.set(func(s *wire.Spec) { s.Running = false })
	r.until("stopped", func(rep wire.Report) bool { return rep.State == fleet.StateStopped && rep.Settled })
	damaged := filepath.Join(r.dir, "user", "context", "t1", "f1.json")
	if err := os.WriteFile(damaged, []byte("\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.set(func(s *wire.Spec) { s.Running = true })
	r.running()
	r.says("3")
	if _, err := os.Stat(damaged + ".damaged"); err != nil {
		t.Errorf("the damaged file was not put aside: %v", err)
	}
}

// killNodeRED ends the process without a chance to write anything.
func killNodeRED(t *testing.T, r *rig) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "lib", "node-red.pid"))
	if err != nil {
		t.Fatal(err)
	}
	number, _, _ := strings.Cut(string(text), " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestContextOfOthersIsNotReadThroughLinks(t *testing.T) {
	r := newRig(t, nil)
	r.set(func(s *wire.Spec) { s.Running = false })
	r.until("stopped", func(rep wire.Report) bool { return rep.State == fleet.StateStopped && rep.Settled })
	dir := filepath.Join(r.dir, "user", "context")
	if err := os.MkdirAll(filepath.Join(dir, "global"), 0o755); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(r.dir, "secret.json")
	if err := os.WriteFile(secret, []byte(`{"key":"of another"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "global", "global.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(r.dir, filepath.Join(dir, "t1")); err != nil {
		t.Fatal(err)
	}
	if page := r.context(wire.ContextQuery{}); len(page.Scopes) != 0 {
		t.Errorf("scopes: %+v", page.Scopes)
	}
	if e := r.entry("global", "key"); e != nil {
		t.Errorf("the secret was read: %+v", e)
	}
}
