package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// members are those of a JSON object. Their names are told apart by case, as in
// JavaScript, unlike those of a struct.
type members map[string]json.RawMessage

// ParseSnapshotFile reads a file: one of ours, one of FlowFuse's public export,
// or Node-RED's own flows, bare or with their credentials beside them. Whatever
// it holds is checked; nothing of it is a path or a program to anybody.
func ParseSnapshotFile(text []byte) (*SnapshotFile, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, badFile("", "it is empty.")
	}
	if err := checkFile(text); err != nil {
		return nil, err
	}
	f := &SnapshotFile{}
	if bytes.TrimSpace(text)[0] == '[' {
		f.Manifest.Absent = []ManifestPart{PartCredentials, PartEnvironment, PartModules, PartSettings, PartStack}
		return f, f.readNodes("", text)
	}
	whole, err := membersOf("", text)
	if err != nil {
		return nil, err
	}
	inner := bytes.TrimSpace(whole["flows"])
	switch {
	case len(inner) > 0 && inner[0] == '[':
		err = f.readBare(whole)
	case len(inner) > 0 && inner[0] == '{':
		err = f.readEnvelope(whole)
	default:
		err = badFile("flows", "it holds no flows. Choose a snapshot, or flows exported from Node-RED.")
	}
	return f, err
}

func membersOf(where string, text json.RawMessage) (members, error) {
	m := members{}
	if len(text) == 0 || string(text) == "null" {
		return m, nil
	}
	if err := json.Unmarshal(text, &m); err != nil {
		if where == "" {
			where = "the file"
		}
		return nil, badFile(where, where+" is not an object.")
	}
	return m, nil
}

// readBare reads flows with credentials beside them, as Node-RED's API gives them.
func (f *SnapshotFile) readBare(whole members) error {
	f.Manifest.Absent = []ManifestPart{PartEnvironment, PartModules, PartSettings, PartStack}
	if err := f.readNodes("flows", whole["flows"]); err != nil {
		return err
	}
	if err := f.readCredentials("credentials", whole["credentials"]); err != nil {
		return err
	}
	if f.Credentials == "" && len(f.Plain) == 0 {
		f.Manifest.Absent = append([]ManifestPart{PartCredentials}, f.Manifest.Absent...)
	}
	return nil
}

func (f *SnapshotFile) readEnvelope(whole members) error {
	ours, err := f.readOurs(whole["leat"])
	if err != nil {
		return err
	}
	if f.Name, err = shortText("name", whole["name"], 2*MaxName); err != nil {
		return err
	}
	if f.Description, err = shortText("description", whole["description"], MaxSnapshotDescription); err != nil {
		return err
	}
	flows, err := membersOf("flows", whole["flows"])
	if err != nil {
		return err
	}
	settings, err := membersOf("settings", whole["settings"])
	if err != nil {
		return err
	}
	if err := f.readNodes("flows.flows", flows["flows"]); err != nil {
		return err
	}
	if err := f.readCredentials("flows.credentials", flows["credentials"]); err != nil {
		return err
	}
	if err := f.readEnvironment(settings["env"], ours.Order); err != nil {
		return err
	}
	if err := f.readModules(settings["modules"], ours.Lock); err != nil {
		return err
	}
	if ours.Form == 0 {
		return f.readPeer(settings["settings"])
	}
	f.Manifest.Settings = ours.Setting
	return checkSettings(f.Manifest.Settings)
}

// readOurs reads what only our own files have; of others the zero value.
func (f *SnapshotFile) readOurs(text json.RawMessage) (ours envelopeOurs, err error) {
	if len(text) == 0 {
		return ours, nil
	}
	if err := json.Unmarshal(text, &ours); err != nil {
		return ours, badFile("leat", "leat is not what this platform writes there.")
	}
	if ours.Form < 1 || ours.Form > snapshotFileForm {
		return ours, badFile("leat.form", "it was made by a newer version of this platform. Update this one.")
	}
	for _, part := range ours.Absent {
		if !slices.Contains([]ManifestPart{PartFlows, PartCredentials, PartSettings, PartEnvironment, PartValues, PartModules, PartStack}, part) {
			return ours, badFile("leat.absent", "leat.absent names a part that there is not.")
		}
	}
	f.Manifest.Absent, f.Digest, f.Proof = slices.Compact(slices.Sorted(slices.Values(ours.Absent))), ours.Digest, ours.Proof
	if !f.Manifest.Has(PartStack) {
		ours.Stack = nil
	}
	if ours.Stack != nil {
		if !stackDigest.MatchString(ours.Stack.Digest) {
			return ours, badFile("leat.stack", "leat.stack has no digest of a stack.")
		}
		f.Stack, f.Manifest.Stack = *ours.Stack, ours.Stack.Digest
	}
	return ours, nil
}

