package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// A node is a field: a section with children, or a leaf with a value.
type node struct {
	name, path string
	value      reflect.Value
	tag        reflect.StructTag
	children   []*node
}

// A Setting describes one field, for help texts and the documentation.
type Setting struct {
	Path, Env, Type, Default, Help string
	Secret, Required               bool
}

// Describe lists the fields of the struct that into points at, in their order.
func Describe(into any, prefix string) []Setting {
	var out []Setting
	for _, leaf := range treeOf(into).leaves() {
		out = append(out, Setting{
			Path: leaf.path, Env: leaf.env(prefix), Type: typeName(leaf.value.Type()),
			Default: leaf.tag.Get("default"), Help: leaf.tag.Get("help"),
			Secret: leaf.isSecret(), Required: leaf.tag.Get("required") == "true",
		})
	}
	return out
}

// grow adds the fields of a struct as children; those of an embedded struct
// count as its own.
func (n *node) grow() {
	for i := range n.value.NumField() {
		field := n.value.Type().Field(i)
		name := field.Tag.Get("config")
		if name == "-" {
			continue
		}
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			inner := &node{path: n.path, value: n.value.Field(i)}
			inner.grow()
			n.children = append(n.children, inner.children...)
			continue
		}
		if !field.IsExported() {
			continue
		}
		if name == "" {
			name = snake(field.Name)
		}
		child := &node{name: name, path: join(n.path, name), value: n.value.Field(i), tag: field.Tag}
		if isSection(field.Type) {
			child.grow()
		} else if err := readable(field.Type); err != nil {
			panic(fmt.Sprintf("config: %s: %v", child.path, err))
		}
		n.children = append(n.children, child)
	}
}

func (n *node) leaves() []*node {
	var out []*node
	for _, child := range n.children {
		if isSection(child.value.Type()) {
			out = append(out, child.leaves()...)
		} else {
			out = append(out, child)
		}
	}
	return out
}

func (n *node) child(name string) *node {
	for _, child := range n.children {
		if child.name == name {
			return child
		}
	}
	return nil
}

func (n *node) env(prefix string) string {
	return prefix + "_" + strings.ToUpper(strings.ReplaceAll(n.path, ".", "_"))
}

func (n *node) isText() bool { return n.value.Kind() == reflect.String }

func (n *node) isSecret() bool { return n.tag.Get("secret") == "true" }

// hush keeps the value of a secret out of a fault.
func (n *node) hush(err error) error {
	if n.isSecret() {
		return errors.New("has a value that cannot be used (it is not shown)")
	}
	return err
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// snake turns BaseURL into base_url and HTTPListen into http_listen.
func snake(name string) string {
	var out strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			before := !unicode.IsUpper(runes[i-1])
			after := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if before || after {
				out.WriteByte('_')
			}
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
