package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
)

// Message is one server-sent event.
type Message struct {
	// Event is its name: open, change, log, reset.
	Event string
	// ID is where to go on behind it.
	ID   string
	Data []byte
}

// longestLine is how long one line of a stream may be.
const longestLine = 1 << 20

// follow reads a stream and calls each for every message, until the stream or
// ctx ends, or each returns an error.
func (c *Client) follow(ctx context.Context, path, lastID string, each func(Message) error, options ...RequestOption) error {
	req, err := c.NewRequest(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	for _, option := range options {
		option(req)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return problemOf(res)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 4096), longestLine)
	var m Message
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "" && m.Event != "":
			if err := each(m); err != nil {
				return err
			}
			m = Message{}
		case name == "event":
			m.Event = value
		case name == "id":
			m.ID = value
		case name == "data":
			m.Data = append(m.Data, value...)
		}
	}
	return lines.Err()
}

// FollowEvents streams what changes in a team; topics are nouns, all where none
// is given. It ends without an error when the platform ends the stream: follow
// again from the last id.
func (c *Client) FollowEvents(ctx context.Context, team string, topics []string, lastID string, each func(Message) error) error {
	return c.follow(ctx, "/events", lastID, each, query("team", team, "topics", strings.Join(topics, ",")))
}

// FollowLogs streams an instance's log lines behind a cursor as they come.
func (c *Client) FollowLogs(ctx context.Context, instance, cursor, level string, each func(Message) error) error {
	return c.follow(ctx, at("/instances/", instance, "/logs"), "", each, query("follow", "true", "cursor", cursor, "level", level))
}
