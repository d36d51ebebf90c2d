package control

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/flow"
)

// compareModules tells how two module trees differ, by module: those somebody
// asked for first.
func compareModules(a, b fleet.ManifestModules) []api.ModuleDiff {
	if bytes.Equal(a.Lock, b.Lock) && maps.Equal(a.Direct, b.Direct) {
		return nil
	}
	was, is := versionsOf(a), versionsOf(b)
	var out []api.ModuleDiff
	asked := func(name string) (bool, bool) { return a.Direct[name] != "", b.Direct[name] != "" }
	add := func(name string, what flow.What) {
		before, after := asked(name)
		out = append(out, api.ModuleDiff{Name: name, Change: string(what), From: was[name], To: is[name], Direct: before || after})
	}
	for name, version := range is {
		old, there := was[name]
		before, after := asked(name)
		switch {
		case !there:
			add(name, flow.Added)
		case old != version, before != after:
			add(name, flow.Changed)
		}
	}
	for name := range was {
		if _, there := is[name]; !there {
			add(name, flow.Removed)
		}
	}
	slices.SortFunc(out, func(a, b api.ModuleDiff) int {
		if a.Direct != b.Direct {
			if a.Direct {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return out
}

// versionsOf maps each module of a tree to its version, or to its versions where it
// is there more than once.
func versionsOf(m fleet.ManifestModules) map[string]string {
	var lock struct {
		Packages map[string]struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"packages"`
	}
	out := map[string]string{}
	versions := map[string][]string{}
	if len(m.Lock) > 0 && json.Unmarshal(m.Lock, &lock) == nil {
		for path, p := range lock.Packages {
			if path == "" {
				continue
			}
			name := p.Name
			if at := strings.LastIndex(path, "node_modules/"); name == "" && at >= 0 {
				name = path[at+len("node_modules/"):]
			}
			versions[name] = append(versions[name], p.Version)
		}
	}
	for name, list := range versions {
		slices.Sort(list)
		out[name] = strings.Join(slices.Compact(list), ", ")
	}
	for name, version := range m.Direct {
		if out[name] == "" {
			out[name] = version
		}
	}
	return out
}
