package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) stackCreateCommand() *cobra.Command {
	in := api.NewStack{}
	var lock string
	wait := &waiting{}
	return w.verb(verb{use: "create [NAME]", short: "Add a stack by its versions, or by an npm lock, for administrators",
		long:    "Add a stack by its exact versions, which the platform resolves, or by an npm lock that was made elsewhere.\nThe platform makes it and lays it out afterwards; --wait waits for that.",
		example: "  leat stack create \"Node-RED 4.1\" --node-red 4.1.15 --node 22.21.1 --wait\n  leat stack create --lock package-lock.json",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.NodeRed, "node-red", "", "the version of Node-RED")
			f.StringVar(&in.NodeJS, "node", "", "the version of Node.js")
			f.StringVar(&in.Dashboard, "dashboard", "", "the version of Dashboard 2; the newest where absent")
			f.StringVar(&lock, "lock", "", "a package-lock.json; - is the standard input")
			wait.flags(f)
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if len(args) > 0 {
				in.Name = args[0]
			}
			if (lock == "") == (in.NodeRed == "" && in.NodeJS == "") {
				return usageError{errors.New("say --node-red and --node, or --lock")}
			}
			if lock != "" {
				raw, err := c.readFile(lock)
				if err != nil {
					return err
				}
				in.Lock = raw
			}
			s, err := c.client.CreateStack(ctx, in)
			if err != nil {
				return err
			}
			if s, err = wait.stack(ctx, c, s); err != nil {
				return err
			}
			return show(c.out, *s, stackID, stackColumns)
		}})
}

// stack waits until a stack is laid out.
func (n *waiting) stack(ctx context.Context, c *call, s *api.Stack) (*api.Stack, error) {
	if !n.wait {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	bar := newProgress(c.Stderr)
	defer bar.end()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if s.State == "failed" {
			return nil, fmt.Errorf("the stack could not be made: %s", s.Reason)
		}
		if s.Ready {
			return s, nil
		}
		bar.show(clean(s.Name+": "+s.State), 0, 0)
		if p := s.Progress; p != nil {
			bar.show(clean(s.Name+": "+p.Step), p.Done, p.Total)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the stack is not ready after %s. It goes on; see \"leat stack show %s\"", n.timeout, s.ID)
		case <-tick.C:
		}
		fresh, err := c.stacks().find(ctx, s.ID)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		if err == nil {
			s = fresh
		}
	}
}

func (w World) stackEditCommand() *cobra.Command {
	var name, replaced string
	var offered, def bool
	return w.verb(verb{use: "edit STACK", short: "Change a stack, for administrators", aliases: []string{"update"}, example: "  leat stack edit node-red-4 --offered=false --replaced-by node-red-5",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "its name")
			f.BoolVar(&offered, "offered", true, "whether new instances may have it")
			f.BoolVar(&def, "default", false, "give it to instances that name none")
			f.StringVar(&replaced, "replaced-by", "", "the stack that its instances had better move to")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			s, err := c.stacks().find(ctx, args[0])
			if err != nil {
				return err
			}
			if replaced != "" {
				other, err := c.stacks().find(ctx, replaced)
				if err != nil {
					return err
				}
				replaced = other.ID
			}
			s, err = c.client.UpdateStack(ctx, s.ID, api.EditStack{
				Name: changed(c, "name", name), Active: changed(c, "offered", offered), Default: changed(c, "default", def), ReplacedBy: changed(c, "replaced-by", replaced),
			})
			if err != nil {
				return err
			}
			return show(c.out, *s, stackID, stackColumns)
		}})
}

var stackUseColumns = []column[api.StackUse]{
	{title: "Name", value: func(u api.StackUse) any { return u.Name }},
	{title: "Team", value: func(u api.StackUse) any { return u.TeamName }},
	{title: "State", value: func(u api.StackUse) any { return state(u.State) }},
	{title: "Up to date", value: func(u api.StackUse) any { return u.Current }},
	{title: "Id", value: func(u api.StackUse) any { return u.Instance }},
}

func (w World) stackInstancesCommand() *cobra.Command {
	return w.verb(verb{use: "instances STACK", short: "List who runs on a stack, for administrators",
		run: func(ctx context.Context, c *call, args []string) error {
			s, err := c.stacks().find(ctx, args[0])
			if err != nil {
				return err
			}
			items, _, err := all(ctx, 0, func(ctx context.Context, p api.Page) (*api.List[api.StackUse], error) {
				return c.client.StackInstances(ctx, s.ID, p)
			})
			if err != nil {
				return err
			}
			return list(c.out, items, func(u api.StackUse) string { return u.Instance }, stackUseColumns)
		}})
}
