package control

import (
	"context"
	"time"

	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/store"
)

func (c *Announcements) hintAnnouncer() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run puts announcements into inboxes until ctx ends; one that was under way when
// the server stopped goes on where it was.
func (c *Announcements) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		case <-timer.C:
		}
		if err := c.Deliver(ctx); err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "an announcement could not be put into inboxes; it is tried again", "error", err)
		}
		timer.Reset(announceAnyway)
	}
}

// Deliver puts every announcement that is under way into the inboxes of who it is
// for, some at a time.
func (c *Announcements) Deliver(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := c.deliverSome(ctx)
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

func (c *Announcements) deliverSome(ctx context.Context) (more bool, err error) {
	err = c.chore(ctx, "announcements", func(s *step) error {
		a, err := s.AnnouncementToSend()
		if fleet.IsKind(err, fleet.NotFound) {
			more = false
			return nil
		}
		if err != nil {
			return err
		}
		more = true
		people, err := s.Audience(a.Audience, a.Reached, announceAtOnce)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := s.announce(a, p.User); err != nil {
				return err
			}
			a.Reached = p.User
		}
		a.Sent = len(people) < announceAtOnce
		s.hint(fleet.Event{Noun: "announcement", ID: string(a.ID), Version: a.Version})
		return s.NoteAnnouncement(a, len(people))
	})
	return more && err == nil, err
}

func (s *step) announce(a *fleet.Announcement, user fleet.UserID) error {
	err := s.notify(fleet.Notification{
		User: user, Kind: fleet.NoteAnnouncement, Level: a.Level, Reference: announcementReference(a.ID), Title: a.Title, Text: a.Text, Link: a.Link,
		Detail: map[string]any{"by": a.Author},
	})
	if err != nil || !a.Mail {
		return err
	}
	return s.sendLetter(toUser(user), &mail.Announcement{Title: a.Title, Text: a.Text, Link: a.Link, By: a.Author}, announcementLetterLife)
}

// Expire forgets announcements of long ago.
func (c *Announcements) Expire(ctx context.Context) error {
	before := c.Now().Add(-fleet.AnnouncementLife)
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteOldAnnouncements(before, expireBatch) })
}
