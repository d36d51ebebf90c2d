package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leat/internal/flow"
)

// rebuild makes the second text of the first and the hunks.
func rebuild(t interface{ Fatalf(string, ...any) }, from string, hunks []flow.Hunk) string {
	var a, out []string
	if from != "" {
		a = strings.Split(from, "\n")
	}
	at := 0
	for _, h := range hunks {
		if h.From-1 < at {
			t.Fatalf("a hunk begins at line %d, behind line %d", h.From, at)
		}
		out = append(out, a[at:h.From-1]...)
		at = h.From - 1
		if len(out) != h.To-1 {
			t.Fatalf("a hunk says line %d of the second text, which is line %d", h.To, len(out)+1)
		}
		for _, l := range h.Lines {
			if l.What != flow.Added {
				if a[at] != l.Text {
					t.Fatalf("line %d is %q and not %q", at+1, a[at], l.Text)
				}
				at++
			}
			if l.What != flow.Removed {
				out = append(out, l.Text)
			}
		}
	}
	return strings.Join(append(out, a[at:]...), "\n")
}

func TestHunksLeadFromOneTextToTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "return msg;", "}"})
		from := strings.Join(rapid.SliceOfN(line, 0, 40).Draw(t, "from"), "\n")
		to := strings.Join(rapid.SliceOfN(line, 0, 40).Draw(t, "to"), "\n")
		hunks := flow.Lines(from, to)
		if (from == to) != (len(hunks) == 0) {
			t.Fatalf("%d hunks", len(hunks))
		}
		if got := rebuild(t, from, hunks); got != to {
			t.Fatalf("the hunks of %q and %q give %q", from, to, got)
		}
	})
}

func TestADifferenceOfTextsIsTheShortest(t *testing.T) {
	from, to := "a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc"
	edits := 0
	for _, h := range flow.Lines(from, to) {
		for _, l := range h.Lines {
			if l.What != "" {
				edits++
			}
		}
	}
	if edits != 5 {
		t.Errorf("%d edits; the shortest way has 5", edits)
	}
}

func TestHunksHaveSurroundings(t *testing.T) {
	lines := strings.Split("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16", "\n")
	other := slices.Clone(lines)
	other[4], other[15] = "five", "sixteen"
	hunks := flow.Lines(strings.Join(lines, "\n"), strings.Join(other, "\n"))
	if len(hunks) != 2 || hunks[0].From != 2 || len(hunks[0].Lines) != 8 || hunks[1].From != 13 || len(hunks[1].Lines) != 5 {
		t.Errorf("hunks %+v", hunks)
	}
}

func TestGiantTextsAreComparedInBoundedTime(t *testing.T) {
	var a, b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&a, "line %d\n", i)
		if i%3 == 0 {
			fmt.Fprintf(&b, "other %d\n", i)
		}
		if i%2 == 0 {
			fmt.Fprintf(&b, "line %d\n", i)
		}
	}
	begin := time.Now()
	hunks := flow.Lines(a.String(), b.String())
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if got := rebuild(t, a.String(), hunks); got != b.String() {
		t.Error("the hunks do not lead there")
	}
	same := 0
	for _, h := range hunks {
		for _, l := range h.Lines {
			if l.What == "" {
				same++
			}
		}
	}
	if same < 90_000 {
		t.Errorf("only %d of 100,000 lines were seen to be the same", same)
	}
	nothing := strings.Repeat("x\n", 100_000)
	if hunks := flow.Lines(nothing, strings.Repeat("y\nx\n", 50_000)); rebuild(t, nothing, hunks) != strings.Repeat("y\nx\n", 50_000) {
		t.Error("texts without a line of their own")
	}
}
