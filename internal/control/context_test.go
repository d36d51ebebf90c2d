package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

// memory is what an instance remembers.
type memory struct {
	page    wire.ContextPage
	changes []wire.ContextChange
	err     error
}

func (m *memory) Context(context.Context, fleet.InstanceID, wire.ContextQuery) (wire.ContextPage, error) {
	return m.page, m.err
}

func (m *memory) SetContext(_ context.Context, _ fleet.InstanceID, c wire.ContextChange) error {
	if m.err == nil {
		m.changes = append(m.changes, c)
	}
	return m.err
}

func TestContextIsForMembersAndAChangeIsWrittenDown(t *testing.T) {
	p := newPlant(t)
	m := &memory{page: wire.ContextPage{Live: true, Scopes: []wire.ContextScope{
		{Scope: "global", Keys: 2}, {Scope: "flow:t", Keys: 1}, {Scope: "node:i", Keys: 1}, {Scope: "node:gone", Keys: 3}, {Scope: "<script>", Keys: 1},
	}, Next: "node:gone"}}
	p.keeper = m
	p.reopen()
	i := p.instance("Pump")
	if !i.PersistentContext {
		t.Error("a new instance forgets")
	}
	_, err := p.Contexts.Get(t.Context(), p.vera, i.ID, wire.ContextQuery{})
	wantCode(t, err, "forbidden")
	out := must(p.Contexts.Get(t.Context(), p.mika, i.ID, wire.ContextQuery{}))(t)
	if got := fmt.Sprint(out.Scopes); got != "[{global global Global   2} {flow:t flow t   1} {node:i node i t inject 1} {node:gone node gone   3}]" || !out.Live || !out.Persistent || *out.Next != "node:gone" {
		t.Errorf("scopes %s of %+v", got, out)
	}
	_, err = p.Contexts.Get(t.Context(), p.mika, i.ID, wire.ContextQuery{Scope: "../.."})
	wantCode(t, err, "invalid_input")

	change := wire.ContextChange{Scope: "flow:t", Key: "n", Value: json.RawMessage(`"top secret"`)}
	wantCode(t, p.Contexts.Set(t.Context(), p.vera, i.ID, change), "forbidden")
	wantCode(t, p.Contexts.Set(t.Context(), p.mika, i.ID, wire.ContextChange{Scope: "flow:t"}), "invalid_input")
	if len(m.changes) != 0 {
		t.Fatalf("a refused change was made: %+v", m.changes)
	}
	if err := p.Contexts.Set(t.Context(), p.mika, i.ID, change); err != nil {
		t.Fatal(err)
	}
	if err := p.Contexts.Set(t.Context(), p.mika, i.ID, wire.ContextChange{Scope: "flow:t", Key: "n", Delete: true}); err != nil {
		t.Fatal(err)
	}
	m.err = &fleet.Error{Kind: fleet.Conflict, Code: "instance_not_running", Msg: "Start it first."}
	wantCode(t, p.Contexts.Set(t.Context(), p.mika, i.ID, change), "instance_not_running")
	var told []string
	for _, e := range p.audited(store.AuditFilter{Object: string(i.ID)}) {
		if strings.HasPrefix(e.Event, "context.") {
			told = append(told, e.Event+" "+string(e.Result))
		}
		if strings.Contains(fmt.Sprint(e.Detail), "top secret") {
			t.Errorf("the value is in the audit log: %v", e.Detail)
		}
	}
	slices.Sort(told)
	if got := strings.Join(told, ", "); got != "context.delete done, context.edit done, context.edit refused" {
		t.Errorf("audit: %s", got)
	}
	off := must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Persistent: api.Some(false)}, 0))(t)
	if off.PersistentContext || must(p.Runners.Spec(t.Context(), i.ID))(t).Settings.PersistentContext {
		t.Error("it is still kept")
	}
	no := false
	if i := must(p.Instances.Create(t.Context(), p.olga, p.app.ID, api.NewInstance{Name: "Forgetful", Persistent: &no}, control.Key{}))(t); i.PersistentContext {
		t.Error("it was asked not to be kept")
	}
}
