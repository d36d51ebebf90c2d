package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

var timelineColumns = []column[api.TimelineEntry]{
	{title: "Time", value: func(e api.TimelineEntry) any { return e.Time }},
	{title: "What", value: func(e api.TimelineEntry) any { return timelineKind(e) }},
	{title: "By", value: func(e api.TimelineEntry) any { return e.Author }},
	{title: "Detail", value: func(e api.TimelineEntry) any { return timelineDetail(e.Summary) }},
	{title: "Go back to", value: func(e api.TimelineEntry) any { return e.Snapshot }},
}

func timelineKind(e api.TimelineEntry) string {
	if e.Count > 1 {
		return fmt.Sprintf("%s ×%d", e.Kind, e.Count)
	}
	return e.Kind
}

// timelineDetail is the facts of an entry in one line.
func timelineDetail(s api.TimelineSummary) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.Name != "" {
		add("%q", s.Name)
	}
	if n := s.NodeChanges; n != nil {
		add("nodes +%d ~%d -%d", n.Added, n.Changed, n.Removed)
	}
	if s.Credentials {
		add("credentials")
	}
	for _, group := range []struct {
		word  string
		names *api.ChangedNames
	}{{"", s.Variables}, {"", s.Modules}} {
		if group.names != nil {
			parts = append(parts, signed("+", group.names.Added)...)
			parts = append(parts, signed("~", group.names.Changed)...)
			parts = append(parts, signed("-", group.names.Removed)...)
		}
	}
	for _, f := range s.Fields {
		add("%s %s", f.Name, fromTo(f.From, f.To))
	}
	if len(s.Components) > 0 {
		add("%s", strings.Join(s.Components, ", "))
	}
	if s.Reason != "" {
		add("%s", s.Reason)
	}
	return strings.Join(parts, "; ")
}

func signed(sign string, names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, sign+name)
	}
	return out
}

func (w World) timelineCommand() *cobra.Command {
	q := api.TimelineQuery{}
	var most int
	var since time.Duration
	return w.verb(verb{use: "timeline INSTANCE", short: "List what happened to an instance, the newest first", aliases: []string{"history"},
		example: "  leat instance timeline pump-1 --since 24h --kind deploy,restore",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&q.Kind, "kind", "", "only these kinds, with commas between, such as deploy,crash")
			f.DurationVar(&since, "since", 0, "only what is not older, such as 24h")
			endless(&most)(f)
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			if since > 0 {
				q.From = c.out.now.Add(-since)
			}
			items, more, err := all(ctx, most, func(ctx context.Context, p api.Page) (*api.List[api.TimelineEntry], error) {
				q.Page = p
				return c.client.Timeline(ctx, i.ID, q)
			})
			if err != nil {
				return err
			}
			c.older(more, len(items))
			return list(c.out, items, func(e api.TimelineEntry) string { return e.ID }, timelineColumns)
		}})
}
