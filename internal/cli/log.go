package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// logs is which lines of a log are wanted.
type logs struct {
	follow              bool
	level, source, grep string
	since               time.Duration
	most                int
	match               *regexp.Regexp
	after               time.Time
}

func (w World) logsCommand() *cobra.Command {
	l := &logs{}
	return w.verb(verb{use: "logs INSTANCE", short: "Print an instance's log, or follow it", aliases: []string{"log"}, run: l.run,
		example: "  leat instance logs pump-1 -f --level warn\n  leat instance logs pump-1 --since 2h --grep 'ECONN|timeout'",
		flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&l.follow, "follow", "f", false, "go on with what comes")
			f.StringVar(&l.level, "level", "", "only this level and what is worse: debug, info, warn or error")
			f.StringVar(&l.source, "source", "", "only what this source wrote: leat, node-red or a node's name")
			f.StringVar(&l.grep, "grep", "", "only lines that match this regular expression")
			f.DurationVar(&l.since, "since", 0, "only what is not older, such as 15m or 2h")
			f.IntVarP(&l.most, "limit", "n", 100, "at most this many of what is there already")
		}})
}

func (l *logs) run(ctx context.Context, c *call, args []string) (err error) {
	if l.level != "" {
		if err := oneOf("level", l.level, "debug", "info", "warn", "error"); err != nil {
			return err
		}
	}
	if l.match, err = regexp.Compile(l.grep); err != nil {
		return usageError{fmt.Errorf("--grep: %w", err)}
	}
	if l.since > 0 {
		l.after = c.out.now.Add(-l.since)
	}
	i, err := c.instance(ctx, args[0])
	if err != nil {
		return err
	}
	// Where lines are left out here, more are asked for.
	ask := min(max(l.most, 1), pageSize)
	if l.source != "" || l.grep != "" || l.since > 0 {
		ask = pageSize
	}
	got, err := c.client.Logs(ctx, i.ID, "", l.level, ask)
	if err != nil {
		return err
	}
	var lines []api.LogLine
	cursor := ""
	for _, line := range got.Items {
		cursor = line.Cursor
		if l.wants(line) {
			lines = append(lines, line)
		}
	}
	lines = lines[max(0, len(lines)-max(l.most, 0)):]
	if !l.follow && c.out.format != "table" {
		return c.out.encode(append([]api.LogLine{}, lines...))
	}
	for _, line := range lines {
		if err := l.print(c.out, line); err != nil {
			return err
		}
	}
	if !l.follow {
		return nil
	}
	return l.goOn(ctx, c, i.ID, cursor)
}

// goOn prints lines as they come; a stream that ends is taken up again where it
// ended.
func (l *logs) goOn(ctx context.Context, c *call, instance, cursor string) error {
	for {
		err := c.client.FollowLogs(ctx, instance, cursor, l.level, func(m api.Message) error {
			if m.Event != "log" {
				return nil
			}
			var line api.LogLine
			if err := json.Unmarshal(m.Data, &line); err != nil {
				return err
			}
			cursor = line.Cursor
			if !l.wants(line) {
				return nil
			}
			return l.print(c.out, line)
		})
		var problem *api.Problem
		if ctx.Err() != nil {
			return nil // whoever follows ends it
		}
		if errors.As(err, &problem) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func (l *logs) wants(line api.LogLine) bool {
	return (l.source == "" || strings.EqualFold(l.source, line.Source)) && (l.grep == "" || l.match.MatchString(line.Text)) && !line.Time.Before(l.after)
}

// print writes a line: for people, or one JSON object where that was asked for.
func (l *logs) print(p printer, line api.LogLine) error {
	if p.format != "table" {
		raw, err := json.Marshal(line)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "%s\n", raw)
		return err
	}
	stamp := line.Time.UTC().Format(time.RFC3339)
	if p.terminal {
		stamp = line.Time.Local().Format("15:04:05")
		if p.now.Sub(line.Time) > 20*time.Hour {
			stamp = line.Time.Local().Format("Jan _2 15:04:05")
		}
	}
	text := strings.ReplaceAll(clean(line.Text), "\n", "\n    ")
	_, err := fmt.Fprintf(p.out, "%s %s %s %s\n", p.paint(dim, stamp), p.paint(stateColor(line.Level), pad(line.Level, 5)), p.paint(blue, clean(line.Source)), text)
	return err
}
