package nodered

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// Bounds of what is read of an instance that does not run: files that a flow
// wrote, and that may be anything.
const (
	maxContextFile   = 16 << 20
	maxCountedFile   = 1 << 20
	maxContextFiles  = 20_000
	maxContextKey    = 512
	contextDir       = "context"
	persistentStore  = "persistent"
	contextExtension = ".json"
)

// storedContext reads a page of what Node-RED left on the disk.
func (h *home) storedContext(ctx context.Context, q wire.ContextQuery) (wire.ContextPage, error) {
	h.reading.Lock() // one file at a time may be in memory
	defer h.reading.Unlock()
	page := wire.ContextPage{Default: persistentStore, Stores: []string{persistentStore}, Flushed: h.contextWritten()}
	root, err := h.contextRoot()
	if errors.Is(err, fs.ErrNotExist) {
		return page, nil
	}
	if err != nil {
		return page, err
	}
	defer root.Close()
	files, err := contextFiles(root)
	if err != nil {
		return page, err
	}
	if q.Scope == "" {
		return storedScopes(ctx, root, files, page, q)
	}
	if name, there := files[q.Scope]; there {
		err = storedEntries(root, name, &page, q)
	}
	return page, err
}

func (h *home) contextRoot() (*os.Root, error) {
	user, err := os.OpenRoot(h.path("user"))
	if err != nil {
		return nil, err
	}
	defer user.Close()
	return user.OpenRoot(contextDir)
}

// contextFiles finds the file of each scope: global/global.json,
// FLOW/flow.json, FLOW/NODE.json.
func contextFiles(root *os.Root) (map[string]string, error) {
	out := map[string]string{}
	dirs, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if !dir.IsDir() || len(out) > maxContextFiles {
			continue
		}
		names, err := fs.ReadDir(root.FS(), dir.Name())
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			id, isContext := strings.CutSuffix(name.Name(), contextExtension)
			if !isContext || !name.Type().IsRegular() {
				continue
			}
			scope := "node:" + id
			switch {
			case dir.Name() == "global":
				scope = "global"
			case id == "flow":
				scope = "flow:" + dir.Name()
			}
			out[scope] = dir.Name() + "/" + name.Name()
		}
	}
	return out, nil
}

// scopeOrder puts the global scope first, then flows, then nodes.
func scopeOrder(a, b string) int {
	return cmp.Or(strings.IndexByte("gfn", a[0])-strings.IndexByte("gfn", b[0]), strings.Compare(a, b))
}

func storedScopes(ctx context.Context, root *os.Root, files map[string]string, page wire.ContextPage, q wire.ContextQuery) (wire.ContextPage, error) {
	for _, scope := range slices.SortedFunc(maps.Keys(files), scopeOrder) {
		if !strings.HasPrefix(scope, q.Prefix) || q.After != "" && scopeOrder(scope, q.After) <= 0 {
			continue
		}
		if len(page.Scopes) == q.Limit {
			page.Next = page.Scopes[q.Limit-1].Scope
			break
		}
		if ctx.Err() != nil {
			return page, ctx.Err()
		}
		keys := countKeys(root, files[scope])
		if keys != 0 {
			page.Scopes = append(page.Scopes, wire.ContextScope{Scope: scope, Keys: keys})
		}
	}
	return page, nil
}

// countKeys counts the keys of a file that is not too large; -1 where it is.
func countKeys(root *os.Root, name string) int {
	text, err := readContext(root, name, maxCountedFile)
	var keys map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &keys) != nil {
		return -1
	}
	return len(keys)
}

// readContext reads a file of the instance's: a regular one, of a bounded size,
// and not one that a link leads to elsewhere.
func readContext(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, &fleet.Error{Kind: fleet.TooLarge, Code: "context_too_large", Msg: "This context is larger than 16 MiB. Start the instance to see it."}
	}
	return io.ReadAll(io.LimitReader(f, most))
}

func storedEntries(root *os.Root, name string, page *wire.ContextPage, q wire.ContextQuery) error {
	text, err := readContext(root, name, maxContextFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return &fleet.Error{Kind: fleet.Conflict, Code: "context_damaged", Msg: "This context is damaged on the disk. It is put aside at the next start.", Err: err}
	}
	after, _ := strings.CutPrefix(q.After, persistentStore+":")
	room := wire.MaxContextPage / 2
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if len(key) > maxContextKey || !strings.HasPrefix(key, q.Prefix) || q.After != "" && key <= after {
			continue
		}
		e := storedEntry(key, all[key])
		room -= len(e.Key) + len(e.Value) + len(e.Preview) + 256
		if n := len(page.Entries); n == q.Limit || n > 0 && room < 0 {
			page.Next = persistentStore + ":" + page.Entries[n-1].Key
			break
		}
		page.Entries = append(page.Entries, e)
	}
	return nil
}

func storedEntry(key string, raw json.RawMessage) wire.ContextEntry {
	var compact bytes.Buffer
	if json.Compact(&compact, raw) == nil {
		raw = compact.Bytes()
	}
	e := wire.ContextEntry{Store: persistentStore, Key: key, Size: int64(len(raw)), Exact: true, Type: "object"}
	switch raw[0] {
	case '"':
		e.Type = "string"
	case '[':
		e.Type = "array"
	case 't', 'f':
		e.Type = "boolean"
	case 'n':
		e.Type = "null"
	case '{':
	default:
		e.Type = "number"
	}
	if len(raw) > wire.MaxContextValue {
		e.Cut, e.Preview = true, cutTo(string(raw[:previewBytes+4]), previewBytes)
		return e
	}
	e.Value = raw
	return e
}

// contextWritten is when the newest of the files was written; zero without any.
func (h *home) contextWritten() (newest time.Time) {
	root, err := h.contextRoot()
	if err != nil {
		return newest
	}
	defer root.Close()
	files, err := contextFiles(root)
	if err != nil {
		return newest
	}
	for _, name := range files {
		if info, err := root.Lstat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime().UTC()
		}
	}
	return newest
}
