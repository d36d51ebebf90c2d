package api

import (
	"context"
	"time"
)

// AuditEvent says who did what to what, from where, with what result.
type AuditEvent struct {
	ID          string         `json:"id"`
	Leaf        *int64         `json:"leaf" doc:"its place in the transparency log; null until it is sealed, a second later"`
	Time        time.Time      `json:"time"`
	Event       string         `json:"event"`
	Result      string         `json:"result" enum:"done,refused,failed"`
	Actor       AuditActor     `json:"actor"`
	Team        string         `json:"team,omitempty"`
	Application string         `json:"application,omitempty"`
	Object      string         `json:"object,omitempty"`
	Name        string         `json:"name,omitempty" doc:"what the object was called then"`
	Detail      map[string]any `json:"detail,omitempty"`
}

// AuditActor is who did it.
type AuditActor struct {
	Kind     string `json:"kind" enum:"user,token,runner,system,anonymous"`
	ID       string `json:"id,omitempty"`
	Username string `json:"username,omitempty"`
	Address  string `json:"address,omitempty"`
}

// AuditQuery chooses audit events.
type AuditQuery struct {
	Page
	Actor, Event, Object string
	From, To             time.Time
}

func (q AuditQuery) options() []RequestOption {
	return []RequestOption{query("actor", q.Actor, "event", q.Event, "object", q.Object, "from", timeText(q.From), "to", timeText(q.To))}
}

// AuditEvents lists the platform's audit events, the newest first.
func (c *Client) AuditEvents(ctx context.Context, q AuditQuery) (*List[AuditEvent], error) {
	return list[AuditEvent](ctx, c, "/audit-events", q.Page, q.options()...)
}

// TeamAuditEvents lists a team's audit events, the newest first.
func (c *Client) TeamAuditEvents(ctx context.Context, team string, q AuditQuery) (*List[AuditEvent], error) {
	return list[AuditEvent](ctx, c, at("/teams/", team, "/audit-events"), q.Page, q.options()...)
}

// InstanceAuditEvents lists an instance's audit events, the newest first.
func (c *Client) InstanceAuditEvents(ctx context.Context, id string, q AuditQuery) (*List[AuditEvent], error) {
	return list[AuditEvent](ctx, c, at("/instances/", id, "/audit-events"), q.Page, q.options()...)
}
