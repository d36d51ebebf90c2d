package control_test

import (
	"fmt"
	"sync"
	"testing"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func TestAnApplicationIsCreatedWithItsAuditEvent(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	hints := w.events.Subscribe(t.Context(), nil)
	a := must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "  Pumps "}, control.Key{}))(t)
	if a.Name != "Pumps" || a.Version != 1 {
		t.Errorf("created %+v", a)
	}
	events := w.audited(store.AuditFilter{Object: string(a.ID)})
	if len(events) != 1 || events[0].Event != "application.create" || events[0].Actor.User != olga.User || events[0].Name != "Pumps" {
		t.Errorf("audited %+v", events)
	}
	if h := <-hints.Events(); h.Noun != "application" || h.ID != string(a.ID) || h.Team != team.ID {
		t.Errorf("hinted %+v", h)
	}
}

func TestNamesOfApplicationsAreUniqueInTheirTeam(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	one, two := w.team(olga, "One", nil), w.team(olga, "Two", nil)
	must(w.Applications.Create(t.Context(), olga, string(one.ID), api.NewApplication{Name: "Pümpe"}, control.Key{}))(t)
	_, err := w.Applications.Create(t.Context(), olga, string(one.ID), api.NewApplication{Name: "PÜMPE"}, control.Key{})
	wantCode(t, err, "name_taken")
	must(w.Applications.Create(t.Context(), olga, string(two.ID), api.NewApplication{Name: "Pümpe"}, control.Key{}))(t)

	var group sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = w.Applications.Create(t.Context(), olga, one.Slug, api.NewApplication{Name: "Racing"}, control.Key{})
		})
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, err, "name_taken")
		}
	}
	if won != 1 {
		t.Errorf("%d of 16 creates of one name won; want 1", won)
	}
}

func TestAnEditOfAnOlderVersionIsStale(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	a := must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "Pumps"}, control.Key{}))(t)
	b := must(w.Applications.Update(t.Context(), olga, a.ID, api.EditApplication{Name: api.Some("Tanks")}, 1))(t)
	if b.Version != 2 || b.Name != "Tanks" {
		t.Errorf("updated %+v", b)
	}
	_, err := w.Applications.Update(t.Context(), olga, a.ID, api.EditApplication{Name: api.Some("Mine")}, 1)
	var e *fleet.Error
	if !fleet.IsKind(err, fleet.Stale) || !asError(err, &e) || e.Current.(*control.ApplicationCount).Name != "Tanks" {
		t.Errorf("err = %v; want Stale with the application as it is", err)
	}
	must(w.Applications.Update(t.Context(), olga, a.ID, api.EditApplication{Name: api.Some("Scripted")}, 0))(t)
}

func TestAStrangerLearnsNothingAndAMemberIsToldWhatIsMissing(t *testing.T) {
	w := newWorld(t)
	olga, mika, stranger := w.person("olga", false), w.person("mika", false), w.person("stranger", false)
	team := w.team(olga, "Plant", map[fleet.Role]fleet.Actor{fleet.RoleMember: mika})
	a := must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "Pumps"}, control.Key{}))(t)
	for name, who := range map[string]fleet.Actor{"stranger": stranger, "missing": olga} {
		id := a.ID
		if name == "missing" {
			id = fleet.NewApplicationID(w.clock())
		}
		_, err := w.Applications.Get(t.Context(), who, id)
		wantCode(t, err, "application_not_found")
		wantCode(t, w.Applications.Delete(t.Context(), who, id), "application_not_found")
	}
	_, err := w.Applications.Get(t.Context(), fleet.Anonymous("", ""), fleet.NewApplicationID(w.clock()))
	wantCode(t, err, "not_signed_in")
	wantCode(t, w.Applications.Delete(t.Context(), mika, a.ID), "forbidden")
	refused := w.audited(store.AuditFilter{Event: "application.delete"})
	if len(refused) != 1 || refused[0].Result != fleet.AuditRefused || refused[0].Object != string(a.ID) || refused[0].Team != team.ID {
		t.Errorf("refusals audited: %+v", refused)
	}
}

func TestACreateIsReplayedUnderItsKey(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	key := control.Key{Route: "POST applications", Value: "k1", Digest: "d1"}
	first := must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "Pumps"}, key))(t)
	again := must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "Pumps"}, key))(t)
	if again.ID != first.ID {
		t.Errorf("replayed %s; want %s", again.ID, first.ID)
	}
	other := key
	other.Digest = "d2"
	_, err := w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "Tanks"}, other)
	wantCode(t, err, "idempotency_conflict")

	tokenKey := control.Key{Route: "POST tokens", Value: "k1", Digest: "d1"}
	_, secret1, err1 := w.Tokens.Create(t.Context(), olga, api.NewToken{Name: "ci"}, tokenKey)
	_, secret2, err2 := w.Tokens.Create(t.Context(), olga, api.NewToken{Name: "ci"}, tokenKey)
	if err1 != nil || err2 != nil || secret1 == "" || secret1 != secret2 {
		t.Errorf("replayed token: %v %v, same secret %v", err1, err2, secret1 == secret2)
	}
	if n := len(w.audited(store.AuditFilter{Event: "token.create"})); n != 1 {
		t.Errorf("%d tokens audited; want 1", n)
	}
}

func TestAListIsPagedByNameWithoutGapsOrRepeats(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	for i := range 25 {
		must(w.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: fmt.Sprintf("Line-%02d north", 24-i)}, control.Key{}))(t)
	}
	var names []string
	for p := (store.Page{Limit: 7}); ; {
		list, next, err := w.Applications.List(t.Context(), olga, team.Slug, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			names = append(names, a.Name)
		}
		if next == "" {
			break
		}
		p.Cursor = next
	}
	for i := range 25 {
		if want := fmt.Sprintf("Line-%02d north", i); len(names) != 25 || names[i] != want {
			t.Fatalf("listed %v", names)
		}
	}
	for q, want := range map[string]int{"LINE": 25, "0": 10, "nor": 25, "ine": 0, "%": 0, "line-03": 1} {
		list, _, err := w.Applications.List(t.Context(), olga, team.Slug, store.Page{Q: q})
		if err != nil || len(list) != want {
			t.Errorf("q=%q found %d, %v; want %d", q, len(list), err, want)
		}
	}
	_, _, err := w.Applications.List(t.Context(), olga, team.Slug, store.Page{Cursor: "???"})
	wantCode(t, err, "invalid_cursor")
}
