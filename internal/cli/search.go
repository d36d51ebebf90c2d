package cli

import (
	"context"

	"github.com/spf13/cobra"

	"leat/api"
)

var searchColumns = []column[api.SearchHit]{
	{title: "Kind", value: func(h api.SearchHit) any { return h.Kind }},
	{title: "Name", value: func(h api.SearchHit) any { return h.Name }},
	{title: "Detail", value: func(h api.SearchHit) any { return h.Detail }},
	{title: "State", value: func(h api.SearchHit) any { return state(h.State) }},
	{title: "Team", value: func(h api.SearchHit) any { return h.TeamSlug }},
	{title: "Id", value: func(h api.SearchHit) any { return h.ID }},
}

func (w World) searchCommand() *cobra.Command {
	return w.verb(verb{use: "search WORDS", short: "Search everything that you may see by its name", example: "  leat search pump\n  leat search pump --team water-works",
		run: func(ctx context.Context, c *call, args []string) error {
			team := ""
			if c.flags.team != "" {
				t, err := c.findTeam(ctx, c.flags.team)
				if err != nil {
					return err
				}
				team = t.ID
			}
			found, err := c.client.Search(ctx, args[0], team)
			if err != nil {
				return err
			}
			var hits []api.SearchHit
			more := false
			for _, group := range found.Groups {
				hits, more = append(hits, group.Items...), more || group.More
			}
			if len(hits) == 0 {
				c.out.note("Nothing that you may see is called like %q.", args[0])
			}
			if more {
				c.out.note("There is more than is shown. Say more of the name.")
			}
			return list(c.out, hits, func(h api.SearchHit) string { return h.ID }, searchColumns)
		}})
}
