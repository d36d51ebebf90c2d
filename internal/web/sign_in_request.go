package web

import (
	"context"
	"errors"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) signInRequestRoutes(r *routes) {
	post(r, "/sign-in-requests", fleet.SignInAsk, s.createSignInRequest, status(201))
	get(r, "/sign-in-requests/{request}", fleet.SignInApprove, s.getSignInRequest, says("See a program that asks to be let in"))
	tell(r, "/sign-in-requests/{request}/approve", fleet.SignInApprove, s.approveSignIn)
	tell(r, "/sign-in-requests/{request}/deny", fleet.SignInApprove, s.denySignIn, says("Turn a program away"))
	post(r, "/sign-in-requests/{request}/token", fleet.SignInAsk, s.takeSignInToken, secret, says("Take the token of an approved request"))
}

// signInInterval is how often a program may ask for its token, in seconds.
const signInInterval = 1

type newSignInRequest struct {
	Body api.NewSignInRequest
}

func (s *Server) createSignInRequest(ctx context.Context, who fleet.Actor, in *newSignInRequest) (*api.CreatedSignInRequest, error) {
	request, err := s.SignInRequests.Create(ctx, nobody(who), in.Body)
	return one(request, err, func(r *fleet.SignInRequest) api.CreatedSignInRequest {
		return api.CreatedSignInRequest{
			ID: string(r.ID), Code: r.Code, URL: s.BaseURL.JoinPath("approve", string(r.ID)).String(), ExpiresAt: r.ExpiresAt.UTC(), Interval: signInInterval,
		}
	})
}

// SignInRequestPath names a request.
type SignInRequestPath struct {
	Request fleet.SignInRequestID `path:"request"`
}

func (s *Server) getSignInRequest(ctx context.Context, who fleet.Actor, in *SignInRequestPath) (*api.SignInRequest, error) {
	request, err := s.SignInRequests.Get(ctx, who, in.Request)
	return one(request, err, func(r *fleet.SignInRequest) api.SignInRequest {
		return api.SignInRequest{
			ID: string(r.ID), Code: r.Code, Program: r.Program, Machine: r.Machine, System: r.System, Scope: string(r.Scope),
			Address: r.Addr, Near: r.Addr == who.Addr, State: string(r.State), TokenDays: fleet.SignInTokenDays,
			CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
		}
	})
}

func (s *Server) approveSignIn(ctx context.Context, who fleet.Actor, in *SignInRequestPath) error {
	return s.SignInRequests.Decide(ctx, who, in.Request, fleet.SignInApproved)
}

func (s *Server) denySignIn(ctx context.Context, who fleet.Actor, in *SignInRequestPath) error {
	return s.SignInRequests.Decide(ctx, who, in.Request, fleet.SignInDenied)
}

type takeSignInToken struct {
	SignInRequestPath
	Body api.TakeSignInToken
}

func (s *Server) takeSignInToken(ctx context.Context, who fleet.Actor, in *takeSignInToken) (*api.SignInToken, error) {
	token, secret, err := s.SignInRequests.Take(ctx, nobody(who), in.Request, in.Body.Verifier)
	if errors.Is(err, control.ErrSignInWaits) {
		return &api.SignInToken{Waiting: true}, nil
	}
	if err != nil {
		return nil, err
	}
	return &api.SignInToken{Token: secret, ID: string(token.ID), Username: token.Username, ExpiresAt: when(token.ExpiresAt)}, nil
}
