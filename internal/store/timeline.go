package store

import (
	"cmp"
	"slices"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// TimelineFilter chooses entries of a timeline; the zero one all.
type TimelineFilter struct {
	Kinds    []fleet.TimelineKind
	From, To time.Time
}

// InsertTimeline adds an entry.
func (tx *Tx) InsertTimeline(e *fleet.TimelineEntry) error {
	return noun(tx.q.InsertTimeline(tx.ctx, query.InsertTimelineParams{
		ID: e.ID, InstanceID: e.Instance, Time: micros(e.Time), Kind: e.Kind, Code: e.Code, Author: e.Author, AuthorID: e.AuthorID,
		Summary: string(e.Summary), SnapshotID: e.Snapshot, BeforeID: e.Before, Count: int64(e.Count), LastAt: micros(e.LastAt),
	}), "timeline", "insert")
}

// timelineOf names only snapshots that are still kept.
func timelineOf(row query.TimelineOfInstanceRow) *fleet.TimelineEntry {
	r := row.Timeline
	e := &fleet.TimelineEntry{
		ID: r.ID, Instance: r.InstanceID, Time: fromMicros(r.Time), Kind: r.Kind, Code: r.Code, Author: r.Author, AuthorID: r.AuthorID,
		Summary: []byte(r.Summary), Count: int(r.Count), LastAt: fromMicros(r.LastAt),
	}
	if row.HasSnapshot != 0 {
		e.Snapshot = r.SnapshotID
	}
	if row.HasBefore != 0 {
		e.Before = r.BeforeID
	}
	return e
}

// Timeline lists what happened to an instance, the newest first. Each kind that
// is asked for is found by an index of its own, however seldom it is.
func (tx *Tx) Timeline(id fleet.InstanceID, f TimelineFilter, p Page) ([]*fleet.TimelineEntry, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	if to := string(fleet.FirstTimelineID(f.To)); to != "" && to < before {
		before = to
	}
	end, since := fleet.TimelineID(before), fleet.FirstTimelineID(f.From)
	var rows []query.TimelineOfInstanceRow
	if len(f.Kinds) == 0 {
		rows, err = tx.q.TimelineOfInstance(tx.ctx, query.TimelineOfInstanceParams{InstanceID: id, Before: end, Since: since, Most: p.limit()})
	}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(f.Kinds))) {
		more, e := tx.q.TimelineOfKind(tx.ctx, query.TimelineOfKindParams{InstanceID: id, Kind: kind, Before: end, Since: since, Most: p.limit()})
		rows = append(rows, each(more, func(r query.TimelineOfKindRow) query.TimelineOfInstanceRow { return query.TimelineOfInstanceRow(r) })...)
		err = cmp.Or(err, e)
	}
	if err != nil {
		return nil, "", noun(err, "timeline", "list")
	}
	slices.SortFunc(rows, func(a, b query.TimelineOfInstanceRow) int { return cmp.Compare(b.Timeline.ID, a.Timeline.ID) })
	rows, next := cut(p, rows, func(r query.TimelineOfInstanceRow) []string { return []string{string(r.Timeline.ID)} })
	return each(rows, timelineOf), next, nil
}

// RepeatTimeline notes that what an entry tells of happened again.
func (tx *Tx) RepeatTimeline(e *fleet.TimelineEntry, more int, at time.Time) error {
	return noun(tx.q.RepeatTimeline(tx.ctx, query.RepeatTimelineParams{ID: e.ID, More: int64(more), LastAt: micros(at), Summary: string(e.Summary)}), "timeline", "update")
}

// LongTimelines lists the instances with more than keep entries.
func (tx *Tx) LongTimelines(keep int) ([]fleet.InstanceID, error) {
	ids, err := tx.q.LongTimelines(tx.ctx, int64(keep))
	return ids, noun(err, "timeline", "list")
}

// PruneTimeline removes up to most of the oldest entries of an instance beyond keep.
func (tx *Tx) PruneTimeline(id fleet.InstanceID, keep, most int) (int64, error) {
	n, err := tx.q.PruneTimeline(tx.ctx, query.PruneTimelineParams{InstanceID: id, Keep: int32(keep), Most: int32(most)})
	return n, noun(err, "timeline", "delete")
}
