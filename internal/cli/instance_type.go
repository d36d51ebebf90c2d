package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) instanceTypeCommand() *cobra.Command {
	return noun("instance-type instance-types", "Sizes of instances",
		listOf(w, "List the sizes", (*call).instanceTypes, instanceTypeColumns),
		showOf(w, "show TYPE", "Show a size", (*call).instanceTypes, instanceTypeColumns),
		w.instanceTypeCreateCommand(), w.instanceTypeEditCommand(),
		deleteOf(w, deletion[api.InstanceType]{
			use: "delete TYPE", short: "Delete a size that no instance has", kind: (*call).instanceTypes,
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteInstanceType(ctx, id) },
		}))
}

func (c *call) instanceTypes() kind[api.InstanceType] {
	return kind[api.InstanceType]{
		noun: "instance type", list: whole(c.client.InstanceTypes), id: instanceTypeID,
		names: func(t api.InstanceType) []string { return []string{t.Name} },
	}
}

func instanceTypeID(t api.InstanceType) string { return t.ID }

var instanceTypeColumns = []column[api.InstanceType]{
	{title: "Id", value: func(t api.InstanceType) any { return t.ID }},
	{title: "Name", value: func(t api.InstanceType) any { return t.Name }},
	{title: "Memory (MiB)", value: func(t api.InstanceType) any { return t.MemoryMiB }},
	{title: "CPU (%)", value: func(t api.InstanceType) any { return t.CPUPercent }},
	{title: "Offered", value: func(t api.InstanceType) any { return t.Active }},
	{title: "Default", value: func(t api.InstanceType) any { return t.Default }},
	{title: "Description", value: func(t api.InstanceType) any { return t.Description }, more: true},
	{title: "Instances", value: func(t api.InstanceType) any { return t.Instances }, more: true},
}

func (w World) instanceTypeCreateCommand() *cobra.Command {
	in := api.NewInstanceType{}
	return w.verb(verb{use: "create NAME", short: "Create a size, for administrators", example: "  leat instance-type create Huge --memory 4096 --cpu 400",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.ID, "id", "", "its id; made from the name where absent")
			f.IntVar(&in.MemoryMiB, "memory", 512, "memory in MiB")
			f.IntVar(&in.CPUPercent, "cpu", 100, "CPU in percent; one core is 100")
			f.StringVar(&in.Description, "description", "", "what it is for")
			f.IntVar(&in.Order, "order", 0, "its place in lists, from small to large")
			f.BoolVar(&in.Default, "default", false, "give it to instances that name none")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			in.Name = args[0]
			t, err := c.client.CreateInstanceType(ctx, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *t, instanceTypeID, instanceTypeColumns)
		}})
}

func (w World) instanceTypeEditCommand() *cobra.Command {
	var name, description string
	var memory, cpu, order int
	var offered, def bool
	return w.verb(verb{use: "edit TYPE", short: "Change a size; instances take it at their next start", aliases: []string{"update"},
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "its name")
			f.StringVar(&description, "description", "", "what it is for")
			f.IntVar(&memory, "memory", 0, "memory in MiB")
			f.IntVar(&cpu, "cpu", 0, "CPU in percent; one core is 100")
			f.IntVar(&order, "order", 0, "its place in lists, from small to large")
			f.BoolVar(&offered, "offered", true, "whether new instances may have it")
			f.BoolVar(&def, "default", false, "give it to instances that name none")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			t, err := c.instanceTypes().find(ctx, args[0])
			if err != nil {
				return err
			}
			t, err = c.client.UpdateInstanceType(ctx, t.ID, api.EditInstanceType{
				Name: changed(c, "name", name), Description: changed(c, "description", description), MemoryMiB: changed(c, "memory", memory),
				CPUPercent: changed(c, "cpu", cpu), Order: changed(c, "order", order), Active: changed(c, "offered", offered), Default: changed(c, "default", def),
			})
			if err != nil {
				return err
			}
			return show(c.out, *t, instanceTypeID, instanceTypeColumns)
		}})
}
