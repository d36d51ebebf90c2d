package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("LEAT_TEST_WRITER"); dir != "" {
		os.Exit(writeUntilKilled(dir))
	}
	if dir := os.Getenv("LEAT_TEST_KEEPER"); dir != "" {
		os.Exit(keepUntilKilled(dir))
	}
	os.Exit(storetest.Main(m))
}

var then = time.Date(2026, 11, 2, 8, 0, 0, 123456000, time.UTC)

func update(t *testing.T, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func putSetting(name string) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.PutSetting(name, name) }
}

func hasSetting(t *testing.T, db *store.DB, name string) (there bool) {
	t.Helper()
	view(t, db, func(tx *store.Tx) (err error) { _, there, err = tx.Setting(name); return err })
	return there
}

func TestAFailedUpdateLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		boom := errors.New("boom")
		err := db.Update(t.Context(), func(tx *store.Tx) error { return errors.Join(tx.PutSetting("a", "a"), boom) })
		if !errors.Is(err, boom) || hasSetting(t, db, "a") {
			t.Errorf("err = %v, there %v; want the error and no row", err, hasSetting(t, db, "a"))
		}
	})
}

func TestAPanicReachesItsCallerAndNobodyElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				defer func() {
					if v := recover(); (v != nil) != (i == 3) || i == 3 && !strings.Contains(fmt.Sprint(v), "oh no") {
						t.Errorf("update %d: recovered %v", i, v)
					}
				}()
				if err := db.Update(t.Context(), func(tx *store.Tx) error {
					if err := tx.PutSetting(fmt.Sprint("n", i), "x"); err != nil {
						return err
					}
					if i == 3 {
						panic("oh no")
					}
					return nil
				}); err != nil {
					t.Errorf("update %d: %v", i, err)
				}
			})
		}
		group.Wait()
		for i := range 8 {
			if hasSetting(t, db, fmt.Sprint("n", i)) != (i != 3) {
				t.Errorf("row %d is there: %v", i, i == 3)
			}
		}
	})
}

func TestAnUpdateInsideAnUpdateIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Update(t.Context(), func(*store.Tx) error { return db.Update(t.Context(), putSetting("inner")) })
		if !errors.Is(err, store.ErrNested) || hasSetting(t, db, "inner") {
			t.Errorf("err = %v; want ErrNested", err)
		}
		update(t, db, putSetting("after"))
	})
}

func TestAnUpdateThatWasGivenUpNeverRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Update(ctx, putSetting("late")); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v; want Canceled", err)
		}
		if hasSetting(t, db, "late") {
			t.Error("it ran all the same")
		}
	})
}

func TestAWaitingUpdateCanBeGivenUp(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t)) // one writer: the second has to wait
	inside, release := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		if err := db.Update(context.WithoutCancel(t.Context()), func(tx *store.Tx) error { close(inside); <-release; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	group.Go(func() {
		if err := db.Update(ctx, putSetting("late")); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v; want Canceled", err)
		}
		close(release)
	})
	cancel()
	group.Wait()
	if hasSetting(t, db, "late") {
		t.Error("it ran all the same")
	}
}

func TestAViewSeesOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		view(t, db, func(tx *store.Tx) error {
			if _, _, err := tx.Setting("x"); err != nil { // the snapshot begins with the first query
				return err
			}
			done := make(chan error, 1)
			go func() { done <- db.Update(t.Context(), putSetting("x")) }()
			if err := <-done; err != nil {
				return err
			}
			_, there, err := tx.Setting("x")
			if there {
				t.Error("the view saw a later change")
			}
			return err
		})
	})
}

func TestAClosedDatabaseRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Update(t.Context(), putSetting("x")); err == nil {
			t.Error("an update went through")
		}
		if err := db.Ping(t.Context()); err == nil {
			t.Error("a view went through")
		}
	})
}

func TestADatabaseOpensAgainAndIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with space?#%41.db")
	for i := range 2 {
		db, err := store.Open(t.Context(), "sqlite:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if hasSetting(t, db, "kept") != (i == 1) {
			t.Errorf("opening %d: kept is there: %v", i, i == 0)
		}
		update(t, db, putSetting("kept"))
		if err := errors.Join(db.Maintain(t.Context()), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v; want mode 0600", info, err)
	}
	if _, err := store.OpenReadOnly(t.Context(), path+"x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := store.Open(t.Context(), "mysql://x"); err == nil {
		t.Error("mysql was opened")
	}
}

func TestUniqueNamesOfUsersSayWhichIsTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		insert := func(username, email string) error {
			return db.Update(t.Context(), func(tx *store.Tx) error {
				return tx.InsertUser(&fleet.User{ID: fleet.NewUserID(then), Username: username, Email: email, Name: "X", Version: 1, CreatedAt: then})
			})
		}
		if err := insert("olga", "olga@example.com"); err != nil {
			t.Fatal(err)
		}
		if err := insert("olga", "other@example.com"); !fleet.IsCode(err, "username_taken") {
			t.Errorf("err = %v", err)
		}
		if err := insert("other", "olga@example.com"); !fleet.IsCode(err, "email_taken") {
			t.Errorf("err = %v", err)
		}
	})
}
