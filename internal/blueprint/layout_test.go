package blueprint_test

import (
	"math"
	"testing"
)

// box is the room that something takes on its tab.
type box struct {
	name                     string
	left, top, right, bottom float64
}

func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

func (b box) contains(o box) bool {
	return b.left <= o.left && b.right >= o.right && b.top <= o.top && b.bottom >= o.bottom
}

// draw says where the editor puts a node. Coordinates are its centre; the width
// follows the text, for which an average letter has to do.
func draw(n node) box {
	width := math.Max(100, 20*math.Ceil((float64(len([]rune(n.Name)))*6+57)/20))
	if n.Type == "link in" || n.Type == "link out" {
		width = 30
	}
	height := math.Max(30, 15*float64(len(n.Wires)))
	b := box{n.Name, n.X - width/2, n.Y - height/2, n.X + width/2, n.Y + height/2}
	if n.Type == "inject" {
		b.left -= 25 // its button
	}
	return b
}

func TestNodesDoNotOverlap(t *testing.T) {
	each(t, func(t *testing.T, p plan) {
		tabs := map[string][]box{}
		for _, n := range p.nodes {
			if n.Tab == "" || n.Type == "group" {
				continue
			}
			b := draw(n)
			if b.left < 0 || b.top < 0 {
				t.Errorf("%q lies outside the canvas", n.Name)
			}
			for _, o := range tabs[n.Tab] {
				if b.overlaps(o) {
					t.Errorf("%q lies on %q", b.name, o.name)
				}
			}
			tabs[n.Tab] = append(tabs[n.Tab], b)
		}
	})
}

func TestGroupsHoldTheirNodesAndNoOthers(t *testing.T) {
	each(t, func(t *testing.T, p plan) {
		for _, g := range p.nodes {
			if g.Type != "group" {
				continue
			}
			room := box{g.Name, g.X, g.Y, g.X + g.W, g.Y + g.H}
			for _, n := range p.nodes {
				switch {
				case n.Tab != g.Tab || n.ID == g.ID:
				case n.Type == "group":
					if room.overlaps(box{n.Name, n.X, n.Y, n.X + n.W, n.Y + n.H}) {
						t.Errorf("group %q lies on group %q", g.Name, n.Name)
					}
				case n.InBox == g.ID && !room.contains(draw(n)):
					t.Errorf("%q sticks out of group %q", n.Name, g.Name)
				case n.InBox != g.ID && room.overlaps(draw(n)):
					t.Errorf("%q lies in group %q and is not of it", n.Name, g.Name)
				}
			}
		}
	})
}
