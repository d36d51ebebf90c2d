package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Tx is a transaction; every query is a method of it. It must not be kept
// beyond the function it was given to.
type Tx struct {
	ctx context.Context
	db  query.DBTX
	q   *query.Queries
	// engine is "sqlite" or "postgres", for what the two tell in their own ways.
	engine string
}

// Context is the context of the transaction's caller.
func (tx *Tx) Context() context.Context { return tx.ctx }

// noun turns "no such row" into NotFound and wraps the rest.
func noun(err error, name, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fleet.ErrNotFound(name)
	}
	return fmt.Errorf("%s %s: %w", doing, name, err)
}

// one turns a count of changed rows into NotFound where there was none.
func one(n int64, err error, name, doing string) error {
	if err == nil && n == 0 {
		return fleet.ErrNotFound(name)
	}
	return noun(err, name, doing)
}

// versioned turns a count of changed rows into an internal error where there was
// none: the caller has read that version in the same transaction.
func versioned(n int64, err error, name string) error {
	if err == nil && n == 0 {
		return fmt.Errorf("update %s: its version changed within the transaction", name)
	}
	return noun(err, name, "update")
}

// taken turns a row that is there already into the given conflict.
func taken(err error, name, code, msg string) error {
	if isDuplicate(err) {
		return &fleet.Error{Kind: fleet.Conflict, Code: code, Msg: msg, Err: err}
	}
	return noun(err, name, "insert")
}

// isDuplicate reports whether a unique index refused a row.
func isDuplicate(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// micros is how a time is kept; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// prefixPattern matches what begins with q; wordPattern matches names of which a
// word begins with q, where the query puts a space before the name and turns
// what separates words into spaces. Both match everything for "".
func prefixPattern(q string) string { return likeEscaper.Replace(strings.ToLower(q)) + "%" }

func wordPattern(q string) string {
	q = strings.NewReplacer("-", " ", "_", " ").Replace(fleet.NameKey(q))
	if q == "" {
		return "%"
	}
	return "% " + likeEscaper.Replace(q) + "%"
}

// constraintOf names the constraint that refused a row; PostgreSQL alone says.
func constraintOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName
	}
	return ""
}
