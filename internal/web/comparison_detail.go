package web

import (
	"strings"
	"unicode/utf8"

	"leat/api"
	"leat/internal/flow"
)

// detail tells what differs in each node, while there is room: in those that
// changed first, then in those that were added, then in those that are gone.
func (v *differ) detail() {
	for _, what := range []flow.What{flow.Changed, flow.Added, flow.Removed} {
		for _, p := range v.pending {
			switch {
			case p.change.What != what:
			case v.room.all <= 0:
				v.cut.Details++
				if p.node != nil {
					p.node.Cut = true
				}
			case p.flow != nil:
				v.detailFlow(p.flow, p.change.Spelled())
			default:
				v.detailNode(p.node, p.change.Spelled())
			}
		}
	}
}

func (v *differ) detailFlow(out *api.FlowDiff, c *flow.Change) {
	properties, code := v.properties(c)
	out.Properties = append(out.Properties, properties...)
	out.Code = append(out.Code, code...)
}

func (v *differ) detailNode(out *api.NodeDiff, c *flow.Change) {
	before := v.cut.Values
	if c.Wires != nil {
		for _, p := range c.Wires.Ports {
			if v.full() {
				break
			}
			out.Wires = append(out.Wires, api.WireDiff{
				Port: p.Port, Added: v.refs(v.ToFile, p.Added), Removed: v.refs(v.FromFile, p.Removed), Reordered: p.Reordered(),
			})
		}
	}
	if m := c.Members; m != nil {
		out.Members = &api.MemberDiff{Added: v.refs(v.ToFile, m.Added), Removed: v.refs(v.FromFile, m.Removed), Reordered: m.Reordered()}
	}
	out.Properties, out.Code = v.properties(c)
	out.Cut = v.cut.Values > before
}

// full reports, and counts, a value for which there is no room any more.
func (v *differ) full() bool {
	if v.room.all <= 0 {
		v.cut.Values++
	}
	return v.room.all <= 0
}

func (v *differ) spend(n int) { v.room.all -= n }

// properties tells edits as values, and those that are read line by line as
// texts.
func (v *differ) properties(c *flow.Change) (fields []api.FieldDiff, code []api.TextDiff) {
	edits := c.Properties
	if c.Whole != nil {
		edits = append(edits, *c.Whole)
	}
	for _, e := range edits {
		if v.full() {
			break
		}
		if r, ok := c.ReadingOf(e); ok {
			code = append(code, v.text(e.Name, r))
		} else {
			fields = append(fields, v.field(e))
		}
	}
	return fields, code
}

func (v *differ) field(e flow.Edit) api.FieldDiff {
	out := api.FieldDiff{Name: e.Name, From: e.From, To: e.To}
	if len(e.From) > v.room.value {
		out.From, out.FromSize = nil, len(e.From)
	}
	if len(e.To) > v.room.value {
		out.To, out.ToSize = nil, len(e.To)
	}
	if out.FromSize+out.ToSize > 0 {
		v.cut.Values++
	}
	v.spend(len(out.From) + len(out.To) + len(out.Name) + 40)
	return out
}

func (v *differ) text(name string, r *flow.Reading) api.TextDiff {
	out := api.TextDiff{Property: name, Language: string(r.Language), Hunks: []api.TextHunk{}}
	shown, short := 0, false
	for _, h := range flow.Lines(r.From, r.To) {
		hunk := api.TextHunk{From: h.From, To: h.To, Lines: []api.TextLine{}}
		for _, l := range h.Lines {
			line := api.TextLine{Change: "same", Text: l.Text}
			switch l.What {
			case flow.Added:
				out.Added++
				line.Change = "added"
			case flow.Removed:
				out.Removed++
				line.Change = "removed"
			}
			if shown == v.room.lines {
				out.Cut++
				continue
			}
			shown++
			if len(line.Text) > v.room.value {
				line.Text, short = beginning(line.Text, v.room.value), true
			}
			v.spend(len(line.Text) + 40)
			hunk.Lines = append(hunk.Lines, line)
		}
		if len(hunk.Lines) > 0 {
			out.Hunks = append(out.Hunks, hunk)
		}
	}
	if short || out.Cut > 0 {
		v.cut.Values++
	}
	return out
}

// beginning is the front of a text, cut between characters.
func beginning(text string, size int) string {
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return strings.ToValidUTF8(text[:size], "\uFFFD") + "…"
}