// readPeer takes of another's settings what there is here, and leaves the rest.
func (f *SnapshotFile) readPeer(text json.RawMessage) error {
	theirs, err := membersOf("settings.settings", text)
	if err != nil {
		return err
	}
	f.Manifest.Absent = []ManifestPart{PartStack}
	if f.Credentials == "" && len(f.Plain) == 0 {
		f.Manifest.Absent = []ManifestPart{PartCredentials, PartStack}
	}
	var zone string
	if json.Unmarshal(theirs["timeZone"], &zone) == nil && zone != "" && zone != "UTC" && len(zone) <= 64 {
		f.Manifest.Settings = map[string]any{SettingTimeZone: zone}
	}
	return nil
}

func checkSettings(settings map[string]any) error {
	for name, v := range settings {
		ok := false
		switch name {
		case SettingTimeZone:
			zone, text := v.(string)
			ok = text && len(zone) <= 64
		case SettingPersistentContext:
			_, ok = v.(bool)
		}
		if !ok {
			return badFile("leat.settings", "leat.settings holds something that is no setting of an instance.")
		}
	}
	return nil
}

func shortText(where string, text json.RawMessage, most int) (string, error) {
	var s string
	if len(text) == 0 || string(text) == "null" {
		return "", nil
	}
	if json.Unmarshal(text, &s) != nil {
		return "", badFile(where, where+" is not text.")
	}
	if s = strings.TrimSpace(s); utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most])
	}
	return s, nil
}

// MaxSnapshotDescription is the longest description, in characters.
const MaxSnapshotDescription = 2000

// readNodes reads an array of nodes. Credentials that stand inside the nodes, as
// some exports have them, go where credentials belong.
func (f *SnapshotFile) readNodes(where string, text json.RawMessage) error {
	place := func(i int) string { return fmt.Sprintf("%s[%d]", where, i) }
	var nodes []json.RawMessage
	if len(text) > 0 && json.Unmarshal(text, &nodes) != nil {
		return badFile(where, where+" is not an array of nodes.")
	}
	if len(nodes) > MaxFileNodes {
		return badFile(where, fmt.Sprintf("it holds %d nodes; at most %d are taken.", len(nodes), MaxFileNodes))
	}
	first := make(map[string]int, len(nodes))
	moved := false
	for i, text := range nodes {
		n, err := membersOf(place(i), text)
		if err != nil {
			return err
		}
		id, kind := textOf(n["id"]), textOf(n["type"])
		at, twice := first[id]
		switch {
		case id == "" || kind == "" || len(id) > 256 || len(kind) > 256:
			return badFile(place(i), fmt.Sprintf("%s has no id or no type.", place(i)))
		case twice:
			return badFile(place(i), fmt.Sprintf("%s and %s have the same id.", place(at), place(i)))
		}
		first[id] = i
		if n["credentials"] != nil {
			if err := f.takeInside(place(i), id, n); err != nil {
				return err
			}
			if nodes[i], err = encodeFile(n); err != nil {
				return err
			}
			moved = true
		}
	}
	if nodes == nil {
		text = json.RawMessage("[]")
	} else if moved {
		var err error
		if text, err = encodeFile(nodes); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return fmt.Errorf("compact flows: %w", err)
	}
	f.Manifest.Flows = b.Bytes()
	return nil
}

// takeInside moves a node's credentials out of it.
func (f *SnapshotFile) takeInside(where, id string, n members) error {
	inside, err := membersOf(where+".credentials", n["credentials"])
	if err != nil {
		return err
	}
	delete(n, "credentials")
	if len(inside) == 0 {
		return nil
	}
	f.Manifest.Absent = slices.DeleteFunc(f.Manifest.Absent, func(p ManifestPart) bool { return p == PartCredentials })
	return f.addPlain(where+".credentials", id, inside)
}

func (f *SnapshotFile) addPlain(where, id string, fields members) error {
	text, err := json.Marshal(fields)
	if err != nil {
		return badFile(where, where+" cannot be read.")
	}
	if f.Plain == nil {
		f.Plain = map[string]json.RawMessage{}
	}
	f.Plain[id] = text
	return nil
}

func textOf(text json.RawMessage) (s string) {
	if len(text) == 0 || json.Unmarshal(text, &s) != nil {
		return ""
	}
	return s
}

