package web

import (
	"context"
	"net/http"
	"time"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) logRoutes(r *routes) {
	stream(r, "/instances/{instance}/logs", fleet.InstanceLogs, s.readLogs, alsoJSON[api.List[api.LogLine]](r))
}

type logInput struct {
	InstancePath
	Cursor      string `query:"cursor" maxLength:"128" doc:"only lines behind this one; the last ones where absent"`
	Limit       int    `query:"limit" minimum:"1" maximum:"500" doc:"at most this many; 50 where absent"`
	Level       string `query:"level" enum:"debug,info,warn,error" doc:"only lines of this level and above"`
	Follow      bool   `query:"follow" doc:"stay and stream the lines as they come"`
	LastEventID string `header:"Last-Event-ID" doc:"with follow: go on behind this line"`
}

func (in *logInput) query() LogQuery {
	q := LogQuery{Cursor: in.Cursor, Limit: in.Limit, Level: in.Level}
	if in.Follow && in.LastEventID != "" {
		q.Cursor = in.LastEventID
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	return q
}

func (s *Server) readLogs(w http.ResponseWriter, req *http.Request, c *call, in *logInput) error {
	if _, err := s.Instances.Logs(req.Context(), c.who, in.Instance); err != nil {
		return err
	}
	if in.Follow {
		return s.followLog(w, req, c, in)
	}
	lines, err := s.Deps.Logs.Read(req.Context(), in.Instance, in.query())
	if err != nil {
		return err
	}
	if lines.Items == nil {
		lines.Items = []api.LogLine{}
	}
	w.Header().Set("Content-Type", "application/json")
	return writeJSON(w, lines)
}

// followLog streams one instance's lines until the reader leaves or may no
// longer read them.
func (s *Server) followLog(w http.ResponseWriter, req *http.Request, c *call, in *logInput) error {
	leave, err := s.hub.enter(c.who.User)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithCancel(req.Context())
	lines, ended := make(chan api.LogLine, 256), make(chan error, 1)
	go func() {
		ended <- s.Deps.Logs.Follow(ctx, in.Instance, in.query(), func(line api.LogLine) error {
			select {
			case lines <- line:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	over := s.streamLines(ctx, openSSE(w, ""), lines, ended, func() bool { return s.mayStillRead(ctx, c, in.Instance) })
	cancel()
	if !over {
		<-ended
	}
	return nil
}

// streamLines passes lines on; it reports true when their source ended by itself.
func (s *Server) streamLines(ctx context.Context, out *sse, lines <-chan api.LogLine, ended <-chan error, still func() bool) bool {
	beat, check := time.NewTicker(s.Beat), time.NewTicker(checkEvery)
	defer beat.Stop()
	defer check.Stop()
	for {
		_, _, _, closed, news := s.hub.since(0)
		if closed || out.flush() != nil {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-ended:
			return true
		case line := <-lines:
			out.add("log", line.Cursor, line)
		case <-beat.C:
			out.beat()
		case <-news:
		case <-check.C:
			if !still() {
				return false
			}
		}
	}
}

func (s *Server) mayStillRead(ctx context.Context, c *call, id fleet.InstanceID) bool {
	again := &call{id: c.id, addr: c.addr}
	if s.recognise(ctx, again, c.credential) != nil {
		return false
	}
	_, err := s.Instances.Logs(ctx, again.who, id)
	return err == nil
}
