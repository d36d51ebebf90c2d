package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) userRoutes(r *routes) {
	get(r, "/user", fleet.SelfRead, s.getSelf)
	patch(r, "/user", fleet.SelfEdit, s.editSelf)
	get(r, "/users", fleet.UserList, s.listUsers)
	post(r, "/users", fleet.UserCreate, s.createUser, status(201))
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

func (s *Server) listUsers(ctx context.Context, who fleet.Actor, in *Named) (*api.List[api.User], error) {
	items, next, err := s.Users.List(ctx, who, in.store())
	return listView(items, next, err, userView)
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
		ID: string(u.ID), Username: u.Username, Name: u.Name, Email: u.Email, Admin: u.Admin, Suspended: u.Suspended,
		Version: u.Version, CreatedAt: u.CreatedAt.UTC(), SignedInAt: when(u.SignedInAt),
	}
}
