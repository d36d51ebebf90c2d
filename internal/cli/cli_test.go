package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"leat/internal/cli"
)

// leat runs a command and returns its exit code and what it wrote.
func leat(t *testing.T, env []string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), cli.World{Args: args, Env: env, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Version: "test"})
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, 0, "leat test"},
		{[]string{"--help"}, 0, "serve"},
		{[]string{"fly"}, 2, `"fly"`},
		{[]string{"serve", "--wings"}, 2, "wings"},
		{[]string{"serve", "here"}, 2, `"here"`},
		{[]string{"serve", "--set", "nothing"}, 2, "path=value"},
		{[]string{"serve", "--listen", "nowhere"}, 1, "http.listen"},
		{[]string{"audit", "verify", "--data", filepath.Join(t.TempDir(), "none")}, 1, "platform.key"},
	}
	for _, tt := range tests {
		code, out, errs := leat(t, nil, tt.args...)
		if code != tt.code || !strings.Contains(out+errs, tt.says) {
			t.Errorf("leat %s: exit code %d, said %q; want %d and %q", strings.Join(tt.args, " "), code, out+errs, tt.code, tt.says)
		}
	}
}

func TestEveryFaultOfTheConfigurationIsToldAtOnce(t *testing.T) {
	code, _, errs := leat(t, []string{"LEAT_SESSION_IDLE=soon", "LEAT_DB_URL=mysql://x"}, "serve", "--listen", "127.0.0.1:99999", "--data", t.TempDir())
	for _, path := range []string{"http.listen", "session.idle", "db.url"} {
		if !strings.Contains(errs, path) {
			t.Errorf("%s is not told of in:\n%s", path, errs)
		}
	}
	if code != 1 {
		t.Errorf("exit code %d; want 1", code)
	}
}

// served runs a server on a fresh data directory until it has sealed its first
// audit events, and stops it.
func served(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(ctx, cli.World{
			Args: []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--set", "palette.catalogue="},
			Env: []string{
				"LEAT_ADMIN_USERNAME=anna", "LEAT_ADMIN_EMAIL=anna@example.com", "LEAT_ADMIN_PASSWORD=quarry lantern 42 meadow",
				"LEAT_NPM_REGISTRY=http://127.0.0.1:9",
			},
			Stdin: strings.NewReader(""), Stdout: os.Stderr, Stderr: os.Stderr, Version: "test",
		})
	}()
	defer func() {
		stop()
		if code := <-done; code != 0 {
			t.Errorf("leat serve: exit code %d", code)
		}
	}()
	until(t, func() bool {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "leat.db")+"?mode=ro")
		if err != nil {
			return false
		}
		defer db.Close()
		var sealed int
		return db.QueryRow(`select count(*) from audit_event where leaf is not null`).Scan(&sealed) == nil && sealed > 0
	})
	return data
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("not within 30 s")
		}
	}
}

func TestAnAlteredAuditEventIsFoundAndNamed(t *testing.T) {
	data := served(t)
	if code, out, errs := leat(t, nil, "audit", "verify", "--data", data); code != 0 || !strings.Contains(out, "whole") {
		t.Fatalf("exit code %d for a whole log: %s%s", code, out, errs)
	}
	db, err := sql.Open("sqlite", filepath.Join(data, "leat.db"))
	if err != nil {
		t.Fatal(err)
	}
	var id string
	if err := db.QueryRow(`update audit_event set username = 'mallory' where leaf = 0 returning id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	db.Close()
	code, out, _ := leat(t, nil, "audit", "verify", "--data", data)
	if code != 1 || !strings.Contains(out, id) || !strings.Contains(out, "altered") {
		t.Errorf("exit code %d, said:\n%s\nwant 1 and the altered event %s", code, out, id)
	}
}
