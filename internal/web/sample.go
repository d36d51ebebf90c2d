package web

import (
	"context"
	"time"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) sampleRoutes(r *routes) {
	get(r, "/instances/{instance}/samples", fleet.InstanceRead, s.listSamples, says("Read an instance's measurements"))
}

type sampleInput struct {
	InstancePath
	From   time.Time `query:"from" doc:"the last hour where absent"`
	To     time.Time `query:"to" doc:"now where absent"`
	Points int       `query:"points" minimum:"1" maximum:"2000" doc:"at most this many items, 500 where absent: more are made fewer, with the least and the most of each kept"`
}

func (s *Server) listSamples(ctx context.Context, who fleet.Actor, in *sampleInput) (*api.Samples, error) {
	return s.Samples.Read(ctx, who, in.Instance, api.SampleQuery{From: in.From, To: in.To, Points: in.Points})
}
