package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) httpTokenRoutes(r *routes) {
	get(r, "/instances/{instance}/http-tokens", fleet.HTTPTokenList, s.listHTTPTokens)
	post(r, "/instances/{instance}/http-tokens", fleet.HTTPTokenCreate, s.createHTTPToken, status(201), secret, says("Create an HTTP token"))
	del(r, "/instances/{instance}/http-tokens/{token}", fleet.HTTPTokenRevoke, s.revokeHTTPToken, says("Revoke an HTTP token"))
}

type instancePage struct {
	InstancePath
	Page
}

func (s *Server) listHTTPTokens(ctx context.Context, who fleet.Actor, in *instancePage) (*api.List[api.HTTPToken], error) {
	items, next, err := s.HTTPTokens.List(ctx, who, in.Instance, in.store())
	return listView(items, next, err, httpTokenView)
}

type newHTTPToken struct {
	InstancePath
	Once
	Body api.NewHTTPToken
}

func (s *Server) createHTTPToken(ctx context.Context, who fleet.Actor, in *newHTTPToken) (*api.CreatedHTTPToken, error) {
	token, secret, err := s.HTTPTokens.Create(ctx, who, in.Instance, in.Body, in.idem(ctx))
	if err != nil {
		return nil, err
	}
	return &api.CreatedHTTPToken{HTTPToken: httpTokenView(token), Secret: secret}, nil
}

type httpTokenPath struct {
	InstancePath
	Token fleet.HTTPTokenID `path:"token"`
}

func (s *Server) revokeHTTPToken(ctx context.Context, who fleet.Actor, in *httpTokenPath) error {
	return s.HTTPTokens.Revoke(ctx, who, in.Instance, in.Token)
}

func httpTokenView(t *fleet.HTTPToken) api.HTTPToken {
	return api.HTTPToken{
		ID: string(t.ID), Name: t.Name, Hint: t.Hint, CreatedBy: t.CreatedBy,
		CreatedAt: t.CreatedAt.UTC(), ExpiresAt: when(t.ExpiresAt), UsedAt: when(t.UsedAt),
	}
}
