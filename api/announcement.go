package api

import (
	"context"
	"net/http"
	"time"
)

// Audience is whom an announcement is for: who has one of the roles in a team of
// one of the types. Nothing named means everybody.
type Audience struct {
	Roles     []string `json:"roles,omitempty" enum:"owner,member,viewer,dashboard" maxItems:"4"`
	TeamTypes []string `json:"teamTypes,omitempty" maxItems:"50" doc:"ids"`
}

// Announcement is something an administrator told people.
type Announcement struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Link  string `json:"link,omitempty"`
	Level string `json:"level" enum:"info,good,warning,error"`
	Audience
	Mail bool `json:"mail" doc:"letters were sent too"`
	// Banner says that it stands on every page until BannerUntil.
	Banner      bool       `json:"banner"`
	BannerUntil *time.Time `json:"bannerUntil"`
	By          string     `json:"by" doc:"username"`
	Recipients  int        `json:"recipients" doc:"how many have it in their inbox so far"`
	State       string     `json:"state" enum:"sending,sent"`
	Version     int64      `json:"version"`
	CreatedAt   time.Time  `json:"createdAt"`
}

// NewAnnouncement tells people something.
type NewAnnouncement struct {
	Title string `json:"title" maxLength:"2000"`
	Text  string `json:"text,omitempty" maxLength:"20000" doc:"plain text; an empty line begins a new paragraph"`
	Link  string `json:"link,omitempty" maxLength:"2000" doc:"https://…, or a path on the platform"`
	Level string `json:"level,omitempty" doc:"info where absent"`
	Audience
	Mail        bool       `json:"mail,omitempty"`
	Banner      bool       `json:"banner,omitempty"`
	BannerUntil *time.Time `json:"bannerUntil,omitempty" doc:"at most a year ahead; a week where absent"`
}

// AnnouncementCount tells how many an announcement would reach.
type AnnouncementCount struct {
	Recipients int `json:"recipients"`
}

// Banner is an announcement that stands on the pages of who it is for.
type Banner struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	Text  string    `json:"text,omitempty"`
	Link  string    `json:"link,omitempty"`
	Level string    `json:"level" enum:"info,good,warning,error"`
	Until time.Time `json:"until"`
}

// Announcements lists what administrators announced, the newest first.
func (c *Client) Announcements(ctx context.Context, p Page) (*List[Announcement], error) {
	return list[Announcement](ctx, c, "/announcements", p)
}

// Announce tells people something.
func (c *Client) Announce(ctx context.Context, in NewAnnouncement, o ...RequestOption) (*Announcement, error) {
	return send[Announcement](ctx, c, http.MethodPost, "/announcements", in, o...)
}

// CountAudience tells how many an announcement would reach.
func (c *Client) CountAudience(ctx context.Context, in Audience) (*AnnouncementCount, error) {
	return send[AnnouncementCount](ctx, c, http.MethodPost, "/announcements/count", in)
}

// DeleteAnnouncement takes an announcement back: its banner, and the
// notifications of it.
func (c *Client) DeleteAnnouncement(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/announcements/", id), nil, nil)
}

// Banners lists the announcements that stand on the caller's pages now.
func (c *Client) Banners(ctx context.Context) (*List[Banner], error) {
	return take[List[Banner]](ctx, c, "/user/banners")
}
