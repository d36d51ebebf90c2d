package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// measureDemo starts the demo plant with the stack laid out already and waits
// for the line that says the dashboard is live.
func measureDemo(ctx context.Context, o Options) (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, o.Leat, "demo", "--dir", filepath.Join(o.Dir, "demo"), "--listen", "127.0.0.1:"+strconv.Itoa(port))
	cmd.Env = append(os.Environ(), "LEAT_RUNTIME_DIR="+o.Runtime)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return "", err
	}
	var took time.Duration
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "The pump station is live") {
			took = time.Since(begun)
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may be ending already
		}
	}
	err = cmd.Wait()
	if took == 0 {
		return "", fmt.Errorf("the demo did not come up: %v", err)
	}
	return short(took), nil
}
