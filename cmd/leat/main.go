// Command leat is all of Leat: the platform, the launcher beside each hosted
// instance, the demo plant and the client.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"leat/internal/cli"
	"leat/internal/sandbox"
)

// version is set when Leat is built.
var version = "dev"

// A launcher makes Node-RED on the process's first thread, which only a lock
// taken before main begins can hold.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) < 2 || os.Args[1] != "launch" {
		runtime.UnlockOSThread()
	}
	// A confined program is exec'd from here: nothing else may have begun.
	if len(os.Args) > 1 && os.Args[1] == "confine" {
		os.Exit(sandbox.Confine(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := cli.Run(ctx, cli.World{
		Args: os.Args[1:], Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Version: version,
	})
	stop()
	os.Exit(code)
}
