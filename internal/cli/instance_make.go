package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// newInstance is what the flags of create say.
type newInstance struct {
	api.NewInstance
	application, flows, from, environment string
	withoutCredentials, ephemeral         bool
	waiting
}

func (n *newInstance) flags(f *pflag.FlagSet) {
	f.StringVar(&n.application, "application", "", "the application it belongs to; not needed where the team has one")
	f.StringVar(&n.Blueprint, "blueprint", "", "a flow to start from; see \"leat blueprint list\"")
	f.StringVar(&n.flows, "flows", "", "a file with flows to start from, as Node-RED exports them; - is the standard input")
	f.StringVar(&n.from, "from", "", "an instance or a snapshot to be a copy of")
	f.BoolVar(&n.withoutCredentials, "without-credentials", false, "with --from: leave credentials behind")
	f.StringVar(&n.environment, "environment", "", "with --from: all, keys or none of its variables")
	f.StringVar(&n.Label, "label", "", "its host name; made from the name where absent")
	f.StringVar(&n.InstanceType, "type", "", "its size; see \"leat instance-type list\"")
	f.StringVar(&n.Stack, "stack", "", "its Node.js and Node-RED; see \"leat stack list\"")
	f.StringVar(&n.Access, "access", "", "who reaches its flows over HTTP: login (the default), open or token")
	f.StringVar(&n.TimeZone, "time-zone", "", "the time zone of its flows, such as Europe/Berlin")
	f.BoolVar(&n.ephemeral, "forget-context", false, "let its flows forget at a restart what they remember")
	n.waiting.flags(f)
}

func (w World) instanceCreateCommand() *cobra.Command {
	n := &newInstance{}
	cmd := w.verb(verb{use: "create NAME", short: "Create an instance, and start it", flags: n.flags, run: n.run,
		example: "  leat instance create \"Pump 1\" --application \"Pump station\" --wait\n  leat instance create \"Pump 2\" --from pump-1 --without-credentials"})
	w.complete(cmd, "application", "APPLICATION")
	w.complete(cmd, "from", "INSTANCE")
	w.complete(cmd, "stack", "STACK")
	return cmd
}

func (n *newInstance) run(ctx context.Context, c *call, args []string) error {
	application, err := n.home(ctx, c)
	if err != nil {
		return err
	}
	n.Name = args[0]
	if n.ephemeral {
		keep := false
		n.Persistent = &keep
	}
	if n.flows != "" {
		raw, err := c.readFile(n.flows)
		if err != nil {
			return err
		}
		if !json.Valid(raw) {
			return fmt.Errorf("%s is not JSON; export the flows from Node-RED as JSON", n.flows)
		}
		n.Flows = raw
	}
	if err := n.source(ctx, c); err != nil {
		return err
	}
	i, err := c.client.CreateInstance(ctx, application, n.NewInstance, once())
	if err != nil {
		return err
	}
	if i, err = n.until(ctx, c, i, starting, nil); err != nil {
		return err
	}
	return show(c.out, *i, instanceID, instanceColumns)
}

// home is the application that the instance will belong to.
func (n *newInstance) home(ctx context.Context, c *call) (string, error) {
	if n.application != "" {
		a, err := c.applications().find(ctx, n.application)
		if err != nil {
			return "", err
		}
		return a.ID, nil
	}
	items, _, err := all(ctx, 2, inTeam(c, c.client.Applications))
	if err != nil {
		return "", err
	}
	switch len(items) {
	case 0:
		return "", errors.New("the team has no application yet. Create one with \"leat application create NAME\"")
	case 1:
		return items[0].ID, nil
	}
	return "", usageError{errors.New("the team has several applications: say which with --application")}
}

// source is what the instance will be a copy of.
func (n *newInstance) source(ctx context.Context, c *call) error {
	if n.from == "" {
		if n.withoutCredentials || n.environment != "" {
			return usageError{errors.New("--without-credentials and --environment are about what --from names")}
		}
		return nil
	}
	n.Source = &api.Source{Environment: n.environment}
	if n.withoutCredentials {
		take := false
		n.Source.Credentials = &take
	}
	if isID(snapshotPrefix, n.from) {
		n.Source.Snapshot = n.from
		return nil
	}
	i, err := c.instance(ctx, n.from)
	if err != nil {
		return err
	}
	n.Source.Instance = i.ID
	return nil
}
