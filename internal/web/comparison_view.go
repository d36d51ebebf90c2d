package web

import (
	"cmp"
	"slices"

	"leat/api"
	"leat/internal/control"
	"leat/internal/flow"
)

// How much of a comparison is told. Whoever wants more of one node asks for it.
const (
	mostNodes  = 20_000
	mostOthers = 5_000
)

// room is how much of the details of nodes is told: bytes in all, bytes of one
// value, lines of one text.
type room struct{ all, value, lines int }

var (
	roomForAll = room{2 << 20, 2 << 10, 400}
	roomForOne = room{16 << 20, 1 << 20, 20_000}
)

// comparisonView shows a comparison, or one node of it.
func comparisonView(c *control.Comparison, node string) *api.Comparison {
	v := &differ{Comparison: c, room: roomForAll, only: node, flows: map[string]*flow.Node{}}
	if node != "" {
		v.room = roomForOne
	}
	out := &api.Comparison{
		From: c.From, To: c.To, Identical: c.Identical, SecretsCompared: c.SecretsCompared, Summary: v.summary(),
		Flows: []api.FlowDiff{}, Configuration: []api.NodeDiff{},
		Modules: []api.ModuleDiff{}, Environment: []api.VariableDiff{}, Settings: []api.FieldDiff{}, Credentials: []api.CredentialDiff{}, Absent: []string{},
	}
	v.place(out)
	v.detail()
	if node == "" {
		out.Stack, out.Absent = c.Stack, append(out.Absent, c.Absent...)
		out.Settings = append(out.Settings, c.Settings...)
		out.Modules = append(out.Modules, c.Modules[:v.others(len(c.Modules))]...)
		out.Environment = append(out.Environment, c.Environment[:v.others(len(c.Environment))]...)
		v.credentials(out)
	}
	if v.cut != (api.ComparisonCut{}) {
		out.Cut = &v.cut
	}
	return out
}

// differ builds the view of one comparison.
type differ struct {
	*control.Comparison
	room  room
	only  string
	cut   api.ComparisonCut
	nodes int
	// flows finds tabs and subflows by id; pending are what still lacks details.
	flows   map[string]*flow.Node
	pending []pending
	users   [2]map[string][]*flow.Node
}

// pending is a node or a flow whose details are still to be told, as far as
// there is room: the ones that changed first, then added, then removed ones.
type pending struct {
	change *flow.Change
	node   *api.NodeDiff
	flow   *api.FlowDiff
}

func (v *differ) others(n int) int {
	if n > mostOthers {
		v.cut.Others += n - mostOthers
		return mostOthers
	}
	return n
}

func (v *differ) summary() api.ComparisonSummary {
	out := api.ComparisonSummary{
		Reordered: v.Flows.Reordered, Environment: len(v.Environment), Settings: len(v.Settings), Credentials: len(v.Credentials),
	}
	if v.Stack != nil {
		out.Settings++
	}
	for _, m := range v.Modules {
		if m.Direct {
			out.Modules++
		} else {
			out.IndirectModules++
		}
	}
	for _, c := range v.Flows.Changes {
		kind := c.Node().Kind()
		if kind == flow.Tab || kind == flow.Subflow {
			continue
		}
		if kind == flow.Configuration {
			out.Configuration++
		}
		count(c.What, &out.Added, &out.Removed, &out.Changed, &out.Moved)
	}
	return out
}

func count(what flow.What, added, removed, changed, moved *int) {
	switch what {
	case flow.Added:
		*added++
	case flow.Removed:
		*removed++
	case flow.Changed:
		*changed++
	case flow.Moved:
		*moved++
	}
}

// place lists what differs where it stands, without details.
func (v *differ) place(out *api.Comparison) {
	sections, configuration := v.Flows.Sections(v.FromFile, v.ToFile)
	for _, s := range sections {
		if s.Node != nil {
			v.flows[s.ID] = s.Node
		}
		if what := s.What(); what != "" && what != flow.Moved {
			out.Summary.Flows++
		}
	}
	// The details are told through pointers into these lists: they never grow later.
	out.Flows = make([]api.FlowDiff, 0, len(sections))
	for _, s := range sections {
		if v.nodes++; v.nodes > mostNodes {
			v.cut.Nodes++
			continue
		}
		d := v.flow(s)
		if v.only != "" && v.only != s.ID && len(d.Nodes)+len(d.Groups) == 0 {
			continue
		}
		out.Flows = append(out.Flows, d)
		if s.Own != nil && (v.only == "" || v.only == s.ID) {
			v.pending = append(v.pending, pending{change: s.Own, flow: &out.Flows[len(out.Flows)-1]})
		}
	}
	v.findUsers(configuration)
	out.Configuration = v.list(configuration)
}

