package control

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/flow"
	"leat/internal/store"
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
}

// content is one side: what a version holds, and no secret.
type content struct {
	side  api.ComparisonSide
	flows json.RawMessage
	// secrets are digests under a key: of each node's credentials, and of hidden
	// variables. sealed is set where they could not be opened.
	credentials map[string]string
	sealed      bool
	variables   []comparedVariable
	settings    map[string]any
	stack       string
	direct      map[string]string
	lock        json.RawMessage
	// digest and secrets are equal for versions that are; empty where not known.
	digest, secrets string
}

type comparedVariable struct {
	fleet.Variable
	digest string
}

// Compare tells how version to differs from version from. Each is the id of a
// snapshot, or of an instance for what it holds now; the actor must be allowed
// to see both.
func (c *Comparisons) Compare(ctx context.Context, who fleet.Actor, from, to string) (*Comparison, error) {
	var a, b *content
	err := c.read(ctx, who, fleet.SnapshotRead, func(s *step) (err error) {
		if a, err = s.content(from); err != nil {
			return err
		}
		if from == to {
			b = a
			return nil
		}
		b, err = s.content(to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return compare(a, b)
}

// content reads a side.
func (s *step) content(id string) (*content, error) {
	i, err := s.inInstance(fleet.InstanceID(id))
	if err != nil {
		return nil, err
	}
	return s.instanceContent(i)
}

func (s *step) instanceContent(i *Instance) (*content, error) {
	f, err := s.Tx.Flows(i.ID)
	if err != nil {
		return nil, err
	}
	modules, err := s.Tx.Modules(i.ID)
	if err != nil {
		return nil, err
	}
	c := &content{
		side: api.ComparisonSide{
			Instance: string(i.ID), Application: string(i.Application), Team: string(i.Team), Name: i.Name, Digest: f.Digest, Nodes: f.Nodes,
			Author: i.Deploy.Author, CreatedAt: i.Deploy.Time.UTC(),
		},
		flows: f.Flows, settings: map[string]any{"timeZone": i.TimeZone}, stack: i.Stack, direct: modules.Direct, lock: modules.Lock,
	}
	if c.credentials, err = s.credentialDigests(i.ID, f.Credentials); err != nil {
		c.sealed = true
	}
	return c, s.instanceVariables(i, c)
}

// credentialDigests tells nodes' credentials apart without telling them: digests
// under a key, of one length.
func (s *step) credentialDigests(id fleet.InstanceID, sealed []byte) (map[string]string, error) {
	plain, err := s.c.openCredentials(id, sealed)
	if err != nil || len(plain) == 0 {
		return nil, err
	}
	return s.c.digestCredentials(plain)
}

func (c *core) digestCredentials(plain json.RawMessage) (map[string]string, error) {
	var nodes map[string]any
	if err := json.Unmarshal(plain, &nodes); err != nil {
		return nil, fmt.Errorf("decode credentials: %w", err)
	}
	key := c.Key.Derive("comparison")
	out := make(map[string]string, len(nodes))
	for id, fields := range nodes {
		if m, ok := fields.(map[string]any); ok && len(m) == 0 || fields == nil {
			continue
		}
		text, err := fleet.AppendCanonical(nil, fields)
		if err != nil {
			return nil, fmt.Errorf("encode credentials: %w", err)
		}
		out[id] = string(key.MAC("credentials", string(text)))
	}
	return out, nil
}

func (s *step) instanceVariables(i *Instance, c *content) error {
	vars, err := s.openEnvironment(i.ID)
	if fleet.IsCode(err, "wrong_platform_key") {
		c.sealed = true
		var rows []store.Variable
		if rows, err = s.Tx.Environment(i.ID); err == nil {
			for _, v := range rows {
				vars = append(vars, v.Variable)
			}
		}
	}
	for _, v := range vars {
		c.variables = append(c.variables, s.c.comparedVariable(v))
	}
	return err
}

// comparedVariable takes the value of a hidden variable away.
func (c *core) comparedVariable(v fleet.Variable) comparedVariable {
	out := comparedVariable{Variable: v}
	if v.Hidden {
		out.digest, out.Value = string(c.Key.Derive("comparison").MAC("variable", v.Value)), ""
	}
	return out
}

func compare(a, b *content) (*Comparison, error) {
	out := &Comparison{From: a.side, To: b.side, SecretsCompared: a.side.Team == b.side.Team && !a.sealed && !b.sealed}
	if a == b || a.digest != "" && a.digest == b.digest && (a.secrets == b.secrets || !out.SecretsCompared) {
		out.Identical, out.Flows = true, &flow.Difference{}
		return out, out.parse(b.flows, b.flows)
	}
	if err := out.parse(a.flows, b.flows); err != nil {
		return nil, err
	}
	out.Flows = flow.Compare(out.FromFile, out.ToFile)
	out.Modules = compareModules(a, b)
	out.Environment = compareVariables(a.variables, b.variables, out.SecretsCompared)
	out.Settings = compareSettings(a.settings, b.settings)
	if a.stack != b.stack {
		out.Stack = &api.FieldDiff{Name: "stack", From: jsonText(a.stack), To: jsonText(b.stack)}
	}
	out.Credentials = compareCredentials(a.credentials, b.credentials, out.SecretsCompared)
	out.Identical = len(out.Flows.Changes) == 0 && len(out.Flows.Order) == 0 && len(out.Modules) == 0 && len(out.Environment) == 0 &&
		len(out.Settings) == 0 && out.Stack == nil && len(out.Credentials) == 0
	return out, nil
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

func compareSettings(from, to map[string]any) []api.FieldDiff {
	var out []api.FieldDiff
	names := maps.Clone(to)
	maps.Copy(names, from)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d := api.FieldDiff{Name: name}
		was, before := from[name]
		is, after := to[name]
		if before && after && was == is {
			continue
		}
		if before {
			d.From = jsonText(was)
		}
		if after {
			d.To = jsonText(is)
		}
		out = append(out, d)
	}
	return out
}

func compareVariables(from, to []comparedVariable, values bool) []api.VariableDiff {
	var out []api.VariableDiff
	was := make(map[string]comparedVariable, len(from))
	for _, v := range from {
		was[v.Name] = v
	}
	for _, v := range to {
		old, there := was[v.Name]
		delete(was, v.Name)
		switch {
		case !there:
			out = append(out, variableDiff(flow.Added, nil, &v))
		case old.Hidden != v.Hidden, old.Value != v.Value, values && old.digest != v.digest:
			out = append(out, variableDiff(flow.Changed, &old, &v))
		}
	}
	for _, v := range from {
		if _, gone := was[v.Name]; gone {
			out = append(out, variableDiff(flow.Removed, &v, nil))
		}
	}
	slices.SortFunc(out, func(a, b api.VariableDiff) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func variableDiff(what flow.What, from, to *comparedVariable) api.VariableDiff {
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
