package mail

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// errTooMuch says that a server said more than any mail server would.
var errTooMuch = errors.New("the server sent too much")

// guarded is a connection on which nothing takes long: every read and write has
// a deadline, and what the other side may send is bounded.
type guarded struct {
	net.Conn
	limit time.Duration
	read  atomic.Int64
}

func (c *guarded) deadline() time.Time {
	if c.limit > 0 {
		return time.Now().Add(c.limit)
	}
	return time.Now().Add(stepTimeout)
}

func (c *guarded) Read(p []byte) (int, error) {
	if c.read.Load() > maxSaid {
		return 0, errTooMuch
	}
	if err := c.SetReadDeadline(c.deadline()); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *guarded) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
