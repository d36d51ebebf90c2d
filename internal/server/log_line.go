package server

import (
	"context"
	"strconv"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/host"
	"leat/internal/web"
	"leat/internal/wire"
)

// hostLogs reads log lines from the host for the API. A cursor is the number of
// a line.
type hostLogs struct{ host *host.Host }

var _ web.Logs = hostLogs{}

// maxLogReads bounds how far back a filter by level looks, in reads of logRead lines.
const (
	maxLogReads = 20
	logRead     = 500
)

// Read gives the lines behind a cursor, or the last ones where it is empty.
func (l hostLogs) Read(ctx context.Context, id fleet.InstanceID, q web.LogQuery) (api.List[api.LogLine], error) {
	if q.Cursor == "" {
		return l.last(ctx, id, q)
	}
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return api.List[api.LogLine]{}, err
	}
	var out api.List[api.LogLine]
	for range maxLogReads {
		lines, err := l.host.Logs(ctx, id, after, logRead)
		if err != nil || len(lines) == 0 {
			return out, err
		}
		for _, line := range lines {
			after = line.Seq
			if atLeast(line.Level, q.Level) {
				out.Items = append(out.Items, lineView(line))
			}
			if len(out.Items) == q.Limit {
				next := strconv.FormatInt(after, 10)
				out.Next = &next
				return out, nil
			}
		}
	}
	next := strconv.FormatInt(after, 10)
	out.Next = &next
	return out, nil
}

// last gives the newest lines, oldest of them first.
func (l hostLogs) last(ctx context.Context, id fleet.InstanceID, q web.LogQuery) (api.List[api.LogLine], error) {
	var found []api.LogLine
	end := l.host.LastLine(ctx, id)
	for range maxLogReads {
		if end <= 0 || len(found) >= q.Limit {
			break
		}
		from := max(end-logRead, 0)
		lines, err := l.host.Logs(ctx, id, from, logRead)
		if err != nil {
			return api.List[api.LogLine]{}, err
		}
		var page []api.LogLine
		for _, line := range lines {
			if len(found) > 0 && line.Seq > end {
				break
			}
			if atLeast(line.Level, q.Level) {
				page = append(page, lineView(line))
			}
		}
		found = append(page, found...)
		end = from
	}
	return api.List[api.LogLine]{Items: found[max(len(found)-q.Limit, 0):]}, nil
}

// Follow calls each for every line behind a cursor as it comes, until ctx ends.
func (l hostLogs) Follow(ctx context.Context, id fleet.InstanceID, q web.LogQuery, each func(api.LogLine) error) error {
	var after int64
	if q.Cursor != "" {
		var err error
		if after, err = parseCursor(q.Cursor); err != nil {
			return err
		}
	} else {
		after = max(l.host.LastLine(ctx, id)-int64(q.Limit), 0)
	}
	return l.host.Follow(ctx, id, after, func(line wire.LogLine) error {
		if !atLeast(line.Level, q.Level) {
			return nil
		}
		return each(lineView(line))
	})
}

func parseCursor(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fleet.InvalidField("cursor", "This is not a cursor of this log.")
	}
	return n, nil
}

var levelRank = map[string]int{"debug": 0, "info": 1, "warn": 2, "error": 3}

func atLeast(level, least string) bool { return levelRank[level] >= levelRank[least] }

func lineView(l wire.LogLine) api.LogLine {
	source := l.Source
	if l.Name != "" {
		source = l.Name
	}
	return api.LogLine{Cursor: strconv.FormatInt(l.Seq, 10), Time: l.Time, Level: l.Level, Source: source, Text: l.Text}
}
