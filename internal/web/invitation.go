package web

import (
	"context"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) invitationRoutes(r *routes) {
	get(r, "/teams/{team}/invitations", fleet.InviteCreate, s.listInvitations, says("List invitations"))
	post(r, "/teams/{team}/invitations", fleet.InviteCreate, s.createInvitation, status(201))
	del(r, "/teams/{team}/invitations/{invitation}", fleet.InviteCreate, s.deleteInvitation, says("Take an invitation back"))
	post(r, "/teams/{team}/invitations/{invitation}/resend", fleet.InviteCreate, s.resendInvitation, secret, says("Send an invitation again"))
	get(r, "/invitations", fleet.PlatformTeams, s.listAllInvitations, says("List the open invitations of all teams"))
	post(r, "/invitations/read", fleet.InviteRead, s.readInvitation)
	post(r, "/invitations/accept", fleet.InviteAccept, s.acceptInvitation, also(fleet.InviteRead), status(201))
}

func (s *Server) listInvitations(ctx context.Context, who fleet.Actor, in *teamPage) (*api.List[api.Invitation], error) {
	items, next, err := s.Invitations.List(ctx, who, in.Team, in.store())
	return listView(items, next, err, invitationView)
}

type newInvitation struct {
	TeamPath
	Once
	Body api.NewInvitation
}

func (s *Server) createInvitation(ctx context.Context, who fleet.Actor, in *newInvitation) (*api.Invitation, error) {
	invitation, secret, err := s.Invitations.Create(ctx, who, in.Team, in.Body, in.idem(ctx))
	if err != nil {
		return nil, err
	}
	return s.invitationWithLink(invitation, secret), nil
}

// invitationWithLink shows the link. Its secret stands in the fragment: browsers
// do not send that to servers or in a Referer, so no log on the way holds it.
func (s *Server) invitationWithLink(i *store.InvitationBy, secret string) *api.Invitation {
	out := invitationView(i)
	out.Link = s.BaseURL.JoinPath("invitation").String() + "#" + secret
	return &out
}

func (s *Server) resendInvitation(ctx context.Context, who fleet.Actor, in *invitationPath) (*api.Invitation, error) {
	invitation, secret, err := s.Invitations.Resend(ctx, who, in.Team, in.Invitation)
	if err != nil {
		return nil, err
	}
	return s.invitationWithLink(invitation, secret), nil
}

func (s *Server) listAllInvitations(ctx context.Context, who fleet.Actor, in *Page) (*api.List[api.Invitation], error) {
	items, next, err := s.Invitations.ListAll(ctx, who, in.store())
	return listView(items, next, err, func(i *store.InvitationBy) api.Invitation {
		out := invitationView(i)
		out.Team, out.TeamName = string(i.Team), i.TeamName
		return out
	})
}

type invitationPath struct {
	TeamPath
	Invitation fleet.InvitationID `path:"invitation"`
}

func (s *Server) deleteInvitation(ctx context.Context, who fleet.Actor, in *invitationPath) error {
	return s.Invitations.Delete(ctx, who, in.Team, in.Invitation)
}

type readInvitation struct {
	Body struct {
		Secret string `json:"secret" maxLength:"256"`
	}
}

func (s *Server) readInvitation(ctx context.Context, who fleet.Actor, in *readInvitation) (*api.InvitationView, error) {
	invitation, err := s.Invitations.Read(ctx, who, in.Body.Secret)
	return one(invitation, err, func(v *control.InvitationView) api.InvitationView {
		return api.InvitationView{
			Team: v.TeamName, Role: string(v.Role), InvitedBy: v.Inviter, Email: v.Email, Username: v.Username, ExpiresAt: v.ExpiresAt.UTC(),
		}
	})
}

type acceptInvitation struct {
	Body api.AcceptInvitation
}

func (s *Server) acceptInvitation(ctx context.Context, who fleet.Actor, in *acceptInvitation) (*api.AcceptedInvitation, error) {
	team, user, err := s.Invitations.Accept(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &api.AcceptedInvitation{Team: string(team.ID), Slug: team.Slug, Name: team.Name, Username: user.Username}, nil
}

func invitationView(i *store.InvitationBy) api.Invitation {
	return api.Invitation{
		ID: string(i.ID), Email: i.Email, Username: i.Username, Role: string(i.Role), InvitedBy: i.Inviter,
		CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(), Mailed: i.Mailed, SentAt: sentView(i),
	}
}

// sentView is when a letter went to an address. Of a letter to a username it is
// not told: it would say that there is such a person.
func sentView(i *store.InvitationBy) *time.Time {
	if !i.Mailed {
		return nil
	}
	return when(i.SentAt)
}
