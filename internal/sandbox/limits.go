package sandbox

import (
	"fmt"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

const mebibyte = 1 << 20

// cpuPeriod is the stretch of time, in microseconds, over which CPU is counted.
const cpuPeriod = 100_000

// setting is one value for one control file. An optional one may fail: not every
// kernel counts swap.
type setting struct {
	file, value string
	optional    bool
}

// settings turns limits into the files of one controller, in the order in which
// the kernel accepts them.
func (l Limits) settings(controller string, v2 bool) []setting {
	switch controller {
	case "memory":
		return l.memorySettings(v2)
	case "cpu":
		return l.cpuSettings(v2)
	case "pids":
		if l.Pids == 0 {
			return []setting{{file: "pids.max", value: "max"}}
		}
		return []setting{{file: "pids.max", value: strconv.Itoa(l.Pids)}}
	}
	return nil
}

func (l Limits) memorySettings(v2 bool) []setting {
	bytes := strconv.FormatInt(int64(l.MemoryMiB)*mebibyte, 10)
	switch {
	case v2 && l.MemoryMiB == 0:
		return []setting{{file: "memory.max", value: "max"}}
	case v2:
		return []setting{
			{file: "memory.max", value: bytes},
			{file: "memory.swap.max", value: "0", optional: true},
		}
	case l.MemoryMiB == 0:
		// A group that is taken over may have the limits of its last program.
		return []setting{
			{file: "memory.memsw.limit_in_bytes", value: "-1", optional: true},
			{file: "memory.limit_in_bytes", value: "-1"},
		}
	}
	return []setting{
		{file: "memory.memsw.limit_in_bytes", value: "-1", optional: true},
		{file: "memory.limit_in_bytes", value: bytes},
		{file: "memory.memsw.limit_in_bytes", value: bytes, optional: true},
	}
}

func (l Limits) cpuSettings(v2 bool) []setting {
	quota := strconv.Itoa(l.CPUMillis * cpuPeriod / 1000)
	period := strconv.Itoa(cpuPeriod)
	switch {
	case v2 && l.CPUMillis == 0:
		return []setting{{file: "cpu.max", value: "max"}}
	case v2:
		return []setting{{file: "cpu.max", value: quota + " " + period}}
	case l.CPUMillis == 0:
		return []setting{{file: "cpu.cfs_quota_us", value: "-1"}}
	}
	return []setting{
		{file: "cpu.cfs_period_us", value: period},
		{file: "cpu.cfs_quota_us", value: quota},
	}
}

// LimitCPU binds a running program to other CPU than it was started with, in
// thousandths of a core; 0 lifts the limit. Where no cgroup binds CPU it does
// nothing.
func (c *Cell) LimitCPU(millis int) error {
	if !c.group.has("cpu") {
		return nil
	}
	p := c.group.parts["cpu"]
	for _, s := range (Limits{CPUMillis: millis}).cpuSettings(p.v2) {
		if err := writeControl(filepath.Join(p.dir, s.file), s.value); err != nil {
			return fmt.Errorf("limit cpu: %w", err)
		}
	}
	return nil
}

// descriptors that one program may hold.
const descriptors = 8192

// resources are the limits that every process carries itself. That of the number
// of processes stands in where no cgroup binds it: it is counted per user, so it
// is of use only where the user is the program's own. There is none for memory:
// Node.js 24 maps 512 MiB of address space for code, and again for each worker,
// so a limit on mappings either binds nothing or keeps it from starting.
func (s *Spec) resources(ownUser bool, g *group) map[int]uint64 {
	r := map[int]uint64{
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_NOFILE: descriptors,
	}
	if ownUser && s.Limits.Pids > 0 && !g.has("pids") {
		r[unix.RLIMIT_NPROC] = uint64(s.Limits.Pids)
	}
	return r
}
