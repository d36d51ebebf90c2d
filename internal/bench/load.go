package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shot is one request that a load repeats. Body, where set, is made anew for
// each request from its number.
type shot struct {
	method, path string
	host         string // the Host header; the address where empty
	header       string // whole lines, each ending in \r\n
	body         func(n int) string
}

// loadResult is what a load came to.
type loadResult struct {
	requests, failed int
	perSecond        float64
	p50, p99         time.Duration
}

func (r loadResult) String() string {
	return fmt.Sprintf("%s req/s, p50 %s, p99 %s, %d failed", thousands(int(r.perSecond)), short(r.p50), short(r.p99), r.failed)
}

// load fires total requests from connections kept-alive connections. The client
// is written by hand, because it shares the server's two cores: Go's own would
// take as much of them as the server does.
func load(addr string, connections, total int, s shot) (loadResult, error) {
	per := total / connections
	times := make([][]time.Duration, connections)
	failed := make([]int, connections)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	start := time.Now()
	for c := range connections {
		wg.Go(func() { times[c], failed[c], errs[c] = fire(addr, s, per, c*per) })
	}
	wg.Wait()
	took := time.Since(start)
	var all []time.Duration
	bad := 0
	for c := range connections {
		if errs[c] != nil {
			return loadResult{}, errs[c]
		}
		all = append(all, times[c]...)
		bad += failed[c]
	}
	slices.Sort(all)
	return loadResult{
		requests: len(all), failed: bad, perSecond: float64(len(all)) / took.Seconds(),
		p50: all[len(all)/2], p99: all[len(all)*99/100],
	}, nil
}

func fire(addr string, s shot, count, from int) ([]time.Duration, int, error) {
	network, host := "tcp", s.host
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	if host == "" {
		host = addr
	}
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	var out bytes.Buffer
	times := make([]time.Duration, 0, count)
	failed := 0
	for n := range count {
		out.Reset()
		body := ""
		if s.body != nil {
			body = s.body(from + n)
		}
		fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", s.method, s.path, host, s.header)
		if s.body != nil {
			fmt.Fprintf(&out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
		}
		out.WriteString("\r\n")
		out.WriteString(body)
		begun := time.Now()
		if _, err := conn.Write(out.Bytes()); err != nil {
			return nil, 0, err
		}
		status, err := readAnswer(in)
		if err != nil {
			return nil, 0, err
		}
		times = append(times, time.Since(begun))
		if status >= 400 {
			failed++
		}
	}
	return times, failed, nil
}

// readAnswer reads one answer and returns its status.
func readAnswer(in *bufio.Reader) (int, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("bad answer %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, err
	}
	length, chunked := 0, false
	for {
		line, err = in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		switch {
		case strings.EqualFold(name, "content-length"):
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		case strings.EqualFold(name, "transfer-encoding"):
			chunked = true
		}
	}
	if chunked {
		return status, skipChunks(in)
	}
	_, err = io.CopyN(io.Discard, in, int64(length))
	return status, err
}

func skipChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, in, size+2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

// short writes a duration with three figures.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.0f µs", float64(d)/1e3)
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
