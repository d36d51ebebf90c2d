package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) invitationCommand() *cobra.Command {
	return noun("invitation invitations", "Invitations to the team that wait",
		listOf(w, "List the team's invitations that wait", (*call).invitations, invitationColumns), w.invitationCreateCommand(), w.invitationResendCommand(),
		deleteOf(w, deletion[api.Invitation]{
			use: "delete INVITATION", short: "Take an invitation back", kind: (*call).invitations,
			do: func(ctx context.Context, c *call, id string) error {
				team, err := c.team(ctx)
				if err != nil {
					return err
				}
				return c.client.DeleteInvitation(ctx, team, id)
			},
		}))
}

// invitations are those of the team.
func (c *call) invitations() kind[api.Invitation] {
	return kind[api.Invitation]{
		noun: "invitation", list: inTeam(c, c.client.Invitations), id: invitationID,
		names: func(i api.Invitation) []string { return []string{i.Username + i.Email} },
	}
}

func invitationID(i api.Invitation) string { return i.ID }

var invitationColumns = []column[api.Invitation]{
	{title: "For", value: func(i api.Invitation) any { return i.Username + i.Email }},
	{title: "Role", value: func(i api.Invitation) any { return i.Role }},
	{title: "Invited by", value: func(i api.Invitation) any { return i.InvitedBy }},
	{title: "Ends", value: func(i api.Invitation) any { return i.ExpiresAt }},
	{title: "Sent by mail", value: func(i api.Invitation) any { return i.Mailed }, more: true},
	{title: "Link", value: func(i api.Invitation) any { return i.Link }, more: true},
}

func (w World) invitationCreateCommand() *cobra.Command {
	in := api.NewInvitation{}
	cmd := w.verb(verb{use: "create WHO", short: "Invite somebody into the team, by username or e-mail address",
		long:    "Invite somebody into the team, by username or e-mail address. The answer holds the link to hand over; it is shown this once.",
		example: "  leat invitation create max --role member\n  leat invitation create vera@example.com --role viewer",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Role, "role", "member", "owner, member, viewer or dashboard")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			team, err := c.team(ctx)
			if err != nil {
				return err
			}
			if in.Username = args[0]; strings.Contains(args[0], "@") {
				in.Username, in.Email = "", args[0]
			}
			i, err := c.client.Invite(ctx, team, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *i, invitationID, invitationColumns)
		}})
	w.complete(cmd, "role", "ROLE")
	return cmd
}

func (w World) invitationResendCommand() *cobra.Command {
	return w.verb(verb{use: "resend INVITATION", short: "Make a new link for an invitation, and send it where a letter can be sent; the old link ends",
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.invitations().find(ctx, args[0])
			if err != nil {
				return err
			}
			team, err := c.team(ctx)
			if err != nil {
				return err
			}
			if i, err = c.client.ResendInvitation(ctx, team, i.ID); err != nil {
				return err
			}
			return show(c.out, *i, invitationID, invitationColumns)
		}})
}
