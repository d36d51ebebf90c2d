package sandbox

import (
	"errors"
	"os"
	"slices"
)

// plan decides which layers there will be, and makes the cgroup.
func plan(spec Spec) (*Cell, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	c := &Cell{spec: spec, ended: make(chan end, 1)}
	uid, gid := c.planUser()
	c.order = order{
		Parent: os.Getpid(), Program: spec.Program, Args: spec.Args, Env: spec.Env, Dir: spec.Dir,
		UID: uid, GID: gid, Files: len(spec.Files),
		Landlock: planLandlock(&spec, &c.Report),
		Seccomp:  planSeccomp(&spec, &c.Report),
	}
	c.planGroup()
	c.order.Limits = spec.resources(uid != 0, c.group)
	return c, nil
}

func (c *Cell) planUser() (uid, gid int) {
	switch {
	case c.spec.leavesOut(LayerUID):
		c.Report.gap(LayerUID, "left out on purpose")
		return 0, 0
	case os.Geteuid() != 0:
		c.Report.gap(LayerUID, "Leat was not started as root, so all instances run as its own user")
		return 0, 0
	case c.spec.UID == 0:
		c.Report.gap(LayerUID, "no user number was given")
		return 0, 0
	}
	c.Report.on(LayerUID)
	gid = c.spec.GID
	if gid == 0 {
		gid = c.spec.UID
	}
	return c.spec.UID, gid
}

func (c *Cell) planGroup() {
	if c.spec.leavesOut(LayerCgroup) {
		c.Report.gap(LayerCgroup, "left out on purpose")
		return
	}
	g, gaps := makeGroups(c.spec.CgroupParent, c.spec.Name, c.spec.Limits)
	for _, text := range gaps {
		c.Report.gap(LayerCgroup, text)
	}
	if g == nil || len(g.dirs()) == 0 {
		return
	}
	c.group = g
	if g.has("memory") && g.has("pids") {
		c.Report.on(LayerCgroup)
	}
	c.order.Groups = g.joins()
}

// clearGroup ends what a former program left in the group, and makes the group
// anew if its counters are not at zero.
func (c *Cell) clearGroup() error {
	if c.group == nil {
		return nil
	}
	if err := c.group.kill(); err != nil || c.group.counters() == (Counters{}) {
		return err
	}
	if err := c.group.remove(); err != nil {
		return err
	}
	g, _ := makeGroups(c.spec.CgroupParent, c.spec.Name, c.spec.Limits)
	if !slices.Equal(g.joins(), c.order.Groups) {
		return errors.New("the cgroup could not be made again")
	}
	c.group = g
	return nil
}