func (f *SnapshotFile) readCredentials(where string, text json.RawMessage) error {
	all, err := membersOf(where, text)
	if err != nil {
		return err
	}
	if sealed, there := all["$"]; there {
		if f.Credentials = textOf(sealed); f.Credentials == "" || len(all) > 1 {
			return badFile(where, where+" is not what Node-RED writes there.")
		}
		return nil
	}
	for id, fields := range all {
		place := where + "." + id
		inner, err := membersOf(place, fields)
		if err != nil {
			return err
		}
		if err := f.addPlain(place, id, inner); err != nil {
			return err
		}
	}
	return nil
}

// readEnvironment reads variables: text, or an object for a hidden one. Those
// that the peer sets itself are left out.
func (f *SnapshotFile) readEnvironment(text json.RawMessage, order []string) error {
	env, err := membersOf("settings.env", text)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(env))
	for name := range env {
		if len(order) > 0 || !strings.HasPrefix(name, "FF_") {
			names = append(names, name)
		}
	}
	rank := map[string]int{}
	for i, name := range order {
		rank[name] = i + 1
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank[a] - rank[b]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		v, err := f.readVariable(name, env[name])
		if err != nil {
			return err
		}
		f.Manifest.Environment = append(f.Manifest.Environment, v)
	}
	if err := CheckEnvironment(f.Manifest.Environment); err != nil {
		return fileEnvironment(err, f.Manifest.Environment)
	}
	return nil
}

// fileEnvironment says of a fault in an environment where it is in the file.
func fileEnvironment(err error, vars []Variable) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return badFile("settings.env", "settings.env cannot be an environment here.")
	}
	var n int
	if _, scan := fmt.Sscanf(e.Fields[0].Path, "items[%d]", &n); scan != nil || n >= len(vars) {
		return badFile("settings.env", e.Fields[0].Msg)
	}
	name := vars[n].Name
	if len(name) > 60 {
		name = name[:60] + "…"
	}
	return badFile("settings.env."+name, "the variable "+name+": "+e.Fields[0].Msg)
}

func (f *SnapshotFile) readVariable(name string, text json.RawMessage) (Variable, error) {
	where := "settings.env." + name
	v := Variable{Name: name}
	text = bytes.TrimSpace(text)
	switch text[0] {
	case '"':
		v.Value = textOf(text)
		return v, nil
	case '{':
	case '[':
		return v, badFile(where, where+" is not the value of a variable.")
	default: // a number or a truth, written as such
		if string(text) != "null" {
			v.Value = string(text)
		}
		return v, nil
	}
	m, err := membersOf(where, text)
	if err != nil {
		return v, err
	}
	v.Hidden = string(m["hidden"]) == "true"
	sealed, value := textOf(m["$"]), textOf(m["value"])
	switch {
	case !v.Hidden && sealed == "":
		v.Value = value
	case sealed != "":
		v.Hidden = true
		f.Hidden = added(f.Hidden, name, sealed)
	case value != "":
		f.PlainHidden = added(f.PlainHidden, name, value)
	}
	return v, nil
}

func added(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

var (
	moduleName    = regexp.MustCompile(`^(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*$`)
	moduleVersion = regexp.MustCompile(`^[0-9A-Za-z.*^~<>=|+ -]{1,128}$`)
	stackDigest   = regexp.MustCompile(`^[0-9a-f]{0,128}$`)
	exactModule   = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
)

// platformModules come with a stack, or are the peer's own.
var platformModules = map[string]bool{"node-red": true, "npm": true}

// readModules reads modules by name and version, or range where there is no lock:
// then a restore chooses the versions. What is no version but a path or an
// address is refused.
func (f *SnapshotFile) readModules(text, lock json.RawMessage) error {
	const where = "settings.modules"
	all, err := membersOf(where, text)
	if err != nil {
		return err
	}
	ours := len(lock) > 0 && string(lock) != "null"
	for name, raw := range all {
		version := textOf(raw)
		if m, err := membersOf(where, raw); err == nil && len(m) > 0 {
			version = textOf(m["version"])
		}
		switch {
		case len(name) > 214 || !moduleName.MatchString(name):
			return badFile(where, fmt.Sprintf("settings.modules names %q, which is no module.", cutName(name)))
		case !moduleVersion.MatchString(version):
			return badFile(where+"."+name, fmt.Sprintf("the module %s is asked for by something that is no version.", cutName(name)))
		case platformModules[name] && !ours:
		case ours && !exactModule.MatchString(version):
			return badFile(where+"."+name, fmt.Sprintf("the module %s has no exact version.", cutName(name)))
		default:
			f.Manifest.Modules.Direct = added(f.Manifest.Modules.Direct, name, version)
		}
	}
	if ours {
		f.Manifest.Modules.Lock = lock
	}
	return nil
}

func cutName(name string) string {
	if r := []rune(name); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return name
}
