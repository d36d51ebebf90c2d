package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Listening gives the TCP ports that the program or its children listen on
// though the spec does not name them. Landlock refuses the call that chooses a
// port, but a socket that listens without having chosen gets one from the kernel
// unasked, and no filter can tell it from a socket in the file system. Cookies
// know no ports, so whoever runs the program has to look, and end it.
func (c *Cell) Listening() ([]uint16, error) {
	pids, err := c.Processes()
	if err != nil {
		return nil, err
	}
	sockets := map[string]bool{}
	for _, pid := range pids {
		ownSockets(pid, sockets)
	}
	if len(sockets) == 0 {
		return nil, nil
	}
	var found []uint16
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("read sockets: %w", err)
		}
		for port, inode := range listeners(string(text)) {
			if sockets[inode] && !slices.Contains(c.spec.Ports, port) {
				found = append(found, port)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// ownSockets adds the inode numbers of a process's sockets. One that ended
// meanwhile has none.
func ownSockets(pid int, into map[string]bool) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if inode, is := strings.CutPrefix(target, "socket:["); err == nil && is {
			into[strings.TrimSuffix(inode, "]")] = true
		}
	}
}

// listeners reads a table of sockets and yields port and inode of those that
// listen.
func listeners(table string) func(yield func(uint16, string) bool) {
	const listen = "0A"
	return func(yield func(uint16, string) bool) {
		for line := range strings.Lines(table) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != listen {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			port, err := strconv.ParseUint(hex, 16, 16)
			if err == nil && !yield(uint16(port), f[9]) {
				return
			}
		}
	}
}
