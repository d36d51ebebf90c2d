package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (w World) contextCommand() *cobra.Command {
	return noun("context contexts", "The platforms you are signed in to, and the team you work in there",
		w.contextListCommand(), w.contextShowCommand(), w.contextUseCommand(), w.contextDeleteCommand())
}

// shownContext is a context as it is shown: its token never is.
type shownContext struct {
	Name     string `json:"name"`
	Current  bool   `json:"current"`
	URL      string `json:"url"`
	Team     string `json:"team"`
	Username string `json:"username"`
	SignedIn bool   `json:"signedIn"`
	Expires  any    `json:"expiresAt"`
}

var contextColumns = []column[shownContext]{
	{title: "Name", value: func(c shownContext) any { return c.Name }},
	{title: "Current", value: func(c shownContext) any { return c.Current }},
	{title: "Address", value: func(c shownContext) any { return c.URL }},
	{title: "Team", value: func(c shownContext) any { return c.Team }},
	{title: "User", value: func(c shownContext) any { return c.Username }},
	{title: "Sign-in ends", value: func(c shownContext) any {
		if c.Expires == nil {
			return ""
		}
		return c.Expires
	}},
}

func contextView(c *saved, current string) shownContext {
	out := shownContext{Name: c.Name, Current: c.Name == current, URL: c.URL, Team: c.Team, Username: c.Username, SignedIn: c.Token != ""}
	if c.ExpiresAt != nil {
		out.Expires = *c.ExpiresAt
	}
	return out
}

func contextID(c shownContext) string { return c.Name }

func (w World) contextListCommand() *cobra.Command {
	return w.verb(verb{use: "list", short: "List the platforms you signed in to", aliases: []string{"ls"}, open: true,
		run: func(_ context.Context, c *call, _ []string) error {
			names, err := c.shelf.names()
			if err != nil {
				return err
			}
			var items []shownContext
			for _, name := range names {
				one, err := c.shelf.load(name)
				if err != nil {
					return err
				}
				items = append(items, contextView(one, c.shelf.current()))
			}
			if len(items) == 0 {
				c.out.note("You are not signed in anywhere. Run \"leat login https://leat.example.com\" with your platform's address.")
			}
			return list(c.out, items, contextID, contextColumns)
		}})
}

func (w World) contextShowCommand() *cobra.Command {
	return w.verb(verb{use: "show [CONTEXT]", short: "Show the context in use, or another", open: true,
		run: func(_ context.Context, c *call, args []string) (err error) {
			var at *saved
			if len(args) > 0 {
				at, err = c.shelf.load(args[0])
			} else {
				at, err = c.place()
			}
			if err != nil {
				return err
			}
			return show(c.out, contextView(at, c.shelf.current()), contextID, contextColumns)
		}})
}

func (w World) contextUseCommand() *cobra.Command {
	return w.verb(verb{use: "use CONTEXT", short: "Choose the platform that commands speak to", open: true,
		run: func(_ context.Context, c *call, args []string) error {
			at, err := c.shelf.load(args[0])
			if err != nil {
				return err
			}
			if err := c.shelf.use(at.Name); err != nil {
				return err
			}
			c.out.said("Commands now speak to %s.", at.URL)
			return nil
		}})
}

func (w World) contextDeleteCommand() *cobra.Command {
	var yes bool
	return w.verb(verb{use: "delete CONTEXT", short: "Forget a platform and its sign-in on this machine", aliases: []string{"rm"}, open: true,
		long:  "Forget a platform and its sign-in on this machine. The token stays in force; \"leat logout\" ends it as well.",
		flags: func(f *pflag.FlagSet) { f.BoolVar(&yes, "yes", false, "do not ask") },
		run: func(ctx context.Context, c *call, args []string) error {
			at, err := c.shelf.load(args[0])
			if err != nil {
				return err
			}
			if err := c.confirm(ctx, yes, "Forget %s on this machine?", at.URL); err != nil {
				return err
			}
			if err := c.shelf.remove(at.Name); err != nil {
				return fmt.Errorf("forget %s: %w", at.Name, err)
			}
			c.out.said("%s is forgotten.", at.Name)
			return nil
		}})
}
