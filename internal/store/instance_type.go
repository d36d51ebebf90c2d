package store

import (
	"leat/internal/fleet"
	"leat/internal/store/query"
)

const (
	instanceTypeTaken   = "Another instance type has this name. Choose another."
	instanceTypeIDTaken = "Another instance type has this id. Choose another."
)

func instanceTypeOf(r query.InstanceType) *fleet.InstanceType {
	return &fleet.InstanceType{
		ID: r.ID, Name: r.Name, Description: r.Description, MemoryMiB: int(r.MemoryMib), CPUPercent: int(r.CpuPercent), Order: int(r.Place),
		Active: r.Active, Default: r.ByDefault, Version: r.Version, CreatedAt: fromMicros(r.CreatedAt),
	}
}

// InsertInstanceType adds a size; an id or a name that another has is a Conflict.
func (tx *Tx) InsertInstanceType(t *fleet.InstanceType) error {
	_, err := tx.InstanceType(t.ID)
	if err == nil {
		return &fleet.Error{Kind: fleet.Conflict, Code: "id_taken", Msg: instanceTypeIDTaken}
	}
	if !fleet.IsKind(err, fleet.NotFound) {
		return err
	}
	err = tx.q.InsertInstanceType(tx.ctx, query.InsertInstanceTypeParams{
		ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Description: t.Description, MemoryMib: int64(t.MemoryMiB), CpuPercent: int64(t.CPUPercent),
		Place: int64(t.Order), Active: t.Active, ByDefault: t.Default, Version: t.Version, CreatedAt: micros(t.CreatedAt),
	})
	return taken(err, "instance type", "name_taken", instanceTypeTaken)
}

// InstanceType finds a size.
func (tx *Tx) InstanceType(id string) (*fleet.InstanceType, error) {
	r, err := tx.q.InstanceType(tx.ctx, id)
	return instanceTypeOf(r), noun(err, "instance_type", "read")
}

// DefaultInstanceType is the size of an instance that names none.
func (tx *Tx) DefaultInstanceType() (*fleet.InstanceType, error) {
	r, err := tx.q.DefaultInstanceType(tx.ctx)
	return instanceTypeOf(r), noun(err, "instance_type", "read")
}

// InstanceTypes lists all sizes in their order.
func (tx *Tx) InstanceTypes() ([]*fleet.InstanceType, error) {
	rows, err := tx.q.InstanceTypes(tx.ctx)
	return each(rows, instanceTypeOf), noun(err, "instance_type", "list")
}

// UpdateInstanceType writes what t holds over the version that t was read at.
func (tx *Tx) UpdateInstanceType(t *fleet.InstanceType) error {
	n, err := tx.q.UpdateInstanceType(tx.ctx, query.UpdateInstanceTypeParams{
		ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Description: t.Description, MemoryMib: int64(t.MemoryMiB), CpuPercent: int64(t.CPUPercent),
		Place: int64(t.Order), Active: t.Active, ByDefault: t.Default, Version: t.Version,
	})
	if isDuplicate(err) {
		return taken(err, "instance type", "name_taken", instanceTypeTaken)
	}
	t.Version++
	return versioned(n, err, "instance type")
}

// ClearDefaultInstanceType takes the default from every size but one.
func (tx *Tx) ClearDefaultInstanceType(but string) error {
	return noun(tx.q.ClearDefaultInstanceType(tx.ctx, but), "instance_type", "update")
}

// DeleteInstanceType removes a size; no instance may have it.
func (tx *Tx) DeleteInstanceType(id string) error {
	n, err := tx.q.DeleteInstanceType(tx.ctx, id)
	return one(n, err, "instance_type", "delete")
}

// CountInstancesOfType counts the instances that have a size.
func (tx *Tx) CountInstancesOfType(id string) (int64, error) {
	n, err := tx.q.CountInstancesOfType(tx.ctx, id)
	return n, noun(err, "instance", "count")
}

// InstanceKind counts the instances of one type, state and stack.
type InstanceKind struct {
	Type, Stack string
	State       fleet.State
	Instances   int
}

// InstanceKinds counts instances by type, state and stack.
func (tx *Tx) InstanceKinds() ([]InstanceKind, error) {
	rows, err := tx.q.InstanceKinds(tx.ctx)
	return each(rows, func(r query.InstanceKindsRow) InstanceKind {
		return InstanceKind{r.Type, r.Stack, r.State, int(r.Instances)}
	}), noun(err, "instance", "count")
}
