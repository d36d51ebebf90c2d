package control

import (
	"context"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Notifications is the verbs of a person's inbox.
type Notifications struct{ *core }

// notify puts a notification into a person's inbox, or counts one up that is
// unread and has the same reference.
func (s *step) notify(n fleet.Notification) error {
	n.UpdatedAt = s.now
	if n.Reference != "" {
		id, err := s.CountUpNotification(&n)
		if err != nil {
			return err
		}
		if id != "" {
			s.hintInbox(n.User, id, false)
			return nil
		}
	}
	n.ID, n.CreatedAt, n.Count = fleet.NewNotificationID(s.now), s.now, 1
	s.hintInbox(n.User, n.ID, false)
	return s.InsertNotification(&n)
}

// supersede takes what is unread with a reference out of a person's inbox,
// because something newer says more.
func (s *step) supersede(user fleet.UserID, reference string) error {
	ids, err := s.SupersedeNotification(user, reference)
	for _, id := range ids {
		s.hintInbox(user, id, true)
	}
	return err
}

// hintInbox tells the pages of one person that their inbox is another.
func (s *step) hintInbox(user fleet.UserID, id fleet.NotificationID, deleted bool) {
	s.hint(fleet.Event{Noun: "notification", ID: string(id), User: user, Deleted: deleted})
}

// hintInboxes is hintInbox for many, once for each.
func (s *step) hintInboxes(users []fleet.UserID) {
	told := map[fleet.UserID]bool{}
	for _, u := range users {
		if !told[u] {
			told[u] = true
			s.hintInbox(u, "", false)
		}
	}
}

// List lists the caller's inbox, what happened last first.
func (c *Notifications) List(ctx context.Context, who fleet.Actor, unread bool, p store.Page) (list []*store.NotificationIn, next string, err error) {
	err = c.read(ctx, who, fleet.NotificationList, func(s *step) error {
		if err := s.may("", "notification", ""); err != nil {
			return err
		}
		list, next, err = s.Tx.Notifications(who.User, unread, p)
		return err
	})
	return list, next, err
}

// Count counts what the caller has not read.
func (c *Notifications) Count(ctx context.Context, who fleet.Actor) (n int, err error) {
	err = c.read(ctx, who, fleet.NotificationList, func(s *step) error {
		if err := s.may("", "notification", ""); err != nil {
			return err
		}
		n, err = s.CountUnread(who.User)
		return err
	})
	return n, err
}

// Edit marks notifications of the caller as read or unread, and counts what is
// unread then.
func (c *Notifications) Edit(ctx context.Context, who fleet.Actor, in api.EditNotifications) (unread int, err error) {
	if in.All == (len(in.IDs) > 0) {
		return 0, fleet.InvalidField("ids", "Give ids, or all: true, one of the two.")
	}
	err = c.write(ctx, who, fleet.NotificationEdit, func(s *step) error {
		if err := s.may("", "notification", ""); err != nil {
			return err
		}
		if err := s.mark(in); err != nil {
			return err
		}
		unread, err = s.CountUnread(who.User)
		return err
	})
	return unread, err
}

func (s *step) mark(in api.EditNotifications) error {
	var at time.Time
	if in.Read {
		at = s.now
	}
	if in.All {
		news, err := s.MarkNotifications(s.who.User, at)
		if news {
			s.hintInbox(s.who.User, "", false)
		}
		return err
	}
	for _, id := range in.IDs {
		news, err := s.MarkNotification(s.who.User, fleet.NotificationID(id), at)
		if err != nil {
			return err
		}
		if news {
			s.hintInbox(s.who.User, fleet.NotificationID(id), false)
		}
	}
	return nil
}

// Delete removes one notification of the caller.
func (c *Notifications) Delete(ctx context.Context, who fleet.Actor, id fleet.NotificationID) error {
	return c.write(ctx, who, fleet.NotificationEdit, func(s *step) error {
		if err := s.may("", "notification", string(id)); err != nil {
			return err
		}
		s.hintInbox(who.User, id, true)
		return s.DeleteNotification(who.User, id)
	})
}

// DeleteAll empties the caller's inbox.
func (c *Notifications) DeleteAll(ctx context.Context, who fleet.Actor) error {
	return c.write(ctx, who, fleet.NotificationEdit, func(s *step) error {
		if err := s.may("", "notification", ""); err != nil {
			return err
		}
		n, err := s.DeleteNotifications(who.User)
		if n > 0 {
			s.hintInbox(who.User, "", true)
		}
		return err
	})
}

// Expire removes notifications that nobody needs any more.
func (c *Notifications) Expire(ctx context.Context) error {
	before := c.Now().Add(-fleet.NotificationLife)
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteOldNotifications(before, expireBatch) })
}
