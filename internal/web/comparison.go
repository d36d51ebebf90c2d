package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) comparisonRoutes(r *routes) {
	get(r, "/snapshots/compare", fleet.SnapshotRead, s.compareSnapshots, says("Tell how one version differs from another"))
}

type compareSnapshots struct {
	From string `query:"from" required:"true" maxLength:"64" doc:"a snapshot, or an instance for what it holds now"`
	To   string `query:"to" required:"true" maxLength:"64" doc:"the same"`
	Node string `query:"node" maxLength:"256" doc:"tell this node or flow alone, whole"`
}

func (s *Server) compareSnapshots(ctx context.Context, who fleet.Actor, in *compareSnapshots) (*api.Comparison, error) {
	comparison, err := s.Comparisons.Compare(ctx, who, in.From, in.To)
	if err != nil {
		return nil, err
	}
	return comparisonView(comparison, in.Node), nil
}
