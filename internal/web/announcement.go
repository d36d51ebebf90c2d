package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

func (s *Server) announcementRoutes(r *routes) {
	get(r, "/announcements", fleet.AnnouncementList, s.listAnnouncements)
	post(r, "/announcements", fleet.AnnouncementCreate, s.createAnnouncement, status(201))
	post(r, "/announcements/count", fleet.AnnouncementCreate, s.countAudience, says("Count whom an announcement would reach"))
	del(r, "/announcements/{announcement}", fleet.AnnouncementCreate, s.deleteAnnouncement, says("Take an announcement back"))
}

func (s *Server) listAnnouncements(ctx context.Context, who fleet.Actor, in *Page) (*api.List[api.Announcement], error) {
	items, next, err := s.Announcements.List(ctx, who, in.store())
	return listView(items, next, err, announcementView)
}

type newAnnouncement struct {
	Once
	Body api.NewAnnouncement
}

func (s *Server) createAnnouncement(ctx context.Context, who fleet.Actor, in *newAnnouncement) (*api.Announcement, error) {
	announcement, err := s.Announcements.Create(ctx, who, in.Body, in.idem(ctx))
	return one(announcement, err, announcementView)
}

type audienceInput struct {
	Body api.Audience
}

func (s *Server) countAudience(ctx context.Context, who fleet.Actor, in *audienceInput) (*api.AnnouncementCount, error) {
	n, err := s.Announcements.Count(ctx, who, in.Body)
	return one(n, err, func(n int) api.AnnouncementCount { return api.AnnouncementCount{Recipients: n} })
}

type announcementPath struct {
	Announcement fleet.AnnouncementID `path:"announcement"`
}

func (s *Server) deleteAnnouncement(ctx context.Context, who fleet.Actor, in *announcementPath) error {
	return s.Announcements.Delete(ctx, who, in.Announcement)
}

func announcementView(a *fleet.Announcement) api.Announcement {
	out := api.Announcement{
		ID: string(a.ID), Title: a.Title, Text: a.Text, Link: a.Link, Level: string(a.Level), Mail: a.Mail, Banner: !a.BannerUntil.IsZero(),
		BannerUntil: when(a.BannerUntil), By: a.Author, Recipients: a.Recipients, State: "sending", Version: a.Version, CreatedAt: a.CreatedAt.UTC(),
	}
	if a.Sent {
		out.State = "sent"
	}
	for _, role := range a.Audience.Roles {
		out.Roles = append(out.Roles, string(role))
	}
	for _, id := range a.Audience.TeamTypes {
		out.TeamTypes = append(out.TeamTypes, string(id))
	}
	return out
}

func bannerView(a *fleet.Announcement) api.Banner {
	return api.Banner{ID: string(a.ID), Title: a.Title, Text: a.Text, Link: a.Link, Level: string(a.Level), Until: a.BannerUntil.UTC()}
}
