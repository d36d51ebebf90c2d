package control

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Statistics is the verbs of counting what is on the platform.
//
// Nothing here looks through a table that grows with time. Users and instances
// are counted from an index that holds what they are counted by, teams and
// applications are few; deploys are counted from the index of audit events by
// kind and time, each day that is over only once; what waits is counted from
// indexes of what waits alone. Besides, an answer is given again for a while.
type Statistics struct {
	*core
	mu   sync.Mutex
	last *api.Statistics
	// deploys are those of days that are over.
	deploys map[string]int
}

const (
	// statisticsLife is how long counts are given again.
	statisticsLife = 10 * time.Second
	statisticsDays = 30
	dayFormat      = "2006-01-02"
)

// Get counts what is on the platform.
func (c *Statistics) Get(ctx context.Context, who fleet.Actor) (out *api.Statistics, err error) {
	err = c.read(ctx, who, fleet.StatisticsRead, func(s *step) error { return s.may("", "statistics", "") })
	if err != nil {
		return nil, err
	}
	return c.Counts(ctx)
}

// Counts is Get for the platform itself, which shows them as measures.
func (c *Statistics) Counts(ctx context.Context) (*api.Statistics, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now().UTC()
	if c.last != nil && now.Sub(c.last.At) < statisticsLife && !now.Before(c.last.At) {
		return c.last, nil
	}
	out := &api.Statistics{At: now, Deploys: []api.DeploysOfADay{}}
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		for _, part := range []func(*store.Tx, *api.Statistics) error{c.countPeople, c.countTeams, c.countInstances, c.countDeploys, c.countQueues} {
			if err := part(tx, out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.last = out
	return out, nil
}

func (c *Statistics) countPeople(tx *store.Tx, out *api.Statistics) error {
	users, err := tx.UserKinds(out.At.AddDate(0, 0, -statisticsDays))
	if err != nil {
		return err
	}
	out.Users = api.UserCounts{Total: users.Total, Admins: users.Admins, Suspended: users.Suspended, Recent: users.Recent, Never: users.Never}
	sessions, err := tx.CountSessions()
	out.Sessions = int(sessions)
	return err
}

func (c *Statistics) countTeams(tx *store.Tx, out *api.Statistics) error {
	kinds, err := tx.TeamKinds()
	if err != nil {
		return err
	}
	types, err := tx.TeamTypes()
	if err != nil {
		return err
	}
	names := map[fleet.TeamTypeID]string{}
	for _, t := range types {
		names[t.ID] = t.Name
	}
	out.Teams.ByType = make([]api.Count, len(kinds))
	for n, k := range kinds {
		out.Teams.Total += k.Teams
		out.Teams.Suspended += k.Suspended
		out.Teams.ByType[n] = api.Count{ID: string(k.Type), Name: names[k.Type], Count: k.Teams}
	}
	out.Applications, err = tx.CountApplications()
	return err
}

func (c *Statistics) countInstances(tx *store.Tx, out *api.Statistics) error {
	kinds, err := tx.InstanceKinds()
	if err != nil {
		return err
	}
	types, err := tx.InstanceTypes()
	if err != nil {
		return err
	}
	stacks, err := tx.Stacks()
	if err != nil {
		return err
	}
	names, ofStacks := map[string]string{}, map[string]string{}
	for _, t := range types {
		names[t.ID] = t.Name
	}
	for _, s := range stacks {
		ofStacks[s.ID] = s.Name
	}
	byState, byType, byStack := map[string]int{}, map[string]int{}, map[string]int{}
	for _, k := range kinds {
		out.Instances.Total += k.Instances
		byState[string(k.State)] += k.Instances
		byType[k.Type] += k.Instances
		byStack[k.Stack] += k.Instances
	}
	out.Instances.ByState = counts(byState, nil)
	out.Instances.ByType = counts(byType, names)
	out.Instances.ByStack = counts(byStack, ofStacks)
	return nil
}

// counts lists counts by what they are of; names are for people, where there are any.
func counts(of map[string]int, names map[string]string) []api.Count {
	out := make([]api.Count, 0, len(of))
	for _, id := range slices.Sorted(maps.Keys(of)) {
		name := names[id]
		if name == "" {
			name = id
		}
		out = append(out, api.Count{ID: id, Name: name, Count: of[id]})
	}
	return out
}

// countDeploys counts the deploys of each of the last days. Those of a day that
// is over do not change any more.
func (c *Statistics) countDeploys(tx *store.Tx, out *api.Statistics) error {
	today := out.At.Truncate(24 * time.Hour)
	kept := map[string]int{}
	for ago := statisticsDays - 1; ago >= 0; ago-- {
		from := today.AddDate(0, 0, -ago)
		day := from.Format(dayFormat)
		n, known := c.deploys[day]
		if !known {
			var err error
			if n, err = tx.CountEvents("flows.deploy", from, from.AddDate(0, 0, 1)); err != nil {
				return err
			}
		}
		if ago > 0 {
			kept[day] = n
		}
		out.Deploys = append(out.Deploys, api.DeploysOfADay{Day: day, Count: n})
	}
	c.deploys = kept
	return nil
}

func (c *Statistics) countQueues(tx *store.Tx, out *api.Statistics) error {
	unsealed, err := tx.CountUnsealed()
	if err != nil {
		return err
	}
	invitations, err := tx.CountAllInvitations(out.At)
	if err != nil {
		return err
	}
	letters, err := tx.CountLetters(fleet.LetterWaiting, time.Time{})
	if err != nil {
		return err
	}
	out.Queues = []api.Queue{
		{Name: "audit-events", Waiting: unsealed}, {Name: "invitations", Waiting: int(invitations)}, {Name: "letters", Waiting: letters},
	}
	out.Database.Engine, out.Database.Bytes, err = tx.Size()
	return err
}
