package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// keepUntilKilled is the other process of the test below.
func keepUntilKilled(dir string) int {
	statements, err := strconv.Atoi(os.Getenv("LEAT_TEST_KEEPER_DIES"))
	if err == nil {
		err = dieInTheMiddle(dir, os.Getenv("LEAT_TEST_KEEPER_DOES"), statements)
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

// dieInTheMiddle begins a change of snapshots and kills itself behind a number of
// statements.
func dieInTheMiddle(dir, what string, statements int) error {
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(dir, "leat.db"))
	if err != nil {
		return err
	}
	err = db.Update(context.Background(), func(tx *store.Tx) error {
		newest, err := tx.NewestSnapshot("i-1")
		if err != nil {
			return err
		}
		gone, err := tx.PrunableSnapshots("i-1", newest.CreatedAt.Add(40*24*time.Hour))
		if err != nil {
			return err
		}
		store.AfterStatements(tx, statements, func() {
			err := syscall.Kill(os.Getpid(), syscall.SIGKILL)
			panic(fmt.Sprint("it lives on: ", err))
		})
		if what == "create" {
			return createAnother(tx)
		}
		for _, id := range gone {
			if err := tx.DeleteSnapshot(id); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, db.Close())
}

func createAnother(tx *store.Tx) error {
	c, err := store.Pack(&fleet.Manifest{Flows: plant.New(99, 400).Flows(), Environment: []fleet.Variable{{Name: "NEW"}}})
	if err != nil {
		return err
	}
	s := &fleet.Snapshot{Application: "a-1", Team: "t-1", Instance: "i-1", Kind: fleet.SnapshotAuto, SecretsDigest: "new", CreatedAt: time.Now()}
	return tx.InsertSnapshot(s, c, []byte("sealed"))
}

// A process that dies at any point within a create or a prune leaves the old
// state whole.
func TestAKillInTheMiddleLeavesTheOldStateWhole(t *testing.T) {
	for _, what := range []string{"create", "prune"} {
		dir := t.TempDir()
		files := pastOf(t, dir)
		killed := 0
		for statements := 1; ; statements *= 2 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "LEAT_TEST_KEEPER="+dir, "LEAT_TEST_KEEPER_DOES="+what, "LEAT_TEST_KEEPER_DIES="+strconv.Itoa(statements))
			out, err := cmd.CombinedOutput()
			if err == nil {
				break // it had fewer statements to run
			}
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
				t.Fatalf("%s: %v: %s", what, err, out)
			}
			killed++
			checkPast(t, dir, files)
		}
		if killed < 5 {
			t.Errorf("%s was killed at %d points", what, killed)
		}
		db := storetest.Open(t, "sqlite:"+filepath.Join(dir, "leat.db"))
		view(t, db, store.CheckSnapshots)
		if n := len(files); what == "prune" {
			view(t, db, func(tx *store.Tx) error {
				left, err := store.Count(tx, "select count(*) from snapshot")
				if int(left) >= n {
					t.Errorf("the prune that was left alone left %d of %d", left, n)
				}
				return err
			})
		}
	}
}

// pastOf makes a history of which some can be pruned.
func pastOf(t *testing.T, dir string) map[fleet.SnapshotID]string {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "leat.db"))
	if err != nil {
		t.Fatal(err)
	}
	y := newYard(t, db)
	files := map[fleet.SnapshotID]string{}
	for p := plant.New(13, 200); len(files) < 60; p.Edit() {
		files[y.keep("i-1", p.Flows()).ID] = string(p.Flows())
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return files
}

func checkPast(t *testing.T, dir string, files map[fleet.SnapshotID]string) {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "leat.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	view(t, db, func(tx *store.Tx) error {
		for id, want := range files {
			if flows, err := tx.SnapshotFlows(id); err != nil || string(flows) != want {
				return fmt.Errorf("%s is not what it was: %w", id, err)
			}
		}
		if n, err := store.Count(tx, "select count(*) from snapshot"); err != nil || int(n) != len(files) {
			return fmt.Errorf("%d snapshots, %w; want %d", n, err, len(files))
		}
		return store.CheckSnapshots(tx)
	})
}
