package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Counters of what the limits refused, since the program's start.
type Counters struct {
	OOMKills   int64 // processes killed because the memory limit was reached
	PidsDenied int64 // forks refused because the limit of processes was reached
}

// Usage is one sample of a running program and all that it started.
type Usage struct {
	Memory    int64         // bytes that count against the limit, without file cache that can be dropped
	RSS, PSS  int64         // bytes resident; PSS shares common pages out, and is zero where it may not be read
	CPU       time.Duration // processor time used since the start
	Throttled time.Duration // time during which the CPU limit held it back
	Processes int
}

var errNoProcess = errors.New("the program has no process")

// Counters since the program's start; without a cgroup they stay zero.
func (c *Cell) Counters() Counters {
	if c.group == nil {
		return Counters{}
	}
	return c.group.counters()
}

func (g *group) counters() Counters {
	var n Counters
	if p, ok := g.parts["memory"]; ok {
		file := "memory.oom_control"
		if p.v2 {
			file = "memory.events"
		}
		n.OOMKills = readKey(filepath.Join(p.dir, file), "oom_kill")
	}
	if p, ok := g.parts["pids"]; ok {
		n.PidsDenied = readKey(filepath.Join(p.dir, "pids.events"), "max")
	}
	return n
}

// Usage takes a sample: from the cgroup where there is one, else from the
// process tree.
func (c *Cell) Usage() (Usage, error) {
	pids, err := c.Processes()
	if err != nil {
		return Usage{}, err
	}
	if len(pids) == 0 {
		return Usage{}, errNoProcess
	}
	u := Usage{Processes: len(pids)}
	for _, pid := range pids {
		rss, pss := processMemory(pid)
		u.RSS += rss
		u.PSS += pss
	}
	u.Memory = u.RSS
	if c.group != nil {
		c.group.sample(&u)
	}
	if u.CPU == 0 {
		for _, pid := range pids {
			u.CPU += processCPU(pid)
		}
	}
	return u, nil
}

// Exceeds tells whether a sample is above the memory limit and no cgroup sees to
// that. Then the caller has to end the program.
func (c *Cell) Exceeds(u Usage) bool {
	limit := int64(c.spec.Limits.MemoryMiB) * mebibyte
	if limit == 0 || c.group.has("memory") {
		return false
	}
	if u.PSS > 0 {
		return u.PSS > limit
	}
	return u.RSS > limit
}

// Processes of the program, the program included.
func (c *Cell) Processes() ([]int, error) {
	if c.group != nil {
		return c.group.processes()
	}
	if c.process == nil {
		return nil, nil
	}
	return processTree(c.process.Pid)
}

func (g *group) sample(u *Usage) {
	if p, ok := g.parts["memory"]; ok {
		if n := p.memory(); n > 0 {
			u.Memory = n
		}
	}
	if p, ok := g.parts["cpuacct"]; ok {
		u.CPU = time.Duration(readNumber(filepath.Join(p.dir, "cpuacct.usage")))
	} else if g.tree != "" {
		u.CPU = time.Duration(readKey(filepath.Join(g.tree, "cpu.stat"), "usage_usec")) * time.Microsecond
	}
	if p, ok := g.parts["cpu"]; ok && p.v2 {
		u.Throttled = time.Duration(readKey(filepath.Join(p.dir, "cpu.stat"), "throttled_usec")) * time.Microsecond
	} else if ok {
		u.Throttled = time.Duration(readKey(filepath.Join(p.dir, "cpu.stat"), "throttled_time"))
	}
}

func (p part) memory() int64 {
	current, inactive := "memory.usage_in_bytes", "total_inactive_file"
	if p.v2 {
		current, inactive = "memory.current", "inactive_file"
	}
	return readNumber(filepath.Join(p.dir, current)) - readKey(filepath.Join(p.dir, "memory.stat"), inactive)
}

// processMemory reads resident and proportional memory of one process, zero for
// one that is gone.
func processMemory(pid int) (rss, pss int64) {
	path := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	if pss = readKey(path, "Pss:") * 1024; pss > 0 {
		return readKey(path, "Rss:") * 1024, pss
	}
	return readKey(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:") * 1024, 0
}

// processCPU reads the processor time of one process; the kernel counts it in
// hundredths of a second on every architecture that we build for.
func processCPU(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// processTree is pid and all its descendants that still have their parents.
func processTree(pid int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if st, err := readStat(child); err == nil && st.state != 'Z' {
			children[st.parent] = append(children[st.parent], child)
		}
	}
	if _, err := readStat(pid); err != nil {
		return nil, nil
	}
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	slices.Sort(tree)
	return tree, nil
}

// readKey finds "key number" in a file of such lines; zero where it is not.
func readKey(path, key string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == key {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n
		}
	}
	return 0
}

func readNumber(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}
