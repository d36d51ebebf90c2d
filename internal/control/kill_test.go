package control_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("LEAT_TEST_CREATOR"); dir != "" {
		if err := createUntilKilled(context.Background(), dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	if dir := os.Getenv("LEAT_TEST_WRITER"); dir != "" {
		if err := writeLettersUntilKilled(context.Background(), dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	if dir := os.Getenv(keeper); dir != "" {
		if err := keepUntilKilled(context.Background(), dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	os.Exit(storetest.Main(m))
}

func openVerbs(ctx context.Context, dir string) (*control.Control, *store.DB, secret.Key, error) {
	key, _, err := secret.LoadOrCreateKey(filepath.Join(dir, "platform.key"))
	if err != nil {
		return nil, nil, key, err
	}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "leat.db"))
	if err != nil {
		return nil, nil, key, err
	}
	return control.New(control.Deps{
		DB: db, Bus: bus.New[fleet.Event](1), Key: key, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		CheckpointFile: filepath.Join(dir, "checkpoints"),
	}), db, key, nil
}

// createUntilKilled is the other process of the test below: it creates
// applications and says each id on its output once it is acknowledged.
func createUntilKilled(ctx context.Context, dir string) error {
	c, _, _, err := openVerbs(ctx, dir)
	if err != nil {
		return err
	}
	who := fleet.System("test")
	var failed error
	var out sync.Mutex
	var group sync.WaitGroup
	group.Go(func() { failed = c.AuditEvents.Run(ctx) })
	for w := range 16 {
		group.Go(func() {
			for n := 0; ; n++ {
				a, err := c.Applications.Create(ctx, who, "plant", api.NewApplication{Name: fmt.Sprint(os.Getpid(), " ", w, " ", n)}, control.Key{})
				out.Lock()
				if err != nil {
					fmt.Println("error", err)
				} else {
					fmt.Println("done", a.ID)
				}
				out.Unlock()
			}
		})
	}
	group.Wait()
	return failed
}

func TestWhatWasAcknowledgedOutlivesAKillAndTheLogVerifies(t *testing.T) {
	dir := t.TempDir()
	c, db, _, err := openVerbs(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Control: c, db: db, tick: time.Now}
	w.team(w.person("olga", false), "Plant", nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	for range 4 {
		acknowledged = append(acknowledged, killedCreator(t, dir, 200+rand.IntN(1000))...)
		checkKilled(t, dir, acknowledged)
	}
}

func killedCreator(t *testing.T, dir string, after int) (ids []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LEAT_TEST_CREATOR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		id, ok := strings.CutPrefix(lines.Text(), "done ")
		if !ok {
			t.Errorf("the creator said %q", lines.Text())
		}
		ids = append(ids, id)
		if len(ids) == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(ids) < after {
		t.Fatalf("it made %d and ended with %v; want to have killed it", len(ids), err)
	}
	return ids[:len(ids)-1] // the last line may have been cut short
}

// checkKilled looks for every acknowledged row and its event, and verifies, both
// as it was left and after the next start.
func checkKilled(t *testing.T, dir string, acknowledged []string) {
	t.Helper()
	c, db, key, err := openVerbs(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	verify := func(when string) {
		t.Helper()
		r, err := control.VerifyAudit(t.Context(), db, key, filepath.Join(dir, "checkpoints"))
		if err != nil || !r.Whole() {
			t.Fatalf("%s: %+v, %v", when, r, err)
		}
	}
	verify("as it was left")
	ctx, stop := contextWithCancel(t)
	stop()
	if err := c.AuditEvents.Run(ctx); err != nil { // starts, seals what is there, and ends
		t.Fatal(err)
	}
	verify("after the next start")
	who := fleet.System("test")
	for _, id := range acknowledged {
		if _, err := c.Applications.Get(t.Context(), who, fleet.ApplicationID(id)); err != nil {
			t.Fatalf("%s was acknowledged: %v", id, err)
		}
		list, _, err := c.AuditEvents.ListAll(t.Context(), who, store.AuditFilter{Object: id}, store.Page{})
		if err != nil || len(list) != 1 || list[0].Leaf < 0 {
			t.Fatalf("the event of %s: %+v, %v", id, list, err)
		}
	}
}
