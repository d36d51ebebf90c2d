// Command leat-bench measures a built Leat and prints the table of "make bench".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"leat/internal/bench"
)

func main() {
	if err := bench.BareProxy(); err != nil {
		fmt.Fprintln(os.Stderr, "leat-bench:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var o bench.Options
	flag.StringVar(&o.Leat, "leat", "bin/leat", "the built program")
	flag.StringVar(&o.Runtime, "runtime", ".cache/runtime", "the store of stacks")
	flag.StringVar(&o.Dir, "dir", filepath.Join(os.TempDir(), "leat-bench"), "a folder for data; removed afterwards")
	flag.IntVar(&o.Events, "events", 1_000_000, "how many audit events to list from")
	flag.Parse()
	o.Only = flag.Args()
	for _, p := range []*string{&o.Leat, &o.Runtime, &o.Dir} {
		if abs, err := filepath.Abs(*p); err == nil {
			*p = abs
		}
	}
	if err := bench.Run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "leat-bench:", err)
		os.Exit(1)
	}
}
