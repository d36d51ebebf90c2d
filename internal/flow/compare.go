package flow

import (
	"bytes"
	"slices"
)

// What says how a node differs.
type What string

// The ways. Moved is a node of which nothing but the position or the size
// differs; one that went to another flow or group is changed.
const (
	Added   What = "added"
	Removed What = "removed"
	Changed What = "changed"
	Moved   What = "moved"
)

// Difference is how a file differs from another, whole.
type Difference struct {
	// Changes are the nodes that differ, tabs, subflows and groups among them: those
	// of the second file in its order, then the removed ones in that of the first.
	Changes []*Change
	// Order holds the nodes of the second file in its order; nothing where that is
	// the order of the first with what was added behind.
	Order []Key
	// Reordered counts the nodes that stand elsewhere in the file.
	Reordered int
}

// Change is how one node differs. From is nil for one that was added, To for one
// that was removed. What makes From into To is told by the edits.
type Change struct {
	Key      Key
	What     What
	From, To *Node
	// Flow and Group are set where it stands in another (z and g).
	Flow  *Edit
	Group *Edit
	// Position holds x, y, w and h; Properties all that is told nowhere else.
	Position   []Edit
	Properties []Edit
	Wires      *WireEdit
	// Members are the nodes of a group.
	Members *ListEdit
	// Whole is the entry itself where one side is no object and has no properties.
	Whole *Edit
}

// Edit is a property before and after, as JSON; nil where it is not there.
type Edit struct {
	Name     string
	From, To []byte
}

// Node is the node as it is, or as it was when it is gone.
func (c *Change) Node() *Node {
	if c.To != nil {
		return c.To
	}
	return c.From
}

// Repositioned reports whether its position or size differs.
func (c *Change) Repositioned() bool { return len(c.Position) > 0 }

// Compare tells how to differs from from.
func Compare(from, to *File) *Difference {
	d := &Difference{}
	for _, n := range to.Nodes {
		old := from.byKey[n.Key]
		if old == nil {
			d.Changes = append(d.Changes, &Change{Key: n.Key, What: Added, To: n})
			continue
		}
		if c := compareNodes(old, n); c != nil {
			d.Changes = append(d.Changes, c)
		}
	}
	for _, n := range from.Nodes {
		if to.byKey[n.Key] == nil {
			d.Changes = append(d.Changes, &Change{Key: n.Key, What: Removed, From: n})
		}
	}
	d.order(from, to)
	return d
}

// order notes how the nodes of both files are ordered.
func (d *Difference) order(from, to *File) {
	place := make(map[Key]int, len(from.Nodes))
	for i, n := range from.Nodes {
		place[n.Key] = i
	}
	var common []int
	natural, added := true, false
	for _, n := range to.Nodes {
		at, there := place[n.Key]
		switch {
		case !there:
			added = true
		default:
			natural = natural && !added && (len(common) == 0 || common[len(common)-1] < at)
			common = append(common, at)
		}
	}
	if natural {
		return
	}
	d.Reordered = len(common) - len(rising(common))
	d.Order = make([]Key, len(to.Nodes))
	for i, n := range to.Nodes {
		d.Order[i] = n.Key
	}
}

// compareNodes is nil where the nodes are the same.
func compareNodes(from, to *Node) *Change {
	if from.Raw != nil && bytes.Equal(from.Raw, to.Raw) {
		return nil
	}
	c := &Change{Key: to.Key, What: Changed, From: from, To: to}
	if from.Members == nil || to.Members == nil {
		return c.whole()
	}
	was := finder(from.Members)
	for _, m := range to.Members {
		if old := was(m.Name); !sameValue(old, m.Value) {
			c.edit(Edit{Name: m.Name, From: old, To: m.Value})
		}
	}
	is := finder(to.Members)
	for _, m := range from.Members {
		if is(m.Name) == nil {
			c.edit(Edit{Name: m.Name, From: m.Value})
		}
	}
	if c.Flow == nil && c.Group == nil && c.Wires == nil && c.Members == nil && len(c.Properties) == 0 {
		if len(c.Position) == 0 {
			return nil
		}
		c.What = Moved
	}
	return c
}

// whole compares entries of which one is no object: there is no property to name.
func (c *Change) whole() *Change {
	if sameValue(c.From.appendJSON(nil), c.To.appendJSON(nil)) {
		return nil
	}
	c.Whole = &Edit{From: c.From.appendJSON(nil), To: c.To.appendJSON(nil)}
	return c
}

// edit files a property under what it means.
func (c *Change) edit(e Edit) {
	switch e.Name {
	case "z":
		c.Flow = &e
		return
	case "g":
		c.Group = &e
		return
	case "x", "y", "w", "h":
		c.Position = append(c.Position, e)
		return
	case "wires":
		if c.Wires = wireEdit(e); c.Wires != nil {
			return
		}
	case "nodes":
		from, ok := texts(e.From)
		to, both := texts(e.To)
		if ok && both && c.Node().Type == "group" {
			c.Members = listEdit(from, to)
			return
		}
	}
	c.Properties = append(c.Properties, e)
}

// Spelled tells a node that was added or removed property by property, as one
// that differs from nothing; any other is told so already.
func (c *Change) Spelled() *Change {
	if c.What != Added && c.What != Removed {
		return c
	}
	out := &Change{Key: c.Key, What: c.What, From: c.From, To: c.To}
	for _, m := range c.Node().Members {
		e := Edit{Name: m.Name}
		switch m.Name {
		case "id", "type", "z", "g", "x", "y", "w", "h":
			continue
		case "wires", "nodes":
			e.From, e.To = []byte("[]"), []byte("[]")
		}
		if c.What == Added {
			e.To = m.Value
		} else {
			e.From = m.Value
		}
		out.edit(e)
	}
	return out
}

// finder looks members up by name.
func finder(members []Member) func(string) []byte {
	if len(members) <= fewMembers {
		return func(name string) []byte { return valueOf(members, name) }
	}
	at := index(members)
	return func(name string) []byte {
		if i, ok := at[name]; ok {
			return members[i].Value
		}
		return nil
	}
}

// rising is the places of a longest rising run in a list: what is not in it was
// moved.
func rising(list []int) []int {
	var tails []int // of the runs of each length, the place of the smallest last number
	before := make([]int, len(list))
	for i, v := range list {
		at, _ := slices.BinarySearchFunc(tails, v, func(t, v int) int { return list[t] - v })
		before[i] = -1
		if at > 0 {
			before[i] = tails[at-1]
		}
		if at == len(tails) {
			tails = append(tails, i)
		} else {
			tails[at] = i
		}
	}
	out := make([]int, len(tails))
	for i, at := len(tails)-1, last(tails); i >= 0; i, at = i-1, before[at] {
		out[i] = at
	}
	return out
}

func last(list []int) int {
	if len(list) == 0 {
		return -1
	}
	return list[len(list)-1]
}
