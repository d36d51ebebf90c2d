package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Parts that a file may lack beside those of its manifest. They are no part of a
// digest: secrets stand outside of it, and values that were left out are empty.
const (
	PartCredentials ManifestPart = "credentials"
	// PartValues are the values of an environment of which only the names are there.
	PartValues ManifestPart = "values"
)

// SnapshotFile is a snapshot as people carry it from platform to platform. The
// envelope is the one of FlowFuse's public export; what it has no place for
// stands under "leat". Everything secret in it is sealed under a secret that
// people chose.
type SnapshotFile struct {
	Name        string
	Description string
	// Manifest is the content; what the file does not hold is in Absent.
	Manifest Manifest
	// Credentials are sealed as Node-RED seals them; empty where there are none.
	Credentials string
	// Plain are credentials that were not sealed, by node id.
	Plain map[string]json.RawMessage
	// Hidden are the sealed values of hidden variables; PlainHidden those that
	// were not sealed.
	Hidden, PlainHidden map[string]string
	// Digest is what the file says that its manifest's is; empty where it does not.
	Digest string
	// Proof tells whether a secret is the one it was sealed with; empty in files
	// that are not ours.
	Proof string
	// Stack names what the stack's digest stands for, for people.
	Stack SnapshotFileStack
}

// SnapshotFileStack tells people which stack a digest stands for.
type SnapshotFileStack struct {
	Digest  string `json:"digest"`
	NodeRed string `json:"nodeRed,omitempty"`
	NodeJS  string `json:"nodeJs,omitempty"`
}

// Sealed reports whether a secret is needed to read all of the file.
func (f *SnapshotFile) Sealed() bool { return f.Credentials != "" || len(f.Hidden) > 0 }

// snapshotFileForm is the number of the form under "leat".
const snapshotFileForm = 1

// envelope is how a file is written.
type envelope struct {
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Flows       envelopeFlows    `json:"flows"`
	Settings    envelopeSettings `json:"settings"`
	Leat        envelopeOurs     `json:"leat"`
}

type envelopeFlows struct {
	Flows       json.RawMessage `json:"flows"`
	Credentials sealedText      `json:"credentials"`
}

// sealedText is written as {"$": "…"}, and as {} where there is nothing.
type sealedText struct {
	Text string `json:"$,omitempty"`
}

type envelopeSettings struct {
	Settings map[string]any    `json:"settings"`
	Env      map[string]any    `json:"env"`
	Modules  map[string]string `json:"modules"`
}

type envelopeOurs struct {
	Form    int                `json:"form"`
	Digest  string             `json:"digest"`
	Proof   string             `json:"proof,omitempty"`
	Absent  []ManifestPart     `json:"absent,omitempty"`
	Order   []string           `json:"order,omitempty"` // of the variables
	Stack   *SnapshotFileStack `json:"stack,omitempty"`
	Lock    json.RawMessage    `json:"lock,omitempty"`
	Setting map[string]any     `json:"settings,omitempty"`
}

type hiddenValue struct {
	Hidden bool    `json:"hidden"`
	Sealed string  `json:"$,omitempty"`
	Value  *string `json:"value,omitempty"`
}

// Bytes writes the file. Its digest is made here, of what it holds.
func (f *SnapshotFile) Bytes() ([]byte, error) {
	m := &f.Manifest
	digest, err := m.Digest()
	if err != nil {
		return nil, err
	}
	out := envelope{
		Name: f.Name, Description: f.Description,
		Flows:    envelopeFlows{Flows: json.RawMessage("[]"), Credentials: sealedText{f.Credentials}},
		Settings: envelopeSettings{Settings: map[string]any{}, Env: map[string]any{}, Modules: map[string]string{}},
		Leat:     envelopeOurs{Form: snapshotFileForm, Digest: digest, Proof: f.Proof, Absent: m.Absent},
	}
	if m.Has(PartFlows) && len(m.Flows) > 0 {
		out.Flows.Flows = m.Flows
	}
	if m.Has(PartSettings) {
		out.Settings.Settings, out.Leat.Setting = peerSettings(m.Settings), m.Settings
	}
	for _, v := range m.Environment {
		out.Leat.Order = append(out.Leat.Order, v.Name)
		out.Settings.Env[v.Name] = f.variable(v)
	}
	if m.Has(PartModules) {
		maps.Copy(out.Settings.Modules, m.Modules.Direct)
		out.Leat.Lock = m.Modules.Lock
	}
	if m.Has(PartStack) {
		f.Stack.Digest = m.Stack
		out.Leat.Stack = &f.Stack
	}
	return encodeFile(out)
}

func encodeFile(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode snapshot file: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// peerSettings are the settings that the peer knows, under its names.
func peerSettings(ours map[string]any) map[string]any {
	out := map[string]any{}
	if zone, ok := ours[SettingTimeZone].(string); ok && zone != "" {
		out["timeZone"] = zone
	}
	return out
}

func (f *SnapshotFile) variable(v Variable) any {
	switch sealed, there := f.Hidden[v.Name]; {
	case !v.Hidden:
		return v.Value
	case there:
		return hiddenValue{Hidden: true, Sealed: sealed}
	}
	empty := ""
	return hiddenValue{Hidden: true, Value: &empty}
}

// Only leaves in the file what was chosen, and marks the rest as absent.
func (f *SnapshotFile) Only(c Components) {
	m := &f.Manifest
	drop := func(keep bool, part ManifestPart) bool {
		if !keep && m.Has(part) {
			m.Absent = append(m.Absent, part)
		}
		return !keep
	}
	if drop(c.Flows, PartFlows) {
		m.Flows = nil
	}
	if drop(c.Flows && c.Credentials, PartCredentials) {
		f.Credentials, f.Plain = "", nil
	}
	if drop(c.Settings, PartSettings) {
		m.Settings = nil
	}
	if drop(c.Modules, PartModules) {
		m.Modules = ManifestModules{}
	}
	if drop(c.Stack, PartStack) {
		m.Stack, f.Stack = "", SnapshotFileStack{}
	}
	if drop(c.Environment != EnvironmentNone, PartEnvironment) {
		m.Environment = nil
	}
	if drop(c.Environment == EnvironmentAll, PartValues) {
		f.Hidden, f.PlainHidden, m.Environment = nil, nil, slices.Clone(m.Environment)
		for i := range m.Environment {
			m.Environment[i].Value = ""
		}
	}
	slices.Sort(m.Absent)
}

// Components are the parts of a snapshot that somebody chose.
type Components struct {
	Flows, Credentials, Settings, Modules, Stack bool
	Environment                                  EnvironmentChoice
}

// EnvironmentChoice is how much of an environment somebody chose.
type EnvironmentChoice string

// The choices: names and values, names alone, nothing.
const (
	EnvironmentAll  EnvironmentChoice = "all"
	EnvironmentKeys EnvironmentChoice = "keys"
	EnvironmentNone EnvironmentChoice = "none"
)

// AllComponents is everything.
var AllComponents = Components{Flows: true, Credentials: true, Settings: true, Modules: true, Stack: true, Environment: EnvironmentAll}

// The settings in a manifest.
const (
	SettingTimeZone          = "timeZone"
	SettingPersistentContext = "persistentContext"
)
