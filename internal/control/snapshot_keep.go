package control

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/flow"
	"leat/internal/store"
)

// holding is what an instance is: everything that a snapshot keeps of it, with
// its secrets opened.
type holding struct {
	team        fleet.TeamID
	flows       json.RawMessage
	flowsDigest string
	credentials json.RawMessage
	environment []fleet.Variable
	modules     store.Modules
	timeZone    string
	persistent  bool
	stack       string // the digest
}

// sketch tells two holdings apart without their large parts.
type sketch struct {
	flows, secrets, environment, modules, timeZone, stack string
	persistent                                            bool
}

// lookAt reads what an instance is. Without its large parts it is good for a
// sketch alone.
func (s *step) lookAt(i *store.Instance, whole bool) (*holding, error) {
	h := &holding{team: i.Team, timeZone: i.TimeZone, persistent: i.PersistentContext}
	digest, sealed, err := s.FlowsBase(i.ID)
	if err != nil {
		return nil, err
	}
	h.flowsDigest = digest
	if h.credentials, err = s.c.openCredentials(i.ID, sealed); err != nil {
		return nil, err
	}
	if h.environment, err = s.openEnvironment(i.ID); err != nil {
		return nil, err
	}
	if h.stack, err = s.stackDigest(&i.Instance); err != nil || !whole {
		if err == nil {
			h.modules.Direct, h.modules.Digest, err = s.ModulesBase(i.ID)
		}
		return h, err
	}
	f, err := s.Tx.Flows(i.ID)
	if err != nil {
		return nil, err
	}
	h.flows = f.Flows
	m, err := s.Tx.Modules(i.ID)
	if err != nil {
		return nil, err
	}
	h.modules = *m
	return h, nil
}

