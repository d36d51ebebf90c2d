package flow

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Language is what a text is written in, as far as is known: javascript, html,
// css, sql, markdown, json, yaml or text.
type Language string

// languages are those of properties that hold code, whatever node has them.
var languages = map[string]Language{
	"func": "javascript", "initialize": "javascript", "finalize": "javascript",
	"info": "markdown", "markdown": "markdown", "sql": "sql", "query": "sql", "html": "html", "css": "css", "style": "css", "yaml": "yaml",
}

// formats are the words that template nodes have for a language.
var formats = map[string]Language{
	"handlebars": "html", "html": "html", "javascript": "javascript", "css": "css", "markdown": "markdown", "yaml": "yaml", "json": "json", "sql": "sql",
}

// LanguageOf tells what a text property of a node is written in, and whether it
// is read line by line even when it has one line only.
func LanguageOf(n *Node, property string) (Language, bool) {
	if l, ok := languages[property]; ok {
		return l, property == "func" || property == "initialize" || property == "finalize"
	}
	if property == "template" || property == "format" && strings.HasPrefix(n.Type, "ui") {
		if l, ok := formats[n.Text("format")]; ok {
			return l, true
		}
		if strings.HasPrefix(n.Type, "ui") {
			return "html", true
		}
		return "text", true
	}
	return "text", false
}

// smallValue is up to how many bytes a list or an object is read at a glance.
const smallValue = 60

// Reading is a property as a text to compare line by line.
type Reading struct {
	Language Language
	From, To string
}

// ReadingOf gives a property as texts to compare line by line; false where it is
// better told as two values.
func (c *Change) ReadingOf(e Edit) (*Reading, bool) {
	if text(e.From) && text(e.To) {
		language, always := LanguageOf(c.Node(), e.Name)
		from, _ := unquote(e.From)
		to, _ := unquote(e.To)
		if always || strings.Contains(from, "\n") || strings.Contains(to, "\n") {
			return &Reading{language, from, to}, true
		}
		return nil, false
	}
	if structured(e.From) && structured(e.To) && max(len(e.From), len(e.To)) > smallValue {
		return &Reading{"json", indented(e.From), indented(e.To)}, true
	}
	return nil, false
}

func text(value []byte) bool { return value == nil || value[0] == '"' }

func structured(value []byte) bool { return value == nil || value[0] == '{' || value[0] == '[' }

// indented writes a value over many lines, members by name, as two that mean the
// same must read the same.
func indented(value []byte) string {
	if value == nil {
		return ""
	}
	var plain any
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	if dec.Decode(&plain) != nil {
		return string(value)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(plain) != nil {
		return string(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
