package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) userCommand() *cobra.Command {
	return noun("user users", "The platform's users, for administrators",
		listOf(w, "List the platform's users", (*call).users, userColumns), w.userShowCommand(), w.userCreateCommand(), w.userEditCommand(), w.userEndSessionsCommand(),
		deleteOf(w, deletion[api.User]{
			use: "delete USER", short: "Delete a user", kind: (*call).users, lost: " with all their sessions and tokens, for good",
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteUser(ctx, id) },
		}))
}

// users are all of the platform; administrators alone may list them.
func (c *call) users() kind[api.User] {
	return kind[api.User]{
		noun: "user", prefix: "u", get: c.client.FindUser, list: c.client.Users, id: userID,
		names: func(u api.User) []string { return []string{u.Username, u.Email} },
	}
}

func userID(u api.User) string { return u.ID }

var userColumns = []column[api.User]{
	{title: "Username", value: func(u api.User) any { return u.Username }},
	{title: "Name", value: func(u api.User) any { return u.Name }},
	{title: "E-mail", value: func(u api.User) any { return u.Email }},
	{title: "Administrator", value: func(u api.User) any { return u.Admin }},
	{title: "Suspended", value: func(u api.User) any { return u.Suspended }},
	{title: "Signed in", value: func(u api.User) any { return u.SignedInAt }},
	{title: "Created", value: func(u api.User) any { return u.CreatedAt }, more: true},
	{title: "Id", value: func(u api.User) any { return u.ID }, more: true},
}

func (w World) userShowCommand() *cobra.Command {
	return w.verb(verb{use: "show [USER]", short: "Show yourself, or another user",
		run: func(ctx context.Context, c *call, args []string) (err error) {
			var u *api.User
			if len(args) > 0 {
				u, err = c.users().find(ctx, args[0])
			} else {
				u, err = c.client.User(ctx)
			}
			if err != nil {
				return err
			}
			return show(c.out, *u, userID, userColumns)
		}})
}

func (w World) userCreateCommand() *cobra.Command {
	in := api.NewUser{}
	file := ""
	return w.verb(verb{use: "create USERNAME EMAIL", short: "Create a user",
		long:    "Create a user. The password is asked for, or taken from a file; it is never an argument.",
		example: "  leat user create max max@example.com --name \"Max Frisch\"\n  leat user create max max@example.com --password-file max.secret",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Name, "name", "", "the person's name")
			f.BoolVar(&in.Admin, "admin", false, "make them an administrator")
			f.StringVar(&file, "password-file", "", "the file with the first password; - is the standard input")
		},
		run: func(ctx context.Context, c *call, args []string) (err error) {
			in.Username, in.Email = args[0], args[1]
			if in.Password, err = c.secret(file, "Password of "+in.Username); err != nil {
				return err
			}
			if in.Password == "" {
				return usageError{errors.New("a user needs a first password: say --password-file")}
			}
			u, err := c.client.CreateUser(ctx, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *u, userID, userColumns)
		}})
}

func (w World) userEditCommand() *cobra.Command {
	var name, email string
	var admin, suspended, must bool
	return w.verb(verb{use: "edit USER", short: "Change a user", aliases: []string{"update"}, example: "  leat user edit max --suspended",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "the person's name")
			f.StringVar(&email, "email", "", "their e-mail address")
			f.BoolVar(&admin, "admin", false, "whether they are an administrator")
			f.BoolVar(&suspended, "suspended", false, "whether they are kept out")
			f.BoolVar(&must, "new-password", false, "end their sessions, and let them choose a new password at the next sign-in")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			u, err := c.users().find(ctx, args[0])
			if err != nil {
				return err
			}
			u, err = c.client.UpdateUser(ctx, u.ID, api.EditUser{
				Name: changed(c, "name", name), Email: changed(c, "email", email), Admin: changed(c, "admin", admin), Suspended: changed(c, "suspended", suspended),
				MustChange: changed(c, "new-password", must),
			})
			if err != nil {
				return err
			}
			return show(c.out, *u, userID, userColumns)
		}})
}

func (w World) userEndSessionsCommand() *cobra.Command {
	var yes bool
	return w.verb(verb{use: "end-sessions USER", short: "Sign a user out everywhere", flags: yesFlag(&yes),
		run: func(ctx context.Context, c *call, args []string) error {
			u, err := c.users().find(ctx, args[0])
			if err != nil {
				return err
			}
			if err := c.confirm(ctx, yes, "Sign %s out everywhere?", u.Username); err != nil {
				return err
			}
			if err := c.client.EndSessions(ctx, u.ID); err != nil {
				return err
			}
			c.out.said("%s is signed out everywhere.", u.Username)
			return nil
		}})
}
