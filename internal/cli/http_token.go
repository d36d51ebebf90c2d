package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) httpTokenCommand() *cobra.Command {
	return noun("http-token http-tokens", "Tokens for the HTTP endpoints of one instance's flows",
		w.httpTokenListCommand(), w.httpTokenCreateCommand(), w.httpTokenDeleteCommand())
}

// httpTokens are those of an instance.
func (c *call) httpTokens(instance string) kind[api.HTTPToken] {
	return kind[api.HTTPToken]{
		noun: "token", id: func(t api.HTTPToken) string { return t.ID }, names: func(t api.HTTPToken) []string { return []string{t.Name} },
		list: func(ctx context.Context, p api.Page) (*api.List[api.HTTPToken], error) {
			return c.client.HTTPTokens(ctx, instance, p)
		},
	}
}

var httpTokenColumns = []column[api.HTTPToken]{
	{title: "Name", value: func(t api.HTTPToken) any { return t.Name }},
	{title: "Ends in", value: func(t api.HTTPToken) any { return "…" + t.Hint }},
	{title: "Created by", value: func(t api.HTTPToken) any { return t.CreatedBy }},
	{title: "Last used", value: func(t api.HTTPToken) any { return t.UsedAt }},
	{title: "Expires", value: func(t api.HTTPToken) any { return t.ExpiresAt }},
	{title: "Id", value: func(t api.HTTPToken) any { return t.ID }},
}

func (w World) httpTokenListCommand() *cobra.Command {
	return w.verb(verb{use: "list INSTANCE", short: "List an instance's tokens", aliases: []string{"ls"},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			k := c.httpTokens(i.ID)
			items, _, err := all(ctx, 0, k.list)
			if err != nil {
				return err
			}
			return list(c.out, items, k.id, httpTokenColumns)
		}})
}

func (w World) httpTokenCreateCommand() *cobra.Command {
	var file string
	var life time.Duration
	return w.verb(verb{use: "create INSTANCE NAME", short: "Create a token for an instance's HTTP endpoints",
		long:    "Create a token for an instance's HTTP endpoints. Its secret is written to a file that you alone can read; without\n--secret-to it is printed, this once.",
		example: "  leat http-token create pump-1 scada --expires-in 8760h --secret-to scada.secret",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&file, "secret-to", "", "the file to write the secret to")
			f.DurationVar(&life, "expires-in", 0, "how long it is in force, such as 720h; for ever where absent")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			in := api.NewHTTPToken{Name: args[1]}
			if life > 0 {
				end := c.out.now.Add(life).UTC()
				in.ExpiresAt = &end
			}
			t, err := c.client.CreateHTTPToken(ctx, i.ID, in, once())
			if err != nil {
				return err
			}
			if file != "" {
				if err := writePrivate(file, []byte(t.Secret+"\n")); err != nil {
					_ = c.client.RevokeHTTPToken(ctx, i.ID, t.ID) // nobody has it
					return fmt.Errorf("the token was not kept, and is revoked: %w", err)
				}
				c.out.note("The secret is in %s.", file)
				return show(c.out, t.HTTPToken, func(t api.HTTPToken) string { return t.ID }, httpTokenColumns)
			}
			return show(c.out, *t, func(t api.CreatedHTTPToken) string { return t.ID }, []column[api.CreatedHTTPToken]{
				{title: "Name", value: func(t api.CreatedHTTPToken) any { return t.Name }},
				{title: "Secret", value: func(t api.CreatedHTTPToken) any { return t.Secret }},
				{title: "Expires", value: func(t api.CreatedHTTPToken) any { return t.ExpiresAt }},
			})
		}})
}

func (w World) httpTokenDeleteCommand() *cobra.Command {
	var yes bool
	return w.verb(verb{use: "delete INSTANCE TOKEN", short: "Revoke a token of an instance", aliases: []string{"rm"}, flags: yesFlag(&yes),
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			t, err := c.httpTokens(i.ID).find(ctx, args[1])
			if err != nil {
				return err
			}
			if err := c.confirm(ctx, yes, "Revoke the token %q of %q?", t.Name, i.Name); err != nil {
				return err
			}
			if err := c.client.RevokeHTTPToken(ctx, i.ID, t.ID); err != nil {
				return err
			}
			c.out.said("The token %q is revoked.", t.Name)
			return nil
		}})
}
