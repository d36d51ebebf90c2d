// Package flow reads Node-RED's flow files and tells how one differs from
// another: by node, property, wire, position, group and flow, and not by line.
// A difference is whole: applied to the first file it gives the second. The
// package does no I/O, and takes any JSON array for a flow file, however odd its
// nodes are.
package flow

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Kind is what sort of thing a node is.
type Kind string

// The kinds. A configuration node is one without a place: without x and y, as
// Node-RED has it.
const (
	Tab           Kind = "tab"
	Subflow       Kind = "subflow"
	Group         Kind = "group"
	Junction      Kind = "junction"
	Ordinary      Kind = "node"
	Configuration Kind = "configuration"
)

// Member is a property of a node: its name and its value as JSON.
type Member struct {
	Name  string
	Value []byte
}

// Key names a node of a file. Nodes that share an id, or have none, are told
// apart by which of them they are, counted from 0.
type Key struct {
	ID  string
	Nth int
}

// Node is one entry of a flow file.
type Node struct {
	Key  Key
	Type string
	// Flow and Group are the ids of the flow and the group it stands in (z and g);
	// empty where it stands in none.
	Flow  string
	Group string
	// Raw is the entry as it was read; nil for one that was made.
	Raw []byte
	// Members are its properties in the order of the file, each name once; nothing
	// for an entry that is no object.
	Members []Member
}

// File is a flow file.
type File struct {
	Nodes []*Node
	byKey map[Key]*Node
}

// ErrNotFlows is the error for what is no flow file at all.
var ErrNotFlows = errors.New("not a JSON array of nodes")

// Parse reads a flow file: an array of nodes, or an object that holds one as
// "flows". Nothing at all is an empty file. The file keeps the bytes it was given.
func Parse(data []byte) (*File, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return newFile(nil), nil
	}
	if !json.Valid(data) {
		return nil, ErrNotFlows
	}
	if data[0] == '{' {
		wrapped, _ := (&scanner{}).members(data)
		data = valueOf(wrapped, "flows")
	}
	if len(data) == 0 || data[0] != '[' {
		return nil, ErrNotFlows
	}
	s := &scanner{names: map[string]string{}}
	var nodes []*Node
	for _, raw := range elements(data) {
		n := &Node{Raw: raw}
		if raw[0] == '{' {
			n.Members, _ = s.members(raw)
		}
		nodes = append(nodes, n)
	}
	return newFile(nodes), nil
}

func newFile(nodes []*Node) *File {
	f := &File{Nodes: nodes, byKey: make(map[Key]*Node, len(nodes))}
	count := map[string]int{}
	for _, n := range nodes {
		n.Type, n.Flow, n.Group = n.Text("type"), n.Text("z"), n.Text("g")
		id := n.Text("id")
		n.Key = Key{ID: id}
		if f.byKey[n.Key] != nil {
			count[id]++
			n.Key.Nth = count[id]
		}
		f.byKey[n.Key] = n
	}
	return f
}

// Node finds the first node with an id; nil where there is none.
func (f *File) Node(id string) *Node { return f.byKey[Key{ID: id}] }

// JSON writes the file.
func (f *File) JSON() []byte {
	b := []byte{'['}
	for i, n := range f.Nodes {
		if i > 0 {
			b = append(b, ',')
		}
		b = n.appendJSON(b)
	}
	return append(b, ']')
}

func (n *Node) appendJSON(b []byte) []byte {
	if n.Raw != nil {
		return append(b, n.Raw...)
	}
	b = append(b, '{')
	for i, m := range n.Members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(m.Name)...)
		b = append(append(b, ':'), m.Value...)
	}
	return append(b, '}')
}

// Value is a property as JSON; nil where the node does not have it.
func (n *Node) Value(name string) []byte { return valueOf(n.Members, name) }

func valueOf(members []Member, name string) []byte {
	for _, m := range members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Text is a property that is text; empty where it is something else.
func (n *Node) Text(name string) string {
	text, _ := unquote(n.Value(name))
	return text
}

// Kind tells what sort of thing the node is.
func (n *Node) Kind() Kind {
	switch n.Type {
	case "tab":
		return Tab
	case "subflow":
		return Subflow
	case "group":
		return Group
	case "junction":
		return Junction
	}
	if n.Value("x") == nil || n.Value("y") == nil {
		return Configuration
	}
	return Ordinary
}

// Label is what people call the node: its name, else what says most.
func (f *File) Label(n *Node) string {
	for _, name := range []string{"name", "label"} {
		if text := n.Text(name); text != "" {
			return text
		}
	}
	if id, ok := subflowOf(n.Type); ok {
		if s := f.Node(id); s != nil && s.Text("name") != "" {
			return s.Text("name")
		}
	}
	return n.Type
}

// subflowOf is the id of the subflow that a node of this type is a use of.
func subflowOf(nodeType string) (string, bool) {
	const prefix = "subflow:"
	if len(nodeType) <= len(prefix) || nodeType[:len(prefix)] != prefix {
		return "", false
	}
	return nodeType[len(prefix):], true
}
