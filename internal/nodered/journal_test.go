package nodered_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/internal/nodered"
	"leat/internal/wire"
)

func openJournal(t *testing.T, dir string) *nodered.Journal {
	t.Helper()
	j, err := nodered.OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func read(t *testing.T, j *nodered.Journal, after int64, limit int) []wire.LogLine {
	t.Helper()
	lines, err := j.Read(after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestLinesKeepTheirNumbersOverRestarts(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	for i := range 700 {
		j.Add(wire.LogLine{Level: "info", Source: "node-red", Text: fmt.Sprint(i + 1)})
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, dir)
	j.Add(wire.LogLine{Text: "701"})
	var got []wire.LogLine
	for after := int64(0); ; {
		lines := read(t, j, after, 100)
		if len(lines) == 0 {
			break
		}
		got = append(got, lines...)
		after = lines[len(lines)-1].Seq
	}
	if len(got) != 701 {
		t.Fatalf("%d lines; want 701", len(got))
	}
	for i, l := range got {
		if l.Seq != int64(i+1) || l.Text != fmt.Sprint(i+1) {
			t.Fatalf("line %d is %d %q", i+1, l.Seq, l.Text)
		}
	}
}

func TestManyStartsPushNothingOut(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		j := openJournal(t, dir)
		j.Add(wire.LogLine{Text: fmt.Sprint(i + 1)})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	lines := read(t, openJournal(t, dir), 0, 100)
	if len(lines) != 20 || lines[0].Text != "1" || lines[19].Seq != 20 {
		t.Fatalf("%d lines are left of 20: %+v", len(lines), lines)
	}
}

func TestAFullDiskPushesNothingOut(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	j.Add(wire.LogLine{Text: "old"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// The next file is on a disk without room.
	if err := os.Symlink("/dev/full", filepath.Join(dir, "0000000000000002.jsonl")); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, dir)
	for range 20 {
		j.Add(wire.LogLine{Text: "lost"})
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("files are %v, %v; want the two that were there", names, err)
	}
	if lines := read(t, j, 0, 1); len(lines) != 1 || lines[0].Text != "old" {
		t.Fatalf("the oldest line is %+v; want the one from before", lines)
	}
}

func TestALogIsBounded(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	long := strings.Repeat("x", 100_000)
	for range 1500 {
		j.Add(wire.LogLine{Text: long})
	}
	var size int64
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if len(paths) > 5 || size > 11<<20 {
		t.Errorf("%d files of %d bytes; want at most 5 of 11 MiB", len(paths), size)
	}
	first := read(t, j, 0, 1)
	if len(first) != 1 || first[0].Seq < 2 || len(first[0].Text) > 17<<10 {
		t.Errorf("the oldest line kept is %d with %d bytes", first[0].Seq, len(first[0].Text))
	}
	if j.Last() != 1500 {
		t.Errorf("the newest is %d; want 1500", j.Last())
	}
}

func TestATornLastLineIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	j.Add(wire.LogLine{Text: "whole"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v, %v", paths, err)
	}
	f, err := os.OpenFile(paths[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"seq":2,"text":"to`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, dir)
	j.Add(wire.LogLine{Text: "next"})
	lines := read(t, j, 0, 10)
	if len(lines) != 2 || lines[1].Text != "next" || lines[1].Seq != 2 {
		t.Fatalf("lines = %+v", lines)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if lines := read(t, openJournal(t, dir), 0, 10); len(lines) != 2 || lines[1].Text != "next" {
		t.Fatalf("after another start: %+v", lines)
	}
}

func TestAFollowerWaitsForTheNextLine(t *testing.T) {
	j := openJournal(t, t.TempDir())
	done := make(chan error, 1)
	go func() { done <- j.Wait(t.Context(), 0) }()
	j.Add(wire.LogLine{Text: "one"})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := j.Wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("wait = %v; want the deadline", err)
	}
}

func TestAFullDiskLosesNothingOfTheNewestLines(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	j := openJournal(t, dir)
	if err := os.RemoveAll(dir); err != nil { // no file can be made there any more
		t.Fatal(err)
	}
	j.Add(wire.LogLine{Text: "kept"})
	lines := read(t, j, 0, 10)
	if len(lines) != 2 || lines[0].Text != "kept" || !strings.Contains(lines[1].Text, "cannot be written") {
		t.Fatalf("lines = %+v", lines)
	}
}
