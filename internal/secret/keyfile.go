package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// LoadKey reads a key file. A file that others than its owner may read is
// refused: whoever read it must be assumed to have the key.
func LoadKey(path string) (Key, error) {
	file, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("open key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("look at key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Key{}, fmt.Errorf("key file %s is not a file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return Key{}, fmt.Errorf("key file %s may be read by others (mode %04o): run chmod 600 on it, and make a new key if somebody else could have read it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return Key{}, fmt.Errorf("read key file %s: %w", path, err)
	}
	key, err := ParseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return Key{}, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

// LoadOrCreateKey reads a key file, or makes one of mode 0600 with a new key
// where there is none; created says which. The file is complete and on disk
// before it has its name, so a crash leaves either no key or a whole one, and
// of two processes that create at once both get the key of the first.
func LoadOrCreateKey(path string) (key Key, created bool, err error) {
	key, err = LoadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	key = NewKey()
	err = createFile(path, key.Encode()+"\n")
	if errors.Is(err, fs.ErrExist) {
		key, err = LoadKey(path)
		return key, false, err
	}
	if err != nil {
		return Key{}, false, fmt.Errorf("create key file: %w", err)
	}
	return key, true, nil
}

// createFile makes a new file of mode 0600 that survives a power cut; it fails
// with fs.ErrExist where the name is taken.
func createFile(path, content string) (err error) {
	dir := filepath.Dir(path)
	draft, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(content)
	if err == nil {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name in a directory durable. Windows has no such call and
// needs none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
