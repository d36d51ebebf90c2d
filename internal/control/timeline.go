package control

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Timeline is the verbs of what happened to an instance.
type Timeline struct{ *core }

// List lists what happened to an instance, the newest first.
func (c *Timeline) List(ctx context.Context, who fleet.Actor, id fleet.InstanceID, f store.TimelineFilter, p store.Page) (list []*fleet.TimelineEntry, next string, err error) {
	err = c.read(ctx, who, fleet.TimelineRead, func(s *step) error {
		if _, err := s.inInstance(id); err != nil {
			return err
		}
		list, next, err = s.Tx.Timeline(id, f, p)
		return err
	})
	return list, next, err
}

// happening is what a verb writes into the timeline of an instance.
type happening struct {
	kind    fleet.TimelineKind
	by      fleet.Actor
	summary api.TimelineSummary
	// snapshot holds the content after it, before the content before.
	snapshot, before fleet.SnapshotID
	// times is how often it happened; 0 means once.
	times int
}

// happened writes an entry into the timeline of an instance, in the transaction
// of what it tells of.
func (s *step) happened(i *fleet.Instance, h happening) error {
	text, err := json.Marshal(h.summary)
	if err != nil {
		return fmt.Errorf("encode a timeline's summary: %w", err)
	}
	at := s.now.Truncate(time.Microsecond).Add(time.Duration(s.entries) * time.Microsecond)
	s.entries++
	s.hint(fleet.Event{Noun: "timeline", ID: string(i.ID), Team: i.Team})
	return s.InsertTimeline(&fleet.TimelineEntry{
		ID: fleet.NewTimelineID(at), Instance: i.ID, Time: at, Kind: h.kind, Code: h.summary.Code, Author: h.by.Username, AuthorID: h.by.User,
		Summary: text, Snapshot: h.snapshot, Before: h.before, Count: max(h.times, 1), LastAt: at,
	})
}

// byItself writes what an instance did by itself. What repeats while nobody does
// anything becomes a count: an instance that crashes all night fills no history.
func (s *step) byItself(i *fleet.Instance, kind fleet.TimelineKind, times int, sum api.TimelineSummary) error {
	recent, _, err := s.Tx.Timeline(i.ID, store.TimelineFilter{}, store.Page{Limit: recentEntries})
	if err != nil {
		return err
	}
	for _, e := range recent {
		if !e.Kind.ByItself() {
			break
		}
		if !e.Repeats(kind, sum.Code, s.now) {
			continue
		}
		if e.Summary, err = json.Marshal(sum); err != nil {
			return fmt.Errorf("encode a timeline's summary: %w", err)
		}
		s.hint(fleet.Event{Noun: "timeline", ID: string(i.ID), Team: i.Team})
		return s.RepeatTimeline(e, times, s.now)
	}
	if len(recent) == recentEntries && recent[len(recent)-1].Kind.ByItself() && s.now.Sub(recent[len(recent)-1].Time) < fleet.TimelineSpan {
		return nil // it has told of a dozen things of different kinds today, and nobody came
	}
	return s.happened(i, happening{kind: kind, summary: sum, times: times})
}

// recentEntries is how many entries are looked at for one to fold into.
const recentEntries = 12

// keepTimeline is how many entries of an instance are kept.
const keepTimeline = 100_000

// Prune forgets the oldest entries of the longest timelines.
func (c *Timeline) Prune(ctx context.Context) error {
	var long []fleet.InstanceID
	err := c.DB.View(ctx, func(tx *store.Tx) (err error) {
		long, err = tx.LongTimelines(keepTimeline)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range long {
		err := c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.PruneTimeline(id, keepTimeline, expireBatch) })
		if err != nil {
			return err
		}
	}
	return nil
}
