package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) eventRoutes(r *routes) {
	stream(r, "/events", fleet.EventsFollow, s.followEvents, says("Follow what changes, live"))
}

type eventsInput struct {
	Team        string `query:"team" doc:"id or short name; without it only what concerns the caller alone" maxLength:"64"`
	Topics      string `query:"topics" doc:"nouns, separated by commas; all where absent. logs:<instance id> adds an instance's log lines" maxLength:"1024"`
	LastEventID string `header:"Last-Event-ID" doc:"go on behind this event, within 5 minutes"`
}

// instanceLog is a log line on a stream that may carry several instances' lines.
type instanceLog struct {
	Instance string `json:"instance"`
	api.LogLine
}

// follower is one open stream.
type follower struct {
	s      *Server
	call   *call
	team   fleet.TeamID
	asked  string // the team as the caller named it
	role   fleet.Role
	topics []string
	logs   []fleet.InstanceID
	out    *sse
	place  uint64
	lines  chan instanceLog
}

// followEvents streams hints about what changes, until the reader leaves or may
// no longer have it.
func (s *Server) followEvents(w http.ResponseWriter, req *http.Request, c *call, in *eventsInput) error {
	team, role, err := s.Teams.Follow(req.Context(), c.who, in.Team)
	if err != nil {
		return err
	}
	topics, logs := splitTopics(in.Topics)
	ctx, cancel := context.WithCancel(context.WithValue(req.Context(), callKey{}, c))
	defer cancel()
	if err := s.mayReadLogs(ctx, c.who, logs); err != nil {
		return err
	}
	leave, err := s.hub.enter(c.who.User)
	if err != nil {
		return err
	}
	defer leave()
	place, resumed := s.hub.place(in.LastEventID)
	f := &follower{s: s, call: c, team: team, asked: in.Team, role: role, topics: topics, logs: logs, place: place, lines: make(chan instanceLog, 256)}
	f.out = openSSE(w, s.hub.id(place))
	if !resumed {
		f.out.add("reset", "", struct{}{})
	}
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	for _, id := range logs {
		readers.Go(func() { f.readLog(ctx, id) })
	}
	f.loop(ctx)
	return nil
}

// mayReadLogs asks for the permission of the topics that are logs. It is not the
// route's own, so it is asked where nobody compares the two.
func (s *Server) mayReadLogs(ctx context.Context, who fleet.Actor, logs []fleet.InstanceID) error {
	apart, _ := control.WithAsked(ctx)
	for _, id := range logs {
		if _, err := s.Instances.Logs(apart, who, id); err != nil {
			return err
		}
	}
	return nil
}

// splitTopics tells nouns from instances whose logs are wanted.
func splitTopics(list string) (nouns []string, logs []fleet.InstanceID) {
	for topic := range strings.SplitSeq(list, ",") {
		topic = strings.TrimSpace(topic)
		if id, ok := strings.CutPrefix(topic, "logs:"); ok && plainID(id) && len(logs) < 8 {
			logs = append(logs, fleet.InstanceID(id))
		} else if topic != "" && !ok {
			nouns = append(nouns, topic)
		}
	}
	return nouns, logs
}

func (f *follower) loop(ctx context.Context) {
	beat, check := time.NewTicker(f.s.Beat), time.NewTicker(checkEvery)
	defer beat.Stop()
	defer check.Stop()
	for {
		events, next, whole, closed, news := f.s.hub.since(f.place)
		if !f.show(ctx, events, next, whole) || closed || f.out.flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
		case line := <-f.lines:
			f.out.add("log", "", line)
		case <-beat.C:
			f.out.beat()
		case <-check.C:
			if !f.still(ctx) {
				return
			}
		}
	}
}

// show adds the events that the reader may see, and reports false when one of
// them took that right away.
func (f *follower) show(ctx context.Context, events []fleet.Event, next uint64, whole bool) bool {
	if !whole {
		f.place = next
		f.out.add("reset", f.s.hub.id(next), struct{}{})
		return f.still(ctx)
	}
	for _, event := range events {
		f.place++
		if f.concernsReader(event) && !f.still(ctx) {
			return false
		}
		if f.sees(event) {
			f.out.add("change", f.s.hub.id(f.place), eventView(event))
		}
	}
	return true
}

// concernsReader reports an event after which the reader may have lost or
// changed what it may see.
func (f *follower) concernsReader(e fleet.Event) bool {
	switch e.Noun {
	case "session", "token", "user":
		return e.User == f.call.who.User
	case "member":
		return e.Team == f.team && e.ID == string(f.call.who.User)
	case "team":
		return e.Team == f.team && e.Deleted
	}
	return false
}

// still asks again who the reader is and what it may see.
func (f *follower) still(ctx context.Context) bool {
	c := &call{id: f.call.id, addr: f.call.addr}
	if err := f.s.recognise(ctx, c, f.call.credential); err != nil {
		return false
	}
	team, role, err := f.s.Teams.Follow(ctx, c.who, f.asked)
	if err != nil || team != f.team || f.s.mayReadLogs(ctx, c.who, f.logs) != nil {
		return false
	}
	f.role, f.call.who = role, c.who
	return true
}

// seen is what a role needs to be told of a noun in its team.
var seen = map[string]fleet.Permission{
	"team": fleet.TeamRead, "instance": fleet.DashboardList, "application": fleet.ApplicationGet,
	"member": fleet.MemberList, "invitation": fleet.InviteCreate, "audit-event": fleet.InstanceAudit,
	"snapshot": fleet.SnapshotRead, "timeline": fleet.TimelineRead, "http-token": fleet.HTTPTokenList,
}

// forAll are the nouns of no team whose hints everybody gets: they stand on
// everybody's pages, and a hint holds nothing but an id.
var forAll = map[string]bool{"announcement": true, "stack": true, "instance-type": true, "team-type": true, "setting": true}

func (f *follower) sees(e fleet.Event) bool {
	if len(f.topics) > 0 && !slices.Contains(f.topics, e.Noun) {
		return false
	}
	switch {
	case e.User != "" && e.User == f.call.who.User:
		return true
	case e.Team == "":
		return e.User == "" && (f.call.who.Admin || forAll[e.Noun])
	case e.Team != f.team:
		return false
	}
	permission, ok := seen[e.Noun]
	if !ok {
		permission = fleet.InstanceRead
	}
	return f.call.who.May(permission, f.role, e.Noun) == nil
}

// readLog passes an instance's lines on until the stream ends or the reader may
// not have them; it may lose lines to a reader that is too slow, and says so.
func (f *follower) readLog(ctx context.Context, id fleet.InstanceID) {
	lost := false
	err := f.s.Deps.Logs.Follow(ctx, id, LogQuery{}, func(line api.LogLine) error {
		one := instanceLog{Instance: string(id), LogLine: line}
		if lost {
			one.Text = "(lines were left out) " + one.Text
		}
		select {
		case f.lines <- one:
			lost = false
		default:
			lost = true
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		f.s.Log.DebugContext(ctx, "following a log ended", "instance", id, "error", err)
	}
}

func eventView(e fleet.Event) api.Event {
	return api.Event{
		Noun: e.Noun, ID: e.ID, Team: string(e.Team), Version: e.Version,
		State: string(e.State), Deleted: e.Deleted, Time: e.Time.UTC(),
	}
}
