// Package store keeps the rows: all SQL is here, on SQLite and on PostgreSQL.
//
// Queries are methods of a [Tx], which only [DB.View] and [DB.Update] hand out;
// there is no other way to ask. The SQL is in queries/, from which sqlc makes
// the package query ("make generate"); a file here turns its rows into the nouns
// of package fleet. Migrations are dated files, one for each engine under the
// same name.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// DB is the database of one platform.
type DB struct {
	engine engine
}

// engine is what SQLite and PostgreSQL each do in their own way.
type engine interface {
	look(ctx context.Context, fn func(*Tx) error) error
	view(ctx context.Context, fn func(*Tx) error) error
	update(ctx context.Context, fn func(*Tx) error) error
	maintain(ctx context.Context) error
	close() error
}

// ErrNested refuses an Update inside an Update: on SQLite it would wait for itself.
var ErrNested = errors.New("an update inside an update: use the transaction at hand")

// ErrClosed says that the database was closed.
var ErrClosed = errors.New("the database is closed")

// Open opens the database that an address names and brings its tables up to
// date: "sqlite:" and a path, or "postgres://…".
func Open(ctx context.Context, url string) (*DB, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		e, err := openSQLite(ctx, path, false)
		if err != nil {
			return nil, err
		}
		return &DB{engine: e}, nil
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		e, err := openPostgres(ctx, url)
		if err != nil {
			return nil, err
		}
		return &DB{engine: e}, nil
	}
	return nil, fmt.Errorf("db.url: it starts neither with sqlite: nor with postgres://")
}

// OpenReadOnly opens a SQLite file to look at, and changes nothing in it.
func OpenReadOnly(ctx context.Context, path string) (*DB, error) {
	e, err := openSQLite(ctx, path, true)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e}, nil
}

// View runs fn in a transaction that only reads and sees one moment.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.view(ctx, fn)
}

// Look is View for a fn that asks a single query: it saves the transaction
// around it, which costs as much as the query. It is for what every request
// asks.
func (db *DB) Look(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.look(ctx, fn)
}

// Update runs fn in a transaction and returns when what it did is on disk. An
// error from fn undoes what it did, a panic as well. fn must be quick and may be
// run again where the engine asks for it, so it must not do anything else than
// ask and change rows. A ctx that ends before fn has begun keeps it from
// beginning; afterwards it is no longer looked at.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.update(ctx, fn)
}

// Maintain does what the engine wants done now and then: it moves the log of
// SQLite into the database and looks whether statistics are out of date.
func (db *DB) Maintain(ctx context.Context) error { return db.engine.maintain(ctx) }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.View(ctx, func(tx *Tx) error { _, _, err := tx.Setting("ping"); return err })
}

// Close waits for running transactions and closes the database.
func (db *DB) Close() error { return db.engine.close() }
