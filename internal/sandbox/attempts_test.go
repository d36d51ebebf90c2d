package sandbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attempts are what a hostile flow would try. Each answers nil when it got what
// it wanted.
var attempts = map[string]func(args []string) error{
	"read":          func(a []string) error { _, err := os.ReadFile(a[0]); return err },
	"list":          func(a []string) error { _, err := os.ReadDir(a[0]); return err },
	"write":         func(a []string) error { return os.WriteFile(a[0], []byte("mine"), 0o600) },
	"append":        appendTo,
	"truncate":      func(a []string) error { return os.Truncate(a[0], 0) },
	"remove":        func(a []string) error { return os.Remove(a[0]) },
	"chmod":         func(a []string) error { return os.Chmod(a[0], 0o777) },
	"through-link":  throughLink,
	"hard-link":     hardLink,
	"rename-in":     func(a []string) error { return os.Rename(a[0], a[1]) },
	"environment":   environmentOf,
	"inherited":     inherited,
	"variable":      variable,
	"listen":        listenTCP,
	"listen-on":     func(a []string) error { return listenAnd(a[0], stay) },
	"listen-mptcp":  func(a []string) error { return bindSocket(a[0], unix.AF_INET, 262) },
	"listen-smc":    func(a []string) error { return bindSocket(a[0], 43, 0) },
	"signal":        func(a []string) error { return unix.Kill(number(a[0]), unix.SIGCONT) },
	"starve":        starve,
	"slow-down":     func(a []string) error { return unix.Setpriority(unix.PRIO_PROCESS, number(a[0]), 10) },
	"slow-all":      func([]string) error { return unix.Setpriority(unix.PRIO_USER, 0, 10) },
	"ptrace":        traceProcess,
	"memory-of":     memoryOf,
	"mount":         mountHere,
	"namespace":     func([]string) error { return inNamespace(syscall.CLONE_NEWUSER) },
	"pid-namespace": func([]string) error { return inNamespace(syscall.CLONE_NEWPID) },
	"become-root":   func([]string) error { return syscall.Setresuid(0, 0, 0) },
	"setuid-file":   setuidFile,
	"privileged":    func([]string) error { return privileged() },
	"dial-unix":     dialUnix,
	"fork":          forkMany,
	"eat":           func(a []string) error { return eatMemory(number(a[0]), nil) },
	"hoard":         func(a []string) error { return eatMemory(number(a[0]), stay) },
	"spin":          spin,
	"exit":          func(a []string) error { os.Exit(number(a[0])); return nil },
	"kill-self":     func(a []string) error { return killSelf(unix.Signal(number(a[0]))) },
	"stay":          func([]string) error { return stay() },
	"linger":        func([]string) error { return linger() },
	"breed":         func([]string) error { return breed() },
	"escape-group":  escapeGroup,
	"facts":         func([]string) error { return facts() },
	"bpf":           func([]string) error { return call(unix.SYS_BPF) },
	"keyring":       func([]string) error { return call(unix.SYS_KEYCTL, 0, ^uintptr(2), 1) },
	"io-uring":      ioURing,
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func call(nr uintptr, args ...uintptr) error {
	var a [3]uintptr
	copy(a[:], args)
	_, _, e := unix.Syscall(nr, a[0], a[1], a[2])
	// A fault or a bad argument shows that the call itself was let through.
	if e == 0 || e == unix.EFAULT || e == unix.EINVAL {
		return nil
	}
	return e
}

func ioURing([]string) error {
	var params [120]byte
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&params[0])), 0)
	if e != 0 {
		return e
	}
	return unix.Close(int(fd))
}

func appendTo(a []string) error {
	f, err := os.OpenFile(a[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("mine")
	return errors.Join(err, f.Close())
}

// throughLink makes a link in its own directory to something else's file.
func throughLink(a []string) error {
	link := filepath.Join(a[1], "link")
	if err := os.Symlink(a[0], link); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	_, err := os.ReadFile(link)
	return err
}

func hardLink(a []string) error {
	link := filepath.Join(a[1], "hard")
	if err := os.Link(a[0], link); err != nil {
		return err
	}
	defer os.Remove(link)
	_, err := os.ReadFile(link)
	return err
}

func environmentOf(a []string) error {
	text, err := os.ReadFile(filepath.Join("/proc", a[0], "environ"))
	if err == nil && len(text) == 0 {
		err = errors.New("nothing to see")
	}
	return err
}

// inherited reads a file that its parent left open.
func inherited(a []string) error {
	_, err := io.ReadAll(os.NewFile(uintptr(number(a[0])), "left open"))
	return err
}

func variable(a []string) error {
	if _, ok := os.LookupEnv(a[0]); !ok {
		return errors.New("not set")
	}
	return nil
}

func listenTCP(a []string) error { return bindSocket(a[0], unix.AF_INET, unix.IPPROTO_TCP) }

// listenAnd listens on a port, or on one that it did not choose where port is
// empty, and keeps it meanwhile.
func listenAnd(port string, meanwhile func() error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if port != "" {
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: number(port), Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			return err
		}
	}
	if err := unix.Listen(fd, 1); err != nil {
		return err
	}
	return meanwhile()
}

func bindSocket(port string, family, protocol int) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: number(port), Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	return unix.Listen(fd, 1)
}

