package web

import (
	"context"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) userRoutes(r *routes) {
	get(r, "/user", fleet.SelfRead, s.getSelf)
	patch(r, "/user", fleet.SelfEdit, s.editSelf)
	get(r, "/users", fleet.UserList, s.listUsers)
	post(r, "/users", fleet.UserCreate, s.createUser, status(201))
	get(r, "/users/{user}/deletion", fleet.UserList, s.userDeletion, says("See what deleting a user would do"))
	del(r, "/users/{user}/sessions", fleet.UserEdit, s.endUserSessions, says("End a user's sessions"))
	get(r, "/users/{user}", fleet.UserList, s.findUser, says("See a user"))
	patch(r, "/users/{user}", fleet.UserEdit, s.updateUser)
	del(r, "/users/{user}", fleet.UserDelete, s.deleteUser)
}

// EditUser changes a user.
type EditUser struct {
	Matching
	Body api.EditUser `contentType:"application/merge-patch+json"`
}

// UserPath names a user.
type UserPath struct {
	User fleet.UserID `path:"user"`
}

func (s *Server) getSelf(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.User, error) {
	user, err := s.Users.Get(ctx, who)
	return one(user, err, userView)
}

func (s *Server) editSelf(ctx context.Context, who fleet.Actor, in *EditUser) (*api.User, error) {
	user, err := s.Users.Edit(ctx, who, in.Body, in.version())
	return one(user, err, userView)
}

type usersPage struct {
	Named
	Admin     string `query:"admin" enum:"true,false" doc:"only administrators, or only others"`
	Suspended string `query:"suspended" enum:"true,false" doc:"only suspended users, or only others"`
	Seen      string `query:"seen" enum:"recent,idle,never" doc:"who signed in within 30 days, who did not, or who never did"`
}

// recently is how long ago somebody may have signed in to count as active.
const recently = 30 * 24 * time.Hour

func (s *Server) listUsers(ctx context.Context, who fleet.Actor, in *usersPage) (*api.List[api.User], error) {
	f := store.UserFilter{Admin: yesNo(in.Admin), Suspended: yesNo(in.Suspended)}
	switch since := s.Now().Add(-recently); in.Seen {
	case "recent":
		f.SeenFrom = since
	case "idle":
		f.SeenTo = since
	case "never":
		f.NeverSeen = true
	}
	items, next, err := s.Users.List(ctx, who, f, in.store())
	return listView(items, next, err, func(u *store.UserCount) api.User {
		out := userView(&u.User)
		out.Teams = u.Teams
		return out
	})
}

func (s *Server) userDeletion(ctx context.Context, who fleet.Actor, in *UserPath) (*api.UserDeletion, error) {
	d, err := s.Users.Deletion(ctx, who, in.User)
	return one(d, err, func(d *control.UserDeletion) api.UserDeletion {
		out := api.UserDeletion{
			Teams: make([]api.UserTeam, len(d.Teams)), Tokens: d.Tokens, Sessions: d.Sessions, Invitations: d.Invitations,
			LastAdmin: d.LastAdmin, Allowed: d.Allowed(),
		}
		for n, t := range d.Teams {
			out.Teams[n] = api.UserTeam{Team: string(t.Team), Slug: t.Slug, Name: t.Name, Role: string(t.Role), SoleOwner: t.SoleOwner}
		}
		return out
	})
}

func (s *Server) endUserSessions(ctx context.Context, who fleet.Actor, in *UserPath) error {
	return s.Users.EndSessions(ctx, who, in.User)
}

type newUser struct {
	Once
	Body api.NewUser
}

func (s *Server) createUser(ctx context.Context, who fleet.Actor, in *newUser) (*api.User, error) {
	user, err := s.Users.Create(ctx, who, in.Body, in.idem(ctx))
	return one(user, err, userView)
}

func (s *Server) findUser(ctx context.Context, who fleet.Actor, in *UserPath) (*api.User, error) {
	user, err := s.Users.Find(ctx, who, in.User)
	return one(user, err, userView)
}

type editOtherUser struct {
	UserPath
	EditUser
}

func (s *Server) updateUser(ctx context.Context, who fleet.Actor, in *editOtherUser) (*api.User, error) {
	user, err := s.Users.Update(ctx, who, in.User, in.Body, in.version())
	return one(user, err, userView)
}

func (s *Server) deleteUser(ctx context.Context, who fleet.Actor, in *UserPath) error {
	return s.Users.Delete(ctx, who, in.User)
}

func userView(u *fleet.User) api.User {
	return api.User{
		ID: string(u.ID), Username: u.Username, Name: u.Name, Email: u.Email, Admin: u.Admin, Suspended: u.Suspended, MustChange: u.MustChange,
		Version: u.Version, CreatedAt: u.CreatedAt.UTC(), SignedInAt: when(u.SignedInAt),
	}
}
