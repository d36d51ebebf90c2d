package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) teamCommand() *cobra.Command {
	return noun("team teams", "Teams, which own everything",
		listOf(w, "List your teams", (*call).teams, teamColumns), w.teamShowCommand(), w.teamUseCommand(), w.teamCreateCommand(), w.teamEditCommand(), w.teamUsageCommand(), w.teamAdministerCommand(),
		deleteOf(w, deletion[api.Team]{
			use: "delete TEAM", short: "Delete a team that holds no applications", kind: (*call).teams, lost: " for good",
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteTeam(ctx, id) },
		}))
}

func teamID(t api.Team) string { return t.ID }

var teamColumns = []column[api.Team]{
	{title: "Short name", value: func(t api.Team) any { return t.Slug }},
	{title: "Name", value: func(t api.Team) any { return t.Name }},
	{title: "Your role", value: func(t api.Team) any { return t.Role }},
	{title: "Created", value: func(t api.Team) any { return t.CreatedAt }},
	{title: "Id", value: func(t api.Team) any { return t.ID }, more: true},
}

func (w World) teamShowCommand() *cobra.Command {
	return w.verb(verb{use: "show [TEAM]", short: "Show a team, or the one you work in",
		run: func(ctx context.Context, c *call, args []string) error {
			t, err := c.teamOf(ctx, args)
			if err != nil {
				return err
			}
			return show(c.out, *t, teamID, teamColumns)
		}})
}

// teamOf is the team that an argument names, or the one worked in.
func (c *call) teamOf(ctx context.Context, args []string) (*api.Team, error) {
	if len(args) > 0 {
		return c.findTeam(ctx, args[0])
	}
	return c.wholeTeam(ctx)
}

func (w World) teamUseCommand() *cobra.Command {
	return w.verb(verb{use: "use TEAM", short: "Choose the team that names are looked up in",
		run: func(ctx context.Context, c *call, args []string) error {
			t, err := c.findTeam(ctx, args[0])
			if err != nil {
				return err
			}
			if c.at.Name == "" {
				return usageError{errors.New("the platform comes from LEAT_URL; set LEAT_TEAM, or use --team")}
			}
			c.at.Team = t.Slug
			if err := c.shelf.store(c.at); err != nil {
				return err
			}
			c.out.said("You now work in %s.", t.Name)
			return nil
		}})
}

func (w World) teamCreateCommand() *cobra.Command {
	in := api.NewTeam{}
	return w.verb(verb{use: "create NAME", short: "Create a team, which you then own", example: "  leat team create \"Water works\"",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Slug, "slug", "", "its short name for addresses and commands; made from the name where absent")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			in.Name = args[0]
			t, err := c.client.CreateTeam(ctx, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *t, teamID, teamColumns)
		}})
}

func (w World) teamEditCommand() *cobra.Command {
	var name, slug string
	return w.verb(verb{use: "edit [TEAM]", short: "Rename a team", aliases: []string{"update"},
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "its new name")
			f.StringVar(&slug, "slug", "", "its new short name; addresses that hold the old one end")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			t, err := c.teamOf(ctx, args)
			if err != nil {
				return err
			}
			t, err = c.client.UpdateTeam(ctx, t.ID, api.EditTeam{Name: changed(c, "name", name), Slug: changed(c, "slug", slug)})
			if err != nil {
				return err
			}
			return show(c.out, *t, teamID, teamColumns)
		}})
}
