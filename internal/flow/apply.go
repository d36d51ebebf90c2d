package flow

import "slices"

// Apply makes of a file what a difference says. It reads the edits, and the
// nodes that were added.
func Apply(from *File, d *Difference) *File {
	changes := make(map[Key]*Change, len(d.Changes))
	for _, c := range d.Changes {
		changes[c.Key] = c
	}
	made := make(map[Key]*Node, len(from.Nodes))
	var natural []Key
	for _, n := range from.Nodes {
		c := changes[n.Key]
		switch {
		case c == nil:
			made[n.Key] = n
		case c.What == Removed:
			continue
		default:
			made[n.Key] = c.apply(n)
		}
		natural = append(natural, n.Key)
	}
	for _, c := range d.Changes {
		if c.What == Added {
			made[c.Key] = c.To
			natural = append(natural, c.Key)
		}
	}
	if d.Order != nil {
		natural = d.Order
	}
	nodes := make([]*Node, 0, len(natural))
	for _, key := range natural {
		if n := made[key]; n != nil {
			nodes = append(nodes, &Node{Raw: n.Raw, Members: n.Members})
		}
	}
	return newFile(nodes)
}

// apply makes the node anew.
func (c *Change) apply(n *Node) *Node {
	if c.Whole != nil {
		return entry(c.Whole.To)
	}
	out := &Node{Members: slices.Clone(n.Members)}
	edits := slices.Concat(c.Position, c.Properties)
	for _, e := range []*Edit{c.Flow, c.Group} {
		if e != nil {
			edits = append(edits, *e)
		}
	}
	if c.Wires != nil {
		from, _ := ports(n.Value("wires"))
		edits = append(edits, Edit{Name: "wires", To: appendPorts(nil, c.Wires.apply(from))})
	}
	if c.Members != nil {
		from, _ := texts(n.Value("nodes"))
		edits = append(edits, Edit{Name: "nodes", To: appendTexts(nil, c.Members.apply(from))})
	}
	for _, e := range edits {
		out.set(e.Name, e.To)
	}
	return out
}

// entry is an entry of a file from its JSON.
func entry(raw []byte) *Node {
	n := &Node{Raw: raw}
	if len(raw) > 0 && raw[0] == '{' {
		n.Members, _ = (&scanner{}).members(raw)
	}
	return n
}

// set gives a property a value, or takes it away.
func (n *Node) set(name string, value []byte) {
	at := slices.IndexFunc(n.Members, func(m Member) bool { return m.Name == name })
	switch {
	case value == nil && at >= 0:
		n.Members = slices.Delete(n.Members, at, at+1)
	case value == nil:
	case at >= 0:
		n.Members[at].Value = value
	default:
		n.Members = append(n.Members, Member{name, value})
	}
}

func appendPorts(b []byte, wires [][]string) []byte {
	b = append(b, '[')
	for i, ids := range wires {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTexts(b, ids)
	}
	return append(b, ']')
}

func appendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, text := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(text)...)
	}
	return append(b, ']')
}
