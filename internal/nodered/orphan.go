package nodered

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// orphanPatience is how long a killed process may take to leave.
const orphanPatience = 10 * time.Second

// pidFile names the Node-RED that runs: its process number, and when it began,
// because numbers come again.
const pidFile = "lib/node-red.pid"

func (h *home) notePid(pid int) error {
	begun, err := beginning(pid)
	if err != nil {
		return err
	}
	return replace(h.path(pidFile), fmt.Appendf(nil, "%d %s\n", pid, begun), 0o600)
}

// endOrphan ends a Node-RED that outlived its supervisor. The kernel ends it with
// the supervisor, and the bridge ends it without one; this stands behind both.
func (h *home) endOrphan() error {
	text, err := os.ReadFile(h.path(pidFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	number, begun, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return nil // torn by a crash
	}
	deadline := time.Now().Add(orphanPatience)
	for pause := time.Millisecond; ; pause *= 2 {
		now, err := beginning(pid)
		if err != nil || now != begun {
			return nil // gone, or another process under its number
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d does not end", pid)
		}
		// The whole session is its own.
		if err := unix.Kill(-pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("kill %d: %w", pid, err)
		}
		<-time.After(pause)
	}
}

// beginning is when a living process began, in the kernel's ticks.
func beginning(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The name, in brackets, may hold anything; state is the first field after it,
	// the beginning the twentieth.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const state, begun = 0, 19
	if len(fields) <= begun || fields[state] == "Z" || fields[state] == "X" {
		return "", fs.ErrNotExist
	}
	return fields[begun], nil
}
