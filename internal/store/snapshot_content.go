package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Content is what a snapshot is made of, cut and hashed, so that a transaction
// has only rows to write.
type Content struct {
	// Digest is the manifest's; Nodes, Modules and Size are counts of it.
	Digest         string
	Nodes, Modules int
	Size           int64

	manifest    *fleet.Manifest
	file        hash
	chunks      []chunk
	modules     body
	environment body
	settings    string
	absent      string
	// packed are chunks that were compressed already.
	packed map[hash][]byte
}

// body is a large part that snapshots share.
type body struct {
	hash          hash
	plain, packed []byte
}

// Pack makes the content of a snapshot. It takes some milliseconds for large
// flows: call it before a transaction, and [Content.Fits] inside, as the content
// may have changed in between. The manifest must not be changed afterwards.
func Pack(m *fleet.Manifest) (*Content, error) {
	digest, err := m.Digest()
	if err != nil {
		return nil, err
	}
	c := &Content{Digest: digest, Modules: len(m.Modules.Direct), manifest: m, packed: map[hash][]byte{}}
	flows := []byte(m.Flows)
	if len(flows) == 0 && m.Has(fleet.PartFlows) {
		flows = []byte("[]")
	}
	c.Size, c.file = int64(len(flows)), sha256.Sum256(flows)
	c.chunks, c.Nodes = cutFlows(flows)
	direct, err := json.Marshal(orEmpty(m.Modules.Direct))
	if err != nil {
		return nil, fmt.Errorf("encode modules: %w", err)
	}
	c.modules = bodyOf(slices.Concat(direct, []byte("\n"), m.Modules.Lock))
	environment, err := json.Marshal(each(m.Environment, storedOf))
	if err != nil {
		return nil, fmt.Errorf("encode environment: %w", err)
	}
	c.environment = bodyOf(environment)
	settings, err := json.Marshal(orEmpty(m.Settings))
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	c.settings = string(settings)
	absent := each(m.Absent, func(p fleet.ManifestPart) string { return string(p) })
	slices.Sort(absent)
	c.absent = strings.Join(slices.Compact(absent), ",")
	return c, nil
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// storedVariable is an entry of an environment as a body holds it.
type storedVariable struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Hidden bool   `json:"hidden,omitempty"`
}

func storedOf(v fleet.Variable) storedVariable {
	if v.Hidden {
		v.Value = ""
	}
	return storedVariable(v)
}

func bodyOf(plain []byte) body { return body{hash: sha256.Sum256(plain), plain: plain} }

// Fits reports whether this is the content of a manifest.
func (c *Content) Fits(m *fleet.Manifest) bool { return c != nil && c.manifest.SameContent(m) }

func (c *Content) list() []hash {
	return each(c.chunks, func(ch chunk) hash { return ch.hash })
}

