package npm

import (
	"fmt"
	"slices"
	"strings"

	"leat/internal/fleet"
)

// Platform is what a tree is laid out for, in npm's words.
type Platform struct {
	OS   string // "linux"
	CPU  string // "x64", "arm64"
	Libc string // "glibc", "musl"; empty where the question does not arise
}

// Install lists what is to be unpacked on a platform, by path. It walks the tree
// as Node.js would look for modules: an optional package that does not fit the
// platform is left out, and so is what only it needed. Names in provided come
// with the stack: a peer dependency on one of them brings nothing.
func (l *Lock) Install(on Platform, provided ...string) ([]*Package, error) {
	w := &walk{lock: l, on: on, provided: provided, seen: map[string]bool{}}
	if err := w.visit(l.Root); err != nil {
		return nil, err
	}
	out := make([]*Package, 0, len(w.seen))
	for _, path := range sortedKeys(w.seen) {
		if p := l.Packages[path]; w.seen[path] && !p.InBundle {
			out = append(out, p)
		}
	}
	return out, nil
}

type walk struct {
	lock     *Lock
	on       Platform
	provided []string
	seen     map[string]bool // path → fits
}

func (w *walk) visit(root *Package) error {
	for todo := []*Package{root}; len(todo) > 0; {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		next, err := w.needs(p)
		if err != nil {
			return err
		}
		for _, dep := range next {
			if _, known := w.seen[dep.Path]; known {
				continue
			}
			fits := dep.fits(w.on)
			if !fits && !dep.Optional && !dep.DevOptional {
				return &fleet.Error{Kind: fleet.Invalid, Code: "module_platform",
					Msg: fmt.Sprintf("Module %s does not run on %s %s.", dep.ID(), w.on.OS, w.on.CPU)}
			}
			w.seen[dep.Path] = fits
			if fits {
				todo = append(todo, dep)
			}
		}
	}
	return nil
}

// needs finds the packages that p asks for.
func (w *walk) needs(p *Package) ([]*Package, error) {
	var out []*Package
	for _, name := range sortedKeys(p.Dependencies) {
		_, optional := p.OptionalDependencies[name]
		dep := w.find(p.Path, name)
		if dep == nil && !optional && !p.InBundle {
			return nil, errLock(fmt.Sprintf("The lock lacks %s, which %s needs.", name, orRoot(p.Name)), nil)
		}
		if dep != nil {
			out = append(out, dep)
		}
	}
	for _, name := range sortedKeys(p.OptionalDependencies) {
		if dep := w.find(p.Path, name); dep != nil {
			out = append(out, dep)
		}
	}
	for _, name := range sortedKeys(p.PeerDependencies) {
		if slices.Contains(w.provided, name) {
			continue
		}
		if dep := w.find(p.Path, name); dep != nil {
			out = append(out, dep)
		}
	}
	return out, nil
}

func orRoot(name string) string {
	if name == "" {
		return "the root"
	}
	return name
}

// find looks a module up from a path outwards, as require does.
func (w *walk) find(from, name string) *Package {
	for {
		prefix := from
		if prefix != "" {
			prefix += "/"
		}
		if p := w.lock.Packages[prefix+"node_modules/"+name]; p != nil {
			return p
		}
		if from == "" {
			return nil
		}
		i := strings.LastIndex(from, "node_modules/")
		from = strings.TrimSuffix(from[:i], "/")
	}
}

func (p *Package) fits(on Platform) bool {
	if !allows(p.OS, on.OS) || !allows(p.CPU, on.CPU) {
		return false
	}
	return len(p.Libc) == 0 || on.Libc == "" || allows(p.Libc, on.Libc)
}

// allows applies npm's list: words that must not match start with "!"; where
// there are others, one of them must match.
func allows(list []string, value string) bool {
	positive := false
	for _, word := range list {
		if word == "any" && len(list) == 1 {
			return true
		}
		if no, found := strings.CutPrefix(word, "!"); found {
			if no == value {
				return false
			}
			continue
		}
		positive = true
	}
	return !positive || slices.Contains(list, value)
}
