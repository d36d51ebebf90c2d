package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) instanceCommand() *cobra.Command {
	return noun("instance instances", "Instances: Node-RED, run by the platform",
		w.instanceListCommand(), w.instanceShowCommand(), w.instanceCreateCommand(), w.instanceEditCommand(),
		deleteOf(w, deletion[api.Instance]{
			use: "delete INSTANCE", short: "Delete an instance and all that it keeps", kind: (*call).instances, lost: " with its flows, credentials and logs, for good",
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteInstance(ctx, id) },
		}),
		w.operateCommand(starting), w.operateCommand(stopping), w.operateCommand(restarting), w.operateCommand(suspending),
		w.logsCommand(), w.openCommand(), w.flowsCommand(), w.deployCommand(), w.timelineCommand(), w.instanceContextCommand(),
		w.instanceImportCommand(), w.instanceAlertsCommand(), w.instanceSamplesCommand(), w.instanceEditorsCommand())
}

func instanceID(i api.Instance) string { return i.ID }

var instanceColumns = []column[api.Instance]{
	{title: "Name", value: func(i api.Instance) any { return i.Name }},
	{title: "State", value: func(i api.Instance) any { return state(i.State) }},
	{title: "Label", value: func(i api.Instance) any { return i.Label }},
	{title: "Type", value: func(i api.Instance) any { return i.InstanceType }},
	{title: "Stack", value: func(i api.Instance) any { return i.Stack }},
	{title: "Seen", value: func(i api.Instance) any { return i.ObservedAt }},
	{title: "Id", value: func(i api.Instance) any { return i.ID }, more: true},
	{title: "Reason", value: func(i api.Instance) any { return i.Reason }, more: true},
	{title: "Address", value: func(i api.Instance) any { return i.URL }, more: true},
	{title: "Editor", value: func(i api.Instance) any { return i.EditorURL }, more: true},
	{title: "Dashboard", value: func(i api.Instance) any { return i.DashboardURL }, more: true},
	{title: "Access", value: func(i api.Instance) any { return i.Access }, more: true},
	{title: "Protected", value: func(i api.Instance) any { return i.Protected }, more: true},
	{title: "Time zone", value: func(i api.Instance) any { return i.TimeZone }, more: true},
	{title: "Keeps context", value: func(i api.Instance) any { return i.Persistent }, more: true},
	{title: "Ports", value: func(i api.Instance) any { return ports(i.Ports) }, more: true},
	{title: "Node-RED", value: func(i api.Instance) any { return i.NodeRed }, more: true},
	{title: "Node.js", value: func(i api.Instance) any { return i.NodeJS }, more: true},
	{title: "Modules", value: func(i api.Instance) any { return modules(i.Modules) }, more: true},
	{title: "Isolation", value: func(i api.Instance) any { return i.Isolation }, more: true},
	{title: "Last deploy", value: func(i api.Instance) any { return deployOf(i) }, more: true},
	{title: "Restart brings", value: func(i api.Instance) any { return updateOf(i) }, more: true},
	{title: "Started", value: func(i api.Instance) any { return i.StartedAt }, more: true},
	{title: "Created", value: func(i api.Instance) any { return i.CreatedAt }, more: true},
}

func ports(list []int) []string {
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprint(p))
	}
	return out
}

func modules(list []api.Module) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Name+"@"+m.Version)
	}
	return out
}

func deployOf(i api.Instance) string {
	if i.Deploy == nil {
		return ""
	}
	return fmt.Sprintf("%s by %s", plural(i.Deploy.Nodes, "node"), i.Deploy.By)
}

func updateOf(i api.Instance) string {
	if i.Update == nil {
		return ""
	}
	return i.Update.Reason
}

