package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

// hits are the names that a search finds, by kind, in the order of the answer.
func hits(t *testing.T, client *api.Client, q, team string) map[string][]string {
	t.Helper()
	found, err := client.Search(t.Context(), q, team)
	if err != nil {
		t.Fatalf("search %q: %v", q, err)
	}
	out := map[string][]string{}
	for _, g := range found.Groups {
		for _, h := range g.Items {
			out[g.Kind] = append(out[g.Kind], h.Name+" ("+h.Match+")")
		}
	}
	return out
}

func TestASearchFindsWhatFitsBestFirst(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	plant := s.Application("Pump house")
	for _, name := range []string{"Main pump", "Pump", "Pumping", "Jump umpire", "Sump"} {
		if _, err := owner.CreateInstance(t.Context(), plant.ID, api.NewInstance{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	got := hits(t, owner, "  PUMP ", "")
	if want := []string{"Pump (exact)", "Pumping (prefix)", "Main pump (word)"}; !equal(got["instance"], want) {
		t.Errorf("instances %v; want %v", got["instance"], want)
	}
	if want := []string{"Pump house (prefix)"}; !equal(got["application"], want) {
		t.Errorf("applications %v; want %v", got["application"], want)
	}
	for q, want := range map[string][]string{
		"ump": {"Jump umpire (word)", "Main pump (part)", "Pump (part)", "Pumping (part)", "Sump (part)"}, "pump main": {"Main pump (part)"}, "main-p": {"Main pump (prefix)"},
		"u": {"Jump umpire (word)"}, "%": nil, "_": nil, `\`: nil, "zebra": nil,
	} {
		if got := hits(t, owner, q, "")["instance"]; !equal(got, want) {
			t.Errorf("%q: %v; want %v", q, got, want)
		}
	}
	found, err := owner.Search(t.Context(), "jump", s.Team.Slug)
	if err != nil || len(found.Groups) != 1 {
		t.Fatalf("in the team: %+v, %v", found, err)
	}
	h := found.Groups[0].Items[0]
	if h.Instance != h.ID || h.Application != plant.ID || h.Team != s.Team.ID || h.TeamSlug != s.Team.Slug || h.Detail != "jump-umpire" || h.State != "starting" {
		t.Errorf("the hit is %+v; want all that its link needs", h)
	}
	for q := range strings.SplitSeq(" |  |--|\u202e", "|") {
		if found, err := owner.Search(t.Context(), q, ""); err != nil || len(found.Groups) != 0 && q != "\u202e" {
			t.Errorf("search for nothing %q: %+v, %v", q, found, err)
		}
	}
}

func TestASearchShowsNobodyWhatTheyMayNotSee(t *testing.T) {
	s := servertest.New(t)
	other := s.As("other")
	energy, err := other.CreateTeam(t.Context(), api.NewTeam{Name: "Water energy"})
	if err != nil {
		t.Fatal(err)
	}
	app, err := other.CreateApplication(t.Context(), energy.ID, api.NewApplication{Name: "Water heating"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.CreateInstance(t.Context(), app.ID, api.NewInstance{Name: "Water boiler"}); err != nil {
		t.Fatal(err)
	}
	mine := s.Application("Water intake")
	if _, err := s.As("owner").CreateInstance(t.Context(), mine.ID, api.NewInstance{Name: "Water pump"}); err != nil {
		t.Fatal(err)
	}
	names := func(role, q, team string) []string {
		var out []string
		for kind, list := range hits(t, s.As(role), q, team) {
			for _, name := range list {
				out = append(out, kind+" "+name[:strings.LastIndex(name, " (")])
			}
		}
		slices.Sort(out)
		return out
	}
	all := []string{"application Water intake", "instance Water pump", "team Water works"}
	theirs := []string{"application Water heating", "instance Water boiler", "team Water energy"}
	both := append(slices.Clone(all), theirs...)
	slices.Sort(both)
	for role, want := range map[string][]string{
		"owner": all, "member": all, "viewer": all, "reader": all, "dashboard": {"team Water works"}, "other": theirs, "admin": both,
	} {
		if got := names(role, "water", ""); !equal(got, want) {
			t.Errorf("%s finds %v; want %v", role, got, want)
		}
	}
	if got := names("admin", "water", energy.ID); !equal(got, theirs) {
		t.Errorf("the administrator in one team finds %v; want %v", got, theirs)
	}
	for _, role := range []string{"owner", "other"} {
		team := map[string]string{"owner": energy.ID, "other": s.Team.Slug}[role]
		if _, err := s.As(role).Search(t.Context(), "water", team); !api.Is(err, "team_not_found") {
			t.Errorf("%s in another's team: %v; want team_not_found", role, err)
		}
	}
	if _, err := s.Anonymous().Search(t.Context(), "water", ""); !api.Is(err, "not_signed_in") {
		t.Errorf("a stranger: %v; want not_signed_in", err)
	}
	if got := names("viewer", "olga", ""); !equal(got, []string{"member olga"}) {
		t.Errorf("a viewer finds %v; want the member", got)
	}
	if got := names("dashboard", "olga", ""); len(got) != 0 {
		t.Errorf("who sees dashboards alone finds %v", got)
	}
	if got := names("admin", "leat.example", ""); len(got) != 6 {
		t.Errorf("the administrator finds by address %v; want six users", got)
	}
	if got := names("admin", "stand", ""); !equal(got, []string{"team-type Standard"}) {
		t.Errorf("the administrator finds %v; want the team type", got)
	}
}

func TestASearchOfManyShowsTheBestAndSaysThatThereAreMore(t *testing.T) {
	s := servertest.New(t)
	plant := s.Application("Plant")
	for n := range 12 {
		if _, err := s.As("owner").CreateInstance(t.Context(), plant.ID, api.NewInstance{Name: fmt.Sprintf("Conveyor %02d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.As("owner").Search(t.Context(), "conveyor", "")
	if err != nil || len(found.Groups) != 1 || len(found.Groups[0].Items) != 8 || !found.Groups[0].More || found.Groups[0].Items[7].Name != "Conveyor 07" {
		t.Errorf("found %+v, %v; want the first eight, and that there are more", found, err)
	}
}
