package web

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) timelineRoutes(r *routes) {
	get(r, "/instances/{instance}/timeline", fleet.TimelineRead, s.listTimeline)
}

type timelinePage struct {
	InstancePath
	Page
	Kind string    `query:"kind" maxLength:"256" doc:"one kind, or several with commas between"`
	From time.Time `query:"from" doc:"only what happened at this time or later"`
	To   time.Time `query:"to" doc:"only what happened before this time"`
}

func (s *Server) listTimeline(ctx context.Context, who fleet.Actor, in *timelinePage) (*api.List[api.TimelineEntry], error) {
	f := store.TimelineFilter{From: in.From, To: in.To}
	for name := range strings.SplitSeq(in.Kind, ",") {
		kind := fleet.TimelineKind(strings.TrimSpace(name))
		switch {
		case kind == "":
		case slices.Contains(fleet.TimelineKinds, kind):
			f.Kinds = append(f.Kinds, kind)
		default:
			return nil, fleet.InvalidField("kind", "There is no such kind of entry.")
		}
	}
	items, next, err := s.Timeline.List(ctx, who, in.Instance, f, in.store())
	return listView(items, next, err, timelineView)
}

func timelineView(e *fleet.TimelineEntry) api.TimelineEntry {
	out := api.TimelineEntry{
		ID: string(e.ID), Instance: string(e.Instance), Time: e.Time.UTC(), Kind: string(e.Kind), Author: e.Author, AuthorID: string(e.AuthorID),
		Snapshot: string(e.Snapshot), Before: string(e.Before), Count: e.Count, LastAt: e.LastAt.UTC(),
	}
	if json.Unmarshal(e.Summary, &out.Summary) != nil {
		out.Summary = api.TimelineSummary{} // of a version that wrote it in another way
	}
	return out
}
