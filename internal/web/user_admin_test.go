package web_test

import (
	"net/http"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func TestAdministratorsFindUsersByWhatTheyAre(t *testing.T) {
	s := servertest.New(t)
	admin := s.Admin()
	if _, err := admin.UpdateUser(t.Context(), s.User("viewer").ID, api.EditUser{Suspended: api.Some(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.CreateUser(t.Context(), api.NewUser{Username: "nina", Email: "nina@leat.example", Password: servertest.Password}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		what   string
		filter api.UserFilter
		q      string
		want   []string
	}{
		{"administrators", api.UserFilter{Admin: "true"}, "", []string{"ada"}},
		{"suspended", api.UserFilter{Suspended: "true"}, "", []string{"u-viewer"}},
		{"never seen", api.UserFilter{Seen: "never"}, "", []string{"nina"}},
		{"idle", api.UserFilter{Seen: "idle"}, "", []string{"nina"}},
		{"seen, by name", api.UserFilter{Seen: "recent", Suspended: "false"}, "o", []string{"olga", "oscar"}},
		{"by address", api.UserFilter{}, "nina@", []string{"nina"}},
	} {
		list, err := admin.FilterUsers(t.Context(), row.filter, api.Page{Q: row.q})
		if err != nil {
			t.Errorf("%s: %v", row.what, err)
			continue
		}
		got := []string{}
		for _, u := range list.Items {
			got = append(got, u.Username)
			if want := map[string]int{"olga": 1, "u-viewer": 1}[u.Username]; u.Teams < want {
				t.Errorf("%s: %s is in %d teams; want %d", row.what, u.Username, u.Teams, want)
			}
		}
		if !equal(got, row.want) {
			t.Errorf("%s: %v; want %v", row.what, got, row.want)
		}
	}
	if _, err := admin.FilterUsers(t.Context(), api.UserFilter{Seen: "sometimes"}, api.Page{}); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("a filter that is none: %v; want 422", err)
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for n := range a {
		if a[n] != b[n] {
			return false
		}
	}
	return true
}

func TestSomebodyWhoMustChooseANewPasswordCanDoNothingElse(t *testing.T) {
	s := servertest.New(t)
	before := s.SignIn("u-member", servertest.Password)
	id := s.User("member").ID
	if _, err := before.EditSelf(t.Context(), api.EditUser{MustChange: api.Some(false)}); !api.Is(err, "forbidden") {
		t.Errorf("change that oneself: %v; want forbidden", err)
	}
	u, err := s.Admin().UpdateUser(t.Context(), id, api.EditUser{MustChange: api.Some(true)})
	if err != nil || !u.MustChange {
		t.Fatalf("ask for a new password: %+v, %v", u, err)
	}
	if _, err := before.User(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("a session from before: %v; want session_ended", err)
	}
	after := s.SignIn("u-member", servertest.Password)
	if u, err := after.User(t.Context()); err != nil || !u.MustChange {
		t.Errorf("the account says %+v, %v; want that a new password is due", u, err)
	}
	for what, err := range map[string]error{
		"list teams": second(after.Teams(t.Context(), api.Page{})), "see the team": second(after.Team(t.Context(), s.Team.ID)),
		"make a token": second(after.CreateToken(t.Context(), api.NewToken{Name: "x"})), "another name": second(after.EditSelf(t.Context(), api.EditUser{Name: api.Some("X")})),
	} {
		if !api.Is(err, "password_change_required") {
			t.Errorf("%s: %v; want password_change_required", what, err)
		}
	}
	same := api.EditUser{Password: api.Some(servertest.Password), CurrentPassword: servertest.Password}
	if _, err := after.EditSelf(t.Context(), same); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("the same password: %v; want 422", err)
	}
	same.Password = api.Some("another purple cat with 8 lives")
	if u, err := after.EditSelf(t.Context(), same); err != nil || u.MustChange {
		t.Errorf("a new password: %+v, %v", u, err)
	}
	if _, err := after.Team(t.Context(), s.Team.ID); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnAdministratorEndsSessionsAndIsToldWhatDeletingDoes(t *testing.T) {
	s := servertest.New(t)
	olga := s.SignIn("olga", servertest.Password)
	id := s.User("owner").ID
	d, err := s.Admin().UserDeletion(t.Context(), id)
	if err != nil || d.Allowed || len(d.Teams) != 1 || !d.Teams[0].SoleOwner || d.Teams[0].Role != "owner" || d.Tokens != 2 || d.Sessions != 1 {
		t.Errorf("deleting the only owner would %+v, %v", d, err)
	}
	if err := s.Admin().DeleteUser(t.Context(), id); !api.Is(err, "sole_owner") {
		t.Errorf("delete her: %v; want sole_owner", err)
	}
	if d, err := s.Admin().UserDeletion(t.Context(), s.User("admin").ID); err != nil || !d.LastAdmin || d.Allowed {
		t.Errorf("deleting the last administrator would %+v, %v", d, err)
	}
	if d, err := s.Admin().UserDeletion(t.Context(), s.User("viewer").ID); err != nil || !d.Allowed {
		t.Errorf("deleting a viewer would %+v, %v; want that it may be done", d, err)
	}
	if err := s.As("owner").EndSessions(t.Context(), id); !api.Is(err, "forbidden") {
		t.Errorf("end sessions without being an administrator: %v; want forbidden", err)
	}
	if err := s.Admin().EndSessions(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := olga.User(t.Context()); !api.Is(err, "session_ended") {
		t.Errorf("her session: %v; want session_ended", err)
	}
	ada := s.User("admin")
	if _, err := s.Admin().UpdateUser(t.Context(), s.User("member").ID, api.EditUser{Admin: api.Some(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Admin().UpdateUser(t.Context(), ada.ID, api.EditUser{Suspended: api.Some(true)}); !api.Is(err, "own_account") {
		t.Errorf("suspend oneself: %v; want own_account", err)
	}
	if u, err := s.Admin().UpdateUser(t.Context(), s.User("viewer").ID, api.EditUser{Email: api.Some("new@leat.example")}); err != nil || u.Email != "new@leat.example" {
		t.Errorf("another address: %+v, %v", u, err)
	}
}

func TestAdministratorsSeeAllTeamsWithoutBeingInThem(t *testing.T) {
	s := servertest.New(t)
	s.Application("Plant")
	other, err := s.As("other").CreateTeam(t.Context(), api.NewTeam{Name: "Energy"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Admin().UpdateAdminTeam(t.Context(), other.ID, api.EditAdminTeam{Suspended: api.Some(true)}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		filter api.AdminTeamFilter
		q      string
		want   []string
	}{
		{api.AdminTeamFilter{}, "wat", []string{"Water works"}},
		{api.AdminTeamFilter{Suspended: "true"}, "", []string{"Energy"}},
		{api.AdminTeamFilter{Type: "standard", Suspended: "true"}, "", []string{"Energy"}},
		{api.AdminTeamFilter{Type: "none"}, "", []string{}},
	} {
		list, err := s.Admin().AdminTeams(t.Context(), row.filter, api.Page{Q: row.q})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, team := range list.Items {
			got = append(got, team.Name)
		}
		if !equal(got, row.want) {
			t.Errorf("%+v %q: %v; want %v", row.filter, row.q, got, row.want)
		}
	}
	works, err := s.Admin().AdminTeam(t.Context(), s.Team.Slug)
	if err != nil || works.Members != 4 || works.Owners != 1 || works.Applications != 1 || works.TypeName != "Standard" {
		t.Errorf("the team is %+v, %v", works, err)
	}
	mine, err := s.Admin().Teams(t.Context(), api.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, team := range mine.Items {
		if team.ID == s.Team.ID || team.ID == other.ID {
			t.Error("looking at a team put the administrator into it")
		}
	}
	seen, err := s.As("other").Team(t.Context(), other.ID)
	if err != nil || !seen.Suspended {
		t.Errorf("its owner sees %+v, %v; want it suspended", seen, err)
	}
	if _, err := s.As("owner").AdminTeams(t.Context(), api.AdminTeamFilter{}, api.Page{}); !api.Is(err, "forbidden") {
		t.Errorf("an owner lists all teams: %v; want forbidden", err)
	}
	for what, in := range map[string]api.EditAdminTeam{
		"an unknown type": {Type: api.Some("none")}, "a bad limit": {Limits: api.Some(api.TeamLimits{Members: limit(-5)})}, "a long reason": {SuspendReason: api.Some(string(make([]byte, 400)))},
	} {
		if _, err := s.Admin().UpdateAdminTeam(t.Context(), other.ID, in); api.StatusOf(err) != http.StatusUnprocessableEntity {
			t.Errorf("%s: %v; want 422", what, err)
		}
	}
}
