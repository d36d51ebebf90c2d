package control

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/flow"
)

// Comparisons is the verbs of telling how versions differ.
type Comparisons struct{ *core }

// Comparison is how the content of one version differs from that of another.
// The flows are whole here; who shows them says what is too much.
type Comparison struct {
	From, To api.ComparisonSide
	// Identical says that nothing differs; SecretsCompared whether that holds for
	// secrets too.
	Identical       bool
	SecretsCompared bool
	FromFile        *flow.File
	ToFile          *flow.File
	Flows           *flow.Difference
	Modules         []api.ModuleDiff
	Environment     []api.VariableDiff
	Settings        []api.FieldDiff
	Stack           *api.FieldDiff
	// Credentials tells by node id how its secrets differ.
	Credentials map[string]flow.What
	// Absent are parts that one of the sides does not have.
	Absent []string
}

// Compare tells how version to differs from version from. Each is the id of a
// snapshot, or of an instance for what it holds now; the actor must be allowed
// to see both.
func (c *Comparisons) Compare(ctx context.Context, who fleet.Actor, from, to string) (*Comparison, error) {
	var a, b *content
	err := c.read(ctx, who, fleet.SnapshotRead, func(s *step) (err error) {
		if a, err = s.content(from); err != nil || from == to {
			b = a
			return err
		}
		b, err = s.content(to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return compare(a, b)
}

func compare(a, b *content) (*Comparison, error) {
	out := &Comparison{From: a.side, To: b.side, SecretsCompared: a.side.Team == b.side.Team && a.secrets != nil && b.secrets != nil}
	if a == b || a.side.Digest != "" && a.side.Digest == b.side.Digest && (a.secretsDigest == b.secretsDigest || a.side.Team != b.side.Team) {
		out.Identical, out.Flows = true, &flow.Difference{}
		return out, out.parse(b.flows, b.flows)
	}
	from := a.flows
	if out.absent(fleet.PartFlows, a, b) {
		from = b.flows
	}
	if err := out.parse(from, b.flows); err != nil {
		return nil, err
	}
	out.Flows = flow.Compare(out.FromFile, out.ToFile)
	out.compareRest(a, b)
	out.Identical = len(out.Flows.Changes)+len(out.Flows.Order)+len(out.Modules)+len(out.Environment)+len(out.Settings)+len(out.Credentials) == 0 &&
		out.Stack == nil
	return out, nil
}

// absent notes a part that one of the sides does not have: it is not compared.
func (c *Comparison) absent(part fleet.ManifestPart, a, b *content) bool {
	if !slices.Contains(a.absent, part) && !slices.Contains(b.absent, part) {
		return false
	}
	c.Absent = append(c.Absent, string(part))
	return true
}

func (c *Comparison) compareRest(a, b *content) {
	if !c.absent(fleet.PartModules, a, b) {
		c.Modules = compareModules(a.modules, b.modules)
	}
	if !c.absent(fleet.PartEnvironment, a, b) {
		values := !c.absent(fleet.PartValues, a, b)
		c.Environment = compareVariables(a, b, values, values && c.SecretsCompared)
	}
	if !c.absent(fleet.PartSettings, a, b) {
		c.Settings = compareSettings(a.settings, b.settings)
	}
	if !c.absent(fleet.PartStack, a, b) && a.stack.Digest != b.stack.Digest {
		c.Stack = &api.FieldDiff{Name: "stack", From: jsonText(a.stack), To: jsonText(b.stack)}
	}
	if !c.absent(fleet.PartCredentials, a, b) && a.secrets != nil && b.secrets != nil {
		c.Credentials = compareCredentials(a.secrets.credentials, b.secrets.credentials, c.SecretsCompared)
	}
}

// parse reads both files at the same time.
func (c *Comparison) parse(from, to json.RawMessage) error {
	var g errgroup.Group
	g.Go(func() (err error) { c.FromFile, err = flow.Parse(from); return err })
	g.Go(func() (err error) { c.ToFile, err = flow.Parse(to); return err })
	if err := g.Wait(); err != nil {
		return &fleet.Error{Kind: fleet.Conflict, Code: "flows_invalid", Msg: "One of the two holds flows that are no array of nodes. Deploy it from the editor again.", Err: err}
	}
	return nil
}

func jsonText(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

// compareCredentials tells by node how secrets differ; where they may not be
// compared, only where there are some on one side alone.
func compareCredentials(from, to map[string]string, values bool) map[string]flow.What {
	out := map[string]flow.What{}
	for id, digest := range to {
		if was, there := from[id]; !there {
			out[id] = flow.Added
		} else if values && was != digest {
			out[id] = flow.Changed
		}
	}
	for id := range from {
		if _, there := to[id]; !there {
			out[id] = flow.Removed
		}
	}
	return out
}

// compareSettings takes a setting that is empty or false for one that is not there.
func compareSettings(from, to map[string]any) []api.FieldDiff {
	var out []api.FieldDiff
	names := map[string]any{}
	maps.Copy(names, from)
	maps.Copy(names, to)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d := api.FieldDiff{Name: name, From: settingText(from[name]), To: settingText(to[name])}
		if !bytes.Equal(d.From, d.To) {
			out = append(out, d)
		}
	}
	return out
}

func settingText(v any) json.RawMessage {
	if v == nil || v == false || v == "" {
		return nil
	}
	return jsonText(v)
}

// compareVariables compares visible values where both sides have some, and
// hidden ones where they may be compared.
func compareVariables(a, b *content, values, hidden bool) []api.VariableDiff {
	var out []api.VariableDiff
	was := make(map[string]fleet.Variable, len(a.environment))
	for _, v := range a.environment {
		was[v.Name] = v
	}
	for _, v := range b.environment {
		old, there := was[v.Name]
		delete(was, v.Name)
		switch {
		case !there:
			out = append(out, variableDiff(flow.Added, nil, &v))
		case old.Hidden != v.Hidden, values && !v.Hidden && old.Value != v.Value, hidden && v.Hidden && a.secrets.hidden[v.Name] != b.secrets.hidden[v.Name]:
			out = append(out, variableDiff(flow.Changed, &old, &v))
		}
	}
	for _, v := range a.environment {
		if _, gone := was[v.Name]; gone {
			out = append(out, variableDiff(flow.Removed, &v, nil))
		}
	}
	slices.SortFunc(out, func(a, b api.VariableDiff) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func variableDiff(what flow.What, from, to *fleet.Variable) api.VariableDiff {
	d := api.VariableDiff{Change: string(what)}
	if from != nil {
		d.Name, d.FromHidden = from.Name, from.Hidden
		if !from.Hidden {
			d.From = &from.Value
		}
	}
	if to != nil {
		d.Name, d.ToHidden = to.Name, to.Hidden
		if !to.Hidden {
			d.To = &to.Value
		}
	}
	return d
}
