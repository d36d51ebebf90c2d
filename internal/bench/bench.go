// Package bench measures a built Leat as a user meets it, as whole processes on
// loopback, and prints each figure beside the goal and beside what the leading
// product took on a machine of the same size. It gates nothing: machines are noisy.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// Options say what to measure.
type Options struct {
	// Leat is the built program, Runtime the store of stacks laid out already
	// (it is filled when it is not).
	Leat, Runtime string
	// Dir is a folder for data directories; it is removed afterwards.
	Dir string
	// Only, where set, names the measures to take, by the beginning of their names.
	Only []string
	// Events is how many audit events the audit list is measured over.
	Events int
}

// measure is one row of the table.
type measure struct {
	name, peer, goal string
	take             func(ctx context.Context, o Options) (string, error)
}

func measures() []measure {
	return []measure{
		{"start", "3.3 s", "≤ 0.5 s first, ≤ 0.1 s then", measureStart},
		{"memory", "189 / 204 MiB", "≤ 40 / ≤ 60 MiB (RSS idle / after 7,000 requests)", measureMemory},
		{"get user", "617 req/s, p99 66 ms", "≥ 12,000 req/s, p99 ≤ 10 ms", measureUser},
		{"get team", "216 req/s", "≥ 10,000 req/s", measureTeam},
		{"create applications", "54 req/s", "≥ 3,000 req/s, p99 ≤ 30 ms, none fails", measureCreate},
		{"audit list", "40 req/s on a small one", "≤ 5 ms each at 1,000,000 events", measureAudit},
		{"search", "–", "≤ 20 ms each over 10,000 names", measureSearch},
		{"compare", "–", "≤ 100 ms, two of 5,000 nodes and 40 modules", measureComparison},
		{"create instance", "1.66 s / 7.95 s", "bare start / + 0.2 s (editor answers / running)", measureInstance},
		{"memory beside", "57 MiB RSS", "≤ 10 MiB PSS beside each Node-RED, ten of them", measureBeside},
		{"proxy", "–", "+ ≤ 0.15 ms p50 / ≥ 1,000 MiB/s", measureProxy},
		{"snapshot", "–", "≤ 150 ms of 5,000 nodes and 40 modules", measureSnapshot},
		{"history", "–", "≤ 20 MB for 1,000 snapshots of a 1.5 MB file", measureHistory},
		{"timeline", "–", "≤ 5 ms each page of 100,000 entries", measureTimeline},
		{"restore", "5.5 s", "bare start + 0.5 s, modules the same", measureRestore},
		{"disk", "745 MB", "≤ 60 MB, one file", measureDisk},
		{"demo", "minutes", "≤ 10 s to a live dashboard, stack there", measureDemo},
	}
}

// Run takes the measures and writes the table.
func Run(ctx context.Context, o Options, out io.Writer) error {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(o.Dir)
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(table, "what\tLeat\tgoal\tpeer\n")
	failed := 0
	for _, m := range measures() {
		if !o.wants(m.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", m.name)
		got, err := m.take(ctx, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed++
			got = "could not be measured: " + firstLine(err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.name, got, m.goal, m.peer)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d measures could not be taken", failed)
	}
	return nil
}

func (o Options) wants(name string) bool {
	for _, only := range o.Only {
		if strings.HasPrefix(name, only) {
			return true
		}
	}
	return len(o.Only) == 0
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
