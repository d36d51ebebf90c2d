package npm

import (
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Misfit is a package that asks for another Node.js.
type Misfit struct {
	Name, Version string
	// Wants is the range that it asks for.
	Wants string
}

// Misfits lists the packages of a tree, each once, that say that they do not run
// on a version of Node.js. A range that nobody can read is no misfit.
func (l *Lock) Misfits(node string) []Misfit {
	version, err := semver.NewVersion(node)
	if err != nil {
		return nil
	}
	var out []Misfit
	seen := map[string]bool{}
	for _, path := range sortedKeys(l.Packages) {
		p := l.Packages[path]
		wants := p.nodeRange()
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

// nodeRange is what a package asks of Node.js; old ones give a list of words.
func (p *Package) nodeRange() string {
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
