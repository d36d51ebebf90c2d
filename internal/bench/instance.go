package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"leat/internal/runtime"
)

// tree finds the laid-out stack.
func tree(o Options) (runtime.Tree, error) {
	store, err := runtime.NewStore(o.Runtime, nil, nil)
	if err != nil {
		return runtime.Tree{}, err
	}
	stack, err := runtime.Find(runtime.DefaultStack)
	if err != nil {
		return runtime.Tree{}, err
	}
	return store.Open(stack)
}

// bareStart starts the same Node-RED with nothing of ours around it and returns
// how long its editor took to answer.
func bareStart(ctx context.Context, o Options) (time.Duration, error) {
	t, err := tree(o)
	if err != nil {
		return 0, err
	}
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp(o.Dir, "bare-")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, t.Node, t.NodeRED, "-u", dir, "-p", strconv.Itoa(port))
	cmd.Env = append(os.Environ(), "NODE_COMPILE_CACHE="+filepath.Join(o.Dir, "bare-cache"))
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	url := "http://127.0.0.1:" + strconv.Itoa(port) + "/"
	err = until(ctx, time.Minute, 5*time.Millisecond, func() (bool, error) { return answers(url, ""), nil })
	return time.Since(begun), err
}

func answers(url, host string) bool {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return false
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode < 500
}

func measureInstance(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "instance")
	if err != nil {
		return "", err
	}
	defer w.stop()
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	var bare, answered, running []time.Duration
	for i := range 6 {
		b, err := bareStart(ctx, o)
		if err != nil {
			return "", err
		}
		begun := time.Now()
		in, err := w.instance(ctx, app, "Instance "+strconv.Itoa(i), "empty", "open")
		if err != nil {
			return "", err
		}
		host := in.Label + ".leat.localhost:" + w.addr[strings.LastIndexByte(w.addr, ':')+1:]
		err = until(ctx, time.Minute, 5*time.Millisecond, func() (bool, error) { return answers("http://"+w.addr+"/", host), nil })
		if err != nil {
			return "", err
		}
		a := time.Since(begun)
		if err := w.untilRunning(ctx, in.ID); err != nil {
			return "", err
		}
		r := time.Since(begun)
		if i > 0 { // the first warms the caches of both
			bare, answered, running = append(bare, b), append(answered, a), append(running, r)
		}
		if err := w.call(ctx, "DELETE", "/instances/"+in.ID, nil, nil); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s / %s (bare: %s)", short(median(answered)), short(median(running)), short(median(bare))), nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func measureBeside(ctx context.Context, o Options) (string, error) {
	const count = 10
	w, err := newWorld(ctx, o, "beside")
	if err != nil {
		return "", err
	}
	defer w.stop()
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	var ids []string
	for i := range count {
		in, err := w.instance(ctx, app, "Instance "+strconv.Itoa(i), "empty", "login")
		if err != nil {
			return "", err
		}
		ids = append(ids, in.ID)
	}
	for _, id := range ids {
		if err := w.untilRunning(ctx, id); err != nil {
			return "", err
		}
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(20 * time.Second): // Node.js collects its start-up garbage
	}
	beside, node := 0, 0
	for pid, line := range runners(w.data) {
		pss, err := memory(pid, "Pss")
		if err != nil {
			continue
		}
		if strings.Contains(line, " launch ") {
			beside += pss
		} else {
			node += pss
		}
	}
	return fmt.Sprintf("%s MiB beside, Node-RED with Dashboard %s MiB (goal ≤ 65, peer 92) each", mib(beside/count), mib(node/count)), nil
}

// runners lists the launchers of a data directory and what is below them.
func runners(data string) map[int]string {
	out := map[int]string{}
	for pid, line := range children(1) {
		if strings.Contains(line, " launch ") && strings.Contains(line, data+string(filepath.Separator)) {
			out[pid] = line
			for child, l := range children(pid) {
				out[child] = l
			}
		}
	}
	return out
}
