package store

import (
	"database/sql"
	"errors"
	"fmt"
)

// Setting reads a setting of the platform; there is false where it was never put.
func (tx *Tx) Setting(name string) (value string, there bool, err error) {
	value, err = tx.q.Setting(tx.ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read setting %s: %w", name, err)
	}
	return value, true, nil
}

// PutSetting keeps a setting of the platform.
func (tx *Tx) PutSetting(name, value string) error {
	if err := tx.q.PutSetting(tx.ctx, name, value); err != nil {
		return fmt.Errorf("put setting %s: %w", name, err)
	}
	return nil
}
