package control

import (
	"maps"
	"slices"

	"github.com/Masterminds/semver/v3"

	"leat/internal/npm"
)

// Misfit is a package that asks for another Node.js.
type Misfit struct {
	Name, Version string
	// Wants is the range that it asks for.
	Wants string
}

// Misfits lists the packages of a tree, each once, that say that they do not run
// on a version of Node.js. A range that nobody can read is no misfit.
func Misfits(lock *npm.Lock, node string) []Misfit {
	version, err := semver.NewVersion(node)
	if err != nil {
		return nil
	}
	var out []Misfit
	seen := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(lock.Packages)) {
		p := lock.Packages[path]
		wants := p.NodeRange()
		if wants == "" || seen[p.ID()] {
			continue
		}
		seen[p.ID()] = true
		if fits, err := semver.NewConstraint(wants); err == nil && !fits.Check(version) {
			out = append(out, Misfit{p.Name, p.Version, wants})
		}
	}
	return out
}
