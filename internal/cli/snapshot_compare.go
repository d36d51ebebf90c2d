package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (w World) compareCommand() *cobra.Command {
	var node string
	return w.verb(verb{use: "compare FROM TO", short: "Compare two snapshots, or a snapshot with what an instance holds now",
		long: "Compare two snapshots, or a snapshot with what an instance holds now: each is the id or name of a snapshot or an instance.\n" +
			"Credentials are told of as changed or not, and never shown.",
		example: "  leat snapshot compare \"Release 7\" pump-1\n  leat snapshot compare n-… n-… --json",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&node, "node", "", "show this node or flow alone, whole, by its id")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			from, err := c.version(ctx, args[0])
			if err != nil {
				return err
			}
			to, err := c.version(ctx, args[1])
			if err != nil {
				return err
			}
			difference, err := c.client.CompareNode(ctx, from, to, node)
			if err != nil {
				return err
			}
			return c.out.showComparison(difference)
		}})
}
