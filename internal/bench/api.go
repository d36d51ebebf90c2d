package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	connections = 16
	warmUp      = 2_000
	readShots   = 40_000
	createShots = 12_000
)

func measureStart(ctx context.Context, o Options) (string, error) {
	data := filepath.Join(o.Dir, "start")
	var took [4]time.Duration
	for i := range took {
		s, d, err := startServer(ctx, o, data)
		if err != nil {
			return "", err
		}
		took[i] = d
		if err := s.stop(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("first %s, then %s, %s, %s", short(took[0]), short(took[1]), short(took[2]), short(took[3])), nil
}

func measureMemory(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "memory")
	if err != nil {
		return "", err
	}
	defer w.stop()
	if err := w.stop(); err != nil {
		return "", err
	}
	s, _, err := startServer(ctx, o, w.data)
	if err != nil {
		return "", err
	}
	w.server = s
	idle, err := settledRSS(ctx, s)
	if err != nil {
		return "", err
	}
	for range 20 {
		if _, err := w.signIn(ctx); err != nil {
			return "", err
		}
	}
	if _, err := load(w.addr, connections, 7_000, shot{method: "GET", path: "/api/v1/user", header: w.auth()}); err != nil {
		return "", err
	}
	after, err := settledRSS(ctx, s)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s / %s MiB", mib(idle), mib(after)), errors.Join(w.stop())
}

// settledRSS is the resident memory once it no longer falls: the lowest seen in
// some seconds of quiet.
func settledRSS(ctx context.Context, s *server) (int, error) {
	lowest := 1 << 30
	for range 8 {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Second):
		}
		rss, err := memory(s.cmd.Process.Pid, "Rss")
		if err != nil {
			return 0, err
		}
		lowest = min(lowest, rss)
	}
	return lowest, nil
}

func measureUser(ctx context.Context, o Options) (string, error) {
	return measureRead(ctx, o, "user", func(w *world) string { return "/api/v1/user" })
}

func measureTeam(ctx context.Context, o Options) (string, error) {
	return measureRead(ctx, o, "team", func(w *world) string { return "/api/v1/teams/" + w.team })
}

func measureRead(ctx context.Context, o Options, name string, path func(*world) string) (string, error) {
	w, err := newWorld(ctx, o, name)
	if err != nil {
		return "", err
	}
	defer w.stop()
	s := shot{method: "GET", path: path(w), header: w.auth()}
	if _, err := load(w.addr, connections, warmUp, s); err != nil {
		return "", err
	}
	r, err := load(w.addr, connections, readShots, s)
	return r.String(), err
}

func measureCreate(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "create")
	if err != nil {
		return "", err
	}
	defer w.stop()
	s := shot{
		method: "POST", path: "/api/v1/teams/" + w.team + "/applications", header: w.auth(),
		body: func(n int) string { return fmt.Sprintf(`{"name":"Application %d"}`, n) },
	}
	r, err := load(w.addr, connections, createShots, s)
	return r.String(), err
}

func measureDisk(_ context.Context, o Options) (string, error) {
	info, err := os.Stat(o.Leat)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f MB, one file", float64(info.Size())/1e6), nil
}
