package control

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Announcements is the verbs of what administrators tell people.
type Announcements struct {
	*core
	wake chan struct{}
}

func newAnnouncements(c *core) *Announcements {
	return &Announcements{core: c, wake: make(chan struct{}, 1)}
}

const (
	maxAnnouncement = 4000
	// A banner stands a week where nothing else is said, and a year at most.
	bannerLife    = 7 * 24 * time.Hour
	maxBannerLife = 365 * 24 * time.Hour
	// announceAtOnce is how many people get an announcement in one transaction.
	announceAtOnce = 200
	// announcementLetterLife is how long the letter of one is of use.
	announcementLetterLife = 3 * 24 * time.Hour
	// announceAnyway is when it is looked for without having been told.
	announceAnyway = time.Minute
)

// List lists announcements, the newest first.
func (c *Announcements) List(ctx context.Context, who fleet.Actor, p store.Page) (list []*fleet.Announcement, next string, err error) {
	err = c.read(ctx, who, fleet.AnnouncementList, func(s *step) error {
		if err := s.may("", "announcement", ""); err != nil {
			return err
		}
		list, next, err = s.Announcements(p)
		return err
	})
	return list, next, err
}

// Count tells how many an announcement would reach.
func (c *Announcements) Count(ctx context.Context, who fleet.Actor, in api.Audience) (n int, err error) {
	err = c.read(ctx, who, fleet.AnnouncementCreate, func(s *step) error {
		if err := s.may("", "announcement", ""); err != nil {
			return err
		}
		audience, err := s.audience(in)
		if err != nil {
			return err
		}
		n, err = s.CountAudience(audience)
		return err
	})
	return n, err
}

// Create announces something. It goes into the inboxes after the answer.
func (c *Announcements) Create(ctx context.Context, who fleet.Actor, in api.NewAnnouncement, key Key) (a *fleet.Announcement, err error) {
	err = c.write(ctx, who, fleet.AnnouncementCreate, func(s *step) error {
		if err := s.may("", "announcement", ""); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(id string) error { a, err = s.Announcement(fleet.AnnouncementID(id)); return err })
		}
		if a, err = s.newAnnouncement(in); err != nil {
			return err
		}
		if err := s.InsertAnnouncement(a); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "announcement", ID: string(a.ID), Version: a.Version})
		err := s.audit(fleet.AuditEvent{Event: "announcement.create", Object: string(a.ID), Name: a.Title, Detail: map[string]any{
			"level": string(a.Level), "roles": in.Roles, "teamTypes": in.TeamTypes, "mail": a.Mail, "banner": !a.BannerUntil.IsZero(),
		}})
		if err != nil {
			return err
		}
		return s.remember(key, string(a.ID), nil)
	})
	if err == nil {
		c.hintAnnouncer()
	}
	return a, err
}

func (s *step) newAnnouncement(in api.NewAnnouncement) (*fleet.Announcement, error) {
	a := &fleet.Announcement{
		ID: fleet.NewAnnouncementID(s.now), Text: strings.TrimSpace(strings.ReplaceAll(in.Text, "\r\n", "\n")), Level: fleet.Level(in.Level), Mail: in.Mail,
		Author: s.who.Username, AuthorID: s.who.User, Version: 1, CreatedAt: s.now,
	}
	var errs [6]error
	a.Title, errs[0] = fleet.CleanName("title", in.Title)
	if n := utf8.RuneCountInString(a.Text); n > maxAnnouncement || !utf8.ValidString(a.Text) {
		errs[1] = fleet.InvalidField("text", "The text is too long: at most 4000 characters.")
	}
	if a.Level == "" {
		a.Level = fleet.LevelInfo
	}
	if !a.Level.Valid() {
		errs[2] = fleet.InvalidField("level", "A level is info, good, warning or error.")
	}
	a.Link, errs[3] = cleanLink(in.Link)
	a.BannerUntil, errs[4] = s.bannerEnd(in)
	a.Audience, errs[5] = s.audience(in.Audience)
	return a, together(errs[:]...)
}

