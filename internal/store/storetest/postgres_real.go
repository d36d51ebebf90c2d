//go:build real

package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// cluster is a PostgreSQL of this process alone, on a unix socket.
type cluster struct {
	dir   string
	cmd   *exec.Cmd
	ended chan error
	dbs   atomic.Int64
	once  sync.Once
	err   error
}

var own cluster

// Main runs a binary's tests and stops the PostgreSQL that they used.
func Main(m *testing.M) int {
	code := m.Run()
	if err := own.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		return 1
	}
	return code
}

// postgres is the address of a new database on PostgreSQL.
func postgres(t testing.TB) string { return Postgres(t) }

// Default is the address of a new database: on PostgreSQL with the tag real.
func Default(t testing.TB) string { return Postgres(t) }

// Postgres is the address of a new database on PostgreSQL. The first call of a
// process starts the server; Main stops it.
func Postgres(t testing.TB) string {
	t.Helper()
	own.once.Do(func() { own.err = own.start(t.Context()) })
	if own.err != nil {
		t.Fatalf("PostgreSQL is needed by tests with the tag real: %v", own.err)
	}
	name := fmt.Sprintf("leat_%d", own.dbs.Add(1))
	db, err := sql.Open("pgx", own.url("postgres"))
	if err == nil {
		_, err = db.ExecContext(t.Context(), "create database "+name)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatalf("create database: %v", err)
	}
	return own.url(name)
}

func (c *cluster) url(name string) string {
	return "postgres:///" + name + "?" + url.Values{"host": {c.dir}, "user": {"leat"}}.Encode()
}

// program finds a program of PostgreSQL on the path or where Debian keeps it.
func program(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s is neither on the path nor under /usr/lib/postgresql", name)
	}
	return found[len(found)-1], nil
}

// start lays a cluster out in a temporary folder and starts it. Root may not run
// PostgreSQL, so it is run by a uid that owns nothing else.
func (c *cluster) start(ctx context.Context) (err error) {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	server, err := program("postgres")
	if err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "leat-pg-"); err != nil {
		return err
	}
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		const nobody = 65534
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := os.Chown(c.dir, nobody, nobody); err != nil {
			return err
		}
	}
	data := filepath.Join(c.dir, "data")
	made := exec.CommandContext(ctx, initdb, "--pgdata="+data, "--username=leat", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	made.SysProcAttr, made.Dir = attr, c.dir
	if out, err := made.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	c.cmd = exec.Command(server, "-D", data, "-k", c.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60")
	c.cmd.SysProcAttr, c.cmd.Dir = attr, c.dir
	c.ended = make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// The server dies with the thread that started it, so that a test binary that
		// is killed leaves none behind; the thread is kept for it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.ended <- c.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	return c.wait(ctx)
}

func (c *cluster) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

func (c *cluster) stop() error {
	if c.cmd == nil || c.cmd.Process == nil {
		return nil
	}
	err := c.cmd.Process.Signal(syscall.SIGINT) // fast shutdown
	return errors.Join(err, <-c.ended, os.RemoveAll(c.dir))
}
