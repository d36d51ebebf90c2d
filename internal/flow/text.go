package flow

import (
	"slices"
	"strings"
)

// Line is a line of a text difference: on both sides, added or removed.
type Line struct {
	What What // Added, Removed, or "" on both sides
	Text string
}

// Hunk is a run of lines with what surrounds it. From and To number its first
// line on each side, counted from 1.
type Hunk struct {
	From, To int
	Lines    []Line
}

const (
	// surroundings is how many lines that are the same stand around a change.
	surroundings = 3
	// mostSteps bounds the search for the shortest difference. Texts that differ
	// in more lines are told in larger pieces.
	mostSteps = 600
)

// Lines tells how a text differs from another, line by line. Its work is bounded,
// whatever the texts are.
func Lines(from, to string) []Hunk {
	a, b := split(from), split(to)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if head == len(a) && head == len(b) {
		return nil
	}
	same := make([]bool, len(a)) // which lines of a are in b
	twin := make([]int, len(a))  // and where
	keep := func(i, j int) { same[i], twin[i] = true, j }
	for i := range head {
		keep(i, i)
	}
	for i := range tail {
		keep(len(a)-1-i, len(b)-1-i)
	}
	search{a, b, keep}.between(head, len(a)-tail, head, len(b)-tail)
	return hunks(a, b, same, twin)
}

// split cuts a text into lines; a text that ends with the end of a line has an
// empty one behind it, so that a missing end is a difference too.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

type search struct {
	a, b []string
	keep func(i, j int)
}

// between finds the lines that a[i:m] and b[j:n] share: by the shortest
// difference, and where that is too far away by the lines that each has once.
func (s search) between(i, m, j, n int) {
	if i == m || j == n || s.shortest(i, m, j, n) {
		return
	}
	at, from := i, j
	for _, pair := range s.anchors(i, m, j, n) {
		if pair[0] < at || pair[1] < from {
			continue
		}
		x, y := pair[0], pair[1]
		for x > at && y > from && s.a[x-1] == s.b[y-1] {
			x, y = x-1, y-1
		}
		s.short(at, x, from, y)
		for x < m && y < n && s.a[x] == s.b[y] {
			s.keep(x, y)
			x, y = x+1, y+1
		}
		at, from = x, y
	}
	s.short(at, m, from, n)
}

// short searches a gap between anchors, and leaves it different if that is long.
func (s search) short(i, m, j, n int) {
	if i < m && j < n && m-i+n-j <= mostSteps {
		s.shortest(i, m, j, n)
	}
}

// shortest is the greedy algorithm of Myers, within mostSteps. It keeps nothing
// where it does not come to the end.
func (s search) shortest(i, m, j, n int) bool {
	most := min(m-i+n-j, mostSteps)
	reach := make([]int, 2*most+3) // the furthest x on each diagonal, -most-1 to most+1
	middle := most + 1
	var trace [][]int
	for d := 0; d <= most; d++ {
		trace = append(trace, slices.Clone(reach[middle-d-1:middle+d+2]))
		for k := -d; k <= d; k += 2 {
			x := step(reach, middle, d, k)
			for x < m-i && x-k < n-j && s.a[i+x] == s.b[j+x-k] {
				x++
			}
			reach[middle+k] = x
			if x >= m-i && x-k >= n-j {
				s.walkBack(i, j, x, x-k, trace)
				return true
			}
		}
	}
	return false
}

// step is where on diagonal k the d-th edit leads: from the one beside it that
// reached further.
func step(reach []int, middle, d, k int) int {
	switch {
	case d == 0:
		return 0
	case k == -d || k != d && reach[middle+k-1] < reach[middle+k+1]:
		return reach[middle+k+1]
	}
	return reach[middle+k-1] + 1
}

// walkBack keeps the lines along the way that shortest found: trace holds what
// was reached before each edit.
func (s search) walkBack(i, j, x, y int, trace [][]int) {
	for d := len(trace) - 1; d >= 0; d-- {
		k := x - y
		px := step(trace[d], d+1, d, k)
		for x > px {
			x, y = x-1, y-1
			s.keep(i+x, j+y)
		}
		if d > 0 && (k == -d || k != d && trace[d][d+k] < trace[d][d+k+2]) {
			y--
		} else {
			x--
		}
	}
}

// anchors are pairs of lines that each side has once, in an order that both
// share.
func (s search) anchors(i, m, j, n int) [][2]int {
	type seen struct{ a, b, at, in int }
	lines := map[string]*seen{}
	for x := i; x < m; x++ {
		l := lines[s.a[x]]
		if l == nil {
			l = &seen{}
			lines[s.a[x]] = l
		}
		l.a, l.at = l.a+1, x
	}
	for y := j; y < n; y++ {
		if l := lines[s.b[y]]; l != nil {
			l.b, l.in = l.b+1, y
		}
	}
	var pairs [][2]int
	var order []int
	for x := i; x < m; x++ {
		if l := lines[s.a[x]]; l.a == 1 && l.b == 1 {
			pairs, order = append(pairs, [2]int{x, l.in}), append(order, l.in)
		}
	}
	var out [][2]int
	for _, at := range rising(order) {
		out = append(out, pairs[at])
	}
	return out
}

// hunks writes down what differs. same tells which lines of a stay, twin where
// each is in b.
func hunks(a, b []string, same []bool, twin []int) []Hunk {
	var out []Hunk
	var h *Hunk
	quiet := 0 // lines that are the same since the last that is not
	add := func(what What, text string, x, y int) {
		if h == nil {
			lead := min(surroundings, x)
			out = append(out, Hunk{From: x - lead + 1, To: y - lead + 1})
			h = &out[len(out)-1]
			for _, line := range a[x-lead : x] {
				h.Lines = append(h.Lines, Line{Text: line})
			}
		}
		quiet = 0
		h.Lines = append(h.Lines, Line{what, text})
	}
	x, y := 0, 0
	for x < len(a) || y < len(b) {
		switch {
		case x < len(a) && !same[x]:
			add(Removed, a[x], x, y)
			x++
		case y < len(b) && (x == len(a) || twin[x] > y):
			add(Added, b[y], x, y)
			y++
		default:
			if h != nil {
				h.Lines = append(h.Lines, Line{Text: a[x]})
				if quiet++; quiet > 2*surroundings {
					h.Lines = h.Lines[:len(h.Lines)-quiet+surroundings]
					h = nil
				}
			}
			x, y = x+1, y+1
		}
	}
	if h != nil && quiet > surroundings {
		h.Lines = h.Lines[:len(h.Lines)-quiet+surroundings]
	}
	return out
}
