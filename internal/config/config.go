// Package config reads a role's configuration into a struct: defaults, then a
// YAML file, then the environment, then flags, each overriding the one before.
//
// It is strict: an unknown key, a value of the wrong type and a value out of
// range are faults, and all faults are told at once, each with its path. Fields
// are named by their tag `config:"name"` or by their Go name in snake case, and
// nest as structs do. Further tags: default, help, min and max (numbers,
// durations and [Size]; lengths of text), oneof (words apart by spaces),
// required:"true" and secret:"true" (the value is never in a fault).
//
// A struct may have a method Validate(fault func(path, message string)) for what
// concerns several fields; it is called when its own fields are without fault.
package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
)

// A Source says where values come from besides the defaults.
type Source struct {
	// File is the path of a YAML file; empty for none. A file that is named
	// must be there.
	File string
	// Env is the environment as os.Environ gives it. The field http.listen is
	// read from PREFIX_HTTP_LISTEN, and text also from the file that
	// PREFIX_HTTP_LISTEN_FILE names. An empty variable counts as not set.
	Env []string
	// Prefix begins the names of variables, without the underscore.
	Prefix string
	// Flags are the flags that were given, by path.
	Flags map[string]string
}

// Load fills the struct that into points at. The error is of type [Faults].
func Load(into any, from Source) error {
	root := treeOf(into)
	l := &loader{from: from, leaves: root.leaves()}
	l.defaults()
	if from.File != "" {
		l.file(root)
	}
	l.environment()
	l.flags()
	l.required()
	l.validate(root)
	if len(l.faults) > 0 {
		return l.faults
	}
	return nil
}

// UnknownEnv lists the variables that begin with the prefix and mean nothing.
// They are no faults, because others set such variables too (Kubernetes does for
// a service of that name); whoever starts the program should be told.
func UnknownEnv(into any, from Source) []string {
	known := map[string]bool{}
	for _, leaf := range treeOf(into).leaves() {
		name := leaf.env(from.Prefix)
		known[name] = true
		known[name+fileSuffix] = leaf.isText()
	}
	var out []string
	for _, pair := range from.Env {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, from.Prefix+"_") && !known[name] {
			out = append(out, name)
		}
	}
	return out
}

const fileSuffix = "_FILE"

type loader struct {
	from   Source
	leaves []*node
	faults Faults
}

func (l *loader) fault(path, where, format string, args ...any) {
	l.faults = append(l.faults, Fault{Path: path, Message: fmt.Sprintf(format, args...), Where: where})
}

// set gives a field its value from text.
func (l *loader) set(leaf *node, text, where string) {
	if err := setText(leaf.value, text); err != nil {
		l.fault(leaf.path, where, "%s", leaf.hush(err))
	} else if err := leaf.check(); err != nil {
		l.fault(leaf.path, where, "%s", leaf.hush(err))
	}
}

func (l *loader) defaults() {
	for _, leaf := range l.leaves {
		if text, ok := leaf.tag.Lookup("default"); ok {
			l.set(leaf, text, "default")
		}
	}
}

func (l *loader) environment() {
	values := map[string]string{}
	for _, pair := range l.from.Env {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	taken := map[string]bool{}
	for _, leaf := range l.leaves {
		taken[leaf.env(l.from.Prefix)] = true
	}
	for _, leaf := range l.leaves {
		name := leaf.env(l.from.Prefix)
		byFile := name + fileSuffix
		text, path := values[name], values[byFile]
		if !leaf.isText() || taken[byFile] {
			path = ""
		}
		switch {
		case text != "" && path != "":
			l.fault(leaf.path, name, "is set by both %s and %s; keep one", name, byFile)
		case text != "":
			l.set(leaf, text, name)
		case path != "":
			l.setFromFile(leaf, path, byFile)
		}
	}
}

// setFromFile reads a value that was mounted as a file, less its last line end.
func (l *loader) setFromFile(leaf *node, path, where string) {
	content, err := os.ReadFile(path)
	if err != nil {
		l.fault(leaf.path, where, "%v", err)
		return
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	l.set(leaf, text, where)
}

func (l *loader) flags() {
	known := map[string]bool{}
	for _, leaf := range l.leaves {
		known[leaf.path] = true
		if text, given := l.from.Flags[leaf.path]; given {
			l.set(leaf, text, "flag")
		}
	}
	for path := range l.from.Flags {
		if !known[path] {
			l.fault(path, "flag", "unknown key")
		}
	}
}

func (l *loader) required() {
	for _, leaf := range l.leaves {
		if leaf.tag.Get("required") == "true" && leaf.value.IsZero() && !l.faults.under(leaf.path) {
			l.fault(leaf.path, "", "must be set, here or as %s", leaf.env(l.from.Prefix))
		}
	}
}

type validator interface {
	Validate(fault func(path, message string))
}

// validate asks the inner structs before the outer ones.
func (l *loader) validate(section *node) {
	for _, child := range section.children {
		l.validate(child)
	}
	if section.children == nil || l.faults.under(section.path) {
		return
	}
	if v, ok := section.value.Addr().Interface().(validator); ok {
		v.Validate(func(path, message string) {
			l.fault(join(section.path, path), "", "%s", message)
		})
	}
}

func join(section, name string) string {
	switch {
	case section == "":
		return name
	case name == "":
		return section
	}
	return section + "." + name
}

// treeOf panics when into is not a pointer to a struct of readable fields: that
// is a fault of the program, not of its configuration.
func treeOf(into any) *node {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %T is not a pointer to a struct", into))
	}
	root := &node{value: v.Elem()}
	root.grow()
	return root
}
