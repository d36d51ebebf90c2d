package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

var auditColumns = []column[api.AuditEvent]{
	{title: "Time", value: func(e api.AuditEvent) any { return e.Time }},
	{title: "Who", value: func(e api.AuditEvent) any { return auditActor(e.Actor) }},
	{title: "Event", value: func(e api.AuditEvent) any { return e.Event }},
	{title: "Result", value: func(e api.AuditEvent) any { return state(e.Result) }},
	{title: "What", value: func(e api.AuditEvent) any { return e.Name }},
	{title: "Detail", value: func(e api.AuditEvent) any { return auditDetail(e.Detail) }},
}

func auditActor(a api.AuditActor) string {
	switch {
	case a.Kind == "system":
		return "the platform"
	case a.Username != "":
		return a.Username
	}
	return a.Kind
}

// auditDetail is facts in one line: "scope full, from a to b".
func auditDetail(detail map[string]any) string {
	var parts []string
	for name, value := range detail {
		if change, ok := value.(map[string]any); ok && len(change) == 2 {
			parts = append(parts, fmt.Sprintf("%s %v → %v", name, change["from"], change["to"]))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %v", name, value))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func (w World) auditListCommand() *cobra.Command {
	q := api.AuditQuery{}
	var most int
	var since time.Duration
	var platform bool
	var instance string
	cmd := w.verb(verb{use: "list", short: "List the team's audit events, the newest first", aliases: []string{"ls"},
		example: "  leat audit list --since 24h --event instance.restart\n  leat audit list --platform --actor max",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&q.Event, "event", "", "only this event, such as flows.deploy")
			f.StringVar(&q.Actor, "actor", "", "only what this user did")
			f.StringVar(&q.Object, "object", "", "only what concerns the thing with this id")
			f.StringVar(&instance, "instance", "", "only what concerns this instance")
			f.DurationVar(&since, "since", 0, "only what is not older, such as 24h")
			f.BoolVar(&platform, "platform", false, "the whole platform's, for administrators")
			endless(&most)(f)
		},
		run: func(ctx context.Context, c *call, _ []string) error {
			if since > 0 {
				q.From = c.out.now.Add(-since)
			}
			page, err := auditPage(ctx, c, q, platform, instance)
			if err != nil {
				return err
			}
			items, more, err := all(ctx, most, page)
			if err != nil {
				return err
			}
			c.older(more, len(items))
			return list(c.out, items, func(e api.AuditEvent) string { return e.ID }, auditColumns)
		}})
	w.complete(cmd, "instance", "INSTANCE")
	return cmd
}

// auditPage lists the events of the platform, of an instance or of the team.
func auditPage(ctx context.Context, c *call, q api.AuditQuery, platform bool, instance string) (func(context.Context, api.Page) (*api.List[api.AuditEvent], error), error) {
	id, err := "", error(nil)
	ask := func(ctx context.Context, q api.AuditQuery) (*api.List[api.AuditEvent], error) {
		return c.client.AuditEvents(ctx, q)
	}
	switch {
	case platform:
	case instance != "":
		var i *api.Instance
		if i, err = c.instance(ctx, instance); err == nil {
			id = i.ID
		}
		ask = func(ctx context.Context, q api.AuditQuery) (*api.List[api.AuditEvent], error) {
			return c.client.InstanceAuditEvents(ctx, id, q)
		}
	default:
		id, err = c.team(ctx)
		ask = func(ctx context.Context, q api.AuditQuery) (*api.List[api.AuditEvent], error) {
			return c.client.TeamAuditEvents(ctx, id, q)
		}
	}
	return func(ctx context.Context, p api.Page) (*api.List[api.AuditEvent], error) {
		q.Page = p
		return ask(ctx, q)
	}, err
}
