package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) tokenRoutes(r *routes) {
	get(r, "/user/tokens", fleet.TokenList, s.listTokens)
	post(r, "/user/tokens", fleet.TokenCreate, s.createToken, status(201))
	del(r, "/user/tokens/{token}", fleet.TokenRevoke, s.revokeToken)
}

func (s *Server) listTokens(ctx context.Context, who fleet.Actor, in *Page) (*api.List[api.Token], error) {
	items, next, err := s.Tokens.List(ctx, who, in.store())
	return listView(items, next, err, tokenView)
}

type newToken struct {
	Once
	Body api.NewToken
}

func (s *Server) createToken(ctx context.Context, who fleet.Actor, in *newToken) (*api.CreatedToken, error) {
	token, secret, err := s.Tokens.Create(ctx, who, in.Body, in.idem(ctx))
	if err != nil {
		return nil, err
	}
	return &api.CreatedToken{Token: tokenView(token), Secret: secret}, nil
}

// TokenPath names a token.
type TokenPath struct {
	Token fleet.TokenID `path:"token"`
}

func (s *Server) revokeToken(ctx context.Context, who fleet.Actor, in *TokenPath) error {
	return s.Tokens.Revoke(ctx, who, in.Token)
}

func tokenView(t *fleet.Token) api.Token {
	return api.Token{
		ID: string(t.ID), Name: t.Name, Scope: string(t.Scope), Hint: t.Hint,
		CreatedAt: t.CreatedAt.UTC(), ExpiresAt: when(t.ExpiresAt), UsedAt: when(t.UsedAt),
	}
}
