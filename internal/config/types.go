package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Addr is host:port, as a server listens on or a client dials. The host may be
// empty (every address); the port is a number from 0 (any that is free) to 65535.
type Addr string

// UnmarshalText reads and checks an address.
func (a *Addr) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not host:port", text)
	}
	n, err := strconv.ParseUint(port, 10, 64)
	if err != nil {
		return fmt.Errorf("port %q is not a number", port)
	}
	if n > 65535 {
		return fmt.Errorf("port %s is out of range", port)
	}
	*a = Addr(text)
	return nil
}

// String gives the address back.
func (a Addr) String() string { return string(a) }

// Size is a number of bytes, written as 64MiB or 10MB or 4096.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	digits, factor := string(text), int64(1)
	for _, unit := range units {
		if rest, ok := strings.CutSuffix(digits, unit.name); ok {
			digits, factor = strings.TrimSpace(rest), unit.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return fmt.Errorf("%q is not a size such as 64MiB or 10GB", text)
	}
	*s = Size(n * factor)
	return nil
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, unit := range units {
		if n := int64(s); n != 0 && n%unit.bytes == 0 && strings.HasSuffix(unit.name, "iB") {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
