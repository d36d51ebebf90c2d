package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Dial connects to a unix socket in a directory that a confined program may write
// to. The program could put a link to another service there, so only a socket of
// its own user is connected to. uid is 0 where it has no user of its own.
func Dial(ctx context.Context, path string, uid int) (net.Conn, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	defer unix.Close(fd) // only a handle on a path
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("look at socket: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || uid != 0 && int(st.Uid) != uid {
		return nil, errors.New("what lies in the socket's place is not the program's own")
	}
	// Through the handle: no race with a link, and no limit of 107 bytes.
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}
