package fleet

import (
	"strings"
	"time"
)

// InstanceType is a size of instance.
type InstanceType struct {
	ID          string
	Name        string
	Description string
	MemoryMiB   int
	// CPUPercent is the share of one core it may use: 100 is one core.
	CPUPercent int
	// Order is its place in lists.
	Order int
	// Active sizes may be chosen; the Default is what an instance gets that names none.
	Active    bool
	Default   bool
	Version   int64
	CreatedAt time.Time
}

// The bounds of a size. Node-RED with its dashboard needs more than half of the
// least memory while it does nothing.
const (
	minMemoryMiB  = 192
	maxMemoryMiB  = 1 << 20
	minCPUPercent = 5
	maxCPUPercent = 100 * 256
)

// Check refuses a size that no instance could run in.
func (t *InstanceType) Check() []error {
	var errs []error
	if t.MemoryMiB < minMemoryMiB || t.MemoryMiB > maxMemoryMiB {
		errs = append(errs, InvalidField("memoryMiB", "Memory is from 192 MiB to 1 TiB; Node-RED with its dashboard needs about 140 MiB while it does nothing."))
	}
	if t.CPUPercent < minCPUPercent || t.CPUPercent > maxCPUPercent {
		errs = append(errs, InvalidField("cpuPercent", "CPU is from 5 to 25600 percent; 100 is one core."))
	}
	if t.Default && !t.Active {
		errs = append(errs, InvalidField("active", "The default must be active. Make another one the default first."))
	}
	return errs
}

// CheckTypeID checks the id of an instance type, which stands in addresses and in
// scripts.
func CheckTypeID(id string) error {
	if len(id) > MaxLabel || !labelPattern.MatchString(id) || strings.Contains(id, "--") {
		return InvalidField("id", "An id has 1 to 40 letters a–z, digits and hyphens, and starts and ends with a letter or digit.")
	}
	return nil
}
