package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// listOf, showOf and deleteOf make the three commands that all things have.
func listOf[T any](w World, short string, kind func(*call) kind[T], columns []column[T]) *cobra.Command {
	return w.verb(verb{use: "list", short: short, aliases: []string{"ls"},
		run: func(ctx context.Context, c *call, _ []string) error {
			k := kind(c)
			items, _, err := all(ctx, 0, k.list)
			if err != nil {
				return err
			}
			return list(c.out, items, k.id, columns)
		}})
}

func showOf[T any](w World, use, short string, kind func(*call) kind[T], columns []column[T]) *cobra.Command {
	return w.verb(verb{use: use, short: short, aliases: []string{"get"},
		run: func(ctx context.Context, c *call, args []string) error {
			k := kind(c)
			item, err := k.find(ctx, args[0])
			if err != nil {
				return err
			}
			return show(c.out, *item, k.id, columns)
		}})
}

// deletion is how things of a kind are deleted; lost says what goes with them.
type deletion[T any] struct {
	use, short, long string
	kind             func(*call) kind[T]
	lost             string
	do               func(ctx context.Context, c *call, id string) error
}

func deleteOf[T any](w World, d deletion[T]) *cobra.Command {
	var yes bool
	return w.verb(verb{use: d.use, short: d.short, long: d.long, aliases: []string{"rm"}, flags: yesFlag(&yes),
		run: func(ctx context.Context, c *call, args []string) error {
			k := d.kind(c)
			item, err := k.find(ctx, args[0])
			if err != nil {
				return err
			}
			name := k.names(*item)[0]
			if err := c.confirm(ctx, yes, "Delete the %s %q%s?", k.noun, name, d.lost); err != nil {
				return err
			}
			if err := d.do(ctx, c, k.id(*item)); err != nil {
				return err
			}
			c.out.said("The %s %q is deleted.", k.noun, name)
			return nil
		}})
}
