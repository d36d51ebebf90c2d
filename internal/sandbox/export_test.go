package sandbox

// What the tests look at from inside.
var (
	LandlockGaps = landlockGaps
	UIDsIn       = uidsIn
	ProcessesOf  = processesOf
)

// Check is the spec's own judgement.
func (s *Spec) Check() error { return s.check() }

// Setting is one control file's value.
type Setting struct{ File, Value string }

// Settings shows what a limit becomes for one controller.
func Settings(l Limits, controller string, v2 bool) []Setting {
	var out []Setting
	for _, s := range l.settings(controller, v2) {
		out = append(out, Setting{s.file, s.value})
	}
	return out
}

// Place is where a controller's groups live.
type Place struct {
	V2   bool
	Own  string
	Base string
}

// Places reads a machine's mounts and groups.
func Places(mountinfo, groups, parent string) map[string]Place {
	out := map[string]Place{}
	for c, h := range parseHierarchies(mountinfo, groups) {
		out[c] = Place{V2: h.v2, Own: h.own, Base: h.base(parent)}
	}
	return out
}

// Groups lists the cgroup directories of a cell.
func (c *Cell) Groups() []string {
	if c.group == nil {
		return nil
	}
	return c.group.dirs()
}

// EnterTree has a cell that was not started yet use the v2 directory dir alone.
func (c *Cell) EnterTree(dir string) error {
	c.group = &group{tree: dir, parts: map[string]part{}}
	c.order.Groups = c.group.joins()
	return makeGroup(dir)
}

// HandDown makes a parent group below the caller's own v2 group, with
// controllers, and tells where the caller's groups are to be.
func HandDown(parent string, controllers ...string) (base string, err error) {
	all, err := readHierarchies()
	if err != nil {
		return "", err
	}
	base = all[""].base(parent)
	return base, prepareTree(base, parent, controllers)
}
