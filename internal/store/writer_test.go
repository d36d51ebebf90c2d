package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/store"
	"leat/internal/store/storetest"
)

// Updates that fail leave nothing and updates that succeed leave all, whatever
// they were joined with.
func TestJoinedUpdatesStandAndFallAlone(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		plans := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 9), 1, 4), 1, 40).Draw(r, "plans")
		var group sync.WaitGroup
		for i, plan := range plans {
			group.Go(func() {
				err := safely(func() error { return db.Update(context.Background(), follow(run, i, plan)) })
				if (err == nil) != succeeds(plan) {
					r.Errorf("plan %v: err = %v", plan, err)
				}
			})
		}
		group.Wait()
		for i, plan := range plans {
			for n := range plan {
				if name := key(run, i, n); hasSetting(t, db, name) != succeeds(plan) {
					r.Errorf("plan %v: row %d is there: %v", plan, n, !succeeds(plan))
				}
			}
		}
	})
}

func key(run, i, n int) string { return fmt.Sprint("r", run, " u", i, " n", n) }

// A plan writes a row for each number; 8 fails and 9 panics behind its row.
func follow(run, i int, plan []int) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		for n, step := range plan {
			if err := tx.PutSetting(key(run, i, n), "x"); err != nil {
				return err
			}
			switch step {
			case 8:
				return errors.New("planned")
			case 9:
				panic("planned")
			}
		}
		return nil
	}
}

func succeeds(plan []int) bool {
	for _, step := range plan {
		if step >= 8 {
			return false
		}
	}
	return true
}

func safely(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return fn()
}

// writeUntilKilled is the other process of the test below: it says each name on
// its output once the row is committed.
func writeUntilKilled(dir string) int {
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(dir, "leat.db"))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	var group sync.WaitGroup
	var out sync.Mutex
	for w := range 16 {
		group.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprint(os.Getpid(), "-", w, "-", n)
				if err := db.Update(context.Background(), putSetting(name)); err != nil {
					fmt.Println("error", err)
					return
				}
				out.Lock()
				fmt.Println("done", name)
				out.Unlock()
			}
		})
	}
	group.Wait()
	return 0
}

func TestWhatWasAcknowledgedOutlivesAKill(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for range 5 {
		acknowledged = append(acknowledged, killedWriter(t, dir, 200+rand.IntN(2000))...)
	}
	db := storetest.Open(t, "sqlite:"+filepath.Join(dir, "leat.db"))
	view(t, db, func(tx *store.Tx) error {
		for _, name := range acknowledged {
			if _, there, err := tx.Setting(name); err != nil || !there {
				return fmt.Errorf("%s was acknowledged and is not there: %w", name, err)
			}
		}
		return nil
	})
}

// killedWriter starts the other process, kills it after some acknowledgements,
// and gives those it made until it died.
func killedWriter(t *testing.T, dir string, after int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LEAT_TEST_WRITER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		name, ok := strings.CutPrefix(lines.Text(), "done ")
		if !ok {
			t.Errorf("the writer said %q", lines.Text())
			break
		}
		names = append(names, name)
		if len(names) == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the writer was not killed")
	}
	if len(names) < after {
		t.Fatalf("only %d acknowledgements", len(names))
	}
	// The last line may have been cut short.
	return names[:len(names)-1]
}
