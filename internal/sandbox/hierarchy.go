package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// hierarchy is where one controller's groups live: a mount of cgroup v1 with
// that controller, or the one tree of v2.
type hierarchy struct {
	v2    bool
	mount string // where it is mounted
	own   string // directory of this process in it
}

// hierarchies of this machine by controller; the tree of v2 is under "".
type hierarchies map[string]hierarchy

// readHierarchies looks at this process's mounts and groups. Where v1 has a
// controller, v2 has not: a machine may mix them.
func readHierarchies() (hierarchies, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("read own cgroups: %w", err)
	}
	return parseHierarchies(string(mounts), string(groups)), nil
}

func parseHierarchies(mountinfo, groups string) hierarchies {
	own := ownGroups(groups)
	all := hierarchies{}
	for line := range strings.Lines(mountinfo) {
		left, right, found := strings.Cut(line, " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !found || len(l) < 5 || len(r) < 3 {
			continue
		}
		root, mount := l[3], l[4]
		switch r[0] {
		case "cgroup2":
			all.add("", hierarchy{v2: true, mount: mount}, root, own)
		case "cgroup":
			for controller := range strings.SplitSeq(r[2], ",") {
				all.add(controller, hierarchy{mount: mount}, root, own)
			}
		}
	}
	return all
}

// add completes h with the process's own directory, seen through a mount that
// may show a part of the tree only, as in containers.
func (all hierarchies) add(controller string, h hierarchy, root string, own map[string]string) {
	path, known := own[controller]
	if _, twice := all[controller]; !known || twice {
		return
	}
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		rel = "."
	}
	h.own = filepath.Join(h.mount, rel)
	all[controller] = h
}

func ownGroups(text string) map[string]string {
	own := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			own[controller] = parts[2]
		}
	}
	return own
}

// find says where a controller's groups live.
func (all hierarchies) find(controller string) (hierarchy, bool) {
	if h, ok := all[controller]; ok && controller != "" {
		return h, true
	}
	h, ok := all[""]
	if !ok {
		return hierarchy{}, false
	}
	text, err := os.ReadFile(filepath.Join(h.own, "cgroup.controllers"))
	if err != nil {
		return hierarchy{}, false
	}
	for c := range strings.FieldsSeq(string(text)) {
		if c == controller {
			return h, true
		}
	}
	return hierarchy{}, false
}

// selfGroup is where Leat's own processes move when the group that they were
// started in is to hold groups itself: v2 allows only one of both.
const selfGroup = "leat-self"

// base is the directory in which parent is to be made.
func (h hierarchy) base(parent string) string {
	if strings.HasPrefix(parent, "/") {
		return h.mount
	}
	if filepath.Base(h.own) == selfGroup {
		return filepath.Dir(h.own)
	}
	return h.own
}

// enable makes v2 controllers available in the groups below dir.
func enable(dir string, controllers []string) error {
	control := filepath.Join(dir, "cgroup.subtree_control")
	for _, c := range controllers {
		err := writeControl(control, "+"+c)
		if isBusy(err) {
			if err = stepAside(dir); err == nil {
				err = writeControl(control, "+"+c)
			}
		}
		if err != nil {
			return fmt.Errorf("hand %s down: %w", c, err)
		}
	}
	return nil
}

// stepAside moves the processes of dir into a group of their own, if they are
// all Leat's. Others' must stay where they are.
func stepAside(dir string) error {
	pids, err := groupProcesses(dir)
	if err != nil {
		return err
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	for _, pid := range pids {
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && strings.TrimSuffix(exe, " (deleted)") != strings.TrimSuffix(self, " (deleted)") {
			return errors.New("other programs live in this cgroup; start the service with Delegate=yes")
		}
	}
	aside := filepath.Join(dir, selfGroup)
	if err := makeGroup(aside); err != nil {
		return err
	}
	for _, pid := range pids {
		if err := writeControl(filepath.Join(aside, "cgroup.procs"), fmt.Sprint(pid)); err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

func groupProcesses(dir string) ([]int, error) {
	f, err := os.Open(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pids []int
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var pid int
		if _, err := fmt.Sscan(lines.Text(), &pid); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
