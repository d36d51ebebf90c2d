package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a leat process under measurement.
type server struct {
	cmd  *exec.Cmd
	addr string
	data string
	log  bytes.Buffer
	done chan error
}

const (
	adminName     = "bench"
	adminPassword = "quarry lantern 42 meadow"
)

// startServer starts the program on a data directory and returns how long it
// took until /healthz answered 200.
func startServer(ctx context.Context, o Options, data string) (*server, time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	s := &server{addr: "127.0.0.1:" + strconv.Itoa(port), data: data, done: make(chan error, 1)}
	s.cmd = exec.CommandContext(ctx, o.Leat, "serve", "--data", data, "--listen", s.addr)
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 20 * time.Second
	s.cmd.Env = append(os.Environ(), "LEAT_ADMIN_USERNAME="+adminName, "LEAT_ADMIN_PASSWORD="+adminPassword,
		"LEAT_ADMIN_EMAIL=bench@example.com", "LEAT_RUNTIME_DIR="+o.Runtime)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	begun := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, 0, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	took, err := s.untilHealthy(begun)
	return s, took, err
}

func (s *server) untilHealthy(begun time.Time) (time.Duration, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-s.done:
			return 0, fmt.Errorf("server ended: %v\n%s", err, s.log.String())
		case <-tick.C:
		}
		res, err := http.Get("http://" + s.addr + "/healthz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(begun), nil
			}
		}
		if time.Since(begun) > time.Minute {
			return 0, fmt.Errorf("server not healthy after a minute\n%s", s.log.String())
		}
	}
}

// stop ends the server and its instances, which would outlive it.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-s.done:
		for pid, line := range runners(s.data) {
			if strings.Contains(line, " launch ") {
				_ = syscall.Kill(pid, syscall.SIGKILL) // its Node-RED ends with it
			}
		}
		return nil
	case <-time.After(30 * time.Second):
		s.cmd.Process.Kill()
		return fmt.Errorf("server did not stop within 30 s\n%s", s.log.String())
	}
}

// memory reads a field of /proc/<pid>/smaps_rollup, in KiB.
func memory(pid int, field string) (int, error) {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), field+":"); ok {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, fmt.Errorf("no %s for process %d", field, pid)
}

// children lists the processes below pid with their command lines.
func children(pid int) map[int]string {
	out := map[int]string{}
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	parent := map[int]int{}
	for _, e := range entries {
		b, err := os.ReadFile(e)
		if err != nil {
			continue
		}
		rest := b[bytes.LastIndexByte(b, ')')+1:]
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(e)))
		parent[child], _ = strconv.Atoi(strings.Fields(string(rest))[1])
	}
	for child := range parent {
		for p := child; p > 0; p = parent[p] {
			if p == pid && child != pid {
				line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
				out[child] = strings.ReplaceAll(strings.TrimRight(string(line), "\x00"), "\x00", " ")
				break
			}
		}
	}
	return out
}

func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}
