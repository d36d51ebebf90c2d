package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// allTeams are those of the whole platform, for administrators.
func (c *call) allTeams() kind[api.AdminTeam] {
	return kind[api.AdminTeam]{
		noun: "team", prefix: "t", get: c.client.AdminTeam, id: func(t api.AdminTeam) string { return t.ID },
		list: func(ctx context.Context, p api.Page) (*api.List[api.AdminTeam], error) {
			return c.client.AdminTeams(ctx, api.AdminTeamFilter{}, p)
		},
		names: func(t api.AdminTeam) []string { return []string{t.Slug, t.Name} },
	}
}

var adminTeamColumns = []column[api.AdminTeam]{
	{title: "Short name", value: func(t api.AdminTeam) any { return t.Slug }},
	{title: "Name", value: func(t api.AdminTeam) any { return t.Name }},
	{title: "Type", value: func(t api.AdminTeam) any { return t.TypeName }},
	{title: "Suspended", value: func(t api.AdminTeam) any { return t.Suspended }},
	{title: "Members", value: func(t api.AdminTeam) any { return t.Members }},
	{title: "Instances", value: func(t api.AdminTeam) any { return t.Instances }},
	{title: "Running", value: func(t api.AdminTeam) any { return t.Running }},
	{title: "Own limits", value: func(t api.AdminTeam) any { return limitsOf(t.Limits) }, more: true},
	{title: "Reason", value: func(t api.AdminTeam) any { return t.SuspendReason }, more: true},
	{title: "Created", value: func(t api.AdminTeam) any { return t.CreatedAt }, more: true},
	{title: "Id", value: func(t api.AdminTeam) any { return t.ID }, more: true},
}

func (w World) teamAdministerCommand() *cobra.Command {
	var kind, reason string
	var suspended bool
	limits := &limitFlags{}
	return w.verb(verb{use: "administer [TEAM]", short: "List all teams, or change the type and limits of one, for administrators",
		long: "List all teams of the platform or show one and, with flags, change its type and its own limits, or suspend it: its instances\n" +
			"are stopped and cannot be started until it is let go on.",
		example: "  leat team administer\n  leat team administer water-works --type Large --instances 40\n  leat team administer water-works --suspended --reason \"The contract has ended\"",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&kind, "type", "", "its type; see \"leat team-type list\"")
			f.BoolVar(&suspended, "suspended", false, "whether it is suspended")
			f.StringVar(&reason, "reason", "", "why it is suspended; shown to its members")
			limits.flags(f)
		},
		run: func(ctx context.Context, c *call, args []string) error {
			k := c.allTeams()
			if len(args) == 0 {
				items, _, err := all(ctx, 0, k.list)
				if err != nil {
					return err
				}
				return list(c.out, items, k.id, adminTeamColumns)
			}
			t, err := k.find(ctx, args[0])
			if err != nil {
				return err
			}
			if c.someChange() == nil {
				in := api.EditAdminTeam{Suspended: changed(c, "suspended", suspended), SuspendReason: changed(c, "reason", reason)}
				if kind != "" {
					to, err := c.teamTypes().find(ctx, kind)
					if err != nil {
						return err
					}
					in.Type = api.Some(to.ID)
				}
				if after, given := limits.over(c, t.Limits); given {
					in.Limits = api.Some(after)
				}
				if t, err = c.client.UpdateAdminTeam(ctx, t.ID, in); err != nil {
					return err
				}
			}
			return show(c.out, *t, k.id, adminTeamColumns)
		}})
}

func (w World) teamUsageCommand() *cobra.Command {
	return w.verb(verb{use: "usage [TEAM]", short: "Tell how much of its limits a team uses",
		run: func(ctx context.Context, c *call, args []string) error {
			t, err := c.teamOf(ctx, args)
			if err != nil {
				return err
			}
			u, err := c.client.TeamUsage(ctx, t.ID)
			if err != nil {
				return err
			}
			return show(c.out, *u, func(api.TeamUsage) string { return t.ID }, usageColumns)
		}})
}

var usageColumns = []column[api.TeamUsage]{
	{title: "Type", value: func(u api.TeamUsage) any { return u.TypeName }},
	{title: "Members", value: func(u api.TeamUsage) any { return ofLimit(u.Members, u.Limits.Members) }},
	{title: "Instances", value: func(u api.TeamUsage) any { return ofLimit(u.Instances, u.Limits.Instances) }},
	{title: "Sizes", value: func(u api.TeamUsage) any { return u.InstanceTypes }},
}

func ofLimit(n int, most *int) string {
	if most == nil || *most < 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d of %d", n, *most)
}
