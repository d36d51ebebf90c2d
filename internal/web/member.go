package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) memberRoutes(r *routes) {
	get(r, "/teams/{team}/members", fleet.MemberList, s.listMembers)
	patch(r, "/teams/{team}/members/{user}", fleet.MemberEdit, s.updateMember)
	del(r, "/teams/{team}/members/{user}", fleet.MemberEdit, s.removeMember, also(fleet.TeamLeave), says("Remove a member, or leave the team"))
}

func (s *Server) listMembers(ctx context.Context, who fleet.Actor, in *teamPage) (*api.List[api.Member], error) {
	items, next, err := s.Members.List(ctx, who, in.Team, in.store())
	return listView(items, next, err, memberView)
}

// MemberPath names a member of a team.
type MemberPath struct {
	TeamPath
	UserPath
}

type editMember struct {
	MemberPath
	Body api.EditMember `contentType:"application/merge-patch+json"`
}

func (s *Server) updateMember(ctx context.Context, who fleet.Actor, in *editMember) (*api.Member, error) {
	member, err := s.Members.SetRole(ctx, who, in.Team, in.User, in.Body)
	return one(member, err, memberView)
}

func (s *Server) removeMember(ctx context.Context, who fleet.Actor, in *MemberPath) error {
	return s.Members.Remove(ctx, who, in.Team, in.User)
}

func memberView(m *store.Member) api.Member {
	return api.Member{
		User: string(m.User), Username: m.Username, Name: m.Name, Email: m.Email, Role: string(m.Role), CreatedAt: m.CreatedAt.UTC(),
	}
}
