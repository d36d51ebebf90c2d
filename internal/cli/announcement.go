package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) announcementCommand() *cobra.Command {
	return noun("announcement announcements", "What administrators tell everybody",
		listOf(w, "List announcements", (*call).announcements, announcementColumns), w.announcementCreateCommand(),
		deleteOf(w, deletion[api.Announcement]{
			use: "delete ANNOUNCEMENT", short: "Delete an announcement, also from inboxes", kind: (*call).announcements,
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteAnnouncement(ctx, id) },
		}))
}

func (c *call) announcements() kind[api.Announcement] {
	return kind[api.Announcement]{
		noun: "announcement", list: c.client.Announcements, id: announcementID,
		names: func(a api.Announcement) []string { return []string{a.Title} },
	}
}

func announcementID(a api.Announcement) string { return a.ID }

var announcementColumns = []column[api.Announcement]{
	{title: "Title", value: func(a api.Announcement) any { return a.Title }},
	{title: "Level", value: func(a api.Announcement) any { return state(notificationLevel(a.Level)) }},
	{title: "To", value: func(a api.Announcement) any { return a.Roles }},
	{title: "Recipients", value: func(a api.Announcement) any { return a.Recipients }},
	{title: "By", value: func(a api.Announcement) any { return a.By }},
	{title: "Created", value: func(a api.Announcement) any { return a.CreatedAt }},
	{title: "Id", value: func(a api.Announcement) any { return a.ID }},
}

func (w World) announcementCreateCommand() *cobra.Command {
	in := api.NewAnnouncement{}
	var file string
	var yes, dry bool
	return w.verb(verb{use: "create TITLE", short: "Tell something to everybody, or to some", example: "  leat announcement create \"Maintenance on Sunday\" --text-file note.txt --role owner --banner",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Text, "text", "", "the text")
			f.StringVar(&file, "text-file", "", "the file with the text; - is the standard input")
			f.StringVar(&in.Link, "link", "", "where to read more")
			f.StringVar(&in.Level, "level", "info", "info, good, warning or error")
			f.StringSliceVar(&in.Roles, "role", nil, "only to who has this role in a team")
			f.StringSliceVar(&in.TeamTypes, "team-type", nil, "only to members of teams of this type")
			f.BoolVar(&in.Mail, "mail", false, "send letters too")
			f.BoolVar(&in.Banner, "banner", false, "show it on every page for a week")
			f.BoolVar(&dry, "dry-run", false, "only tell how many would get it")
			f.BoolVar(&yes, "yes", false, "do not ask")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			in.Title = args[0]
			if file != "" {
				raw, err := c.readFile(file)
				if err != nil {
					return err
				}
				in.Text = string(raw)
			}
			audience, err := c.client.CountAudience(ctx, in.Audience)
			if err != nil {
				return err
			}
			people := plural(audience.Recipients, "recipient")
			if dry {
				if c.out.format != "table" {
					return c.out.encode(audience)
				}
				c.out.said("%s would get it.", people)
				return nil
			}
			if err := c.confirm(ctx, yes, "Tell this to %s?", people); err != nil {
				return err
			}
			a, err := c.client.Announce(ctx, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *a, announcementID, announcementColumns)
		}})
}
