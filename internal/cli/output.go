package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// printer writes answers in the form that was asked for.
type printer struct {
	out, err io.Writer
	format   string
	quiet    bool
	// terminal says that a person reads it at once: times are relative then, and
	// tables fit the width.
	terminal bool
	color    bool
	width    int
	now      time.Time
}

func newPrinter(w World, o options) (printer, error) {
	p := printer{out: w.Stdout, err: w.Stderr, format: o.output, quiet: o.quiet, terminal: isTerminal(w.Stdout), now: time.Now()}
	if o.json {
		p.format = "json"
	}
	switch p.format {
	case "table", "json", "yaml":
	case "": // the command has an -o of its own
		p.format = "table"
	default:
		return p, usageError{fmt.Errorf("%q is no way to answer: -o is table, json or yaml", p.format)}
	}
	if p.terminal {
		p.color = w.env("NO_COLOR") == "" && w.env("TERM") != "dumb"
		p.width = terminalWidth(w.Stdout)
	}
	return p, nil
}

// column is one fact about things of a kind: a column of their table, and a line
// of what is shown of one. more leaves it out of the table.
type column[T any] struct {
	title string
	value func(T) any
	more  bool
}

// state is a value that has a colour.
type state string

// list answers with things, an id each.
func list[T any](p printer, items []T, id func(T) string, columns []column[T]) error {
	switch {
	case p.quiet:
		for _, item := range items {
			if _, err := fmt.Fprintln(p.out, id(item)); err != nil {
				return err
			}
		}
		return nil
	case p.format != "table":
		if items == nil {
			items = []T{}
		}
		return p.encode(items)
	}
	t := table{}
	for _, c := range columns {
		if !c.more {
			t.titles = append(t.titles, c.title)
		}
	}
	for _, item := range items {
		var row []cell
		for _, c := range columns {
			if !c.more {
				row = append(row, p.cell(c.value(item)))
			}
		}
		t.rows = append(t.rows, row)
	}
	return t.write(p)
}

// show answers with one thing.
func show[T any](p printer, item T, id func(T) string, columns []column[T]) error {
	switch {
	case p.quiet:
		_, err := fmt.Fprintln(p.out, id(item))
		return err
	case p.format != "table":
		return p.encode(item)
	}
	wide := 0
	for _, c := range columns {
		wide = max(wide, textWidth(c.title))
	}
	for _, c := range columns {
		value := p.cell(c.value(item))
		if value.text == "" {
			continue
		}
		text := strings.ReplaceAll(value.text, "\n", "\n"+strings.Repeat(" ", wide+2))
		if _, err := fmt.Fprintf(p.out, "%s  %s\n", p.paint(dim, pad(c.title, wide)), p.paint(value.color, text)); err != nil {
			return err
		}
	}
	return nil
}

// encode writes a value as JSON or YAML, with the API's own names and order.
func (p printer) encode(v any) error {
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	if p.format != "yaml" {
		_, err := p.out.Write(readable(raw.Bytes()))
		return err
	}
	var node yaml.Node // JSON is YAML; a node keeps the order
	if err := yaml.Unmarshal(raw.Bytes(), &node); err != nil {
		return err
	}
	blockStyle(&node)
	y := yaml.NewEncoder(p.out)
	y.SetIndent(2)
	if err := y.Encode(&node); err != nil {
		return err
	}
	return y.Close()
}

// readable writes <, > and & in JSON as themselves: the API escapes them, for
// pages. It means the same.
func readable(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			out = append(out, raw[i])
			continue
		}
		if i+6 <= len(raw) {
			if plain, ok := escaped[string(raw[i:i+6])]; ok {
				out = append(out, plain)
				i += 5
				continue
			}
		}
		out = append(out, raw[i], raw[i+1])
		i++
	}
	return out
}

var escaped = map[string]byte{`\u003c`: '<', `\u003e`: '>', `\u0026`: '&'}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		blockStyle(child)
	}
}

// said tells a person what was done; programs that read ids or JSON are not told.
func (p printer) said(format string, args ...any) {
	if !p.quiet && p.format == "table" {
		fmt.Fprintf(p.out, "%s\n", clean(fmt.Sprintf(format, args...)))
	}
}

// note tells something beside the answer.
func (p printer) note(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.err, "%s\n", clean(fmt.Sprintf(format, args...)))
	}
}
