package sandbox

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock knows the TCP that everybody uses; the same port can be had by way of
// Multipath TCP or SMC. It also leaves the way open to namespaces, in which a
// process has all capabilities, and to the corners of the kernel where most
// escapes were found. The filter closes these, and nothing that Node.js uses.

// forbidden calls answer "not permitted".
var forbidden = []uint32{
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_MOUNT_SETATTR,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
	unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_SYSLOG, unix.SYS_ACCT,
	unix.SYS_QUOTACTL, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_VHANGUP,
}

// absent calls answer "no such call", so that programs fall back: the C library
// from clone3, whose flags a filter cannot see, to clone; libuv from io_uring.
var absent = []uint32{
	unix.SYS_CLONE3, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
}

// onItself calls are let through where their arguments, at these offsets, are
// zero and so mean the caller. Under one user, they would let a flow slow down or
// starve the platform.
var onItself = map[uint32][]uint32{
	unix.SYS_PRLIMIT64:          {dataArg0},
	unix.SYS_SETPRIORITY:        {dataArg0, dataArg1},
	unix.SYS_SCHED_SETATTR:      {dataArg0},
	unix.SYS_SCHED_SETPARAM:     {dataArg0},
	unix.SYS_SCHED_SETSCHEDULER: {dataArg0},
}

// Offsets in struct seccomp_data. The lower half of an argument comes first on
// the little-endian processors that we build for.
const (
	dataNumber = 0
	dataArch   = 4
	dataArg0   = 16
	dataArg1   = 24
	dataArg2   = 32
)

const x32Bit = 0x40000000

const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// filter is a program for the kernel's packet filter machine.
type filter []unix.SockFilter

func (f *filter) add(code uint16, k uint32, jt, jf uint8) {
	*f = append(*f, unix.SockFilter{Code: code, Jt: jt, Jf: jf, K: k})
}

func (f *filter) load(offset uint32)      { f.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset, 0, 0) }
func (f *filter) answer(e unix.Errno)     { f.add(unix.BPF_RET, unix.SECCOMP_RET_ERRNO|uint32(e), 0, 0) }
func (f *filter) allow()                  { f.add(unix.BPF_RET, unix.SECCOMP_RET_ALLOW, 0, 0) }
func (f *filter) unless(k uint32, n int)  { f.add(unix.BPF_JMP|unix.BPF_JEQ, k, 0, uint8(n)) }
func (f *filter) ifEqual(k uint32, n int) { f.add(unix.BPF_JMP|unix.BPF_JEQ, k, uint8(n), 0) }

func (f *filter) refuseCall(number uint32, e unix.Errno) {
	f.unless(number, 1)
	f.answer(e)
}

// buildFilter makes the program for one architecture.
func buildFilter(arch uint32) filter {
	var f filter
	f.load(dataArch)
	f.ifEqual(arch, 1)
	f.answer(unix.ENOSYS)
	f.load(dataNumber)
	if arch == unix.AUDIT_ARCH_X86_64 {
		f.add(unix.BPF_JMP|unix.BPF_JGE, x32Bit, 0, 1)
		f.answer(unix.ENOSYS)
	}
	for _, n := range absent {
		f.refuseCall(n, unix.ENOSYS)
	}
	for _, n := range forbidden {
		f.refuseCall(n, unix.EPERM)
	}
	for number, args := range onItself {
		f.guardOthers(number, args)
	}
	f.guardClone()
	f.guardSocket()
	f.allow()
	return f
}

func (f *filter) guardOthers(number uint32, args []uint32) {
	var g filter
	for _, offset := range args {
		g.load(offset)
		g.ifEqual(0, 1)
		g.answer(unix.EPERM)
	}
	g.allow()
	f.unless(number, len(g))
	*f = append(*f, g...)
}

func (f *filter) guardClone() {
	f.unless(unix.SYS_CLONE, 4)
	f.load(dataArg0)
	f.add(unix.BPF_JMP|unix.BPF_JSET, namespaces, 0, 1)
	f.answer(unix.EPERM)
	f.allow()
}

// guardSocket leaves unix sockets, netlink (which lists network interfaces) and,
// of the internet protocols, those whose ports other layers understand.
func (f *filter) guardSocket() {
	protocols := []uint32{0, unix.IPPROTO_ICMP, unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_ICMPV6}
	var g filter
	g.load(dataArg0)
	for _, family := range []uint32{unix.AF_UNIX, unix.AF_NETLINK} {
		g.unless(family, 1)
		g.allow()
	}
	g.ifEqual(unix.AF_INET, 2)
	g.ifEqual(unix.AF_INET6, 1)
	g.answer(unix.EAFNOSUPPORT)
	g.load(dataArg2)
	for _, p := range protocols {
		g.unless(p, 1)
		g.allow()
	}
	g.answer(unix.EPROTONOSUPPORT)

	f.unless(unix.SYS_SOCKET, len(g))
	*f = append(*f, g...)
}

func seccompArch() (uint32, bool) {
	switch runtime.GOARCH {
	case "amd64":
		return unix.AUDIT_ARCH_X86_64, true
	case "arm64":
		return unix.AUDIT_ARCH_AARCH64, true
	}
	return 0, false
}

func planSeccomp(s *Spec, r *Report) bool {
	if s.leavesOut(LayerSeccomp) {
		r.gap(LayerSeccomp, "left out on purpose")
		return false
	}
	if _, known := seccompArch(); !known {
		r.gap(LayerSeccomp, "no filter for this processor")
		return false
	}
	if _, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err != nil {
		r.gap(LayerSeccomp, "the kernel has no seccomp")
		return false
	}
	r.on(LayerSeccomp)
	return true
}

func (o *order) applySeccomp() error {
	if !o.Seccomp {
		return nil
	}
	arch, known := seccompArch()
	if !known {
		return fmt.Errorf("no filter for %s", runtime.GOARCH)
	}
	f := buildFilter(arch)
	prog := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
}
