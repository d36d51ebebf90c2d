package cli

import (
	"context"

	"github.com/spf13/cobra"

	"leat/api"
)

func (w World) memberCommand() *cobra.Command {
	return noun("member members", "People in the team",
		listOf(w, "List the team's members", (*call).members, memberColumns), w.memberEditCommand(),
		deleteOf(w, deletion[api.Member]{
			use: "delete USER", short: "Take somebody out of the team", kind: (*call).members, lost: " of the team",
			do: func(ctx context.Context, c *call, id string) error {
				team, err := c.team(ctx)
				if err != nil {
					return err
				}
				return c.client.RemoveMember(ctx, team, id)
			},
		}))
}

// members are those of the team.
func (c *call) members() kind[api.Member] {
	return kind[api.Member]{
		noun: "member", list: inTeam(c, c.client.Members), id: func(m api.Member) string { return m.User },
		names: func(m api.Member) []string { return []string{m.Username, m.Name, m.Email} },
	}
}

var memberColumns = []column[api.Member]{
	{title: "Username", value: func(m api.Member) any { return m.Username }},
	{title: "Name", value: func(m api.Member) any { return m.Name }},
	{title: "Role", value: func(m api.Member) any { return m.Role }},
	{title: "E-mail", value: func(m api.Member) any { return m.Email }},
	{title: "Joined", value: func(m api.Member) any { return m.CreatedAt }},
}

func (w World) memberEditCommand() *cobra.Command {
	return w.verb(verb{use: "edit USER ROLE", short: "Give a member another role: owner, member, viewer or dashboard", aliases: []string{"update"},
		example: "  leat member edit max owner",
		run: func(ctx context.Context, c *call, args []string) error {
			m, err := c.members().find(ctx, args[0])
			if err != nil {
				return err
			}
			team, err := c.team(ctx)
			if err != nil {
				return err
			}
			if m, err = c.client.SetRole(ctx, team, m.User, args[1]); err != nil {
				return err
			}
			return show(c.out, *m, func(m api.Member) string { return m.User }, memberColumns)
		}})
}