// bannerEnd is when the banner goes; zero without one.
func (s *step) bannerEnd(in api.NewAnnouncement) (time.Time, error) {
	switch {
	case !in.Banner:
		return time.Time{}, nil
	case in.BannerUntil == nil:
		return s.now.Add(bannerLife), nil
	case !in.BannerUntil.After(s.now):
		return time.Time{}, fleet.InvalidField("bannerUntil", "This time has gone by. Choose a later one.")
	case in.BannerUntil.After(s.now.Add(maxBannerLife)):
		return time.Time{}, fleet.InvalidField("bannerUntil", "A banner stands for a year at most.")
	}
	return *in.BannerUntil, nil
}

// cleanLink checks where an announcement leads: a path of the platform, or a page
// elsewhere.
func cleanLink(link string) (string, error) {
	link = strings.TrimSpace(link)
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	ours := err == nil && strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") && !strings.Contains(link, `\`)
	elsewhere := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
	if !ours && !elsewhere || utf8.RuneCountInString(link) > 1000 {
		return "", fleet.InvalidField("link", "Give an address such as https://example.com/page, or a path on the platform such as /team.")
	}
	return u.String(), nil
}

// audience checks whom an announcement is for.
func (s *step) audience(in api.Audience) (a fleet.Audience, err error) {
	for _, text := range in.Roles {
		role := fleet.Role(text)
		if !role.Valid() {
			return a, fleet.InvalidField("roles", "A role is owner, member, viewer or dashboard.")
		}
		a.Roles = append(a.Roles, role)
	}
	for _, id := range in.TeamTypes {
		t, err := s.TeamType(fleet.TeamTypeID(id))
		if fleet.IsKind(err, fleet.NotFound) {
			return a, fleet.InvalidField("teamTypes", "There is no such team type. Choose one of the list.")
		}
		if err != nil {
			return a, err
		}
		a.TeamTypes = append(a.TeamTypes, t.ID)
	}
	return a, nil
}

// Delete takes an announcement back: its banner goes at once, and what was put
// into inboxes with it.
func (c *Announcements) Delete(ctx context.Context, who fleet.Actor, id fleet.AnnouncementID) error {
	err := c.write(ctx, who, fleet.AnnouncementCreate, func(s *step) error {
		if err := s.may("", "announcement", string(id)); err != nil {
			return err
		}
		a, err := s.Announcement(id)
		if err != nil {
			return err
		}
		if err := s.DeleteAnnouncement(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "announcement", ID: string(id), Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "announcement.delete", Object: string(id), Name: a.Title})
	})
	if err != nil {
		return err
	}
	return c.takeBack(context.WithoutCancel(ctx), id)
}

// takeBack empties inboxes of an announcement that is no more. What a kill leaves
// there goes with age.
func (c *Announcements) takeBack(ctx context.Context, id fleet.AnnouncementID) error {
	for {
		var users []fleet.UserID
		err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
			users, err = tx.DeleteNotificationsAbout(announcementReference(id), announceAtOnce)
			return err
		})
		for _, u := range users {
			c.Bus.Publish(fleet.Event{Noun: "notification", User: u, Deleted: true, Time: c.Now()})
		}
		if err != nil || len(users) < announceAtOnce {
			return err
		}
	}
}

func announcementReference(id fleet.AnnouncementID) string { return "announcement/" + string(id) }

// Banners are the announcements that stand on the caller's pages now.
func (c *Announcements) Banners(ctx context.Context, who fleet.Actor) (list []*fleet.Announcement, err error) {
	err = c.read(ctx, who, fleet.NotificationList, func(s *step) error {
		if err := s.may("", "announcement", ""); err != nil {
			return err
		}
		all, err := s.Tx.Banners(s.now)
		if err != nil {
			return err
		}
		list = nil
		for _, a := range all {
			mine, err := s.InAudience(who.User, a.Audience)
			if err != nil {
				return err
			}
			if mine {
				list = append(list, a)
			}
		}
		return nil
	})
	return list, err
}
