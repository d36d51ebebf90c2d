package nodered

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Dial connects to the Node-RED of an instance's directory. The instance owns
// the directory of the socket and could put a link to another service there:
// only a socket of the instance's own user is connected to. uid is 0 where
// instances have no user of their own.
func Dial(ctx context.Context, dir string, uid int) (net.Conn, error) {
	fd, err := unix.Open(filepath.Join(dir, Socket), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open socket of Node-RED: %w", err)
	}
	defer unix.Close(fd) // only a handle on a path
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("look at socket of Node-RED: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || uid != 0 && int(st.Uid) != uid {
		return nil, errors.New("what lies in place of Node-RED's socket is not its own")
	}
	// Through the handle: no race with a link, and no limit of 107 bytes.
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, fmt.Errorf("connect to Node-RED: %w", err)
	}
	return conn, nil
}
