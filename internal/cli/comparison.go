package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"leat/api"
)

// showComparison answers with how two versions differ.
func (p printer) showComparison(c *api.Comparison) error {
	if p.format != "table" {
		return p.encode(c)
	}
	for _, line := range p.comparison(c) {
		if _, err := fmt.Fprintln(p.out, line); err != nil {
			return err
		}
	}
	return nil
}

// comparison writes a comparison as lines for people: what was added begins with
// +, what was removed with -, what changed with ~ and what only moved with >.
func (p printer) comparison(c *api.Comparison) []string {
	w := &comparisonWriter{printer: p}
	w.line(0, red, "--- "+p.side(c.From))
	w.line(0, green, "+++ "+p.side(c.To))
	w.line(0, plain, "")
	if c.Identical {
		w.line(0, plain, "They are the same.")
		w.notes(c)
		return w.lines
	}
	w.line(0, bold, comparisonSummary(c.Summary))
	w.flows(c.Flows)
	w.part("Configuration", len(c.Configuration), func() {
		for _, n := range c.Configuration {
			w.node(1, n)
		}
	})
	w.modules(c)
	w.part("Environment", len(c.Environment), func() {
		for _, v := range c.Environment {
			w.variable(v)
		}
	})
	w.settings(c)
	w.part("Credentials", len(c.Credentials), func() {
		for _, d := range c.Credentials {
			w.mark(1, d.Change, named(d.Type, d.Label))
		}
	})
	w.notes(c)
	return w.lines
}

// comparisonWriter collects the lines of a comparison.
type comparisonWriter struct {
	printer
	lines []string
}

func (w *comparisonWriter) line(depth int, c color, text string) {
	w.lines = append(w.lines, strings.TrimRight(strings.Repeat("  ", depth)+w.paint(c, clean(text)), " "))
}

// mark writes a line under the sign of a change.
func (w *comparisonWriter) mark(depth int, change, text string) {
	signs := map[string]string{"added": "+ ", "removed": "- ", "changed": "~ ", "moved": "> "}
	c := stateColor(change)
	if change == "moved" {
		c = blue
	}
	w.line(depth, c, signs[change]+text)
}

func (w *comparisonWriter) part(title string, n int, write func()) {
	if n == 0 {
		return
	}
	w.line(0, plain, "")
	w.line(0, bold, title)
	write()
}

// side names a version.
func (p printer) side(s api.ComparisonSide) string {
	name := s.Name
	switch {
	case s.Snapshot == "":
		name = "instance " + s.Name + " as it is now"
	case name == "":
		name = "snapshot " + s.Snapshot
	default:
		name = "snapshot " + name
	}
	if s.Snapshot != "" && s.InstanceName != "" {
		name += " of " + s.InstanceName
	}
	if s.Author != "" {
		name += ", by " + s.Author
	}
	if !s.CreatedAt.IsZero() {
		name += ", " + p.when(s.CreatedAt)
	}
	return name
}

// comparisonSummary counts what differs, in one line.
func comparisonSummary(s api.ComparisonSummary) string {
	var out []string
	add := func(n int, one, more string) {
		switch {
		case n == 1:
			out = append(out, "1 "+one)
		case n > 1:
			out = append(out, fmt.Sprintf("%d %s", n, more))
		}
	}
	add(s.Added, "node added", "nodes added")
	add(s.Removed, "removed", "removed")
	add(s.Changed, "changed", "changed")
	add(s.Moved, "only moved", "only moved")
	add(s.Modules, "module", "modules")
	add(s.IndirectModules, "module that others need", "modules that others need")
	add(s.Environment, "variable", "variables")
	add(s.Settings, "setting", "settings")
	add(s.Credentials, "node's credentials", "nodes' credentials")
	if len(out) == 0 {
		return "No node differs."
	}
	return strings.Join(out, ", ")
}

func (w *comparisonWriter) flows(list []api.FlowDiff) {
	for _, f := range list {
		if f.Change == "same" {
			continue
		}
		w.line(0, plain, "")
		title := f.Kind + " " + f.Label
		if f.Kind == "missing" {
			title = "nodes on no tab"
		}
		if f.Order != nil {
			title += fmt.Sprintf(" (place %d → %d)", f.Order.From+1, f.Order.To+1)
		}
		w.mark(0, f.Change, title)
		w.details(2, f.Properties, f.Code)
		for _, n := range f.Groups {
			w.node(1, n)
		}
		for _, n := range f.Nodes {
			w.node(1, n)
		}
		for _, n := range f.Left {
			w.line(1, dim, "  "+named(n.Type, n.Label)+" went to another flow")
		}
	}
}

// node writes a node that differs, and how.
func (w *comparisonWriter) node(depth int, n api.NodeDiff) {
	title := named(n.Type, n.Label)
	if n.Users > 0 {
		title += fmt.Sprintf(" (used by %d)", n.Users)
	}
	w.mark(depth, n.Change, title)
	if n.Change == "removed" {
		return
	}
	if n.Moved {
		w.line(depth+2, dim, "moved: "+positions(n.Position))
	}
	if n.Flow != nil {
		w.line(depth+2, plain, "flow: "+refs(n.Flow))
	}
	if n.Group != nil {
		w.line(depth+2, plain, "group: "+refs(n.Group))
	}
	for _, d := range n.Wires {
		w.links(depth+2, fmt.Sprintf("wires of output %d", d.Port+1), d.Added, d.Removed, d.Reordered)
	}
	if m := n.Members; m != nil {
		w.links(depth+2, "nodes", m.Added, m.Removed, m.Reordered)
	}
	w.details(depth+2, n.Properties, n.Code)
	if n.Credentials {
		w.line(depth+2, plain, "credentials differ")
	}
	if n.Cut {
		w.line(depth+2, dim, "too much to show; ask for this node alone with --node "+n.ID)
	}
}

