package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

func announcementOf(r query.Announcement) *fleet.Announcement {
	return &fleet.Announcement{
		ID: r.ID, Title: r.Title, Text: r.Text, Link: r.Link, Level: r.Level,
		Audience: fleet.Audience{Roles: unbarred[fleet.Role](r.Roles), TeamTypes: unbarred[fleet.TeamTypeID](r.TeamTypes)},
		Mail:     r.Mail, BannerUntil: fromMicros(r.BannerUntil), Author: r.Author, AuthorID: r.AuthorID, Sent: r.Sent, Reached: r.Reached,
		Recipients: int(r.Recipients), Version: r.Version, CreatedAt: fromMicros(r.CreatedAt),
	}
}

// InsertAnnouncement adds an announcement.
func (tx *Tx) InsertAnnouncement(a *fleet.Announcement) error {
	return noun(tx.q.InsertAnnouncement(tx.ctx, query.InsertAnnouncementParams{
		ID: a.ID, Title: a.Title, Text: a.Text, Link: a.Link, Level: a.Level, Roles: barred(a.Audience.Roles), TeamTypes: barred(a.Audience.TeamTypes),
		Mail: a.Mail, BannerUntil: micros(a.BannerUntil), Author: a.Author, AuthorID: a.AuthorID, Sent: a.Sent, Reached: a.Reached,
		Recipients: int64(a.Recipients), Version: a.Version, CreatedAt: micros(a.CreatedAt),
	}), "announcement", "insert")
}

// Announcement finds an announcement.
func (tx *Tx) Announcement(id fleet.AnnouncementID) (*fleet.Announcement, error) {
	r, err := tx.q.Announcement(tx.ctx, id)
	return announcementOf(r), noun(err, "announcement", "read")
}

// Announcements lists announcements, the newest first.
func (tx *Tx) Announcements(p Page) ([]*fleet.Announcement, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.Announcements(tx.ctx, fleet.AnnouncementID(before), p.limit())
	rows, next := cut(p, rows, func(r query.Announcement) []string { return []string{string(r.ID)} })
	return each(rows, announcementOf), next, noun(err, "announcement", "list")
}

// AnnouncementToSend is the oldest that has not reached everybody, NotFound
// where all have.
func (tx *Tx) AnnouncementToSend() (*fleet.Announcement, error) {
	r, err := tx.q.AnnouncementToSend(tx.ctx)
	return announcementOf(r), noun(err, "announcement", "read")
}

// NoteAnnouncement notes how far an announcement has come, and how many more
// have it.
func (tx *Tx) NoteAnnouncement(a *fleet.Announcement, more int) error {
	n, err := tx.q.NoteAnnouncement(tx.ctx, query.NoteAnnouncementParams{ID: a.ID, Reached: a.Reached, Sent: a.Sent, More: int64(more)})
	return one(n, err, "announcement", "update")
}

// DeleteAnnouncement removes an announcement.
func (tx *Tx) DeleteAnnouncement(id fleet.AnnouncementID) error {
	n, err := tx.q.DeleteAnnouncement(tx.ctx, id)
	return one(n, err, "announcement", "delete")
}

// DeleteOldAnnouncements removes up to most that were made before a time.
func (tx *Tx) DeleteOldAnnouncements(before time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteOldAnnouncements(tx.ctx, micros(before), int32(most))
	return n, noun(err, "announcement", "delete")
}

// Banners are the announcements that stand on pages now, the newest first.
func (tx *Tx) Banners(now time.Time) ([]*fleet.Announcement, error) {
	rows, err := tx.q.Banners(tx.ctx, micros(now))
	return each(rows, announcementOf), noun(err, "announcement", "list")
}

// Audience are up to most users of an audience behind one, by id.
func (tx *Tx) Audience(a fleet.Audience, after fleet.UserID, most int) ([]Person, error) {
	rows, err := tx.q.Audience(tx.ctx, query.AudienceParams{After: after, Roles: barred(a.Roles), TeamTypes: barred(a.TeamTypes), Most: int32(most)})
	return each(rows, func(r query.AudienceRow) Person { return Person{User: r.ID, Email: r.Email} }), noun(err, "user", "list")
}

// CountAudience counts the users of an audience.
func (tx *Tx) CountAudience(a fleet.Audience) (int, error) {
	n, err := tx.q.CountAudience(tx.ctx, barred(a.Roles), barred(a.TeamTypes))
	return int(n), noun(err, "user", "count")
}

// InAudience reports whether a user is of an audience.
func (tx *Tx) InAudience(user fleet.UserID, a fleet.Audience) (bool, error) {
	n, err := tx.q.InAudience(tx.ctx, query.InAudienceParams{ID: user, Roles: barred(a.Roles), TeamTypes: barred(a.TeamTypes)})
	return n > 0, noun(err, "user", "count")
}
