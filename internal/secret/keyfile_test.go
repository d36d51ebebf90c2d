package secret_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"leat/internal/secret"
)

func TestAKeyFileIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.key")
	first, created, err := secret.LoadOrCreateKey(path)
	if err != nil || !created {
		t.Fatalf("first: created %v, %v", created, err)
	}
	second, created, err := secret.LoadOrCreateKey(path)
	if err != nil || created || second != first {
		t.Fatalf("second: created %v, same %v, %v", created, second == first, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("drafts left: %v, %v", left, err)
	}
}

func TestStartsAtOnceShareOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.key")
	keys := make([]secret.Key, 8)
	var wait sync.WaitGroup
	for i := range keys {
		wait.Go(func() {
			key, _, err := secret.LoadOrCreateKey(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	wait.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Fatal("two starts got different keys")
		}
	}
}

func TestAKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.key")
	if _, _, err := secret.LoadOrCreateKey(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, _, err := secret.LoadOrCreateKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: %v; want advice to chmod 600", mode, err)
		}
	}
}

func TestADamagedKeyFileIsNeverReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.key")
	if err := os.WriteFile(path, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := secret.LoadOrCreateKey(path); err == nil {
		t.Error("a damaged key is taken")
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "half a k" {
		t.Errorf("the file is now %q, %v", content, err)
	}
}

func TestLoadKeyMakesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.key")
	if _, err := secret.LoadKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v; want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}
