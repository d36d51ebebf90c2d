package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) teamTypeCommand() *cobra.Command {
	return noun("team-type team-types", "Types of teams, which set their limits",
		listOf(w, "List the types", (*call).teamTypes, teamTypeColumns), showOf(w, "show TYPE", "Show a type", (*call).teamTypes, teamTypeColumns),
		w.teamTypeCreateCommand(), w.teamTypeEditCommand(),
		deleteOf(w, deletion[api.TeamType]{
			use: "delete TYPE", short: "Delete a type that no team has", kind: (*call).teamTypes,
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteTeamType(ctx, id) },
		}))
}

func (c *call) teamTypes() kind[api.TeamType] {
	return kind[api.TeamType]{
		noun: "team type", list: whole(c.client.TeamTypes), id: teamTypeID,
		names: func(t api.TeamType) []string { return []string{t.Name} },
	}
}

func teamTypeID(t api.TeamType) string { return t.ID }

var teamTypeColumns = []column[api.TeamType]{
	{title: "Name", value: func(t api.TeamType) any { return t.Name }},
	{title: "Limits", value: func(t api.TeamType) any { return limitsOf(t.Limits) }},
	{title: "Offered", value: func(t api.TeamType) any { return t.Active }},
	{title: "Default", value: func(t api.TeamType) any { return t.Default }},
	{title: "Teams", value: func(t api.TeamType) any { return t.Teams }},
	{title: "Id", value: func(t api.TeamType) any { return t.ID }},
	{title: "Description", value: func(t api.TeamType) any { return t.Description }, more: true},
	{title: "Sizes", value: func(t api.TeamType) any { return t.InstanceTypes }, more: true},
}

func limitsOf(l api.TeamLimits) string {
	var parts []string
	for _, n := range []struct {
		word string
		most *int
	}{{"members", l.Members}, {"instances", l.Instances}, {"snapshots", l.Snapshots}} {
		if n.most != nil && *n.most >= 0 {
			parts = append(parts, fmt.Sprintf("%s %d", n.word, *n.most))
		}
	}
	for id, most := range l.InstancesOfType {
		parts = append(parts, fmt.Sprintf("%s %d", id, most))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// limitFlags are the limits that flags say; a flag that was not given leaves its
// limit as it was.
type limitFlags struct{ members, instances, snapshots int }

func (l *limitFlags) flags(f *pflag.FlagSet) {
	f.IntVar(&l.members, "members", -1, "at most this many members; -1 for no limit")
	f.IntVar(&l.instances, "instances", -1, "at most this many instances; -1 for no limit")
	f.IntVar(&l.snapshots, "snapshots", -1, "at most this many kept snapshots of an instance; -1 for no limit")
}

func (l *limitFlags) over(c *call, before api.TeamLimits) (after api.TeamLimits, given bool) {
	after = before
	for flag, to := range map[string]struct {
		field **int
		value *int
	}{"members": {&after.Members, &l.members}, "instances": {&after.Instances, &l.instances}, "snapshots": {&after.Snapshots, &l.snapshots}} {
		if c.cmd.Flags().Changed(flag) {
			given = true
			*to.field = nil
			if *to.value >= 0 {
				*to.field = to.value
			}
		}
	}
	return after, given
}

func (w World) teamTypeCreateCommand() *cobra.Command {
	in := api.NewTeamType{}
	limits := &limitFlags{}
	return w.verb(verb{use: "create NAME", short: "Create a type, for administrators", example: "  leat team-type create Trial --instances 2 --members 5",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Description, "description", "", "what it is for")
			f.IntVar(&in.Order, "order", 0, "its place in lists, from small to large")
			f.BoolVar(&in.Default, "default", false, "give it to new teams")
			f.StringSliceVar(&in.InstanceTypes, "sizes", nil, "the sizes of instance that its teams may use; all where absent")
			limits.flags(f)
		},
		run: func(ctx context.Context, c *call, args []string) error {
			in.Name = args[0]
			in.Limits, _ = limits.over(c, api.TeamLimits{})
			t, err := c.client.CreateTeamType(ctx, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *t, teamTypeID, teamTypeColumns)
		}})
}

func (w World) teamTypeEditCommand() *cobra.Command {
	var name, description string
	var order int
	var offered, def bool
	var sizes []string
	limits := &limitFlags{}
	return w.verb(verb{use: "edit TYPE", short: "Change a type", aliases: []string{"update"},
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "its name")
			f.StringVar(&description, "description", "", "what it is for")
			f.IntVar(&order, "order", 0, "its place in lists, from small to large")
			f.BoolVar(&offered, "offered", true, "whether new teams may have it")
			f.BoolVar(&def, "default", false, "give it to new teams")
			f.StringSliceVar(&sizes, "sizes", nil, "the sizes of instance that its teams may use; an empty list for all")
			limits.flags(f)
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			t, err := c.teamTypes().find(ctx, args[0])
			if err != nil {
				return err
			}
			in := api.EditTeamType{
				Name: changed(c, "name", name), Description: changed(c, "description", description), Order: changed(c, "order", order),
				Active: changed(c, "offered", offered), Default: changed(c, "default", def), InstanceTypes: changed(c, "sizes", sizes),
			}
			if after, given := limits.over(c, t.Limits); given {
				in.Limits = api.Some(after)
			}
			if t, err = c.client.UpdateTeamType(ctx, t.ID, in); err != nil {
				return err
			}
			return show(c.out, *t, teamTypeID, teamTypeColumns)
		}})
}
