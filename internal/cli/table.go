package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// cell is a value as it is written.
type cell struct {
	text  string
	color color
	right bool
	// whole is set for ids: a part of one is of no use.
	whole bool
}

// cell makes a value's text.
func (p printer) cell(v any) cell {
	switch v := v.(type) {
	case string:
		return cell{text: clean(v), whole: anID.MatchString(v)}
	case state:
		return cell{text: clean(string(v)), color: stateColor(string(v))}
	case []string:
		return cell{text: clean(strings.Join(v, ", "))}
	case decimal:
		return cell{text: strconv.FormatFloat(float64(v), 'f', 1, 64), right: true}
	case bool:
		return cell{text: map[bool]string{true: "yes", false: "no"}[v]}
	case int:
		return cell{text: strconv.Itoa(v), right: true}
	case int64:
		return cell{text: strconv.FormatInt(v, 10), right: true}
	case time.Time:
		return cell{text: p.when(v)}
	case *time.Time:
		if v == nil {
			return cell{}
		}
		return cell{text: p.when(*v)}
	}
	return cell{text: clean(fmt.Sprint(v))}
}

var anID = regexp.MustCompile(`^[a-z]-[0-9a-hjkmnp-tv-z]{23}$`)

// table is rows under titles. Its columns are as wide as what stands in them; on
// a terminal that is too narrow the widest give way, and say so with "…".
type table struct {
	titles []string
	rows   [][]cell
}

const gap = 2

func (t table) write(p printer) error {
	wide, least := make([]int, len(t.titles)), make([]int, len(t.titles))
	for i, title := range t.titles {
		wide[i] = textWidth(title)
		for _, row := range t.rows {
			wide[i] = max(wide[i], textWidth(row[i].text))
			if row[i].whole {
				least[i] = max(least[i], textWidth(row[i].text))
			}
		}
	}
	if p.width > 0 {
		shrink(wide, least, p.width-gap*(len(wide)-1))
	}
	var b strings.Builder
	for i, title := range t.titles {
		t.cell(&b, p, i, wide, cell{text: strings.ToUpper(title), color: dim, right: t.right(i)})
	}
	for _, row := range t.rows {
		for i, c := range row {
			t.cell(&b, p, i, wide, c)
		}
	}
	_, err := fmt.Fprint(p.out, b.String())
	return err
}

// right reports whether a column holds numbers.
func (t table) right(i int) bool { return len(t.rows) > 0 && t.rows[0][i].right }

func (t table) cell(b *strings.Builder, p printer, i int, wide []int, c cell) {
	last := i == len(wide)-1
	text := cut(strings.ReplaceAll(c.text, "\n", " "), wide[i])
	space := strings.Repeat(" ", max(wide[i]-textWidth(text), 0))
	switch {
	case c.right:
		text = space + p.paint(c.color, text)
	case last:
		text = p.paint(c.color, text)
	default:
		text = p.paint(c.color, text) + space
	}
	b.WriteString(text)
	if last {
		b.WriteByte('\n')
		return
	}
	b.WriteString(strings.Repeat(" ", gap))
}

// narrowest is how narrow a column gets before the line is let run over.
const narrowest = 8

// shrink takes from the column that has most to give, again and again, until all
// fit. None gets narrower than its least, or than narrowest.
func shrink(wide, least []int, room int) {
	total := 0
	for _, w := range wide {
		total += w
	}
	for ; total > room; total-- {
		widest := -1
		for i, w := range wide {
			if w > max(least[i], narrowest) && (widest < 0 || w > wide[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		wide[widest]--
	}
}

// textWidth is how many places a text takes on a terminal.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a text to a number of places.
func cut(s string, most int) string {
	if textWidth(s) <= most {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeWidth(r); n > most-1 {
			return s[:i] + "…"
		}
	}
	return s
}

func pad(s string, to int) string { return s + strings.Repeat(" ", max(to-textWidth(s), 0)) }

// clean takes out what would move the cursor, colour the terminal or turn the
// direction of writing: what others named must not be able to.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, s)
}

// when is a time: its distance on a terminal, RFC 3339 elsewhere.
func (p printer) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if !p.terminal {
		return t.UTC().Format(time.RFC3339)
	}
	d := p.now.Sub(t)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 10*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span is a length of time in one unit.
func span(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{365 * 24 * time.Hour, "year"}, {30 * 24 * time.Hour, "month"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int(d / u.length); n > 0 {
			return plural(n, u.name)
		}
	}
	return "a moment"
}

// plural says how many of a thing there are.
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}
