package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
)

func (p *plant) announce(admin fleet.Actor, in api.NewAnnouncement) *fleet.Announcement {
	p.t.Helper()
	a, err := p.Announcements.Create(p.t.Context(), admin, in, noKey)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.Announcements.Deliver(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return a
}

func TestAnAnnouncementReachesWhoItIsFor(t *testing.T) {
	p := newPlant(t)
	ada := p.person("ada", true)
	for _, c := range []struct {
		audience api.Audience
		who      []fleet.Actor
		not      []fleet.Actor
	}{
		{api.Audience{}, []fleet.Actor{ada, p.olga, p.mika, p.vera, p.dora, p.stranger}, nil},
		{api.Audience{Roles: []string{"owner", "viewer"}}, []fleet.Actor{p.olga, p.vera}, []fleet.Actor{ada, p.mika, p.dora, p.stranger}},
		{api.Audience{TeamTypes: []string{"standard"}}, []fleet.Actor{p.olga, p.mika, p.vera, p.dora}, []fleet.Actor{ada, p.stranger}},
		{api.Audience{TeamTypes: []string{"standard"}, Roles: []string{"dashboard"}}, []fleet.Actor{p.dora}, []fleet.Actor{ada, p.olga, p.mika, p.stranger}},
	} {
		if n := must(p.Announcements.Count(t.Context(), ada, c.audience))(t); n != len(c.who) {
			t.Errorf("%+v would reach %d; want %d", c.audience, n, len(c.who))
		}
		p.sleep(time.Second)
		a := p.announce(ada, api.NewAnnouncement{Title: fmt.Sprint(c.audience), Text: "Hello", Audience: c.audience})
		for _, who := range c.who {
			if in := p.inbox(who); len(in) == 0 || in[0].Title != a.Title || in[0].Count != 1 {
				t.Errorf("%s has not got %s", who.Username, a.Title)
			}
		}
		for _, who := range c.not {
			if in := p.inbox(who); len(in) > 0 && in[0].Title == a.Title {
				t.Errorf("%s has got %s", who.Username, a.Title)
			}
		}
	}
	list, _, err := p.Announcements.List(t.Context(), ada, store.Page{})
	if err != nil || len(list) != 4 || !list[0].Sent || list[0].Recipients != 1 || list[3].Recipients != 6 || list[1].Audience.TeamTypes[0] != "standard" {
		t.Errorf("%d, %v: %+v", len(list), err, list[0])
	}
	_, err = p.Announcements.Create(t.Context(), p.olga, api.NewAnnouncement{Title: "x"}, noKey)
	wantCode(t, err, "forbidden")
}

func TestAnAnnouncementIsCarriedOnWhereItWasInterrupted(t *testing.T) {
	p := newPlant(t)
	ada := p.person("ada", true)
	server := p.post(mailtest.Behaviour{})
	for n := range 450 {
		p.person(fmt.Sprint("user-", n), false)
	}
	p.sleep(time.Second)
	ctx, stop := contextWithCancel(t)
	a := must(p.Announcements.Create(ctx, ada, api.NewAnnouncement{Title: "Maintenance tonight", Text: "One.\n\nTwo.", Mail: true, Link: "/team"}, noKey))(t)
	listener := p.events.Subscribe(t.Context(), func(e fleet.Event) bool { return e.Noun == "announcement" })
	done := make(chan error, 1)
	go func() { done <- p.Announcements.Deliver(ctx) }()
	<-listener.Events()
	stop()
	<-done
	p.reopen()
	if err := p.Announcements.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, _, err := p.Announcements.List(t.Context(), ada, store.Page{})
	if err != nil || !list[0].Sent || list[0].Recipients != 456 {
		t.Errorf("%+v, %v", list[0], err)
	}
	if in := p.inbox(p.olga); len(in) != 1 || in[0].Count != 1 || in[0].Link != "/team" {
		t.Errorf("%+v", in)
	}
	letters := p.deliver(server)
	seen := map[string]bool{}
	for _, l := range letters {
		seen[l.To] = true
	}
	if len(letters) != 456 || len(seen) != 456 || letters[0].Header.Get("Precedence") != "bulk" {
		t.Errorf("%d letters to %d people", len(letters), len(seen))
	}
	if err := p.Announcements.Delete(t.Context(), ada, a.ID); err != nil {
		t.Fatal(err)
	}
	if in := p.inbox(p.olga); len(in) != 0 {
		t.Errorf("it was taken back and is there: %+v", in)
	}
	if err := p.Announcements.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestABannerStandsUntilItsEnd(t *testing.T) {
	p := newPlant(t)
	ada := p.person("ada", true)
	until := p.clock().Add(2 * time.Hour)
	p.announce(ada, api.NewAnnouncement{Title: "Water off", Level: "warning", Banner: true, BannerUntil: &until, Audience: api.Audience{Roles: []string{"owner"}}})
	p.announce(ada, api.NewAnnouncement{Title: "No banner"})
	banners := func(who fleet.Actor) int { return len(must(p.Announcements.Banners(t.Context(), who))(t)) }
	if banners(p.olga) != 1 || banners(p.mika) != 0 {
		t.Errorf("olga sees %d banners, mika %d", banners(p.olga), banners(p.mika))
	}
	p.sleep(2 * time.Hour)
	if banners(p.olga) != 0 {
		t.Error("the banner stands after its end")
	}
}

func TestAnAnnouncementThatCannotBeIsRefused(t *testing.T) {
	p := newPlant(t)
	ada := p.person("ada", true)
	past, far := p.clock().Add(-time.Hour), p.clock().Add(400*24*time.Hour)
	for name, in := range map[string]api.NewAnnouncement{
		"no title":      {},
		"two lines":     {Title: "a\nb"},
		"long":          {Title: "a", Text: strings.Repeat("x", 4001)},
		"level":         {Title: "a", Level: "loud"},
		"script":        {Title: "a", Link: "javascript:alert(1)"},
		"other host":    {Title: "a", Link: "//evil.example"},
		"backslash":     {Title: "a", Link: `/\evil.example`},
		"with a user":   {Title: "a", Link: "https://olga@evil.example"},
		"role":          {Title: "a", Audience: api.Audience{Roles: []string{"boss"}}},
		"team type":     {Title: "a", Audience: api.Audience{TeamTypes: []string{"none"}}},
		"end gone by":   {Title: "a", Banner: true, BannerUntil: &past},
		"end far ahead": {Title: "a", Banner: true, BannerUntil: &far},
	} {
		_, err := p.Announcements.Create(t.Context(), ada, in, noKey)
		if !fleet.IsCode(err, "invalid_input") {
			t.Errorf("%s: %v; want invalid_input", name, err)
		}
	}
}
