package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Variable is an entry of an environment; of a hidden one Sealed holds the value.
type Variable struct {
	fleet.Variable
	Sealed []byte
}

// Environment lists the variables of an instance in their order.
func (tx *Tx) Environment(id fleet.InstanceID) ([]Variable, error) {
	rows, err := tx.q.Variables(tx.ctx, id)
	return each(rows, func(r query.Variable) Variable {
		return Variable{Variable: fleet.Variable{Name: r.Name, Value: r.Value, Hidden: r.Hidden}, Sealed: r.Sealed}
	}), noun(err, "environment", "list")
}

// PutEnvironment replaces the variables of an instance at a version of its
// environment.
func (tx *Tx) PutEnvironment(id fleet.InstanceID, version int64, at time.Time, vars []Variable) error {
	n, err := tx.q.BumpEnvironment(tx.ctx, query.BumpEnvironmentParams{ID: id, UpdatedAt: micros(at), EnvVersion: version})
	if err := versioned(n, err, "environment"); err != nil {
		return err
	}
	if err := tx.q.DeleteVariables(tx.ctx, id); err != nil {
		return noun(err, "environment", "delete")
	}
	for i, v := range vars {
		err := tx.q.InsertVariable(tx.ctx, query.InsertVariableParams{
			InstanceID: id, Place: int64(i), Name: v.Name, Value: v.Value, Hidden: v.Hidden, Sealed: notNil(v.Sealed),
		})
		if err != nil {
			return noun(err, "environment", "insert")
		}
	}
	return nil
}
