package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"leat/internal/control"
	"leat/internal/secret"
	"leat/internal/store"
)

// VerifyAudit checks the audit log of a stopped server's data directory, and
// changes nothing there. database, where not empty, is the address of a
// PostgreSQL that holds the rows; checkpoints, where not empty, is a copy of the
// file of checkpoints that was kept elsewhere.
func VerifyAudit(ctx context.Context, data, database, checkpoints string) (*control.AuditReport, error) {
	key, err := secret.LoadKey(filepath.Join(data, "platform.key"))
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	db, err := openToRead(ctx, data, database)
	if err != nil {
		return nil, err
	}
	if checkpoints == "" {
		checkpoints = filepath.Join(data, "checkpoints", "audit")
	}
	report, err := control.VerifyAudit(ctx, db, key, checkpoints)
	return report, errors.Join(err, db.Close())
}

func openToRead(ctx context.Context, data, database string) (*store.DB, error) {
	if database != "" {
		return store.Open(ctx, database)
	}
	file := filepath.Join(data, "leat.db")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there: is %s the data directory of a server?", file, data)
	}
	return store.OpenReadOnly(ctx, file)
}
