package flow

import "slices"

// Missing is the kind of a section for nodes whose flow is in neither file.
const Missing Kind = "missing"

// Section is a tab or a subflow with what differs on it.
type Section struct {
	ID   string
	Kind Kind
	// Node is the tab or subflow as it is, or was; nil for a missing one.
	Node *Node
	// Own is how the tab or subflow itself differs; nil where it does not.
	Own *Change
	// Order is its place among its kind before and after, counted from 0; nil where
	// nobody moved it.
	Order  *Order
	Nodes  []*Change
	Groups []*Change
	// Left are nodes that stand on another flow now, where they are told.
	Left []*Node
	// gone is set where no tab or subflow of the second file has the id.
	gone bool
}

// Order is a place in a row before and after.
type Order struct{ From, To int }

// What tells how the section differs: Moved where only places do, "" where
// nothing does.
func (s *Section) What() What {
	if s.Own != nil && s.Own.What != Moved {
		return s.Own.What
	}
	if s.gone {
		return Removed
	}
	if len(s.Left) > 0 {
		return Changed
	}
	out := What("")
	if s.Order != nil || s.Own != nil {
		out = Moved
	}
	for _, c := range slices.Concat(s.Nodes, s.Groups) {
		if c.What != Moved {
			return Changed
		}
		out = Moved
	}
	return out
}

// Sections sorts a difference by tabs and subflows: all there are on either
// side, the tabs first, in the order of the second file; what was removed stands
// where it was. Configuration nodes are apart, and with them tabs that are no
// flow: without an id, or with that of another.
func (d *Difference) Sections(from, to *File) (flows []*Section, configuration []*Change) {
	l := &layout{by: map[string]*Section{}}
	for _, kind := range []Kind{Tab, Subflow} {
		l.add(kind, from, to)
	}
	for _, c := range d.Changes {
		l.place(c)
		switch n := c.Node(); n.Kind() {
		case Tab, Subflow:
			if s := l.by[c.Key.ID]; c.Key.Nth == 0 && s != nil && s.Kind != Missing {
				s.Own = c
			} else {
				configuration = append(configuration, c)
			}
		case Group:
			s := l.at(n)
			s.Groups = append(s.Groups, c)
		case Configuration:
			configuration = append(configuration, c)
		default:
			s := l.at(n)
			s.Nodes = append(s.Nodes, c)
		}
	}
	return l.sections, configuration
}

type layout struct {
	sections []*Section
	by       map[string]*Section
}

// add lists the flows of a kind.
func (l *layout) add(kind Kind, from, to *File) {
	was, is := flowsOf(from, kind), flowsOf(to, kind)
	place := make(map[string]int, len(was))
	for i, n := range was {
		place[n.Key.ID] = i
	}
	here := len(l.sections)
	var common, at []int
	for i, n := range is {
		s := &Section{ID: n.Key.ID, Kind: kind, Node: n}
		if before, there := place[n.Key.ID]; there {
			common, at = append(common, before), append(at, here+i)
			s.Order = &Order{before, i}
		}
		l.sections = append(l.sections, s)
		l.by[s.ID] = s
	}
	for _, stayed := range rising(common) {
		l.sections[at[stayed]].Order = nil
	}
	l.insertRemoved(kind, was, here)
}

// insertRemoved puts each flow that is gone behind the one it stood behind.
func (l *layout) insertRemoved(kind Kind, was []*Node, here int) {
	behind := map[string][]*Section{}
	before := ""
	for _, n := range was {
		if s := l.by[n.Key.ID]; s != nil {
			if s.Kind == kind {
				before = n.Key.ID
			}
			continue
		}
		s := &Section{ID: n.Key.ID, Kind: kind, Node: n, gone: true}
		l.by[s.ID] = s
		behind[before] = append(behind[before], s)
	}
	if len(behind) == 0 {
		return
	}
	out := append(slices.Clone(l.sections[:here]), behind[""]...)
	for _, s := range l.sections[here:] {
		out = append(append(out, s), behind[s.ID]...)
	}
	l.sections = out
}

// flowsOf are the tabs or subflows of a file, each id once.
func flowsOf(f *File, kind Kind) []*Node {
	var out []*Node
	for _, n := range f.Nodes {
		if n.Type == string(kind) && n.Key.Nth == 0 && n.Key.ID != "" {
			out = append(out, n)
		}
	}
	return out
}

// at finds the section that a node is told in.
func (l *layout) at(n *Node) *Section {
	id := n.Flow
	if l.by[id] == nil {
		l.by[id] = &Section{ID: id, Kind: Missing}
		l.sections = append(l.sections, l.by[id])
	}
	return l.by[id]
}

// place notes in the section that a node left that it did.
func (l *layout) place(c *Change) {
	if c.Flow != nil && c.From.Kind() != Configuration && c.To.Kind() != Configuration {
		s := l.at(c.From)
		s.Left = append(s.Left, c.To)
	}
}
