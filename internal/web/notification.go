package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) notificationRoutes(r *routes) {
	get(r, "/user/notifications", fleet.NotificationList, s.listNotifications)
	get(r, "/user/notifications/count", fleet.NotificationList, s.countNotifications, says("Count what you have not read"))
	patch(r, "/user/notifications", fleet.NotificationEdit, s.editNotifications, says("Mark notifications as read or unread"))
	del(r, "/user/notifications", fleet.NotificationEdit, s.deleteNotifications, says("Empty your inbox"))
	del(r, "/user/notifications/{notification}", fleet.NotificationEdit, s.deleteNotification, says("Delete a notification"))
	get(r, "/user/banners", fleet.NotificationList, s.listBanners, says("List the banners on your pages"))
}

type notificationPage struct {
	Page
	Unread bool `query:"unread" doc:"only what is not read"`
}

func (s *Server) listNotifications(ctx context.Context, who fleet.Actor, in *notificationPage) (*api.List[api.Notification], error) {
	items, next, err := s.Notifications.List(ctx, who, in.Unread, in.store())
	return listView(items, next, err, notificationView)
}

func (s *Server) countNotifications(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.NotificationCount, error) {
	unread, err := s.Notifications.Count(ctx, who)
	return one(unread, err, countView)
}

type editNotifications struct {
	Body api.EditNotifications `contentType:"application/merge-patch+json"`
}

func (s *Server) editNotifications(ctx context.Context, who fleet.Actor, in *editNotifications) (*api.NotificationCount, error) {
	unread, err := s.Notifications.Edit(ctx, who, in.Body)
	return one(unread, err, countView)
}

func (s *Server) deleteNotifications(ctx context.Context, who fleet.Actor, _ *struct{}) error {
	return s.Notifications.DeleteAll(ctx, who)
}

type notificationPath struct {
	Notification fleet.NotificationID `path:"notification"`
}

func (s *Server) deleteNotification(ctx context.Context, who fleet.Actor, in *notificationPath) error {
	return s.Notifications.Delete(ctx, who, in.Notification)
}

func (s *Server) listBanners(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.List[api.Banner], error) {
	items, err := s.Announcements.Banners(ctx, who)
	return listView(items, "", err, bannerView)
}

func countView(unread int) api.NotificationCount { return api.NotificationCount{Unread: unread} }

func notificationView(n *store.NotificationIn) api.Notification {
	return api.Notification{
		ID: string(n.ID), Kind: string(n.Kind), Level: string(n.Level), Title: n.Title, Text: n.Text, Name: n.Name, Detail: n.Detail,
		Team: string(n.Team), TeamName: n.TeamName, TeamSlug: n.TeamSlug, Application: string(n.Application), Instance: string(n.Instance), Link: n.Link,
		Count: n.Count, Read: !n.ReadAt.IsZero(), CreatedAt: n.CreatedAt.UTC(), UpdatedAt: n.UpdatedAt.UTC(),
	}
}