func (w *comparisonWriter) links(depth int, what string, added, removed []api.NodeRef, reordered bool) {
	var out []string
	for _, n := range added {
		out = append(out, w.paint(green, "+ "+clean(refName(n))))
	}
	for _, n := range removed {
		out = append(out, w.paint(red, "- "+clean(refName(n))))
	}
	if reordered {
		out = append(out, "in another order")
	}
	w.lines = append(w.lines, strings.Repeat("  ", depth)+what+": "+strings.Join(out, ", "))
}

func (w *comparisonWriter) details(depth int, fields []api.FieldDiff, code []api.TextDiff) {
	for _, f := range fields {
		w.line(depth, plain, f.Name+": "+fieldValues(f))
	}
	for _, t := range code {
		w.line(depth, plain, fmt.Sprintf("%s: +%d -%d lines", t.Property, t.Added, t.Removed))
		for _, h := range t.Hunks {
			w.line(depth+1, dim, fmt.Sprintf("@@ -%d +%d @@", h.From, h.To))
			for _, l := range h.Lines {
				w.codeLine(depth+1, l)
			}
		}
		if t.Cut > 0 {
			w.line(depth+1, dim, fmt.Sprintf("… %d more lines", t.Cut))
		}
	}
}

func (w *comparisonWriter) codeLine(depth int, l api.TextLine) {
	switch l.Change {
	case "added":
		w.line(depth, green, "+"+l.Text)
	case "removed":
		w.line(depth, red, "-"+l.Text)
	default:
		w.line(depth, plain, " "+l.Text)
	}
}

func (w *comparisonWriter) modules(c *api.Comparison) {
	w.part("Modules", len(c.Modules), func() {
		for _, m := range c.Modules {
			switch {
			case m.Direct && m.Change == "removed":
				w.mark(1, m.Change, m.Name+" "+m.From)
			case m.Direct:
				w.mark(1, m.Change, m.Name+" "+fromTo(m.From, m.To))
			}
		}
		if n := c.Summary.IndirectModules; n > 0 {
			w.line(1, dim, fmt.Sprintf("and %d that others need", n))
		}
	})
}

func (w *comparisonWriter) variable(v api.VariableDiff) {
	value := func(text *string, hidden bool) string {
		switch {
		case hidden:
			return "(hidden)"
		case text == nil:
			return ""
		}
		return oneLine(*text)
	}
	from, to := value(v.From, v.FromHidden), value(v.To, v.ToHidden)
	switch {
	case v.Change == "changed" && v.FromHidden && v.ToHidden:
		w.mark(1, v.Change, v.Name+" (hidden value)")
	case v.Change == "changed":
		w.mark(1, v.Change, v.Name+" "+from+" → "+to)
	default:
		w.mark(1, v.Change, v.Name+" "+from+to)
	}
}

func (w *comparisonWriter) settings(c *api.Comparison) {
	w.part("Settings", c.Summary.Settings, func() {
		for _, f := range c.Settings {
			w.mark(1, "changed", f.Name+" "+fieldValues(f))
		}
		if c.Stack == nil {
			return
		}
		w.mark(1, "changed", "stack "+fromTo(stackName(c.Stack.From), stackName(c.Stack.To)))
	})
}

// notes say what was not compared or is not shown.
func (w *comparisonWriter) notes(c *api.Comparison) {
	var notes []string
	if !c.SecretsCompared {
		notes = append(notes, "Whether secrets are the same was not compared.")
	}
	if len(c.Absent) > 0 {
		notes = append(notes, "One of the two does not have: "+strings.Join(c.Absent, ", ")+".")
	}
	if cut := c.Cut; cut != nil {
		notes = append(notes, fmt.Sprintf("Too much to show: %d nodes are not listed, of %d the details are left out, %d values are cut.", cut.Nodes, cut.Details, cut.Values))
	}
	for i, note := range notes {
		if i == 0 {
			w.line(0, plain, "")
		}
		w.line(0, dim, note)
	}
}

func named(kind, label string) string {
	if label == "" || label == kind {
		return kind
	}
	return kind + " " + label
}

func refName(n api.NodeRef) string {
	if n.Label != "" {
		return n.Label
	}
	return n.ID
}

func refs(d *api.RefDiff) string {
	name := func(id, label string) string {
		switch {
		case id == "":
			return "none"
		case label == "":
			return id
		}
		return label
	}
	return name(d.From, d.FromLabel) + " → " + name(d.To, d.ToLabel)
}

func positions(list []api.FieldDiff) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = f.Name + " " + fieldValues(f)
	}
	return strings.Join(out, ", ")
}

// fieldValues is what a property was and is.
func fieldValues(f api.FieldDiff) string {
	return fromTo(fieldValue(f.From, f.FromSize), fieldValue(f.To, f.ToSize))
}

func fieldValue(value json.RawMessage, size int) string {
	if size > 0 {
		return fmt.Sprintf("(%d bytes)", size)
	}
	return oneLine(string(value))
}

func fromTo(from, to string) string {
	switch {
	case from == "":
		return to
	case to == "":
		return from + " → none"
	}
	return from + " → " + to
}

// oneLine is a value on one line, cut where it is long.
func oneLine(text string) string {
	const most = 120
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func stackName(value json.RawMessage) string {
	var st api.SnapshotStack
	if json.Unmarshal(value, &st) != nil {
		return ""
	}
	switch {
	case st.Name != "":
		return st.Name
	case st.ID != "":
		return st.ID
	}
	return st.Digest[:min(len(st.Digest), 12)]
}
