package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// NotificationIn is a notification and what its team is called.
type NotificationIn struct {
	fleet.Notification
	TeamName, TeamSlug string
}

func detailText(d map[string]any) (string, error) {
	if len(d) == 0 {
		return "", nil
	}
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encode the detail of a notification: %w", err)
	}
	return string(text), nil
}

// CountUpNotification counts an unread notification with the same reference up
// and gives its id, "" where there is none. It shows the newest words.
func (tx *Tx) CountUpNotification(n *fleet.Notification) (fleet.NotificationID, error) {
	detail, err := detailText(n.Detail)
	if err != nil {
		return "", err
	}
	ids, err := tx.q.CountUp(tx.ctx, query.CountUpParams{
		UserID: n.User, Reference: n.Reference, Level: n.Level, Title: n.Title, Text: n.Text, Name: n.Name, Detail: detail, Link: n.Link, At: micros(n.UpdatedAt),
	})
	if err != nil || len(ids) == 0 {
		return "", noun(err, "notification", "update")
	}
	return ids[0], nil
}

// InsertNotification puts a notification into an inbox, and what is beyond its
// bound out of it.
func (tx *Tx) InsertNotification(n *fleet.Notification) error {
	detail, err := detailText(n.Detail)
	if err != nil {
		return err
	}
	err = tx.q.InsertNotification(tx.ctx, query.InsertNotificationParams{
		ID: n.ID, UserID: n.User, Kind: n.Kind, Level: n.Level, Reference: n.Reference, Title: n.Title, Text: n.Text, Name: n.Name, Detail: detail,
		TeamID: n.Team, ApplicationID: n.Application, InstanceID: n.Instance, Link: n.Link, Count: int64(n.Count),
		CreatedAt: micros(n.CreatedAt), UpdatedAt: micros(n.UpdatedAt), ReadAt: micros(n.ReadAt),
	})
	if err == nil {
		err = tx.q.TrimNotifications(tx.ctx, n.User, fleet.MaxNotifications)
	}
	return noun(err, "notification", "insert")
}

// SupersedeNotification removes what is unread with a reference, and tells which.
func (tx *Tx) SupersedeNotification(user fleet.UserID, reference string) ([]fleet.NotificationID, error) {
	ids, err := tx.q.Supersede(tx.ctx, user, reference)
	return ids, noun(err, "notification", "delete")
}

func notificationOf(r query.UnreadNotificationsRow) *NotificationIn {
	n := &NotificationIn{Notification: fleet.Notification{
		ID: r.ID, User: r.UserID, Kind: r.Kind, Level: r.Level, Reference: r.Reference, Title: r.Title, Text: r.Text, Name: r.Name,
		Team: r.TeamID, Application: r.ApplicationID, Instance: r.InstanceID, Link: r.Link, Count: int(r.Count),
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), ReadAt: fromMicros(r.ReadAt),
	}, TeamName: r.TeamName, TeamSlug: r.TeamSlug}
	if r.Detail != "" && json.Unmarshal([]byte(r.Detail), &n.Detail) != nil {
		n.Detail = nil
	}
	return n
}

// Notifications lists a user's inbox, what happened last first.
func (tx *Tx) Notifications(user fleet.UserID, unread bool, p Page) ([]*NotificationIn, string, error) {
	before, id, err := p.beforeMoment()
	if err != nil {
		return nil, "", err
	}
	var rows []query.UnreadNotificationsRow
	if unread {
		rows, err = tx.q.UnreadNotifications(tx.ctx, query.UnreadNotificationsParams{UserID: user, Before: before, BeforeID: fleet.NotificationID(id), Most: p.limit()})
	} else {
		var all []query.NotificationsRow
		all, err = tx.q.Notifications(tx.ctx, query.NotificationsParams{UserID: user, Before: before, BeforeID: fleet.NotificationID(id), Most: p.limit()})
		rows = each(all, func(r query.NotificationsRow) query.UnreadNotificationsRow { return query.UnreadNotificationsRow(r) })
	}
	rows, next := cut(p, rows, func(r query.UnreadNotificationsRow) []string {
		return []string{strconv.FormatInt(r.UpdatedAt, 10), string(r.ID)}
	})
	return each(rows, notificationOf), next, noun(err, "notification", "list")
}

// beforeMoment is before for lists that are sorted by a time and an id.
func (p Page) beforeMoment() (micros int64, id string, err error) {
	keys, err := p.after(2)
	if err != nil {
		return 0, "", err
	}
	if keys[0] == "" {
		return 1<<63 - 1, "~", nil
	}
	if micros, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
		return 0, "", &fleet.Error{Kind: fleet.Invalid, Code: "invalid_cursor", Msg: "The cursor is not one that this list gave. Start from the first page.", Err: err}
	}
	return micros, keys[1], nil
}

// CountUnread counts what a user has not read.
func (tx *Tx) CountUnread(user fleet.UserID) (int, error) {
	n, err := tx.q.CountUnread(tx.ctx, user)
	return int(n), noun(err, "notification", "count")
}

// MarkNotification marks one of a user's notifications as read at a time, or as
// unread where that is zero. It reports whether that was news.
func (tx *Tx) MarkNotification(user fleet.UserID, id fleet.NotificationID, at time.Time) (bool, error) {
	n, err := tx.q.MarkNotification(tx.ctx, query.MarkNotificationParams{ID: id, UserID: user, At: micros(at)})
	return n > 0, noun(err, "notification", "update")
}

// MarkNotifications is MarkNotification for all of a user.
func (tx *Tx) MarkNotifications(user fleet.UserID, at time.Time) (bool, error) {
	var n int64
	var err error
	if at.IsZero() {
		n, err = tx.q.MarkAllUnread(tx.ctx, user)
	} else {
		n, err = tx.q.MarkAllRead(tx.ctx, user, micros(at))
	}
	return n > 0, noun(err, "notification", "update")
}

// DeleteNotification removes one of a user's notifications.
func (tx *Tx) DeleteNotification(user fleet.UserID, id fleet.NotificationID) error {
	n, err := tx.q.DeleteNotification(tx.ctx, id, user)
	return one(n, err, "notification", "delete")
}

// DeleteNotifications empties a user's inbox.
func (tx *Tx) DeleteNotifications(user fleet.UserID) (int64, error) {
	n, err := tx.q.DeleteNotificationsOf(tx.ctx, user)
	return n, noun(err, "notification", "delete")
}

// DeleteNotificationsAbout removes up to most notifications with a reference, and
// tells whose they were.
func (tx *Tx) DeleteNotificationsAbout(reference string, most int) ([]fleet.UserID, error) {
	rows, err := tx.q.DeleteNotificationsAbout(tx.ctx, reference, int32(most))
	return each(rows, func(r query.DeleteNotificationsAboutRow) fleet.UserID { return r.UserID }), noun(err, "notification", "delete")
}

// DeleteNotificationsOfInstance removes what was told of an instance, and tells
// whom.
func (tx *Tx) DeleteNotificationsOfInstance(id fleet.InstanceID) ([]fleet.UserID, error) {
	rows, err := tx.q.DeleteNotificationsOfInstance(tx.ctx, id)
	return each(rows, func(r query.DeleteNotificationsOfInstanceRow) fleet.UserID { return r.UserID }), noun(err, "notification", "delete")
}

// DeleteOldNotifications removes up to most that happened last before a time.
func (tx *Tx) DeleteOldNotifications(before time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteOldNotifications(tx.ctx, micros(before), int32(most))
	return n, noun(err, "notification", "delete")
}
