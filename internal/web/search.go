package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) searchRoutes(r *routes) {
	get(r, "/search", fleet.SearchRead, s.search)
}

type searchFor struct {
	Q    string `query:"q" maxLength:"256" doc:"words, or their beginnings or parts"`
	Team string `query:"team" maxLength:"64" doc:"id or short name of the team to stay in"`
}

func (s *Server) search(ctx context.Context, who fleet.Actor, in *searchFor) (*api.SearchResult, error) {
	found, err := s.Searches.Find(ctx, who, in.Q, in.Team)
	if err != nil {
		return nil, err
	}
	out := &api.SearchResult{Q: in.Q, Groups: make([]api.SearchGroup, len(found))}
	for n, f := range found {
		group := api.SearchGroup{Kind: f.Kind, More: f.More, Items: make([]api.SearchHit, len(f.Hits))}
		for m, h := range f.Hits {
			group.Items[m] = hitView(f.Kind, h)
		}
		out.Groups[n] = group
	}
	return out, nil
}

func hitView(kind string, h store.Hit) api.SearchHit {
	return api.SearchHit{
		Kind: kind, ID: h.ID, Name: h.Name, Detail: h.Detail, Match: h.Fit.String(), Team: string(h.Team), TeamSlug: h.TeamSlug, TeamName: h.TeamName,
		Application: string(h.Application), Instance: string(h.Instance), State: string(h.State),
	}
}
