package store

import (
	"cmp"
	"errors"
	"fmt"
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

// Timeline lists what happened to an instance, the newest first. Each kind that
// is asked for is found by an index of its own, however seldom it is. Entries
// name only snapshots that are still kept.
func (tx *Tx) Timeline(id fleet.InstanceID, f TimelineFilter, p Page) ([]*fleet.TimelineEntry, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	if to := string(fleet.FirstTimelineID(f.To)); to != "" && to < before {
		before = to
	}
	args := []any{id, before, fleet.FirstTimelineID(f.From), p.limit()}
	var list []*fleet.TimelineEntry
	if len(f.Kinds) == 0 {
		list, err = tx.timelineRows("timeline_instance", "", args)
	}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(f.Kinds))) {
		more, fault := tx.timelineRows("timeline_kind", "and t.kind = $5", append(args, kind))
		list, err = append(list, more...), errors.Join(err, fault)
	}
	if err != nil {
		return nil, "", noun(err, "timeline", "list")
	}
	slices.SortFunc(list, func(a, b *fleet.TimelineEntry) int { return cmp.Compare(b.ID, a.ID) })
	list, next := cut(p, list, func(e *fleet.TimelineEntry) []string { return []string{string(e.ID)} })
	return list, next, nil
}

// timelineQuery is a page of a timeline. A snapshot that is gone has no row.
const timelineQuery = `select t.id, t.instance_id, t.time, t.kind, t.code, t.author, t.author_id, t.summary, coalesce(s.id, ''), coalesce(b.id, ''), t.count, t.last_at
from timeline t%s left join snapshot s on s.id = t.snapshot_id left join snapshot b on b.id = t.before_id
where t.instance_id = $1 and t.id < $2 and t.id >= $3 %s order by t.id desc limit $4`

func (tx *Tx) timelineRows(index, kind string, args []any) ([]*fleet.TimelineEntry, error) {
	rows, err := tx.db.QueryContext(tx.ctx, fmt.Sprintf(timelineQuery, tx.indexed(index), kind), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*fleet.TimelineEntry
	for rows.Next() {
		e := &fleet.TimelineEntry{}
		var at, last int64
		var summary string
		if err := rows.Scan(&e.ID, &e.Instance, &at, &e.Kind, &e.Code, &e.Author, &e.AuthorID, &summary, &e.Snapshot, &e.Before, &e.Count, &last); err != nil {
			return nil, err
		}
		e.Time, e.LastAt, e.Summary = fromMicros(at), fromMicros(last), []byte(summary)
		out = append(out, e)
	}
	return out, rows.Err()
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
