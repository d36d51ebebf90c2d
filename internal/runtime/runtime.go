// Package runtime keeps the stacks that Node-RED runs on: a version of Node.js
// and the whole module tree of Node-RED and Dashboard 2, resolved once and
// committed as a lock in stacks/. A Store lays a stack out once per machine,
// read-only, for all instances.
//
// A stack's lock is made in its folder with
//
//	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
//
// and never edited by hand: its digest is the stack's address.
package runtime

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"

	"leat/internal/fleet"
	"leat/internal/npm"
)

// DefaultStack is what an instance runs on that names no stack.
const DefaultStack = "node-red-5"

const (
	nodeRED   = "node-red"
	dashboard = "@flowfuse/node-red-dashboard"
)

//go:embed stacks
var stacks embed.FS

// Stack is a Node.js and a Node-RED that belong together.
type Stack struct {
	ID string
	// Label names it for people.
	Label string
	// Digest is the SHA-256 over its lock.
	Digest string
	// NodeRED, Dashboard and NodeJS are their versions.
	NodeRED, Dashboard, NodeJS string
	// ArchiveBytes is what has to be downloaded for a CPU ("x64", "arm64").
	ArchiveBytes map[string]int64

	// lock is nil in a stack that another Leat laid out.
	lock *npm.Lock
}

// Provided names the packages that a palette module gets from any stack; they
// are not installed a second time beside it.
func Provided() []string { return []string{nodeRED, dashboard} }

// Provided is the function Provided.
func (s *Stack) Provided() []string { return Provided() }

// Stacks lists the stacks in this binary, by id.
func Stacks() ([]*Stack, error) {
	entries, err := fs.ReadDir(stacks, "stacks")
	if err != nil {
		return nil, err
	}
	var out []*Stack
	for _, e := range entries {
		s, err := readStack(e.Name())
		if err != nil {
			return nil, fmt.Errorf("stack %s: %w", e.Name(), err)
		}
		out = append(out, s)
	}
	return out, nil
}

// Find finds a stack by its id.
func Find(id string) (*Stack, error) {
	all, err := Stacks()
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, fleet.ErrNotFound("stack")
}

func readStack(id string) (*Stack, error) {
	manifest, err := stacks.ReadFile(path.Join("stacks", id, "package.json"))
	if err != nil {
		return nil, err
	}
	var m struct {
		Description string
		Leat        struct {
			ArchiveBytes map[string]int64
		}
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	raw, err := stacks.ReadFile(path.Join("stacks", id, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	lock, err := npm.ParseLock(raw)
	if err != nil {
		return nil, err
	}
	digest, err := lock.Digest()
	if err != nil {
		return nil, err
	}
	s := &Stack{ID: id, Label: m.Description, Digest: digest, ArchiveBytes: m.Leat.ArchiveBytes, lock: lock}
	for name, version := range map[string]*string{nodeRED: &s.NodeRED, dashboard: &s.Dashboard, nodePackage("x64"): &s.NodeJS} {
		p := lock.Packages["node_modules/"+name]
		if p == nil {
			return nil, fmt.Errorf("lock has no %s", name)
		}
		*version = p.Version
	}
	return s, nil
}

func nodePackage(cpu string) string { return "node-linux-" + cpu }