// stackDigest is that of the lock an instance runs on; empty where its stack is gone.
func (s *step) stackDigest(i *fleet.Instance) (string, error) {
	if i.Given.Digest != "" {
		return i.Given.Digest, nil
	}
	st, err := s.stack(i.Stack)
	if fleet.IsKind(err, fleet.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return st.Digest, nil
}

// stackOf finds a stack by its digest.
func (s *step) stackOf(digest string) (*fleet.Stack, bool, error) {
	stacks, err := s.allStacks()
	if err != nil || digest == "" {
		return nil, false, err
	}
	n := slices.IndexFunc(stacks, func(st *fleet.Stack) bool { return st.Digest == digest })
	if n < 0 {
		return nil, false, nil
	}
	return stacks[n], true, nil
}

// manifest is the content as a snapshot keeps it.
func (h *holding) manifest() *fleet.Manifest {
	m := &fleet.Manifest{
		Flows: h.flows, Environment: h.environment, Stack: h.stack,
		Settings: map[string]any{},
		Modules:  fleet.ManifestModules{Direct: h.modules.Direct, Lock: h.modules.Lock},
	}
	if h.timeZone != "" {
		m.Settings[fleet.SettingTimeZone] = h.timeZone
	}
	if h.persistent {
		m.Settings[fleet.SettingPersistentContext] = true
	}
	return m
}

// secrets are what the manifest must not hold.
func (h *holding) secrets() (*fleet.Secrets, error) {
	out := &fleet.Secrets{Hidden: map[string]string{}}
	if len(h.credentials) > 0 {
		if err := json.Unmarshal(h.credentials, &out.Credentials); err != nil {
			return nil, &fleet.Error{Kind: fleet.Invalid, Code: "credentials_invalid", Msg: "The credentials are not an object of fields by node.", Err: err}
		}
		maps.DeleteFunc(out.Credentials, func(_ string, v json.RawMessage) bool { return emptyObject(v) })
	}
	for _, v := range h.environment {
		if v.Hidden {
			out.Hidden[v.Name] = v.Value
		}
	}
	return out, nil
}

func emptyObject(v json.RawMessage) bool {
	text := bytes.TrimSpace(v)
	return string(text) == "null" || len(text) >= 2 && text[0] == '{' && len(bytes.TrimSpace(text[1:len(text)-1])) == 0
}

// sketch is made of what a look without the large parts gives, too.
func (h *holding) sketch(c *core) (sketch, error) {
	k := sketch{flows: h.flowsDigest, modules: h.modules.Digest, timeZone: h.timeZone, stack: h.stack, persistent: h.persistent}
	secrets, err := h.secrets()
	if err != nil {
		return k, err
	}
	if k.secrets, _, err = c.nameSecrets(h.team, secrets); err != nil {
		return k, err
	}
	visible := slices.Clone(h.environment)
	for n := range visible {
		if visible[n].Hidden {
			visible[n].Value = ""
		}
	}
	text, err := json.Marshal([]any{visible, h.modules.Direct})
	k.environment = string(text)
	return k, err
}

// nameSecrets gives the digest that tells sets of secrets of a team apart, and
// what is to be sealed; both are empty where there are none. The digest is shown:
// who compares it with one of another team must learn nothing.
func (c *core) nameSecrets(team fleet.TeamID, secrets *fleet.Secrets) (digest string, plain []byte, err error) {
	plain, err = secrets.Canonical()
	if err != nil || len(plain) == 0 {
		return "", nil, err
	}
	return hex.EncodeToString(c.Key.Derive("snapshot secrets digest").MAC(string(team), string(plain))), plain, nil
}

func (c *core) sealSecrets(digest string, plain []byte) []byte {
	if digest == "" {
		return nil
	}
	return c.Key.Derive("snapshot secrets").Seal(plain, []byte(digest))
}

// openSecrets opens the secrets of a snapshot.
func (s *step) openSecrets(snap *fleet.Snapshot) (*fleet.Secrets, error) {
	sealed, err := s.SnapshotSecrets(snap.ID)
	if err != nil || len(sealed) == 0 {
		return &fleet.Secrets{}, err
	}
	plain, err := s.c.Key.Derive("snapshot secrets").Open(sealed, []byte(snap.SecretsDigest))
	if err != nil {
		return nil, &fleet.Error{Kind: fleet.Conflict, Code: "wrong_platform_key",
			Msg: "The snapshot's secrets were sealed with another platform key. Put the platform's own key file back, or restore without credentials and environment.", Err: err}
	}
	return fleet.ParseSecrets(plain)
}

// draft is the content that an instance is about to have, made ready to be kept
// before the transaction begins.
type draft struct {
	sketch  sketch
	content *store.Content
	secrets string
	sealed  []byte
	// nodes counts what differs from what the instance held.
	nodes *api.Changes
	// credentials is set where they differ.
	credentials bool
}

// draftOf asks for the verb's permission and makes ready what an instance will be
// after a change. It looks at the rows of this moment: should they change before
// the transaction, keepVersion makes the content anew.
func (c *core) draftOf(ctx context.Context, who fleet.Actor, perm fleet.Permission, id fleet.InstanceID, change func(*holding) error) (*draft, error) {
	var old *holding
	err := c.read(ctx, who, perm, func(s *step) error {
		i, err := s.inDraft(id)
		if err != nil {
			return err
		}
		old, err = s.lookAt(i, true)
		return err
	})
	if fleet.IsCode(err, "wrong_platform_key") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	next := *old
	if err := change(&next); err != nil {
		return nil, err
	}
	d, err := c.makeDraft(&next)
	if err != nil {
		return nil, err
	}
	d.compare(old, &next)
	return d, c.DB.Prepare(ctx, d.content)
}

// inDraft finds the instance that a draft is made for.
func (s *step) inDraft(id fleet.InstanceID) (*store.Instance, error) {
	if g, _ := fleet.GrantOf(s.perm); g.Scope == fleet.Runner {
		if err := s.may("", "instance", string(id)); err != nil {
			return nil, err
		}
		return s.Instance(id)
	}
	find := s.inContent
	if s.perm == fleet.SnapshotCreate { // which changes nothing of what it runs
		find = s.inInstance
	}
	i, err := find(id)
	if err != nil {
		return nil, err
	}
	return &i.Instance, nil
}

func (c *core) makeDraft(h *holding) (*draft, error) {
	d := &draft{}
	var err error
	if d.sketch, err = h.sketch(c); err != nil {
		return nil, err
	}
	secrets, err := h.secrets()
	if err != nil {
		return nil, err
	}
	var plain []byte
	if d.secrets, plain, err = c.nameSecrets(h.team, secrets); err != nil {
		return nil, err
	}
	d.sealed = c.sealSecrets(d.secrets, plain)
	d.content, err = store.Pack(h.manifest())
	return d, err
}

// revision says of a change of content who made it, of what and why.
type revision struct {
	kind    fleet.TimelineKind
	trigger fleet.SnapshotTrigger
	by      fleet.Actor
	from    string
	summary api.TimelineSummary
}

// keepVersion keeps what an instance is after a change, and writes the change
// into its timeline, in the transaction of the change. d may be nil; then the
// content is made here. Content that the newest snapshot has already is not kept
// twice.
func (s *step) keepVersion(i *store.Instance, d *draft, v revision) error {
	before, err := s.newest(i.ID)
	if err != nil {
		return err
	}
	h := happening{kind: v.kind, by: v.by, summary: v.summary}
	if before != nil {
		h.before = before.ID
	}
	d, err = s.fitting(i, d)
	if fleet.IsCode(err, "wrong_platform_key") {
		s.c.Log.WarnContext(s.Context(), "a version was not kept: the instance's secrets were sealed with another platform key", "instance", i.ID)
		h.before = ""
		return s.happened(&i.Instance, h)
	}
	if err != nil {
		return err
	}
	if d.nodes != nil && h.summary.NodeChanges == nil && v.trigger != fleet.TriggerEnvironment {
		h.summary.NodeChanges, h.summary.Credentials = d.nodes, d.credentials
	}
	if before != nil && before.Digest == d.content.Digest && before.SecretsDigest == d.secrets {
		h.snapshot = before.ID
		return s.happened(&i.Instance, h)
	}
	snap := s.snapshotOf(i, v.by)
	snap.Kind, snap.Trigger, snap.From, snap.SecretsDigest = fleet.SnapshotAuto, v.trigger, v.from, d.secrets
	if err := s.InsertSnapshot(snap, d.content, d.sealed); err != nil {
		return err
	}
	h.snapshot = snap.ID
	s.hintSnapshot(snap)
	return s.happened(&i.Instance, h)
}

// newest is the newest snapshot of an instance, nil where there is none.
func (s *step) newest(id fleet.InstanceID) (*fleet.Snapshot, error) {
	snap, err := s.NewestSnapshot(id)
	if fleet.IsKind(err, fleet.NotFound) {
		return nil, nil
	}
	return snap, err
}

// fitting gives the draft if it is what the rows hold now, and a new one otherwise.
func (s *step) fitting(i *store.Instance, d *draft) (*draft, error) {
	now, err := s.Instance(i.ID)
	if err != nil {
		return nil, err
	}
	if d != nil {
		h, err := s.lookAt(now, false)
		if err != nil {
			return nil, err
		}
		k, err := h.sketch(s.c)
		if err != nil {
			return nil, err
		}
		if k == d.sketch {
			return d, nil
		}
	}
	h, err := s.lookAt(now, true)
	if err != nil {
		return nil, err
	}
	return s.c.makeDraft(h)
}

// snapshotOf begins a snapshot of an instance.
func (s *step) snapshotOf(i *store.Instance, by fleet.Actor) *fleet.Snapshot {
	return &fleet.Snapshot{
		Application: i.Application, Team: i.Team, Instance: i.ID, InstanceName: i.Name,
		Author: by.Username, AuthorID: by.User, CreatedAt: s.now,
	}
}

func (s *step) hintSnapshot(snap *fleet.Snapshot) {
	s.hint(fleet.Event{Noun: "snapshot", ID: string(snap.ID), Team: snap.Team, Version: snap.Version})
}

// compare counts what differs between two holdings, for the timeline.
func (d *draft) compare(old, next *holding) {
	d.credentials = !sameCredentials(old, next)
	d.nodes = &api.Changes{}
	if old.flowsDigest == next.flowsDigest {
		return
	}
	was, is := nodesByKey(old.flows), nodesByKey(next.flows)
	for key, text := range is {
		before, there := was[key]
		switch {
		case !there:
			d.nodes.Added++
		case !sameJSON(before, text):
			d.nodes.Changed++
		}
	}
	for key := range was {
		if _, there := is[key]; !there {
			d.nodes.Removed++
		}
	}
}

// sameCredentials says whether two holdings hold the same ones, however they are written.
func sameCredentials(a, b *holding) bool {
	left, err := a.secrets()
	if err != nil {
		return false
	}
	right, err := b.secrets()
	return err == nil && maps.EqualFunc(left.Credentials, right.Credentials, func(x, y json.RawMessage) bool { return sameJSON(x, y) })
}

// sameJSON looks past the order of members and what stands between them.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	left, err := fleet.AppendCanonicalText(nil, a)
	if err != nil {
		return false
	}
	right, err := fleet.AppendCanonicalText(nil, b)
	return err == nil && bytes.Equal(left, right)
}

// nodesByKey finds nodes as they are written.
func nodesByKey(flows json.RawMessage) map[flow.Key][]byte {
	file, err := flow.Parse(flows)
	if err != nil {
		return nil
	}
	out := make(map[flow.Key][]byte, len(file.Nodes))
	for _, n := range file.Nodes {
		out[n.Key] = n.Raw
	}
	return out
}
