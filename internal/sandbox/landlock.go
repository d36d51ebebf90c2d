package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// The oldest Landlock worth the name (renames across the instance's own
// directories need version 2, truncation is guarded from 3), and the ones that
// brought ports and signals.
const (
	abiFirst   = 3
	abiPorts   = 4
	abiSignals = 6
)

// What every program needs to read of the system; missing ones are passed over.
var (
	systemDirs = []string{
		"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
		"/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/alternatives",
		"/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup",
	}
	systemFiles = []string{
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/localtime", "/etc/timezone",
		"/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/host.conf", "/etc/gai.conf",
		"/etc/os-release", "/etc/services", "/etc/protocols", "/etc/hostname",
	}
	systemDevices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}
)

// landlockOrder is the part of an order that Landlock enforces.
type landlockOrder struct {
	ReadDirs  []string `json:"readDirs"`
	ReadFiles []string `json:"readFiles"`
	WriteDirs []string `json:"writeDirs"`
	Ports     []uint16 `json:"ports"`
}

// planLandlock asks the kernel what it can do and writes the rest into the report.
func planLandlock(s *Spec, r *Report) *landlockOrder {
	if s.leavesOut(LayerLandlock) {
		r.gap(LayerLandlock, "left out on purpose")
		return nil
	}
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < abiFirst {
		r.gap(LayerLandlock, "the kernel has no Landlock, or too old a one; Linux 6.2 or newer with lsm=landlock is needed")
		return nil
	}
	r.on(LayerLandlock)
	for _, p := range landlockGaps(abi) {
		r.gap(LayerLandlock, p)
	}
	return &landlockOrder{
		ReadDirs: s.ReadDirs, ReadFiles: append([]string{s.Program}, s.ReadFiles...),
		WriteDirs: s.WriteDirs, Ports: s.Ports,
	}
}

func landlockGaps(abi int) []string {
	var gaps []string
	if abi < abiPorts {
		gaps = append(gaps, "TCP ports are not guarded before Linux 6.7")
	}
	if abi < abiSignals {
		gaps = append(gaps, "signals and abstract sockets are not guarded before Linux 6.12")
	}
	return gaps
}

// apply restricts the process; a nil order leaves it as it is.
func (o *landlockOrder) apply() error {
	if o == nil {
		return nil
	}
	for _, dir := range o.WriteDirs {
		if err := realDirectory(dir); err != nil {
			return err
		}
	}
	cfg := landlock.V11
	cfg.HandledAccessNet = ll.AccessNetBindTCP // connecting is free, UDP too
	return cfg.BestEffort().Restrict(o.rules()...)
}

func (o *landlockOrder) rules() []landlock.Rule {
	rules := []landlock.Rule{
		landlock.RODirs(systemDirs...).IgnoreIfMissing(),
		landlock.ROFiles(systemFiles...).IgnoreIfMissing(),
		landlock.RWFiles(systemDevices...).IgnoreIfMissing(),
		landlock.RODirs(resolverDirs()...).IgnoreIfMissing(),
		landlock.RODirs(o.ReadDirs...),
		landlock.ROFiles(o.ReadFiles...),
		landlock.RWDirs(o.WriteDirs...).WithRefer(),
	}
	for _, p := range o.Ports {
		rules = append(rules, landlock.BindTCP(p))
	}
	return rules
}

// realDirectory refuses a link: what the program may change, it may have made
// itself in its last life, and a rule would open whatever a link points to.
func realDirectory(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", path)
	}
	return err
}

// resolverDirs holds where /etc/resolv.conf points to. A rule sticks to the file
// it was made for, and resolvers replace theirs when the network changes; a rule
// for the directory outlives that.
func resolverDirs() []string {
	target, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil || !strings.HasPrefix(target, "/run/") {
		return nil
	}
	dir := filepath.Dir(target)
	if dir == "/run" {
		return nil
	}
	return []string{dir}
}
