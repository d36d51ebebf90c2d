package api

import (
	"context"
	"net/http"
	"time"
)

// Notification is something in a person's inbox.
type Notification struct {
	ID   string `json:"id"`
	Kind string `json:"kind" doc:"instance-crash, instance-safe-mode, instance-hang, instance-cpu, instance-memory, instance-recovered, invitation, announcement …"`
	// Level says how it is shown.
	Level string `json:"level" enum:"info,good,warning,error"`
	// Title and Text are sentences for people, in English.
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
	// Name is of what it is about: an instance, a team.
	Name string `json:"name,omitempty"`
	// Detail is what its sentences were made of, for whoever makes their own.
	Detail      map[string]any `json:"detail,omitempty"`
	Team        string         `json:"team,omitempty"`
	TeamName    string         `json:"teamName,omitempty"`
	TeamSlug    string         `json:"teamSlug,omitempty"`
	Application string         `json:"application,omitempty"`
	Instance    string         `json:"instance,omitempty"`
	Link        string         `json:"link,omitempty" doc:"where to look: a path on the platform, or an address elsewhere that an administrator gave"`
	Count       int            `json:"count" doc:"how often it happened since it was read"`
	Read        bool           `json:"read"`
	CreatedAt   time.Time      `json:"createdAt"`
	UpdatedAt   time.Time      `json:"updatedAt" doc:"when it happened last; lists are sorted by it"`
}

// NotificationCount is what the badge shows.
type NotificationCount struct {
	Unread int `json:"unread"`
}

// EditNotifications marks notifications: those of IDs, or all.
type EditNotifications struct {
	IDs  []string `json:"ids,omitempty" maxItems:"500"`
	All  bool     `json:"all,omitempty"`
	Read bool     `json:"read" doc:"false makes them unread again"`
}

// NotificationQuery chooses notifications.
type NotificationQuery struct {
	Page
	Unread bool
}

// Notifications lists the caller's inbox, the newest first.
func (c *Client) Notifications(ctx context.Context, q NotificationQuery) (*List[Notification], error) {
	unread := ""
	if q.Unread {
		unread = "true"
	}
	return list[Notification](ctx, c, "/user/notifications", q.Page, query("unread", unread))
}

// NotificationCount counts what the caller has not read.
func (c *Client) NotificationCount(ctx context.Context) (*NotificationCount, error) {
	return take[NotificationCount](ctx, c, "/user/notifications/count")
}

// EditNotifications marks notifications of the caller as read or unread.
func (c *Client) EditNotifications(ctx context.Context, in EditNotifications) (*NotificationCount, error) {
	return send[NotificationCount](ctx, c, http.MethodPatch, "/user/notifications", in)
}

// DeleteNotification removes a notification of the caller.
func (c *Client) DeleteNotification(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/user/notifications/", id), nil, nil)
}

// DeleteNotifications empties the caller's inbox.
func (c *Client) DeleteNotifications(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/user/notifications", nil, nil)
}
