package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// postgresEngine gives every change a serializable transaction of its own, so
// that a rule that reads and then writes holds there as it does on SQLite.
type postgresEngine struct {
	db     *sql.DB
	inside sync.Map // goroutines in an update
}

// tries is how often a change is run that lost against another at the same time.
const tries = 20

func openPostgres(ctx context.Context, url string) (*postgresEngine, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(8)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := migrate(ctx, db, "postgres"); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return &postgresEngine{db: db}, nil
}

func (e *postgresEngine) look(ctx context.Context, fn func(*Tx) error) error { return e.view(ctx, fn) }

func (e *postgresEngine) view(ctx context.Context, fn func(*Tx) error) error {
	tx, err := e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return postgresFault(fmt.Errorf("begin: %w", err))
	}
	defer tx.Rollback()
	return postgresFault(fn(&Tx{ctx: ctx, db: tx, q: query.New(tx), engine: "postgres"}))
}

func (e *postgresEngine) update(ctx context.Context, fn func(*Tx) error) error {
	self := goroutine()
	if _, here := e.inside.LoadOrStore(self, true); here {
		return ErrNested
	}
	defer e.inside.Delete(self)
	for try := 1; ; try++ {
		err := e.once(ctx, fn)
		if !isContention(err) || try == tries {
			return postgresFault(lostOften(err))
		}
		select {
		case <-time.After(rand.N(time.Duration(try) * 4 * time.Millisecond)):
		case <-ctx.Done():
			return fmt.Errorf("wait to write: %w", context.Cause(ctx))
		}
	}
}

func (e *postgresEngine) once(ctx context.Context, fn func(*Tx) error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait to write: %w", context.Cause(ctx))
	}
	// Once it has begun it ends as a whole; nobody is to be told of a failure while
	// the commit goes through.
	calm := context.WithoutCancel(ctx)
	tx, err := e.db.BeginTx(calm, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if err := fn(&Tx{ctx: calm, db: tx, q: query.New(tx), engine: "postgres"}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (e *postgresEngine) maintain(context.Context) error { return nil }
func (e *postgresEngine) close() error                   { return e.db.Close() }

// isContention reports a serialization failure or a deadlock: run it again.
func isContention(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func lostOften(err error) error {
	if !isContention(err) {
		return err
	}
	return &fleet.Error{Kind: fleet.Unavailable, Code: "database_busy", Msg: "Many people change this at the same time, so nothing was changed. Try again.", Err: err}
}

// postgresFault says what people can do about text that PostgreSQL does not keep
// and about a server that is full or away; it passes on what is neither.
func postgresFault(err error) error {
	var ours *fleet.Error
	if err == nil || errors.As(err, &ours) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		var connect *pgconn.ConnectError
		var wire net.Error
		if errors.As(err, &connect) || errors.As(err, &wire) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) {
			return errAway(err)
		}
		return err
	}
	switch {
	case pg.Code == "22021" || pg.Code == "22P05":
		return &fleet.Error{Kind: fleet.Invalid, Code: "invalid_text", Msg: "The text holds a character that cannot be kept.", Err: err}
	case pg.Code == "53100":
		return &fleet.Error{Kind: fleet.Unavailable, Code: "disk_full", Msg: "The disk of the platform's database is full, so nothing was changed. Free some space and try again.", Err: err}
	case strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"), pg.Code == "25006":
		return errAway(err)
	}
	return err
}

func errAway(err error) error {
	return &fleet.Error{Kind: fleet.Unavailable, Code: "database_unavailable", Msg: "The platform's database does not answer. Try again in a moment.", Err: err}
}
