package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) sessionRoutes(r *routes) {
	post(r, "/session", fleet.SessionCreate, s.signIn)
	del(r, "/session", fleet.SessionRevoke, s.signOut, says("Sign out"))
	post(r, "/session/activity", fleet.SelfRead, s.touchSession, says("Say that the person did something"))
	get(r, "/user/sessions", fleet.SessionList, s.listSessions)
	del(r, "/user/sessions/{session}", fleet.SessionRevoke, s.revokeSession)
	del(r, "/user/sessions", fleet.SessionRevoke, s.revokeOtherSessions, says("End all your other sessions"))
}

// Browser is what a session remembers of where it was made.
type Browser struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
}

type signInInput struct {
	Browser
	Body api.SignIn
}

func (s *Server) signIn(ctx context.Context, who fleet.Actor, in *signInInput) (*api.SignedIn, error) {
	user, secret, err := s.Sessions.SignIn(ctx, nobody(who), in.Body.Username, in.Body.Password, in.UserAgent)
	if err != nil {
		return nil, err
	}
	s.setSession(callOf(ctx), secret)
	return &api.SignedIn{User: userView(user)}, nil
}

// nobody is the caller without what it proved itself with: signing in is done by
// who knows the password, whoever they were before.
func nobody(who fleet.Actor) fleet.Actor { return fleet.Anonymous(who.Addr, who.RequestID) }

func (s *Server) signOut(ctx context.Context, who fleet.Actor, _ *struct{}) error {
	if err := s.Sessions.SignOut(ctx, who); err != nil {
		return err
	}
	s.setSession(callOf(ctx), "")
	return nil
}

func (s *Server) touchSession(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.Session, error) {
	session, err := s.Sessions.Touch(ctx, who)
	return one(&session, err, s.sessionView(who))
}

func (s *Server) listSessions(ctx context.Context, who fleet.Actor, in *Page) (*api.List[api.Session], error) {
	items, next, err := s.Sessions.List(ctx, who, in.store())
	return listView(items, next, err, s.sessionView(who))
}

// SessionPath names a session.
type SessionPath struct {
	Session fleet.SessionID `path:"session"`
}

func (s *Server) revokeSession(ctx context.Context, who fleet.Actor, in *SessionPath) error {
	return s.Sessions.Revoke(ctx, who, in.Session)
}

func (s *Server) revokeOtherSessions(ctx context.Context, who fleet.Actor, _ *struct{}) error {
	return s.Sessions.RevokeOthers(ctx, who)
}

func (s *Server) sessionView(who fleet.Actor) func(*fleet.Session) api.Session {
	return func(one *fleet.Session) api.Session {
		return api.Session{
			ID: string(one.ID), Current: one.ID == who.Session, CreatedAt: one.CreatedAt.UTC(), ActiveAt: one.ActiveAt.UTC(),
			ExpiresAt: one.ExpiresAt.UTC(), IdleEndAt: one.EndsAt(s.SessionIdle).UTC(), Address: one.Addr, UserAgent: one.UserAgent,
		}
	}
}
