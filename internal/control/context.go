package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// Contexts is the verbs of what flows remember. It lies with the instance, which
// is asked for it outside of any transaction.
type Contexts struct{ *core }

// ContextKeeper reaches an instance's runner.
type ContextKeeper interface {
	Context(ctx context.Context, id fleet.InstanceID, q wire.ContextQuery) (wire.ContextPage, error)
	SetContext(ctx context.Context, id fleet.InstanceID, c wire.ContextChange) error
}

var errNoKeeper = &fleet.Error{Kind: fleet.Unavailable, Code: "instance_unreachable", Msg: "The instance does not answer. Try again in a moment."}

// Get gives a page: the scopes that have something, or the entries of a scope.
func (c *Contexts) Get(ctx context.Context, who fleet.Actor, id fleet.InstanceID, q wire.ContextQuery) (*api.Context, error) {
	var i *Instance
	names := &flowNames{}
	err := c.read(ctx, who, fleet.ContextRead, func(s *step) (err error) {
		if i, err = s.inInstance(id); err != nil {
			return err
		}
		if q.Scope != "" {
			return wire.CheckScope(q.Scope)
		}
		f, err := s.Tx.Flows(id)
		if err != nil {
			return err
		}
		names.flows = f.Flows
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.Context == nil {
		return nil, errNoKeeper
	}
	page, err := c.Context.Context(ctx, id, q)
	if err != nil {
		return nil, err
	}
	if len(page.Scopes) > 0 {
		names.read()
	}
	return contextView(i, page, names), nil
}

func contextView(i *Instance, page wire.ContextPage, names *flowNames) *api.Context {
	out := &api.Context{
		Live: page.Live, Persistent: i.PersistentContext, Pending: page.Pending, DefaultStore: page.Default, Stores: page.Stores,
		Scopes: make([]api.ContextScope, 0, len(page.Scopes)), Items: make([]api.ContextEntry, len(page.Entries)),
	}
	if out.Stores == nil {
		out.Stores = []string{}
	}
	if at := page.Flushed.UTC(); !page.Flushed.IsZero() {
		out.FlushedAt = &at
	}
	if page.Next != "" {
		out.Next = &page.Next
	}
	for _, sc := range page.Scopes {
		if wire.CheckScope(sc.Scope) == nil { // a flow can make it up
			out.Scopes = append(out.Scopes, names.scope(sc))
		}
	}
	for n, e := range page.Entries {
		out.Items[n] = api.ContextEntry{
			Key: e.Key, Store: e.Store, Type: e.Type, Value: e.Value, Preview: e.Preview, Size: e.Size, Length: e.Length, Cut: e.Cut, Exact: e.Exact,
		}
	}
	return out
}

// flowNames tells what people call flows and nodes.
type flowNames struct {
	flows json.RawMessage
	by    map[string]namedNode
}

type namedNode struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Label string `json:"label"`
	Name  string `json:"name"`
	Z     string `json:"z"`
}

func (n *flowNames) read() {
	var nodes []namedNode
	if json.Unmarshal(n.flows, &nodes) != nil {
		nodes = nil
	}
	n.by = make(map[string]namedNode, len(nodes))
	for _, one := range nodes {
		n.by[one.ID] = one
	}
}

func (n *flowNames) label(id string) string {
	one := n.by[id]
	for _, text := range []string{one.Label, one.Name} {
		if text != "" {
			return text
		}
	}
	return id
}

func (n *flowNames) scope(sc wire.ContextScope) api.ContextScope {
	kind, id, _ := strings.Cut(sc.Scope, ":")
	out := api.ContextScope{ID: sc.Scope, Kind: kind, Keys: sc.Keys, Label: n.label(id)}
	switch kind {
	case "global":
		out.Label = "Global"
	case "node":
		node := n.by[id]
		out.Type = node.Type
		if node.Z != "" {
			out.Flow = n.label(node.Z)
		}
	}
	return out
}

// Set sets a key of a running instance, or deletes it. The audit event names the
// key and not the value, which may be anything.
func (c *Contexts) Set(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in wire.ContextChange) error {
	var i *Instance
	err := c.write(ctx, who, fleet.ContextEdit, func(s *step) (err error) {
		if i, err = s.inContent(id); err != nil {
			return err
		}
		return in.Check()
	})
	if err != nil {
		return err
	}
	if c.Context == nil {
		return errNoKeeper
	}
	if err := c.Context.SetContext(ctx, id, in); err != nil {
		return err
	}
	// It is done; whoever asked may be gone, and it is written down all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = c.write(ctx, who, fleet.ContextEdit, func(s *step) error {
		if err := s.may(i.Team, "instance", string(id)); err != nil {
			return err
		}
		event := "context.edit"
		if in.Delete {
			event = "context.delete"
		}
		s.hint(fleet.Event{Noun: "context", ID: string(id), Team: i.Team})
		return s.auditInstance(event, &i.Instance.Instance, map[string]any{"scope": in.Scope, "key": in.Key, "store": in.Store, "bytes": len(in.Value)})
	})
	if err != nil {
		return fmt.Errorf("context was changed, and that could not be written down: %w", err)
	}
	return nil
}
