package runtime_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestTheCompileCacheIsFilledOnceAndSharedByLinks(t *testing.T) {
	shop := newShop(t, fakeNode)
	store := storeAt(t, filepath.Join(tempDir(t), "runtime"), shop.URL)
	tree, err := store.Ensure(t.Context(), shop.stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	me := "v24.21.0-x64-abcd-" + strconv.Itoa(os.Getuid())
	flags := []string{"--max-semi-space-size=2", "--optimize-for-size"}
	dir, err := store.CompileCache(t.Context(), tree, flags, 4321)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "v24.21.0-x64-abcd-4321")); err != nil || to != me {
		t.Errorf("link leads to %q, err = %v; want %s", to, err, me)
	}
	args, err := os.ReadFile(filepath.Join(dir, me, "args"))
	if err != nil || !strings.HasPrefix(string(args), strings.Join(flags, " ")+" "+tree.NodeRED+" ") {
		t.Errorf("node got %q, err = %v; want the flags and Node-RED", args, err)
	}
	first, err := os.Stat(filepath.Join(dir, me))
	if err != nil || first.Mode().Perm() != 0o555 {
		t.Fatalf("cache = %v, err = %v; want it read-only", first, err)
	}
	for _, uid := range []int{4321, 4322, os.Getuid()} {
		if again, err := store.CompileCache(t.Context(), tree, flags, uid); err != nil || again != dir {
			t.Errorf("uid %d: %q, err = %v", uid, again, err)
		}
	}
	if second, err := os.Stat(filepath.Join(dir, me)); err != nil || !os.SameFile(first, second) {
		t.Errorf("the cache was filled again (err = %v)", err)
	}
	if got := names(t, dir); strings.Contains(got, "tmp") {
		t.Errorf("work is left over: %s", got)
	}
}

func TestACompileCacheThatCannotBeFilledIsAnError(t *testing.T) {
	shop := newShop(t, "#!/bin/sh\n[ \"$1\" = --version ] && { echo v24.21.0; exit; }\necho broken; exit 1\n")
	store := storeAt(t, filepath.Join(tempDir(t), "runtime"), shop.URL)
	tree, err := store.Ensure(t.Context(), shop.stack, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CompileCache(t.Context(), tree, nil, 1); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("err = %v; want what node said", err)
	}
	if got := names(t, tree.Dir+".cache"); got != "" {
		t.Errorf("left over: %s", got)
	}
}
