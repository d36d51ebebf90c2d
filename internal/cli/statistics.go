package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"leat/api"
)

var statisticsColumns = []column[api.Statistics]{
	{title: "At", value: func(s api.Statistics) any { return s.At }},
	{title: "Users", value: func(s api.Statistics) any {
		return fmt.Sprintf("%d, %d of them administrators, %d suspended, %d signed in within 30 days", s.Users.Total, s.Users.Admins, s.Users.Suspended, s.Users.Recent)
	}},
	{title: "Teams", value: func(s api.Statistics) any { return fmt.Sprintf("%d (%s)", s.Teams.Total, counts(s.Teams.ByType)) }},
	{title: "Applications", value: func(s api.Statistics) any { return s.Applications }},
	{title: "Instances", value: func(s api.Statistics) any {
		return fmt.Sprintf("%d (%s)", s.Instances.Total, counts(s.Instances.ByState))
	}},
	{title: "By type", value: func(s api.Statistics) any { return counts(s.Instances.ByType) }},
	{title: "By stack", value: func(s api.Statistics) any { return counts(s.Instances.ByStack) }},
	{title: "Sessions", value: func(s api.Statistics) any { return s.Sessions }},
	{title: "Deploys in 30 days", value: func(s api.Statistics) any { return deploysOf(s.Deploys) }},
	{title: "Database", value: func(s api.Statistics) any {
		return fmt.Sprintf("%s, %d MB", s.Database.Engine, s.Database.Bytes/1e6)
	}},
	{title: "Waiting", value: func(s api.Statistics) any {
		var parts []string
		for _, q := range s.Queues {
			parts = append(parts, fmt.Sprintf("%s %d", q.Name, q.Waiting))
		}
		return strings.Join(parts, ", ")
	}},
}

func counts(list []api.Count) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, fmt.Sprintf("%s %d", c.Name, c.Count))
	}
	return strings.Join(parts, ", ")
}

func deploysOf(days []api.DeploysOfADay) int {
	n := 0
	for _, day := range days {
		n += day.Count
	}
	return n
}

func (w World) statisticsCommand() *cobra.Command {
	return w.verb(verb{use: "statistics", short: "Tell how much there is on the platform, for administrators", aliases: []string{"stats"},
		run: func(ctx context.Context, c *call, _ []string) error {
			s, err := c.client.Statistics(ctx)
			if err != nil {
				return err
			}
			return show(c.out, *s, func(api.Statistics) string { return "statistics" }, statisticsColumns)
		}})
}