// starve lowers a limit of another process.
func starve(a []string) error {
	var now unix.Rlimit
	if err := unix.Prlimit(number(a[0]), unix.RLIMIT_CORE, nil, &now); err != nil {
		return err
	}
	now.Cur = 0
	return unix.Prlimit(number(a[0]), unix.RLIMIT_CORE, &now, nil)
}

func traceProcess(a []string) error {
	runtime.LockOSThread()
	pid := number(a[0])
	if err := unix.PtraceSeize(pid); err != nil {
		return err
	}
	// A seized process that is not stopped is let go when its tracer ends.
	return nil
}

func memoryOf(a []string) error {
	f, err := os.Open(filepath.Join("/proc", a[0], "mem"))
	if err != nil {
		return err
	}
	return f.Close()
}

// mountHere mounts a file system, in a namespace of its own where it may make
// one, so that an attempt without walls leaves no trace.
func mountHere(a []string) error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err == nil {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
	}
	return unix.Mount("tmpfs", a[0], "tmpfs", 0, "")
}

func inNamespace(flag uintptr) error {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flag}
	return cmd.Run()
}

// setuidFile runs a copy of this program that belongs to root and says so.
func setuidFile(a []string) error {
	out, err := exec.Command(a[0], "attack", "facts").Output()
	if err != nil {
		return err
	}
	if !bytes.Contains(out, []byte("euid=0\n")) {
		return errors.New("still not root")
	}
	return nil
}

// privileged does what only capabilities allow.
func privileged() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func dialUnix(a []string) error {
	conn, err := net.Dial("unix", a[0])
	if err != nil {
		return err
	}
	return conn.Close()
}

// forkMany wants that many processes at a time.
func forkMany(a []string) error {
	var running []*exec.Cmd
	defer func() {
		for _, c := range running {
			c.Process.Kill()
			c.Wait()
		}
	}()
	for range number(a[0]) {
		c := exec.Command("/bin/sleep", "60")
		if err := c.Start(); err != nil {
			return err
		}
		running = append(running, c)
	}
	return nil
}

// eatMemory wants that many MiB, each page touched, and keeps them meanwhile.
func eatMemory(mib int, meanwhile func() error) (err error) {
	var kept [][]byte
	for range mib {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		kept = append(kept, block)
	}
	if meanwhile != nil {
		err = meanwhile()
	}
	runtime.KeepAlive(kept)
	return err
}

// spin uses all the processor time it can get until its input ends.
func spin([]string) error {
	for range 2 {
		go func() {
			for n := 0; ; n++ {
			}
		}()
	}
	return stay()
}

// stay says that it is there and leaves when its input ends.
func stay() error {
	fmt.Println("here")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// linger stays whatever happens to its input.
func linger() error {
	told := make(chan os.Signal, 1)
	signal.Notify(told, unix.SIGUSR2)
	fmt.Println("here")
	<-told
	return nil
}

func killSelf(s unix.Signal) error {
	if err := unix.Kill(os.Getpid(), s); err != nil {
		return err
	}
	select {}
}

// breed starts copies of itself in sessions of their own for as long as it may.
func breed() error {
	for {
		c := exec.Command("/proc/self/exe", "attack", "breed")
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if c.Start() == nil {
			go c.Wait()
		}
	}
}

// escapeGroup leaves a process behind that nobody waits for, in a session of its
// own, and tells its number.
func escapeGroup([]string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.Command(self, "attack", "stay")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if _, err := c.StdinPipe(); err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	fmt.Println(c.Process.Pid)
	return stay()
}

// facts prints what the kernel knows of this process.
func facts() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	score, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return err
	}
	fmt.Printf("oom=%s", score)
	mask := unix.Umask(0)
	fmt.Printf("uid=%d\neuid=%d\ngid=%d\nnofile=%d\numask=%04o\n", os.Getuid(), os.Geteuid(), os.Getgid(), files.Cur, mask)
	fmt.Printf("session=%t\n", must(unix.Getsid(0)) == os.Getpid())
	for line := range strings.Lines(string(status)) {
		for _, key := range []string{"Groups:", "Cap", "NoNewPrivs:", "Seccomp:"} {
			if strings.HasPrefix(line, key) {
				fmt.Print(strings.Join(strings.Fields(line), " "), "\n")
			}
		}
	}
	return nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
