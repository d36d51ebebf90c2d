package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) notificationCommand() *cobra.Command {
	return noun("notification notifications inbox", "Your inbox", w.notificationListCommand(), w.notificationReadCommand(), w.notificationDeleteCommand())
}

var notificationColumns = []column[api.Notification]{
	{title: "Time", value: func(n api.Notification) any { return n.UpdatedAt }},
	{title: "Read", value: func(n api.Notification) any { return n.Read }},
	{title: "Level", value: func(n api.Notification) any { return state(notificationLevel(n.Level)) }},
	{title: "Title", value: func(n api.Notification) any { return n.Title }},
	{title: "Times", value: func(n api.Notification) any { return n.Count }},
	{title: "Team", value: func(n api.Notification) any { return n.TeamSlug }},
	{title: "Id", value: func(n api.Notification) any { return n.ID }},
}

// notificationLevel is a level in the words that have colours.
func notificationLevel(level string) string {
	if level == "warning" {
		return "warn"
	}
	return level
}

func (w World) notificationListCommand() *cobra.Command {
	q := api.NotificationQuery{}
	var most int
	return w.verb(verb{use: "list", short: "List what is in your inbox, the newest first", aliases: []string{"ls"},
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&q.Unread, "unread", false, "only what you have not read")
			endless(&most)(f)
		},
		run: func(ctx context.Context, c *call, _ []string) error {
			items, more, err := all(ctx, most, func(ctx context.Context, p api.Page) (*api.List[api.Notification], error) {
				q.Page = p
				return c.client.Notifications(ctx, q)
			})
			if err != nil {
				return err
			}
			c.older(more, len(items))
			return list(c.out, items, func(n api.Notification) string { return n.ID }, notificationColumns)
		}})
}

// chosen are the notifications that a command is about: some, or all.
func chosen(ids []string, everything bool) error {
	if (len(ids) == 0) != everything {
		return usageError{errors.New("name notifications by their ids, or say --all")}
	}
	return nil
}

func (w World) notificationReadCommand() *cobra.Command {
	var everything, unread bool
	return w.verb(verb{use: "read [NOTIFICATION…]", short: "Mark notifications as read",
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&everything, "all", false, "all of them")
			f.BoolVar(&unread, "unread", false, "mark them as not read instead")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := chosen(args, everything); err != nil {
				return err
			}
			n, err := c.client.EditNotifications(ctx, api.EditNotifications{IDs: args, All: everything, Read: !unread})
			if err != nil {
				return err
			}
			if c.out.format != "table" {
				return c.out.encode(n)
			}
			c.out.said("%s not read.", plural(n.Unread, "notification"))
			return nil
		}})
}

func (w World) notificationDeleteCommand() *cobra.Command {
	var everything, yes bool
	return w.verb(verb{use: "delete [NOTIFICATION…]", short: "Delete notifications", aliases: []string{"rm"},
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&everything, "all", false, "all of them")
			f.BoolVar(&yes, "yes", false, "do not ask")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := chosen(args, everything); err != nil {
				return err
			}
			if everything {
				if err := c.confirm(ctx, yes, "Empty your inbox?"); err != nil {
					return err
				}
				return c.client.DeleteNotifications(ctx)
			}
			for _, id := range args {
				if err := c.client.DeleteNotification(ctx, id); err != nil {
					return err
				}
			}
			return nil
		}})
}