// pack compresses the chunks that are wanted.
func (c *Content) pack(wanted map[hash]bool) error {
	var todo []chunk
	for _, ch := range c.chunks {
		if wanted[ch.hash] && c.packed[ch.hash] == nil {
			todo = append(todo, ch)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	enc, err := newPacker()
	if err != nil {
		return err
	}
	defer enc.Close()
	for _, ch := range todo {
		if c.packed[ch.hash] == nil {
			c.packed[ch.hash] = enc.EncodeAll(ch.data, nil)
		}
	}
	return nil
}

// Prepare looks which parts of a content are not kept yet and compresses them,
// so that [Tx.InsertSnapshot] need not. It is worth its while for a large content.
func (db *DB) Prepare(ctx context.Context, c *Content) error {
	var missing map[hash]bool
	var bodies []*body
	err := db.View(ctx, func(tx *Tx) (err error) {
		missing, bodies = nil, nil
		if _, there, err := tx.hasFlowList(c.file); err != nil {
			return err
		} else if !there {
			if missing, err = tx.missingChunks(c.list()); err != nil {
				return err
			}
		}
		for _, b := range []*body{&c.modules, &c.environment} {
			there, err := tx.q.HasSnapshotBody(tx.ctx, b.hash[:])
			if err != nil {
				return noun(err, "snapshot_body", "read")
			}
			if !there {
				bodies = append(bodies, b)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range bodies {
		if err := b.pack(); err != nil {
			return err
		}
	}
	return c.pack(missing)
}

func (b *body) pack() (err error) {
	if b.packed == nil {
		b.packed, err = pack(b.plain)
	}
	return err
}

func (tx *Tx) putBody(b *body) error {
	there, err := tx.q.HasSnapshotBody(tx.ctx, b.hash[:])
	if err != nil || there {
		return noun(err, "snapshot_body", "read")
	}
	if err := b.pack(); err != nil {
		return err
	}
	return noun(tx.q.InsertSnapshotBody(tx.ctx, b.hash[:], b.packed), "snapshot_body", "insert")
}

// SnapshotContent reads the whole content of a snapshot, and verifies it.
func (tx *Tx) SnapshotContent(id fleet.SnapshotID) (*fleet.Manifest, error) {
	r, err := tx.q.Snapshot(tx.ctx, id)
	if err != nil {
		return nil, noun(err, "snapshot", "read")
	}
	m, err := tx.snapshotRest(&r.Snapshot)
	if err != nil {
		return nil, err
	}
	m.Flows, err = tx.snapshotFlows(&r.Snapshot)
	return m, err
}

// SnapshotRest reads the content of a snapshot beside its flows, which take the
// time.
func (tx *Tx) SnapshotRest(id fleet.SnapshotID) (*fleet.Manifest, error) {
	r, err := tx.q.Snapshot(tx.ctx, id)
	if err != nil {
		return nil, noun(err, "snapshot", "read")
	}
	return tx.snapshotRest(&r.Snapshot)
}

// SnapshotFlows reads the flows of a snapshot: the bytes that it was made of.
func (tx *Tx) SnapshotFlows(id fleet.SnapshotID) (json.RawMessage, error) {
	r, err := tx.q.Snapshot(tx.ctx, id)
	if err != nil {
		return nil, noun(err, "snapshot", "read")
	}
	return tx.snapshotFlows(&r.Snapshot)
}

// SnapshotSecrets reads the sealed secrets of a snapshot; nil where it has none.
func (tx *Tx) SnapshotSecrets(id fleet.SnapshotID) ([]byte, error) {
	r, err := tx.q.Snapshot(tx.ctx, id)
	if err != nil || r.Snapshot.SecretsDigest == "" {
		return nil, noun(err, "snapshot", "read")
	}
	sealed, err := tx.q.SnapshotSecret(tx.ctx, id)
	if err = noun(err, "snapshot_secret", "read"); fleet.IsKind(err, fleet.NotFound) {
		return nil, damaged(&r.Snapshot, err)
	}
	return sealed, err
}

// damaged names the snapshot that cannot be read.
func damaged(s *query.Snapshot, err error) error {
	name := s.Name
	if name == "" {
		name = fromMicros(s.CreatedAt).Format("of 2006-01-02 15:04:05 UTC")
	}
	return &fleet.Error{
		Kind: fleet.Conflict, Code: "snapshot_damaged", Err: fmt.Errorf("snapshot %s: %w", s.ID, err),
		Msg: fmt.Sprintf("Snapshot %s (%s) is damaged in the platform's database and cannot be read. Restore the database from a backup, or use another snapshot.", name, s.ID),
	}
}

func (tx *Tx) snapshotFlows(s *query.Snapshot) (json.RawMessage, error) {
	list, err := tx.flowList(hashOf(s.Flows))
	if errors.Is(err, errListDamaged) {
		return nil, damaged(s, err)
	}
	if err != nil {
		return nil, err
	}
	rows, err := tx.q.FlowChunksOfList(tx.ctx, s.Flows)
	if err != nil {
		return nil, noun(err, "flow_chunk", "list")
	}
	flows, err := joinChunks(list, rows, int(s.Size))
	if err == nil && sha256.Sum256(flows) != hashOf(s.Flows) {
		err = errors.New("the flows do not have the hash they were kept under")
	}
	if err != nil {
		return nil, damaged(s, err)
	}
	return flows, nil
}

// joinChunks puts the chunks of a list together and verifies each.
func joinChunks(list []hash, rows []query.FlowChunk, size int) ([]byte, error) {
	at := make(map[hash]*query.FlowChunk, len(rows))
	for i := range rows {
		at[hashOf(rows[i].Hash)] = &rows[i]
	}
	dec, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	flows := make([]byte, 0, min(size, maxUnpacked))
	for _, h := range list {
		r := at[h]
		if r == nil {
			return nil, fmt.Errorf("chunk %s is missing", h)
		}
		if r.Dictionary > newestDictionary {
			return nil, fmt.Errorf("chunk %s was packed with dictionary %d, which this version does not have", h, r.Dictionary)
		}
		from := len(flows)
		if flows, err = dec.DecodeAll(r.Data, flows); err != nil {
			return nil, fmt.Errorf("chunk %s: %w", h, err)
		}
		if sha256.Sum256(flows[from:]) != h {
			return nil, fmt.Errorf("chunk %s does not have its hash", h)
		}
	}
	return flows, nil
}

func (tx *Tx) snapshotRest(s *query.Snapshot) (*fleet.Manifest, error) {
	m := &fleet.Manifest{Stack: s.Stack}
	if s.Absent != "" {
		m.Absent = each(strings.Split(s.Absent, ","), func(p string) fleet.ManifestPart { return fleet.ManifestPart(p) })
	}
	modules, err := tx.body(s, s.Modules)
	if err != nil {
		return nil, err
	}
	direct, lock, _ := bytes.Cut(modules, []byte("\n"))
	environment, err := tx.body(s, s.Environment)
	if err != nil {
		return nil, err
	}
	var vars []storedVariable
	err = errors.Join(json.Unmarshal(direct, &m.Modules.Direct), json.Unmarshal(environment, &vars), json.Unmarshal([]byte(s.Settings), &m.Settings))
	if err != nil {
		return nil, damaged(s, err)
	}
	m.Modules.Lock = lock
	m.Environment = each(vars, func(v storedVariable) fleet.Variable { return fleet.Variable(v) })
	return m, nil
}

func (tx *Tx) body(s *query.Snapshot, h []byte) ([]byte, error) {
	packed, err := tx.q.SnapshotBody(tx.ctx, h)
	if err = noun(err, "snapshot_body", "read"); fleet.IsKind(err, fleet.NotFound) {
		return nil, damaged(s, err)
	}
	if err != nil {
		return nil, err
	}
	plain, err := unpack(packed)
	if err == nil && sha256.Sum256(plain) != hashOf(h) {
		err = errors.New("a body does not have its hash")
	}
	if err != nil {
		return nil, damaged(s, err)
	}
	return plain, nil
}
