package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) instanceContextCommand() *cobra.Command {
	cmd := noun("context", "What an instance's flows remember", w.contextEntriesCommand(), w.contextGetCommand(), w.contextSetCommand(), w.contextUnsetCommand())
	return cmd
}

var scopeColumns = []column[api.ContextScope]{
	{title: "Scope", value: func(s api.ContextScope) any { return s.ID }},
	{title: "Of", value: func(s api.ContextScope) any { return s.Label }},
	{title: "Flow", value: func(s api.ContextScope) any { return s.Flow }},
	{title: "Keys", value: func(s api.ContextScope) any { return s.Keys }},
}

var entryColumns = []column[api.ContextEntry]{
	{title: "Key", value: func(e api.ContextEntry) any { return e.Key }},
	{title: "Type", value: func(e api.ContextEntry) any { return e.Type }},
	{title: "Store", value: func(e api.ContextEntry) any { return e.Store }},
	{title: "Value", value: func(e api.ContextEntry) any { return cut(entryValue(e), valueMost) }},
}

// valueMost is how much of a value stands in a table.
const valueMost = 80

func entryValue(e api.ContextEntry) string {
	if len(e.Value) > 0 {
		return string(e.Value)
	}
	return e.Preview + "…"
}

func (w World) contextEntriesCommand() *cobra.Command {
	return w.verb(verb{use: "list INSTANCE [SCOPE]", short: "List the scopes that hold something, or what is in one", aliases: []string{"ls"},
		long:    "List the scopes that hold something, or what is in one: SCOPE is global, flow:ID or node:ID.",
		example: "  leat instance context list pump-1\n  leat instance context list pump-1 global",
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				got, err := c.client.Context(ctx, i.ID, api.ContextQuery{Limit: contextPage})
				if err != nil {
					return err
				}
				if got.FlushedAt != nil {
					c.out.note("Written to disk: %s", c.out.when(*got.FlushedAt))
				}
				return list(c.out, got.Scopes, func(s api.ContextScope) string { return s.ID }, scopeColumns)
			}
			items, err := c.entries(ctx, i.ID, args[1], "")
			if err != nil {
				return err
			}
			return list(c.out, items, func(e api.ContextEntry) string { return e.Key }, entryColumns)
		}})
}

// contextPage is how much of a context comes at a time.
const contextPage = 200

// entries are those of a scope whose key begins so.
func (c *call) entries(ctx context.Context, instance, scope, key string) ([]api.ContextEntry, error) {
	items, _, err := all(ctx, 0, func(ctx context.Context, p api.Page) (*api.List[api.ContextEntry], error) {
		got, err := c.client.Context(ctx, instance, api.ContextQuery{Scope: scope, Key: key, Cursor: p.Cursor, Limit: min(p.Limit, contextPage)})
		if err != nil {
			return nil, err
		}
		return &api.List[api.ContextEntry]{Items: got.Items, Next: got.Next}, nil
	})
	return items, err
}

func (w World) contextGetCommand() *cobra.Command {
	return w.verb(verb{use: "get INSTANCE SCOPE KEY", short: "Print the value of a key as JSON",
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			items, err := c.entries(ctx, i.ID, args[1], args[2])
			if err != nil {
				return err
			}
			var names []string
			for _, e := range items {
				if e.Key != args[2] {
					names = append(names, e.Key)
					continue
				}
				if len(e.Value) == 0 {
					return fmt.Errorf("the value of %s is too large to be shown, or JSON cannot say it: %s", e.Key, e.Preview)
				}
				if c.out.format != "table" {
					return c.out.encode(e)
				}
				return c.out.encode(e.Value)
			}
			return fmt.Errorf("there is no key %q in %s%s", args[2], args[1], didYouMean(args[2], names))
		}})
}

func (w World) contextSetCommand() *cobra.Command {
	in := api.PutContext{}
	return w.verb(verb{use: "set INSTANCE SCOPE KEY VALUE", short: "Set a key of a running instance; VALUE is JSON, or else text",
		example: "  leat instance context set pump-1 global limit 7\n  leat instance context set pump-1 flow:f1 site '{\"name\": \"north\"}'",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Store, "store", "", "the store, where it is not the default one")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			in.Value = json.RawMessage(args[3])
			if !json.Valid(in.Value) {
				if in.Value, err = json.Marshal(args[3]); err != nil {
					return err
				}
			}
			if err := c.client.PutContext(ctx, i.ID, args[1], args[2], in); err != nil {
				return err
			}
			c.out.said("%s is set.", args[2])
			return nil
		}})
}

func (w World) contextUnsetCommand() *cobra.Command {
	var yes bool
	var store string
	return w.verb(verb{use: "delete INSTANCE SCOPE KEY", short: "Delete a key of a running instance", aliases: []string{"rm"},
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&yes, "yes", false, "do not ask")
			f.StringVar(&store, "store", "", "the store, where it is not the default one")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			if err := c.confirm(ctx, yes, "Delete %s of %s in %q?", args[2], args[1], i.Name); err != nil {
				return err
			}
			if err := c.client.DeleteContext(ctx, i.ID, args[1], args[2], store); err != nil {
				return err
			}
			c.out.said("%s is deleted.", args[2])
			return nil
		}})
}
