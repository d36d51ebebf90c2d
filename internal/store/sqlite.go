package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"sync"

	"leat/internal/store/query"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteEngine reads through a few connections and writes through one.
type sqliteEngine struct {
	files   []*sql.DB
	readers chan *conn
	writer  *writer
	spare   *conn
	// upkeep guards spare.
	upkeep sync.Mutex
	once   sync.Once
}

// Sizes of the page caches in KiB: the system caches the file as well, so these
// only spare calls into it.
const (
	readerCache = 768
	writerCache = 2048
)

// checkpointPages is when a commit itself moves the write-ahead log into the
// database; the maintenance that runs beside the writer is to be there first.
const checkpointPages = 4000

func openSQLite(ctx context.Context, path string, readOnly bool) (_ *sqliteEngine, err error) {
	e := &sqliteEngine{}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if readOnly {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
	} else if err := e.openWriter(ctx, path); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	readers := max(2, min(2*runtime.GOMAXPROCS(0), 8))
	db, err := e.open(path, readers, readerCache, "query_only(1)")
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	ready := make(chan *conn, readers)
	for range readers {
		c, err := newConn(ctx, db)
		if err != nil {
			return nil, fmt.Errorf("open database %s: %w", path, err)
		}
		ready <- c
	}
	e.readers = ready
	return e, nil
}

// openWriter creates the file where there is none, readable by its owner alone,
// migrates it and starts the writer.
func (e *sqliteEngine) openWriter(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := e.open(path, 2, writerCache, fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages))
	if err != nil {
		return err
	}
	if err := migrate(ctx, db, "sqlite"); err != nil {
		return err
	}
	c, err := newConn(ctx, db)
	if err != nil {
		return err
	}
	if e.spare, err = newConn(ctx, db); err != nil {
		return err
	}
	e.writer = newWriter(c)
	return nil
}

func (e *sqliteEngine) open(path string, conns, cacheKiB int, pragma string) (*sql.DB, error) {
	v := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB), pragma,
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+v.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	e.files = append(e.files, db)
	return db, nil
}

func (e *sqliteEngine) view(ctx context.Context, fn func(*Tx) error) error {
	return e.look(ctx, func(tx *Tx) error {
		c := tx.db.(*conn)
		if err := c.run(tx.ctx, "begin"); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer c.run(tx.ctx, "rollback")
		return fn(tx)
	})
}

func (e *sqliteEngine) look(ctx context.Context, fn func(*Tx) error) error {
	var c *conn
	select {
	case c = <-e.readers:
	default:
		select {
		case c = <-e.readers:
		case <-ctx.Done():
			return fmt.Errorf("wait to read: %w", context.Cause(ctx))
		}
	}
	if c == nil {
		return ErrClosed
	}
	defer func() { e.readers <- c }()
	// A query ends by itself within milliseconds; watching ctx during each would
	// cost a goroutine a query.
	return fn(&Tx{ctx: context.WithoutCancel(ctx), db: c, q: c.q, engine: "sqlite"})
}

func (e *sqliteEngine) update(ctx context.Context, fn func(*Tx) error) error {
	if e.writer == nil {
		return errors.New("the database was opened to read only")
	}
	return e.writer.update(ctx, fn)
}

func (e *sqliteEngine) maintain(ctx context.Context) error {
	if e.spare == nil {
		return nil
	}
	e.upkeep.Lock()
	defer e.upkeep.Unlock()
	for _, p := range []string{"pragma wal_checkpoint(passive)", "pragma optimize"} {
		rows, err := e.spare.QueryContext(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

func (e *sqliteEngine) close() error {
	var errs []error
	e.once.Do(func() {
		for range cap(e.readers) {
			errs = append(errs, (<-e.readers).close())
		}
		if e.readers != nil {
			close(e.readers)
		}
		if e.writer != nil {
			errs = append(errs, e.writer.close(), e.spare.close())
		}
		for _, db := range e.files {
			errs = append(errs, db.Close())
		}
	})
	return errors.Join(errs...)
}

// conn is one connection and the statements prepared on it; preparing costs more
// than running.
type conn struct {
	*sql.Conn
	q     *query.Queries
	ready map[string]*sql.Stmt
}

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	out := &conn{Conn: c, ready: map[string]*sql.Stmt{}}
	out.q = query.New(out)
	return out, nil
}

func (c *conn) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := c.ready[text]; s != nil {
		return s, nil
	}
	s, err := c.Conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.ready[text] = s
	return s, nil
}

func (c *conn) run(ctx context.Context, text string) error {
	_, err := c.ExecContext(ctx, text)
	return err
}

// ExecContext, QueryContext and QueryRowContext run a prepared statement.
func (c *conn) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := c.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext is described at ExecContext.
func (c *conn) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := c.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext is described at ExecContext.
func (c *conn) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	s, err := c.stmt(ctx, text)
	if err != nil {
		return c.Conn.QueryRowContext(ctx, text, args...) // carries the error
	}
	return s.QueryRowContext(ctx, args...)
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.ready {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}
