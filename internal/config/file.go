package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// file reads the YAML file into the tree.
func (l *loader) file(root *node) {
	content, err := os.ReadFile(l.from.File)
	if err != nil {
		l.fault("", "", "%v", err)
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	err = decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return
	}
	if err == nil && !errors.Is(decoder.Decode(&second), io.EOF) {
		err = errors.New("only one document is read")
	}
	if err != nil {
		l.fault("", "", "%s: %s", filepath.Base(l.from.File), strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	l.section(root, document.Content[0])
}

func (l *loader) where(at *yaml.Node) string {
	return fmt.Sprintf("%s line %d", filepath.Base(l.from.File), at.Line)
}

// section reads a mapping into a struct. A section without content is taken as
// one whose lines are all commented out.
func (l *loader) section(into *node, from *yaml.Node) {
	if isNull(from) {
		return
	}
	if from.Kind != yaml.MappingNode {
		l.fault(into.path, l.where(from), "must hold keys with values, not %s", kindName(from))
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		path := join(into.path, key.Value)
		child := into.child(key.Value)
		switch {
		case seen[key.Value]:
			l.fault(path, l.where(key), "is given twice")
		case child == nil:
			l.fault(path, l.where(key), "unknown key%s", into.suggest(key.Value))
		case isSection(child.value.Type()):
			l.section(child, value)
		default:
			l.leaf(child, value)
		}
		seen[key.Value] = true
	}
}

func (l *loader) leaf(into *node, from *yaml.Node) {
	err := setNode(into.value, from)
	if err == nil {
		err = into.check()
	}
	if err != nil {
		l.fault(into.path, l.where(from), "%s", into.hush(err))
	}
}

// setNode reads a value by its type: text is not taken for a number, nor a
// number for true or false.
func setNode(v reflect.Value, from *yaml.Node) error {
	if isNull(from) {
		return errors.New("has no value; remove the line to keep the default")
	}
	custom := reflect.PointerTo(v.Type()).Implements(textUnmarshaler)
	switch {
	case v.Kind() == reflect.Slice && !custom:
		return setSequence(v, from)
	case v.Kind() == reflect.Map && !custom:
		return setMapping(v, from)
	}
	if from.Kind != yaml.ScalarNode {
		return fmt.Errorf("must be %s, not %s", article(v.Type()), kindName(from))
	}
	if !custom && v.Type() != durationType && v.Kind() != reflect.String {
		if isText := from.ShortTag() == "!!str"; isText || (from.ShortTag() == "!!bool") != (v.Kind() == reflect.Bool) {
			return fmt.Errorf("must be %s, not %s", article(v.Type()), kindName(from))
		}
	}
	return setText(v, from.Value)
}

func setSequence(v reflect.Value, from *yaml.Node) error {
	if from.Kind != yaml.SequenceNode {
		return fmt.Errorf("must be a %s, not %s", typeName(v.Type()), kindName(from))
	}
	list := reflect.MakeSlice(v.Type(), len(from.Content), len(from.Content))
	for i, item := range from.Content {
		if err := setNode(list.Index(i), item); err != nil {
			return fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	v.Set(list)
	return nil
}

func setMapping(v reflect.Value, from *yaml.Node) error {
	if from.Kind != yaml.MappingNode {
		return fmt.Errorf("must hold %s, not %s", typeName(v.Type()), kindName(from))
	}
	out := reflect.MakeMap(v.Type())
	for i := 0; i < len(from.Content); i += 2 {
		key := reflect.ValueOf(from.Content[i].Value).Convert(v.Type().Key())
		if out.MapIndex(key).IsValid() {
			return fmt.Errorf("%s is given twice", from.Content[i].Value)
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := setNode(item, from.Content[i+1]); err != nil {
			return fmt.Errorf("%s: %w", from.Content[i].Value, err)
		}
		out.SetMapIndex(key, item)
	}
	v.Set(out)
	return nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func article(t reflect.Type) string {
	switch name := typeName(t); name {
	case "number", "duration", "size":
		return "a " + name
	default:
		return name
	}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys with values"
	case yaml.AliasNode:
		return "a reference (they are not followed here)"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	}
	return "text"
}

// suggest names the known key that differs by a letter or two, if there is one.
func (n *node) suggest(name string) string {
	for _, child := range n.children {
		if distance(child.name, name) <= 2 {
			return fmt.Sprintf("; is %s meant?", child.name)
		}
	}
	return ""
}

// distance counts the letters to add, drop or change between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
