package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Merged is what adding flows to others led to.
type Merged struct {
	Flows json.RawMessage
	// IDs maps the ids of nodes that got a new one.
	IDs map[string]string
	// Reused are configuration nodes that were there already, the same.
	Reused map[string]bool
}

// MergeFlows adds flows to the ones that are there, as Node-RED's editor does: a
// node whose id is taken gets a new one, and what points at it follows; a
// configuration node that is there already is not doubled; nodes whose flow is
// in neither file get one of their own, for nobody would see them otherwise.
// newID makes an id.
func MergeFlows(have, more json.RawMessage, newID func() string) (*Merged, error) {
	old, err := mergeNodes(have)
	if err != nil {
		return nil, err
	}
	add, err := mergeNodes(more)
	if err != nil {
		return nil, err
	}
	taken, used := map[string]*mergeNode{}, map[string]bool{}
	for _, n := range old {
		taken[n.id], used[n.id] = n, true
	}
	for _, n := range add {
		used[n.id] = true
	}
	out := &Merged{IDs: map[string]string{}, Reused: map[string]bool{}}
	m := &merge{Merged: out, config: map[string]bool{}, newID: func() string { return freeID(newID, used) }}
	for _, n := range add {
		was, there := taken[n.id]
		switch {
		case there && n.config() && bytes.Equal(n.text, was.text):
			out.Reused[n.id] = true
		case there:
			out.IDs[n.id], m.config[n.id] = m.newID(), n.config()
		}
	}
	all := old
	for _, n := range add {
		if out.Reused[n.id] {
			continue
		}
		if err := m.renew(n); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	all = m.shelter(all, add)
	out.Flows, err = encodeNodes(all)
	return out, err
}

type mergeNode struct {
	id, kind, flow string
	members        members
	// raw is the node as it is written, text its canonical form as it was read.
	raw, text json.RawMessage
}

// config reports a configuration node: one that has no place in a flow.
func (n *mergeNode) config() bool {
	switch n.kind {
	case "tab", "subflow", "group":
		return false
	}
	return n.members["x"] == nil && n.members["y"] == nil
}

func mergeNodes(flows json.RawMessage) ([]*mergeNode, error) {
	var list []json.RawMessage
	if len(flows) > 0 {
		if err := json.Unmarshal(flows, &list); err != nil {
			return nil, fmt.Errorf("flows to merge: %w", err)
		}
	}
	out := make([]*mergeNode, 0, len(list))
	for _, text := range list {
		n := &mergeNode{members: members{}, raw: text}
		if err := json.Unmarshal(text, &n.members); err != nil {
			return nil, fmt.Errorf("node to merge: %w", err)
		}
		n.id, n.kind, n.flow = textOf(n.members["id"]), textOf(n.members["type"]), textOf(n.members["z"])
		var err error
		if n.text, err = AppendCanonicalText(nil, text); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func encodeNodes(nodes []*mergeNode) (json.RawMessage, error) {
	list := make([]json.RawMessage, len(nodes))
	for i, n := range nodes {
		list[i] = n.raw
	}
	return encodeFile(list)
}

func freeID(newID func() string, used map[string]bool) string {
	id := newID()
	for used[id] {
		id = newID()
	}
	used[id] = true
	return id
}

type merge struct {
	*Merged
	config map[string]bool // renewed ids of configuration nodes
	newID  func() string
}

// Where ids of other nodes stand by Node-RED's own rules.
var structure = map[string]bool{"z": true, "g": true, "wires": true, "nodes": true, "links": true, "scope": true, "in": true, "out": true, "status": true}

// Where people write text that may look like an id.
var prose = map[string]bool{
	"type": true, "name": true, "label": true, "info": true, "func": true, "initialize": true, "finalize": true, "payload": true, "topic": true,
	"template": true, "format": true, "url": true, "method": true, "category": true, "icon": true, "color": true, "env": true,
}

// renew gives a node its new id and the new ids of what it points at.
func (m *merge) renew(n *mergeNode) error {
	changed := false
	put := func(name string, value any) error {
		text, err := encodeFile(value)
		n.members[name], changed = text, true
		return err
	}
	if id, ok := m.IDs[n.id]; ok {
		n.id = id
		if err := put("id", id); err != nil {
			return err
		}
	}
	if of, ok := strings.CutPrefix(n.kind, "subflow:"); ok && m.IDs[of] != "" {
		if err := put("type", "subflow:"+m.IDs[of]); err != nil {
			return err
		}
	}
	for name, text := range n.members {
		if name == "id" || prose[name] {
			continue
		}
		value, moved, err := m.replaced(text, structure[name])
		if err != nil {
			return err
		}
		if moved {
			if err := put(name, value); err != nil {
				return err
			}
		}
	}
	n.flow = textOf(n.members["z"])
	if !changed {
		return nil
	}
	var err error
	n.raw, err = encodeFile(n.members)
	return err
}

// replaced replaces ids in a value. Outside of Node-RED's structure only those of
// configuration nodes are looked for: other text could look like an id by chance.
func (m *merge) replaced(text json.RawMessage, structural bool) (any, bool, error) {
	if !bytes.ContainsRune(text, '"') {
		return nil, false, nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, false, fmt.Errorf("value to merge: %w", err)
	}
	moved := false
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case string:
			if id, ok := m.IDs[v]; ok && (structural || m.config[v]) {
				moved = true
				return id
			}
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		}
		return v
	}
	v = walk(v)
	return v, moved, nil
}

// shelter makes a flow for the nodes that stand in none.
func (m *merge) shelter(all, added []*mergeNode) []*mergeNode {
	flows := map[string]bool{}
	for _, n := range all {
		if n.kind == "tab" || n.kind == "subflow" {
			flows[n.id] = true
		}
	}
	var home *mergeNode
	for _, n := range added {
		if n.kind == "tab" || n.kind == "subflow" || n.config() || flows[n.flow] {
			continue
		}
		if home == nil {
			id := m.newID()
			text, _ := encodeFile(map[string]string{"id": id, "type": "tab", "label": "Imported"})
			home = &mergeNode{id: id, kind: "tab", raw: text}
		}
		n.members["z"], _ = encodeFile(home.id)
		n.raw, _ = encodeFile(n.members)
	}
	if home == nil {
		return all
	}
	at := len(all) - len(added) + len(m.Reused)
	return append(all[:at:at], append([]*mergeNode{home}, all[at:]...)...)
}
