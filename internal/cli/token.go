package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) tokenCommand() *cobra.Command {
	return noun("token tokens", "Your personal access tokens, for scripts",
		listOf(w, "List your tokens; their secrets are not known any more", (*call).tokens, tokenColumns), w.tokenCreateCommand(),
		deleteOf(w, deletion[api.Token]{
			use: "delete TOKEN", short: "Revoke a token", kind: (*call).tokens, lost: "; whatever uses it stops working",
			do: func(ctx context.Context, c *call, id string) error { return c.client.RevokeToken(ctx, id) },
		}))
}

func (c *call) tokens() kind[api.Token] {
	return kind[api.Token]{
		noun: "token", list: c.client.Tokens, id: func(t api.Token) string { return t.ID },
		names: func(t api.Token) []string { return []string{t.Name} },
		place: func(t api.Token) string { return "…" + t.Hint },
	}
}

var tokenColumns = []column[api.Token]{
	{title: "Name", value: func(t api.Token) any { return t.Name }},
	{title: "May", value: func(t api.Token) any { return t.Scope }},
	{title: "Ends in", value: func(t api.Token) any { return "…" + t.Hint }},
	{title: "Last used", value: func(t api.Token) any { return t.UsedAt }},
	{title: "Expires", value: func(t api.Token) any { return t.ExpiresAt }},
	{title: "Id", value: func(t api.Token) any { return t.ID }},
}

func (w World) tokenCreateCommand() *cobra.Command {
	var file string
	var readOnly bool
	var life time.Duration
	return w.verb(verb{use: "create NAME", short: "Create a token for a script", example: "  leat token create backup --read-only --secret-to /etc/leat/backup.token",
		long: "Create a token for a script. Its secret is written to a file that you alone can read; without --secret-to it is printed,\n" +
			"this once. Scripts take it from LEAT_TOKEN or LEAT_TOKEN_FILE.",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&file, "secret-to", "", "the file to write the secret to")
			f.BoolVar(&readOnly, "read-only", false, "it may only read")
			f.DurationVar(&life, "expires-in", 0, "how long it is in force, such as 720h; for ever where absent")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			in := api.NewToken{Name: args[0]}
			if readOnly {
				in.Scopes = []string{"read"}
			}
			if life > 0 {
				end := c.out.now.Add(life).UTC()
				in.ExpiresAt = &end
			}
			t, err := c.client.CreateToken(ctx, in, once())
			if err != nil {
				return err
			}
			if file != "" {
				if err := writePrivate(file, []byte(t.Secret+"\n")); err != nil {
					_ = c.client.RevokeToken(ctx, t.ID) // nobody has it
					return fmt.Errorf("the token was not kept, and is revoked: %w", err)
				}
				c.out.note("The secret is in %s.", file)
				return show(c.out, t.Token, func(t api.Token) string { return t.ID }, tokenColumns)
			}
			return show(c.out, *t, func(t api.CreatedToken) string { return t.ID }, []column[api.CreatedToken]{
				{title: "Name", value: func(t api.CreatedToken) any { return t.Name }},
				{title: "Secret", value: func(t api.CreatedToken) any { return t.Secret }},
				{title: "Expires", value: func(t api.CreatedToken) any { return t.ExpiresAt }},
			})
		}})
}
