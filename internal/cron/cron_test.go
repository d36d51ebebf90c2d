package cron_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/cron"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

func TestJobsAreDoneInTheirRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var did []string
		job := func(name string, first, every time.Duration) cron.Job {
			return cron.Job{Name: name, First: first, Every: every, Within: time.Minute, Do: func(context.Context) error {
				did = append(did, fmt.Sprint(name, " ", time.Since(begin)))
				return nil
			}}
		}
		ctx, stop := context.WithTimeout(t.Context(), 44*time.Second)
		defer stop()
		loop := cron.Loop{Jobs: []cron.Job{job("slow", 30*time.Second, time.Hour), job("quick", 5*time.Second, 20*time.Second)}, Log: slog.New(slog.DiscardHandler)}
		if err := loop.Run(ctx); err != nil {
			t.Fatal(err)
		}
		want := "[quick 5s quick 25s slow 30s]"
		if fmt.Sprint(did) != want {
			t.Errorf("did %v; want %v", did, want)
		}
	})
}

func TestAJobThatFailsHangsOrPanicsStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		good := 0
		jobs := []cron.Job{
			{Name: "fails", Do: func(context.Context) error { return errors.New("disk gone") }},
			{Name: "panics", Do: func(context.Context) error { panic("oh") }},
			{Name: "hangs", Do: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			{Name: "good", Do: func(context.Context) error { good++; return nil }},
		}
		for i := range jobs {
			jobs[i].First, jobs[i].Every, jobs[i].Within = time.Second, time.Minute, 10*time.Second
		}
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
		defer stop()
		loop := cron.Loop{Jobs: jobs, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if err := loop.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if good != 3 {
			t.Errorf("the good job was done %d times; want 3", good)
		}
		for _, want := range []string{"disk gone", "job=panics", "job=hangs"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %q: %s", want, log.String())
			}
		}
	})
}

func TestEveryJobOfThePlatformRuns(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "leat.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := control.New(control.Deps{
		DB: db, Bus: bus.New[fleet.Event](1), Key: secret.NewKey(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		SessionIdle: time.Hour, SessionLife: time.Hour, AuditKeep: time.Hour,
	})
	for _, j := range cron.Jobs(c, db) {
		if j.First <= 0 || j.Every <= 0 || j.Within <= 0 {
			t.Errorf("%s: %+v has no rhythm", j.Name, j)
		}
		if err := j.Do(t.Context()); err != nil {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
}
