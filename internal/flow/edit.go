package flow

import "slices"

// ListEdit is how a list of ids differs.
type ListEdit struct {
	Added, Removed []string
	// Order is the whole list after; nothing where it is the list before without
	// what was removed and with what was added behind.
	Order []string
}

// PortEdit is the wires of one output, counted from 0.
type PortEdit struct {
	Port int
	ListEdit
}

// WireEdit is how the wires of a node differ. From and To are how many outputs
// have a list of wires.
type WireEdit struct {
	From, To int
	Ports    []PortEdit
}

// Reordered reports whether the list holds the same in another order.
func (e *ListEdit) Reordered() bool {
	return e.Order != nil && len(e.Added) == 0 && len(e.Removed) == 0
}

// listEdit is nil where the lists are the same.
func listEdit(from, to []string) *ListEdit {
	if slices.Equal(from, to) {
		return nil
	}
	e := &ListEdit{Added: without(to, from), Removed: without(from, to)}
	if !slices.Equal(e.natural(from), to) {
		e.Order = to
	}
	return e
}

// without is what list holds more often than other, as often.
func without(list, other []string) []string {
	count := make(map[string]int, len(other))
	for _, v := range other {
		count[v]++
	}
	var out []string
	for _, v := range list {
		if count[v]--; count[v] < 0 {
			out = append(out, v)
		}
	}
	return out
}

func (e *ListEdit) natural(from []string) []string {
	return append(without(from, e.Removed), e.Added...)
}

func (e *ListEdit) apply(from []string) []string {
	if e.Order != nil {
		return e.Order
	}
	return e.natural(from)
}

// wireEdit is nil where the wires are not lists of ids on both sides.
func wireEdit(e Edit) *WireEdit {
	from, ok := ports(e.From)
	to, both := ports(e.To)
	if !ok || !both {
		return nil
	}
	w := &WireEdit{From: len(from), To: len(to)}
	for p := range max(len(from), len(to)) {
		if edit := listEdit(port(from, p), port(to, p)); edit != nil {
			w.Ports = append(w.Ports, PortEdit{p, *edit})
		}
	}
	return w
}

func port(wires [][]string, n int) []string {
	if n < len(wires) {
		return wires[n]
	}
	return nil
}

func (w *WireEdit) apply(from [][]string) [][]string {
	out := make([][]string, w.To)
	for p := range out {
		out[p] = port(from, p)
	}
	for _, e := range w.Ports {
		if e.Port < len(out) {
			out[e.Port] = e.apply(port(from, e.Port))
		}
	}
	return out
}