func (v *differ) flow(s *flow.Section) api.FlowDiff {
	out := api.FlowDiff{
		ID: s.ID, Kind: string(s.Kind), Label: v.flowLabel(s.ID), Change: cmp.Or(string(s.What()), "same"),
		Properties: []api.FieldDiff{}, Code: []api.TextDiff{}, Left: []api.NodeRef{},
	}
	if s.Order != nil {
		out.Order = &api.OrderDiff{From: s.Order.From, To: s.Order.To}
	}
	for _, c := range slices.Concat(s.Nodes, s.Groups) {
		count(c.What, &out.Added, &out.Removed, &out.Changed, &out.Moved)
	}
	out.Nodes, out.Groups = v.list(s.Nodes), v.list(s.Groups)
	for _, n := range s.Left {
		if v.only == "" && !v.full() {
			v.spend(100)
			out.Left = append(out.Left, v.ref(n))
		}
	}
	return out
}

// list lists nodes that differ; their details follow.
func (v *differ) list(changes []*flow.Change) []api.NodeDiff {
	out := make([]api.NodeDiff, 0, len(changes))
	for _, c := range changes {
		if v.only != "" && v.only != c.Key.ID {
			continue
		}
		if v.nodes++; v.nodes > mostNodes {
			v.cut.Nodes++
			continue
		}
		out = append(out, v.node(c))
		v.pending = append(v.pending, pending{change: c, node: &out[len(out)-1]})
	}
	return out
}

func (v *differ) node(c *flow.Change) api.NodeDiff {
	n := c.Node()
	out := api.NodeDiff{
		ID: c.Key.ID, Kind: string(n.Kind()), Type: n.Type, Label: v.label(n), Change: string(c.What), Moved: c.Repositioned(),
		Credentials: v.Credentials[c.Key.ID] != "",
	}
	for _, e := range c.Position {
		out.Position = append(out.Position, v.field(e))
	}
	if c.Flow != nil {
		out.Flow = &api.RefDiff{From: c.From.Flow, To: c.To.Flow, FromLabel: v.flowLabel(c.From.Flow), ToLabel: v.flowLabel(c.To.Flow)}
	}
	if c.Group != nil {
		out.Group = &api.RefDiff{
			From: c.From.Group, To: c.To.Group,
			FromLabel: groupLabel(v.FromFile, c.From.Group), ToLabel: groupLabel(v.ToFile, c.To.Group),
		}
	}
	if n.Kind() == flow.Configuration {
		users := v.users[0][c.Key.ID]
		if c.To == nil {
			users = v.users[1][c.Key.ID]
		}
		out.Users = len(users)
		for _, u := range users[:min(len(users), mostUsers)] {
			out.UsedBy = append(out.UsedBy, v.ref(u))
		}
	}
	return out
}

// mostUsers is how many users of a configuration node are named.
const mostUsers = 20

// findUsers looks up who uses the configuration nodes that differ: now, and for
// those that are gone before.
func (v *differ) findUsers(changes []*flow.Change) {
	ids := [2]map[string]bool{{}, {}}
	for _, c := range changes {
		side := 0
		if c.To == nil {
			side = 1
		}
		ids[side][c.Key.ID] = v.only == "" || v.only == c.Key.ID
	}
	v.users[0], v.users[1] = v.ToFile.Users(ids[0]), v.FromFile.Users(ids[1])
}

// label is what people call a node, by the file that has it.
func (v *differ) label(n *flow.Node) string {
	if v.ToFile.Node(n.Key.ID) == n {
		return v.ToFile.Label(n)
	}
	return v.FromFile.Label(n)
}

func (v *differ) flowLabel(id string) string {
	if n := v.flows[id]; n != nil {
		return v.label(n)
	}
	return ""
}

func groupLabel(f *flow.File, id string) string {
	if n := f.Node(id); n != nil && n.Text("name") != "" {
		return n.Text("name")
	}
	return ""
}

func (v *differ) ref(n *flow.Node) api.NodeRef {
	return api.NodeRef{ID: n.Key.ID, Type: n.Type, Label: v.label(n), Flow: n.Flow}
}

// refs names nodes by their ids, as the file knows them, as far as there is room.
func (v *differ) refs(f *flow.File, ids []string) []api.NodeRef {
	out := []api.NodeRef{}
	for _, id := range ids {
		if v.full() {
			break
		}
		v.spend(100 + len(id))
		if n := f.Node(id); n != nil {
			out = append(out, v.ref(n))
		} else {
			out = append(out, api.NodeRef{ID: id})
		}
	}
	return out
}

func (v *differ) credentials(out *api.Comparison) {
	for id, what := range v.Credentials {
		d := api.CredentialDiff{Node: id, Change: string(what)}
		n := v.ToFile.Node(id)
		if n == nil {
			n = v.FromFile.Node(id)
		}
		if n != nil {
			d.Type, d.Label, d.Flow = n.Type, v.label(n), n.Flow
		}
		out.Credentials = append(out.Credentials, d)
	}
	slices.SortFunc(out.Credentials, func(a, b api.CredentialDiff) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Node, b.Node))
	})
	out.Credentials = out.Credentials[:v.others(len(out.Credentials))]
}
