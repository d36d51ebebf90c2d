package sandbox

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultParent is the group that holds the groups of instances.
const DefaultParent = "leat"

// group is the cgroup of one program: in v2 one directory, in v1 one for each
// controller, in a mixed machine both.
type group struct {
	tree  string            // the v2 directory, if any
	parts map[string]part   // by controller
	v1    map[string]string // v1 directories by controller
}

// part is one controller of a group.
type part struct {
	v2  bool
	dir string
}

// limited controllers bind; the others only help to count and to end.
var (
	limited = []string{"memory", "cpu", "pids"}
	helping = []string{"cpuacct", "freezer"}
)

// makeGroups makes the groups for one program and sets its limits. What cannot
// be had is returned as a gap; the rest is in force.
func makeGroups(parent, name string, l Limits) (*group, []string) {
	all, err := readHierarchies()
	if err != nil {
		return nil, []string{err.Error()}
	}
	g, gaps := all.makeGroup(parent, name)
	for _, c := range limited {
		p, ok := g.parts[c]
		if !ok {
			continue
		}
		for _, s := range l.settings(c, p.v2) {
			if err := writeControl(filepath.Join(p.dir, s.file), s.value); err != nil && !s.optional {
				gaps = append(gaps, "limit "+c+": "+reason(err))
				delete(g.parts, c)
				break
			}
		}
	}
	return g, gaps
}

func (all hierarchies) makeGroup(parent, name string) (*group, []string) {
	if parent == "" {
		parent = DefaultParent
	}
	g := &group{parts: map[string]part{}, v1: map[string]string{}}
	var gaps, wanted []string
	refused := map[string][]string{} // controllers by reason
	for _, c := range slices.Concat(limited, helping) {
		h, ok := all.find(c)
		switch {
		case ok && h.v2:
			wanted = append(wanted, c)
		case ok:
			dir := filepath.Join(h.base(parent), parent, name)
			err := makeGroup(dir)
			if err == nil {
				g.v1[c], g.parts[c] = dir, part{dir: dir}
			} else if slices.Contains(limited, c) {
				refused[reason(err)] = append(refused[reason(err)], c)
			}
		case slices.Contains(limited, c):
			refused["not available here"] = append(refused["not available here"], c)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(refused)) {
		gaps = append(gaps, strings.Join(refused[why], ", ")+": "+why)
	}
	if h, ok := all[""]; ok {
		if err := g.makeTree(h, parent, name, wanted); err != nil && len(wanted) > 0 {
			gaps = append(gaps, strings.Join(wanted, ", ")+": "+reason(err))
		}
	}
	return g, gaps
}

// makeTree makes the v2 directory and hands the controllers down to it. Root
// falls back to the top of the tree where its own group is shared.
func (g *group) makeTree(h hierarchy, parent, name string, wanted []string) error {
	base := h.base(parent)
	err := prepareTree(base, parent, wanted)
	if err != nil && os.Geteuid() == 0 && base != h.mount {
		base = h.mount
		err = prepareTree(base, parent, wanted)
	}
	if err != nil {
		return err
	}
	dir := filepath.Join(base, parent, name)
	if err := makeGroup(dir); err != nil {
		return err
	}
	g.tree = dir
	for _, c := range wanted {
		g.parts[c] = part{v2: true, dir: dir}
	}
	return nil
}

func prepareTree(base, parent string, wanted []string) error {
	if err := enable(base, wanted); err != nil {
		return err
	}
	dir := base
	for step := range strings.SplitSeq(strings.Trim(parent, "/"), "/") {
		dir = filepath.Join(dir, step)
		if err := makeGroup(dir); err != nil {
			return err
		}
		if err := enable(dir, wanted); err != nil {
			return err
		}
	}
	return nil
}

func makeGroup(dir string) error { return os.MkdirAll(dir, 0o755) }

// joins lists the files that a process writes "0" to in order to enter.
func (g *group) joins() []string {
	var files []string
	for _, dir := range g.dirs() {
		files = append(files, filepath.Join(dir, "cgroup.procs"))
	}
	return files
}

// dirs are all directories of the group, each once.
func (g *group) dirs() []string {
	dirs := slices.Collect(maps.Values(g.v1))
	if g.tree != "" {
		dirs = append(dirs, g.tree)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// has tells whether a controller works for the group; without one, none does.
func (g *group) has(controller string) bool {
	if g == nil {
		return false
	}
	_, ok := g.parts[controller]
	return ok
}

// writeControl writes one value to a control file, which must be there.
func writeControl(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

func isBusy(err error) bool { return errors.Is(err, unix.EBUSY) }

func isGone(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
}

func reason(err error) string {
	switch {
	case errors.Is(err, unix.EROFS):
		return "the cgroup file system is read-only here"
	case errors.Is(err, fs.ErrPermission):
		return "this user was not given a cgroup; start the service with Delegate=yes"
	}
	return err.Error()
}