func (w World) instanceListCommand() *cobra.Command {
	var application string
	cmd := w.verb(verb{use: "list", short: "List the team's instances", aliases: []string{"ls"},
		flags: func(f *pflag.FlagSet) { f.StringVar(&application, "application", "", "only those of this application") },
		run: func(ctx context.Context, c *call, _ []string) error {
			page := inTeam(c, c.client.TeamInstances)
			if application != "" {
				a, err := c.applications().find(ctx, application)
				if err != nil {
					return err
				}
				page = func(ctx context.Context, p api.Page) (*api.List[api.Instance], error) {
					return c.client.Instances(ctx, a.ID, p)
				}
			}
			items, _, err := all(ctx, 0, page)
			if err != nil {
				return err
			}
			return list(c.out, items, instanceID, instanceColumns)
		}})
	w.complete(cmd, "application", "APPLICATION")
	return cmd
}

func (w World) instanceShowCommand() *cobra.Command {
	return w.verb(verb{use: "show INSTANCE", short: "Show an instance", aliases: []string{"get"},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			return show(c.out, *i, instanceID, instanceColumns)
		}})
}

// change is what the flags of edit say.
type instanceChange struct {
	name, kind, stack, access, timeZone string
	ports                               []int
	safeMode, protected, persistent     bool
}

func (n *instanceChange) flags(f *pflag.FlagSet) {
	f.StringVar(&n.name, "name", "", "its new name; its label and addresses stay")
	f.StringVar(&n.kind, "type", "", "its size; see \"leat instance-type list\"")
	f.StringVar(&n.stack, "stack", "", "its Node.js and Node-RED, from the next start on; see \"leat stack list\"")
	f.StringVar(&n.access, "access", "", "who reaches its flows over HTTP: login, open or token")
	f.StringVar(&n.timeZone, "time-zone", "", "the time zone of its flows, such as Europe/Berlin")
	f.IntSliceVar(&n.ports, "ports", nil, "TCP ports that its flows may listen on; an empty list for none")
	f.BoolVar(&n.safeMode, "safe-mode", false, "start it without starting its flows")
	f.BoolVar(&n.protected, "protected", false, "let owners alone change what it runs")
	f.BoolVar(&n.persistent, "persistent-context", false, "keep what its flows remember on disk")
}

func (w World) instanceEditCommand() *cobra.Command {
	n := &instanceChange{}
	return w.verb(verb{use: "edit INSTANCE", short: "Change an instance's settings", aliases: []string{"update"}, flags: n.flags,
		example: "  leat instance edit pump-1 --type large --time-zone Europe/Berlin\n  leat instance edit pump-1 --safe-mode=false",
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			in := api.EditInstance{
				Name: changed(c, "name", n.name), InstanceType: changed(c, "type", n.kind), Stack: changed(c, "stack", n.stack), Access: changed(c, "access", n.access),
				TimeZone: changed(c, "time-zone", n.timeZone), Ports: changed(c, "ports", n.ports), SafeMode: changed(c, "safe-mode", n.safeMode),
				Protected: changed(c, "protected", n.protected), Persistent: changed(c, "persistent-context", n.persistent),
			}
			if i, err = c.client.UpdateInstance(ctx, i.ID, in); err != nil {
				return err
			}
			return show(c.out, *i, instanceID, instanceColumns)
		}})
}

func (w World) openCommand() *cobra.Command {
	var editor, dashboard, only bool
	return w.verb(verb{use: "open INSTANCE", short: "Open an instance's page, editor or dashboard in the browser",
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&editor, "editor", false, "its editor")
			f.BoolVar(&dashboard, "dashboard", false, "its dashboard")
			f.BoolVar(&only, "no-browser", false, "only print the address")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			address := c.client.Base().JoinPath("instance", i.ID).String()
			switch {
			case editor:
				address = i.EditorURL
			case dashboard && i.DashboardURL == "":
				return errors.New("this instance's flows hold no dashboard")
			case dashboard:
				address = i.DashboardURL
			}
			if !only {
				c.openBrowser(ctx, address)
			}
			_, err = fmt.Fprintln(c.Stdout, address)
			return err
		}})
}
