package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) applicationCommand() *cobra.Command {
	return noun("application applications app", "Applications, which group what belongs together",
		listOf(w, "List the team's applications", (*call).applications, applicationColumns),
		showOf(w, "show APPLICATION", "Show an application", (*call).applications, applicationColumns),
		w.applicationCreateCommand(), w.applicationEditCommand(),
		deleteOf(w, deletion[api.Application]{
			use: "delete APPLICATION", short: "Delete an application that holds no instances", kind: (*call).applications, lost: " for good",
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteApplication(ctx, id) },
		}))
}

func applicationID(a api.Application) string { return a.ID }

var applicationColumns = []column[api.Application]{
	{title: "Name", value: func(a api.Application) any { return a.Name }},
	{title: "Instances", value: func(a api.Application) any { return a.Instances }},
	{title: "Running", value: func(a api.Application) any { return a.Running }},
	{title: "In trouble", value: func(a api.Application) any { return a.Trouble }},
	{title: "Created", value: func(a api.Application) any { return a.CreatedAt }},
	{title: "Id", value: func(a api.Application) any { return a.ID }},
	{title: "Description", value: func(a api.Application) any { return a.Description }, more: true},
}

func (w World) applicationCreateCommand() *cobra.Command {
	in := api.NewApplication{}
	return w.verb(verb{use: "create NAME", short: "Create an application", example: "  leat application create \"Pump station\" --description \"Well 3 and its pumps\"",
		flags: func(f *pflag.FlagSet) { f.StringVar(&in.Description, "description", "", "what it is for") },
		run: func(ctx context.Context, c *call, args []string) error {
			team, err := c.team(ctx)
			if err != nil {
				return err
			}
			in.Name = args[0]
			a, err := c.client.CreateApplication(ctx, team, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *a, applicationID, applicationColumns)
		}})
}

func (w World) applicationEditCommand() *cobra.Command {
	var name, description string
	return w.verb(verb{use: "edit APPLICATION", short: "Rename an application, or describe it anew", aliases: []string{"update"},
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "its new name")
			f.StringVar(&description, "description", "", "what it is for")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			a, err := c.applications().find(ctx, args[0])
			if err != nil {
				return err
			}
			a, err = c.client.UpdateApplication(ctx, a.ID, api.EditApplication{Name: changed(c, "name", name), Description: changed(c, "description", description)})
			if err != nil {
				return err
			}
			return show(c.out, *a, applicationID, applicationColumns)
		}})
}
