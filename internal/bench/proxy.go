package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	smallShots = 8_000
	largeBody  = 32 << 20
	largeShots = 40
)

// measureProxy puts a bare Go handler where an instance's Node-RED listens, so
// that what is measured is the door of a whole server and not Node.js.
func measureProxy(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "proxy")
	if err != nil {
		return "", err
	}
	defer w.stop()
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	in, err := w.instance(ctx, app, "Proxy", "empty", "open")
	if err != nil {
		return "", err
	}
	if err := w.untilRunning(ctx, in.ID); err != nil {
		return "", err
	}
	socket := filepath.Join(w.data, "instances", in.ID, "run", "nr.sock")
	stop, err := standIn(socket)
	if err != nil {
		return "", err
	}
	defer stop()
	host := in.Label + ".leat.localhost:" + w.addr[strings.LastIndexByte(w.addr, ':')+1:]
	small := shot{method: "GET", path: "/small", host: host}
	direct, err := load(socket, 1, smallShots, small)
	if err != nil {
		return "", err
	}
	through, err := load(w.addr, 1, smallShots, small)
	if err != nil {
		return "", err
	}
	bare, err := measureBareProxy(ctx, socket, small)
	if err != nil {
		return "", err
	}
	begun := time.Now()
	large, err := load(w.addr, 1, largeShots, shot{method: "GET", path: "/large", host: host})
	if err != nil || through.failed+large.failed > 0 {
		return "", fmt.Errorf("%d requests failed: %v", through.failed+large.failed, err)
	}
	rate := float64(largeShots*largeBody) / (1 << 20) / time.Since(begun).Seconds()
	return fmt.Sprintf("+ %s p50 (a bare reverse proxy in a process of its own: + %s) / %.0f MiB/s",
		short(through.p50-direct.p50), short(bare.p50-direct.p50), rate), nil
}

// bareVariable makes this program a bare reverse proxy: the floor of what any
// door in a process of its own adds on this machine.
const bareVariable = "LEAT_BENCH_BARE_PROXY"

func measureBareProxy(ctx context.Context, socket string, s shot) (loadResult, error) {
	port, err := freePort()
	if err != nil {
		return loadResult{}, err
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), bareVariable+"="+addr+" "+socket)
	if err := cmd.Start(); err != nil {
		return loadResult{}, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	err = until(ctx, 10*time.Second, 5*time.Millisecond, func() (bool, error) { return answers("http://"+addr+"/small", ""), nil })
	if err != nil {
		return loadResult{}, err
	}
	return load(addr, 1, smallShots, s)
}

// BareProxy serves as a bare reverse proxy where the environment asks for it, and
// otherwise does nothing.
func BareProxy() error {
	addr, socket, asked := strings.Cut(os.Getenv(bareVariable), " ")
	if !asked {
		return nil
	}
	dialer := &net.Dialer{}
	return http.ListenAndServe(addr, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "instance"}) },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}},
	})
}

// standIn listens where Node-RED did, as the same user.
func standIn(socket string) (stop func(), err error) {
	info, err := os.Stat(socket)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(socket, socket+".aside"); err != nil {
		return nil, err
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(socket, int(st.Uid), int(st.Gid)); err != nil {
			return nil, err
		}
	}
	block := make([]byte, 256<<10)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/large" {
			_, _ = io.WriteString(w, "small")
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(largeBody))
		for range largeBody / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	return func() { srv.Close(); <-done; _ = os.Rename(socket+".aside", socket) }, nil
}
