package npm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leat/internal/fleet"
)

const (
	maxLockBytes    = 32 << 20
	maxLockPackages = 20_000
	maxPathLen      = 1024
)

// Lock is a whole module tree: what is at which path, exactly.
type Lock struct {
	// Root is what was asked for.
	Root *Package
	// Packages maps each path ("node_modules/a/node_modules/b") to what is there.
	Packages map[string]*Package
}

// Package is one entry of a lock. Its JSON form is npm's, less what plays no
// part in laying out a tree.
type Package struct {
	// Path is where it is laid out; empty for the root.
	Path string `json:"-"`
	// Name differs from the last part of the path where the entry is an alias.
	Name                 string              `json:"name,omitempty"`
	Version              string              `json:"version,omitempty"`
	Integrity            string              `json:"integrity,omitempty"`
	Resolved             string              `json:"resolved,omitempty"`
	Link                 bool                `json:"link,omitempty"`
	InBundle             bool                `json:"inBundle,omitempty"`
	Dev                  bool                `json:"dev,omitempty"`
	Optional             bool                `json:"optional,omitempty"`
	DevOptional          bool                `json:"devOptional,omitempty"`
	Peer                 bool                `json:"peer,omitempty"`
	HasInstallScript     bool                `json:"hasInstallScript,omitempty"`
	OS                   words               `json:"os,omitempty"`
	CPU                  words               `json:"cpu,omitempty"`
	Libc                 words               `json:"libc,omitempty"`
	Bin                  bins                `json:"bin,omitempty"`
	Dependencies         map[string]string   `json:"dependencies,omitempty"`
	OptionalDependencies map[string]string   `json:"optionalDependencies,omitempty"`
	PeerDependencies     map[string]string   `json:"peerDependencies,omitempty"`
	PeerDependenciesMeta map[string]peerMeta `json:"peerDependenciesMeta,omitempty"`
	// These two are kept for npm, when it is given this lock to build upon.
	Engines            any `json:"engines,omitempty"`
	BundleDependencies any `json:"bundleDependencies,omitempty"`
}

type peerMeta struct {
	Optional bool `json:"optional,omitempty"`
}

// ID is name@version.
func (p *Package) ID() string { return p.Name + "@" + p.Version }

// NodeRange is the range of versions of Node.js that a package asks for; empty
// where it does not. Old ones give a list of words.
func (p *Package) NodeRange() string {
	switch engines := p.Engines.(type) {
	case map[string]any:
		wants, _ := engines["node"].(string)
		return strings.TrimSpace(wants)
	case []any:
		for _, one := range engines {
			if text, _ := one.(string); strings.HasPrefix(text, "node") {
				return strings.TrimSpace(strings.TrimPrefix(text, "node"))
			}
		}
	}
	return ""
}

type lockFile struct {
	Name            string              `json:"name,omitempty"`
	Version         string              `json:"version,omitempty"`
	LockfileVersion int                 `json:"lockfileVersion"`
	Requires        bool                `json:"requires"`
	Packages        map[string]*Package `json:"packages"`
}

// ParseLock reads a lock and refuses what Leat does not lay out: other versions
// of the format, links, and everything that does not come from the registry by
// name, version and integrity.
func ParseLock(b []byte) (*Lock, error) {
	if len(b) > maxLockBytes {
		return nil, errLock("The lock is larger than 32 MiB.", nil)
	}
	var file lockFile
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, errLock("The lock is not valid JSON of an npm lock.", err)
	}
	if file.LockfileVersion != 3 {
		return nil, errLock("The lock is not of version 3; make it anew with npm 7 or later.", nil)
	}
	if len(file.Packages) > maxLockPackages {
		return nil, errLock(fmt.Sprintf("The lock names more than %d packages.", maxLockPackages), nil)
	}
	l := &Lock{Root: &Package{}, Packages: make(map[string]*Package, len(file.Packages))}
	for path, p := range file.Packages {
		if p == nil {
			return nil, errLock("The lock has an empty entry.", nil)
		}
		if path == "" {
			l.Root = p
			continue
		}
		p.Path = path
		if err := p.check(); err != nil {
			return nil, err
		}
		l.Packages[path] = p
	}
	return l, l.checkRoot()
}

func (l *Lock) checkRoot() error {
	for _, wanted := range []map[string]string{l.Root.Dependencies, l.Root.OptionalDependencies} {
		if err := CheckWanted(wanted); err != nil {
			return err
		}
	}
	return nil
}

func (p *Package) check() error {
	last, ok := checkPath(p.Path)
	if !ok {
		return errLock("The lock has an entry whose path is not one of packages under node_modules.", nil)
	}
	if p.Name == "" {
		p.Name = last
	}
	switch {
	case p.Link || p.Resolved != "":
		return &fleet.Error{Kind: fleet.Invalid, Code: "module_not_from_registry",
			Msg: fmt.Sprintf("Module %s comes from an address, a repository or a folder of its own; Leat installs only what the package registry holds.", last)}
	case !ValidName(p.Name):
		return errLock("The lock names a package that no registry can hold.", nil)
	case !ValidVersion(p.Version):
		return errLock(fmt.Sprintf("The lock has no exact version for %s.", p.Name), nil)
	case p.InBundle:
		return nil
	}
	if _, ok := ParseIntegrity(p.Integrity); !ok {
		return errLock(fmt.Sprintf("The lock has no SHA-512 integrity for %s.", p.ID()), nil)
	}
	return nil
}

// checkPath takes node_modules/<name>, repeated, apart and returns the last name.
func checkPath(path string) (last string, ok bool) {
	if len(path) > maxPathLen {
		return "", false
	}
	for rest := "/" + path; rest != ""; {
		after, found := strings.CutPrefix(rest, "/node_modules/")
		if !found {
			return "", false
		}
		last, rest = after, ""
		if i := strings.Index(after, "/node_modules/"); i >= 0 {
			last, rest = after[:i], after[i:]
		}
		if !ValidName(last) {
			return "", false
		}
	}
	return last, true
}

func errLock(msg string, err error) error {
	return &fleet.Error{Kind: fleet.Invalid, Code: "lock_invalid", Msg: msg, Err: err}
}

// MarshalJSON writes the lock as npm reads it, always the same bytes for the
// same tree.
func (l *Lock) MarshalJSON() ([]byte, error) {
	packages := maps.Clone(l.Packages)
	if packages == nil {
		packages = map[string]*Package{}
	}
	packages[""] = l.Root
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(lockFile{Name: l.Root.Name, Version: l.Root.Version, LockfileVersion: 3, Requires: true, Packages: packages})
	return bytes.TrimSpace(b.Bytes()), err
}

// Digest is the SHA-256 over the lock's canonical form, in hexadecimal: white
// space, order, licences and the like do not change it.
func (l *Lock) Digest() (string, error) {
	b, err := l.MarshalJSON()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte("leat lock 1\n"), b...))
	return hex.EncodeToString(sum[:]), nil
}

// words is a JSON string or list of strings.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// bins maps a command to a file. Anything else is no command: npm makes a map
// of every form it knows before it writes a lock.
type bins map[string]string

func (m *bins) UnmarshalJSON(b []byte) error {
	var all map[string]string
	if json.Unmarshal(b, &all) == nil {
		*m = all
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
