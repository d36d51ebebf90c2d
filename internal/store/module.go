package store

import (
	"encoding/json"
	"fmt"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Modules are the palette modules of an instance.
type Modules struct {
	// Direct maps the modules somebody asked for to their exact versions.
	Direct map[string]string
	// Lock is of the whole tree; nothing where there are no modules.
	Lock   json.RawMessage
	Digest string
	// Change is the one that led here.
	Change fleet.DeployID
}

// ModuleChange is what a change of modules would lead to.
type ModuleChange struct {
	ID        fleet.DeployID
	Instance  fleet.InstanceID
	CreatedAt time.Time
	// Summary says in a few words what was asked, such as "install a@1.2.3".
	Summary string
	// Base is the digest of the modules that it starts from.
	Base    string
	Modules Modules
}

// InsertModules gives a new instance its modules.
func (tx *Tx) InsertModules(id fleet.InstanceID, m *Modules, at time.Time) error {
	direct, lock, err := packModules(m)
	if err != nil {
		return err
	}
	return noun(tx.q.InsertModules(tx.ctx, query.InsertModulesParams{
		InstanceID: id, Direct: direct, Lock: lock, Digest: m.Digest, ChangeID: m.Change, UpdatedAt: micros(at),
	}), "module", "insert")
}

func packModules(m *Modules) (direct string, lock []byte, err error) {
	if m.Direct == nil {
		m.Direct = map[string]string{}
	}
	text, err := json.Marshal(m.Direct)
	if err != nil {
		return "", nil, fmt.Errorf("encode modules: %w", err)
	}
	lock, err = pack(m.Lock)
	return string(text), lock, err
}

func unpackModules(direct string, lock []byte, digest string, change fleet.DeployID) (*Modules, error) {
	m := &Modules{Digest: digest, Change: change}
	if err := json.Unmarshal([]byte(direct), &m.Direct); err != nil {
		return nil, fmt.Errorf("decode modules: %w", err)
	}
	plain, err := unpack(lock)
	m.Lock = plain
	return m, err
}

// Modules finds the modules of an instance.
func (tx *Tx) Modules(id fleet.InstanceID) (*Modules, error) {
	r, err := tx.q.Modules(tx.ctx, id)
	if err != nil {
		return nil, noun(err, "instance", "read")
	}
	return unpackModules(r.Direct, r.Lock, r.Digest, r.ChangeID)
}

// ModulesBase is which modules were asked for and the digest of their lock, which
// takes longer to read.
func (tx *Tx) ModulesBase(id fleet.InstanceID) (direct map[string]string, digest string, err error) {
	r, err := tx.q.ModulesBase(tx.ctx, id)
	if err != nil {
		return nil, "", noun(err, "instance", "read")
	}
	m, err := unpackModules(r.Direct, nil, r.Digest, "")
	if err != nil {
		return nil, "", err
	}
	return m.Direct, m.Digest, nil
}

// UpdateModules replaces the modules of an instance.
func (tx *Tx) UpdateModules(id fleet.InstanceID, m *Modules, at time.Time) error {
	direct, lock, err := packModules(m)
	if err != nil {
		return err
	}
	n, err := tx.q.UpdateModules(tx.ctx, query.UpdateModulesParams{
		InstanceID: id, Direct: direct, Lock: lock, Digest: m.Digest, ChangeID: m.Change, UpdatedAt: micros(at),
	})
	return one(n, err, "instance", "update")
}

// InsertModuleChange remembers what a change would lead to; the first answer
// under an id stays.
func (tx *Tx) InsertModuleChange(c *ModuleChange) error {
	direct, lock, err := packModules(&c.Modules)
	if err != nil {
		return err
	}
	return noun(tx.q.InsertModuleChange(tx.ctx, query.InsertModuleChangeParams{
		ID: c.ID, InstanceID: c.Instance, CreatedAt: micros(c.CreatedAt), Summary: c.Summary, Direct: direct, Lock: lock, Digest: c.Modules.Digest, Base: c.Base,
	}), "module_change", "insert")
}

// ModuleChange finds a change of an instance's modules.
func (tx *Tx) ModuleChange(instance fleet.InstanceID, id fleet.DeployID) (*ModuleChange, error) {
	r, err := tx.q.ModuleChange(tx.ctx, id, instance)
	if err != nil {
		return nil, noun(err, "module_change", "read")
	}
	m, err := unpackModules(r.Direct, r.Lock, r.Digest, r.ID)
	if err != nil {
		return nil, err
	}
	return &ModuleChange{ID: r.ID, Instance: r.InstanceID, CreatedAt: fromMicros(r.CreatedAt), Summary: r.Summary, Base: r.Base, Modules: *m}, nil
}

// DeleteModuleChange forgets a change.
func (tx *Tx) DeleteModuleChange(id fleet.DeployID) error {
	return noun(tx.q.DeleteModuleChange(tx.ctx, id), "module_change", "delete")
}

// DeleteOldModuleChanges forgets up to most changes that nobody committed.
func (tx *Tx) DeleteOldModuleChanges(before time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteOldModuleChanges(tx.ctx, micros(before), int32(most))
	return n, noun(err, "module_change", "delete")
}
