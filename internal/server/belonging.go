package server

import (
	"context"
	"encoding/hex"
	"fmt"

	"leat/internal/store"
)

// keySetting holds what tells a platform key without giving it away.
const keySetting = "platform.key"

// checkKey refuses a database that another platform's key has sealed: its secrets
// could not be read, and instances that it does not know of would be taken for
// deleted ones.
func (s *Server) checkKey(ctx context.Context) error {
	mine := hex.EncodeToString(s.dir.key.Derive("key fingerprint").MAC("platform")[:16])
	var theirs string
	var there bool
	err := s.db.View(ctx, func(tx *store.Tx) (err error) { theirs, there, err = tx.Setting(keySetting); return err })
	switch {
	case err != nil:
		return err
	case !there:
		return s.db.Update(ctx, func(tx *store.Tx) error { return tx.PutSetting(keySetting, mine) })
	case theirs != mine:
		return fmt.Errorf("data directory: the database belongs to another platform, whose platform.key is not the one in %s; "+
			"use the database and the directory that belong together", s.dir.path)
	}
	return nil
}
