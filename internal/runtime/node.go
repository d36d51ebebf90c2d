package runtime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"
)

// tryNode starts the Node.js binary before the tree is used, so that a system it
// does not run on is found out here and said in words.
func tryNode(ctx context.Context, node, want string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "--version")
	cmd.Env = []string{}
	out, err := cmd.Output()
	if err == nil {
		if got := strings.TrimSpace(string(out)); got != want {
			return fmt.Errorf("node says it is %q; want %q", got, want)
		}
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	stderr := ""
	if errors.As(err, &exit) {
		stderr = string(exit.Stderr)
	}
	switch {
	case strings.Contains(stderr, "GLIBC"):
		return errPlatform("The glibc of this Linux is too old for Node.js: version 2.28 or later is needed.")
	case strings.Contains(stderr, "libstdc++"):
		return errPlatform("Node.js needs the C++ library of this Linux: install libstdc++6 (Debian, Ubuntu) or libstdc++ (RHEL, Fedora, SUSE).")
	case errors.Is(err, fs.ErrPermission):
		return errPlatform("Programs may not be started from the runtime directory: it lies on a file system mounted noexec. Set runtime.dir to another place.")
	}
	return fmt.Errorf("start node: %w: %s", err, strings.TrimSpace(stderr))
}
