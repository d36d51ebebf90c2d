package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Manifest is the content of a snapshot. It holds no secret, and no id, name,
// time or author of the platform it was made on. docs/snapshot-format.md
// describes it.
type Manifest struct {
	// Flows are the nodes as Node-RED wrote them, without credentials; nothing
	// counts as an empty array.
	Flows json.RawMessage
	// Settings steer Node-RED: timeZone, persistentContext. One that is false,
	// empty or nil counts as not there.
	Settings map[string]any
	// Environment is in the order in which people see it, which is no part of the
	// digest. The value of a hidden variable is not here.
	Environment []Variable
	Modules     ManifestModules
	// Stack is the digest of the stack.
	Stack string
	// Absent are the parts that an imported file did not have, and that a restore
	// leaves alone.
	Absent []ManifestPart
}

// ManifestModules is the tree of palette modules.
type ManifestModules struct {
	// Direct maps the modules somebody asked for to their exact versions.
	Direct map[string]string
	// Lock is of the whole tree, as npm writes it; nothing where there is none.
	Lock json.RawMessage
}

// ManifestPart is a part of a manifest that may be absent.
type ManifestPart string

// The parts.
const (
	PartFlows       ManifestPart = "flows"
	PartSettings    ManifestPart = "settings"
	PartEnvironment ManifestPart = "environment"
	PartModules     ManifestPart = "modules"
	PartStack       ManifestPart = "stack"
)

// manifestForm is the number of the form that a digest is made of.
const manifestForm = 1

// Has reports whether the manifest has a part.
func (m *Manifest) Has(p ManifestPart) bool { return !slices.Contains(m.Absent, p) }

// parts are the absent parts, in order.
func (m *Manifest) parts() []ManifestPart {
	return slices.Compact(slices.Sorted(slices.Values(m.Absent)))
}

// Hidden are the names of the hidden variables, sorted.
func (m *Manifest) Hidden() []string {
	names := []string{}
	for _, v := range m.Environment {
		if v.Hidden {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Digest is the SHA-256 of the canonical manifest, in hexadecimal: the same
// content has the same digest on every platform.
func (m *Manifest) Digest() (string, error) {
	b, err := m.Canonical()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Canonical is the manifest as canonical JSON (RFC 8785).
func (m *Manifest) Canonical() ([]byte, error) {
	b := make([]byte, 0, len(m.Flows)+len(m.Modules.Lock)+4096)
	var err error
	put := func(name string, part ManifestPart, write func([]byte) ([]byte, error)) {
		if err != nil || !m.Has(part) {
			return
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b, err = write(b)
	}
	b = append(b, '{')
	put("environment", PartEnvironment, m.appendEnvironment)
	put("flows", PartFlows, m.appendFlows)
	put("hidden", PartEnvironment, func(b []byte) ([]byte, error) { return AppendCanonical(b, m.Hidden()) })
	put("manifest", "", func(b []byte) ([]byte, error) { return appendInteger(b, manifestForm) })
	put("modules", PartModules, m.appendModules)
	put("settings", PartSettings, m.appendSettings)
	put("stack", PartStack, func(b []byte) ([]byte, error) { return appendText(b, m.Stack), nil })
	if err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

func (m *Manifest) appendEnvironment(b []byte) ([]byte, error) {
	visible := make(map[string]any, len(m.Environment))
	for _, v := range m.Environment {
		if !v.Hidden {
			visible[v.Name] = v.Value
		}
	}
	return AppendCanonical(b, visible)
}

func (m *Manifest) appendFlows(b []byte) ([]byte, error) {
	if len(m.Flows) == 0 {
		return append(b, "[]"...), nil
	}
	from := len(b)
	b, err := AppendCanonicalText(b, m.Flows)
	if err == nil && b[from] != '[' {
		err = errNoArray
	}
	return b, notKept("flows", err)
}

// appendModules writes no lock where nobody asked for a module: then it is of an
// empty tree.
func (m *Manifest) appendModules(b []byte) ([]byte, error) {
	direct := make(map[string]any, len(m.Modules.Direct))
	for name, version := range m.Modules.Direct {
		direct[name] = version
	}
	b, err := AppendCanonical(append(b, `{"direct":`...), direct)
	if err != nil {
		return nil, err
	}
	b = append(b, `,"lock":`...)
	if len(direct) == 0 || len(m.Modules.Lock) == 0 {
		return append(b, "null}"...), nil
	}
	b, err = AppendCanonicalText(b, m.Modules.Lock)
	return append(b, '}'), notKept("module tree", err)
}

func (m *Manifest) appendSettings(b []byte) ([]byte, error) {
	set := make(map[string]any, len(m.Settings))
	for name, v := range m.Settings {
		if v != nil && v != false && v != "" {
			set[name] = v
		}
	}
	b, err := AppendCanonical(b, set)
	return b, notKept("settings", err)
}

// notKept says to people which part cannot be kept and why.
func notKept(part string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: Invalid, Code: "content_invalid", Msg: fmt.Sprintf("The %s cannot be kept: %s.", part, err), Err: err}
}

// SameContent reports whether two manifests are made of the same bytes. Manifests
// with the same digest can differ here: in white space, or in an order that has
// no meaning. The values of hidden variables are not looked at.
func (m *Manifest) SameContent(o *Manifest) bool {
	same := func(v, w Variable) bool {
		return v.Name == w.Name && v.Hidden == w.Hidden && (v.Hidden || v.Value == w.Value)
	}
	if !bytes.Equal(m.Flows, o.Flows) || !bytes.Equal(m.Modules.Lock, o.Modules.Lock) || !slices.EqualFunc(m.Environment, o.Environment, same) {
		return false
	}
	a, b := *m, *o
	if !slices.Equal(a.parts(), b.parts()) {
		return false
	}
	a.Flows, a.Modules.Lock, b.Flows, b.Modules.Lock = nil, nil, nil, nil
	left, err := a.Canonical()
	right, fault := b.Canonical()
	return err == nil && fault == nil && bytes.Equal(left, right)
}
