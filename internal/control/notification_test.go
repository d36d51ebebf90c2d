package control_test

import (
	"fmt"
	"testing"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// tell puts a notification into an inbox, behind the verbs.
func (w *world) tell(who fleet.Actor, title string) fleet.NotificationID {
	w.t.Helper()
	n := &fleet.Notification{
		ID: fleet.NewNotificationID(w.clock()), User: who.User, Kind: fleet.NoteAnnouncement, Level: fleet.LevelInfo, Title: title, Count: 1, CreatedAt: w.clock(), UpdatedAt: w.clock(),
	}
	if err := w.db.Update(w.t.Context(), func(tx *store.Tx) error { return tx.InsertNotification(n) }); err != nil {
		w.t.Fatal(err)
	}
	return n.ID
}

func TestAnInboxIsReadMarkedAndEmptied(t *testing.T) {
	w := newWorld(t)
	olga, max := w.person("olga", false), w.person("max", false)
	var ids []string
	for n := range 5 {
		w.sleep(time.Second)
		ids = append(ids, string(w.tell(olga, fmt.Sprint("note ", n))))
	}
	other := w.tell(max, "not hers")
	page, next, err := w.Notifications.List(t.Context(), olga, false, store.Page{Limit: 3})
	if err != nil || len(page) != 3 || page[0].Title != "note 4" || next == "" {
		t.Fatalf("%d of a page, %v", len(page), err)
	}
	rest, next, err := w.Notifications.List(t.Context(), olga, false, store.Page{Limit: 3, Cursor: next})
	if err != nil || len(rest) != 2 || rest[1].Title != "note 0" || next != "" {
		t.Errorf("%d behind it, %v", len(rest), err)
	}
	_, _, err = w.Notifications.List(t.Context(), olga, false, store.Page{Cursor: "eHg"})
	wantCode(t, err, "invalid_cursor")
	listener := w.events.Subscribe(t.Context(), func(e fleet.Event) bool { return e.Noun == "notification" })
	edit := func(in api.EditNotifications, want int) {
		t.Helper()
		if n := must(w.Notifications.Edit(t.Context(), olga, in))(t); n != want {
			t.Errorf("%+v leaves %d unread; want %d", in, n, want)
		}
	}
	edit(api.EditNotifications{IDs: []string{ids[0], ids[1], string(other), "m-none"}, Read: true}, 3)
	if e := <-listener.Events(); e.User != olga.User || e.ID != ids[0] {
		t.Errorf("the hint is %+v", e)
	}
	if unread, _, err := w.Notifications.List(t.Context(), olga, true, store.Page{}); err != nil || len(unread) != 3 || unread[0].Title != "note 4" {
		t.Errorf("unread are %d, %v", len(unread), err)
	}
	edit(api.EditNotifications{IDs: ids[:1], Read: false}, 4)
	edit(api.EditNotifications{All: true, Read: true}, 0)
	edit(api.EditNotifications{All: true, Read: false}, 5)
	for _, bad := range []api.EditNotifications{{}, {All: true, IDs: ids}} {
		_, err := w.Notifications.Edit(t.Context(), olga, bad)
		wantCode(t, err, "invalid_input")
	}
	if err := w.Notifications.Delete(t.Context(), olga, fleet.NotificationID(ids[2])); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Notifications.Delete(t.Context(), olga, other), "notification_not_found")
	if err := w.Notifications.DeleteAll(t.Context(), olga); err != nil {
		t.Fatal(err)
	}
	if n := len(w.inbox(olga)); n != 0 || len(w.inbox(max)) != 1 {
		t.Errorf("olga keeps %d, max %d", n, len(w.inbox(max)))
	}
}

func TestAnInboxIsBoundedInNumberAndAge(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	for n := range fleet.MaxNotifications + 20 {
		w.sleep(time.Second)
		w.tell(olga, fmt.Sprint("note ", n))
	}
	if n := must(w.Notifications.Count(t.Context(), olga))(t); n != fleet.MaxNotifications {
		t.Errorf("%d are kept; want %d", n, fleet.MaxNotifications)
	}
	if in := w.inbox(olga); in[0].Title != fmt.Sprint("note ", fleet.MaxNotifications+19) {
		t.Errorf("the newest is %q", in[0].Title)
	}
	w.sleep(fleet.NotificationLife + time.Second)
	w.tell(olga, "young")
	if err := w.Notifications.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in := w.inbox(olga); len(in) != 1 || in[0].Title != "young" {
		t.Errorf("after three months there are %d", len(in))
	}
}
