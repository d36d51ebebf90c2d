package runtime_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/runtime"
)

func TestAStackIsLaidOutOnceForAll(t *testing.T) {
	shop := newShop(t, fakeNode)
	dir := filepath.Join(tempDir(t), "runtime")
	stores := []*runtime.Store{storeAt(t, dir, shop.URL), storeAt(t, dir, shop.URL)} // as two processes
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			tree, err := stores[i%2].Ensure(t.Context(), shop.stack, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if info, err := os.Stat(tree.Node); err != nil || info.Mode() != 0o555 {
				t.Errorf("node = %v, err = %v", info, err)
			}
		})
	}
	wg.Wait()
	if n := shop.requests.Load(); n != 2 {
		t.Errorf("%d requests; want one for each of 2 packages", n)
	}
	if got := names(t, dir); got != ".lock "+shop.stack.Digest {
		t.Errorf("the store holds %s", got)
	}
	if _, err := storeAt(t, dir, "").Ensure(t.Context(), shop.stack, nil); err != nil {
		t.Errorf("without a registry: %v", err)
	}
}

func TestWhoWaitsSeesTheProgressOfWhoWorks(t *testing.T) {
	shop := newShop(t, fakeNode)
	store := storeAt(t, filepath.Join(tempDir(t), "runtime"), shop.URL)
	second := make(chan struct{})
	shop.answer(func(http.ResponseWriter, *http.Request) bool { <-second; return false })
	var wg sync.WaitGroup
	var seen [2]runtime.Progress
	working := make(chan struct{})
	var once sync.Once
	ensure := func(i int, first func()) func() {
		return func() {
			_, err := store.Ensure(t.Context(), shop.stack, func(p runtime.Progress) {
				if seen[i] = p; p.Done == 0 && p.Step == runtime.StepDownload {
					first()
				}
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	wg.Go(ensure(0, func() { once.Do(func() { close(working) }) }))
	<-working
	var joined sync.Once
	wg.Go(ensure(1, func() { joined.Do(func() { close(second) }) }))
	wg.Wait()
	if seen[0].Step != runtime.StepWrite || seen[1] != seen[0] {
		t.Errorf("last progress = %+v; want both to end with %q", seen, runtime.StepWrite)
	}
}

func TestAStackThatIsNotCompleteIsRefused(t *testing.T) {
	shop := newShop(t, fakeNode)
	dir := filepath.Join(tempDir(t), "runtime")
	store := storeAt(t, dir, shop.URL)
	if _, err := store.Open(shop.stack); !fleet.IsCode(err, "stack_incomplete") {
		t.Errorf("empty store: err = %v; want stack_incomplete", err)
	}
	tree, err := store.Ensure(t.Context(), shop.stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join(tree.Dir, "leat-stack.json")
	whole, err := os.ReadFile(marker)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tree.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"torn":           string(whole[:20]),
		"other platform": strings.Replace(string(whole), "linux", "win32", 1),
	} {
		if err := errors.Join(os.Remove(marker), os.WriteFile(marker, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(shop.stack); !fleet.IsCode(err, "stack_incomplete") {
			t.Errorf("%s marker: err = %v; want stack_incomplete", name, err)
		}
	}
	if _, err := store.OpenDigest(shop.stack.Digest); !fleet.IsCode(err, "stack_incomplete") {
		t.Errorf("by digest: err = %v; want stack_incomplete", err)
	}
	if _, err := store.Ensure(t.Context(), shop.stack, nil); err != nil {
		t.Errorf("laying it out again: %v", err)
	}
	if _, err := store.Open(shop.stack); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func TestAStackIsFoundByItsDigestAlone(t *testing.T) {
	shop := newShop(t, fakeNode)
	store := storeAt(t, filepath.Join(tempDir(t), "runtime"), shop.URL)
	want, err := store.Ensure(t.Context(), shop.stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.OpenDigest(shop.stack.Digest)
	if err != nil || got.Node != want.Node || got.NodeRED != want.NodeRED || got.Stack.NodeJS != "24.21.0" || got.Stack.Label != "Test" {
		t.Errorf("tree = %+v, err = %v; want %+v", got, err, want)
	}
	if _, err := store.Ensure(t.Context(), got.Stack, nil); err != nil {
		t.Errorf("ensuring what is there: %v", err)
	}
	if err := npm.RemoveTree(got.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Ensure(t.Context(), got.Stack, nil); !fleet.IsCode(err, "stack_unknown") {
		t.Errorf("without a lock: err = %v; want stack_unknown", err)
	}
	if _, err := store.OpenDigest("../" + shop.stack.Digest); !fleet.IsKind(err, fleet.NotFound) {
		t.Errorf("a path as a digest: err = %v; want not found", err)
	}
}

func TestANodeThatDoesNotRunHereIsFoundOutBeforeTheSwitch(t *testing.T) {
	for name, row := range map[string]struct{ node, code string }{
		"old glibc":    {"#!/bin/sh\necho \"node: /lib/libc.so.6: version 'GLIBC_2.28' not found\" >&2; exit 1\n", "platform_unsupported"},
		"no libstdc++": {"#!/bin/sh\necho 'error while loading shared libraries: libstdc++.so.6' >&2; exit 127\n", "platform_unsupported"},
		"another one":  {"#!/bin/sh\necho v20.0.0\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			shop := newShop(t, row.node)
			dir := filepath.Join(tempDir(t), "runtime")
			_, err := storeAt(t, dir, shop.URL).Ensure(t.Context(), shop.stack, nil)
			if err == nil || (row.code != "" && !fleet.IsCode(err, row.code)) {
				t.Errorf("err = %v; want %s", err, row.code)
			}
			if got := names(t, dir); got != ".lock" {
				t.Errorf("the store holds %s", got)
			}
		})
	}
}

func TestWhoGivesUpLeavesTheWorkToTheNext(t *testing.T) {
	shop := newShop(t, fakeNode)
	store := storeAt(t, filepath.Join(tempDir(t), "runtime"), shop.URL)
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{}, 8)
	shop.answer(func(_ http.ResponseWriter, r *http.Request) bool {
		started <- struct{}{}
		<-r.Context().Done()
		return true
	})
	gaveUp := make(chan error, 1)
	go func() {
		_, err := store.Ensure(ctx, shop.stack, nil)
		gaveUp <- err
	}()
	<-started
	waiting, stop := context.WithCancel(t.Context())
	stop()
	if _, err := store.Ensure(waiting, shop.stack, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait ended with %v", err)
	}
	shop.answer(nil)
	cancel()
	if _, err := store.Ensure(t.Context(), shop.stack, nil); err != nil {
		t.Errorf("the next one: %v", err)
	}
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("the first one: %v; want canceled", err)
	}
}

func TestStacksThatNothingUsesAreRemoved(t *testing.T) {
	shop, other := newShop(t, fakeNode), newShop(t, fakeNode+"# another\n")
	dir := filepath.Join(tempDir(t), "runtime")
	store := storeAt(t, dir, shop.URL)
	tree, err := store.Ensure(t.Context(), shop.stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CompileCache(t.Context(), tree, nil, os.Getuid()); err != nil {
		t.Fatal(err)
	}
	if _, err := storeAt(t, dir, other.URL).Ensure(t.Context(), other.stack, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"somebody's file", "." + shop.stack.Digest + ".tmp-1"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := store.RemoveUnused(t.Context(), using(other.stack.Digest))
	if err != nil || len(removed) != 1 || removed[0] != shop.stack.Digest {
		t.Errorf("removed %v, err = %v; want %s", removed, err, shop.stack.Digest)
	}
	if got := names(t, dir); got != ".lock "+other.stack.Digest+" somebody's file" {
		t.Errorf("the store holds %s", got)
	}
}

func TestAStackDoesNotWaitForAnother(t *testing.T) {
	slow, quick := newShop(t, fakeNode), newShop(t, strings.Replace(fakeNode, "sleep 0.01", "sleep 0.02", 1))
	dir := filepath.Join(tempDir(t), "runtime")
	asked, answer := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow.answer(func(http.ResponseWriter, *http.Request) bool {
		once.Do(func() { close(asked) })
		<-answer
		return false
	})
	done := make(chan error, 1)
	go func() {
		_, err := storeAt(t, dir, slow.URL).Ensure(t.Context(), slow.stack, nil)
		done <- err
	}()
	<-asked
	store := storeAt(t, dir, quick.URL)
	tree, err := store.Ensure(t.Context(), quick.stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CompileCache(t.Context(), tree, nil, 4321); err != nil {
		t.Error(err)
	}
	// Who removes waits for all.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := store.RemoveUnused(ctx, using()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("removing while one is laid out: %v; want to wait", err)
	}
	close(answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if removed, err := store.RemoveUnused(t.Context(), using()); err != nil || len(removed) != 2 {
		t.Errorf("removed %v, %v; want both", removed, err)
	}
}
