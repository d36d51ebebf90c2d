package control_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func TestTheSetupMakesOneAdministrator(t *testing.T) {
	w := newWorld(t)
	if needed := must(w.Setup.Needed(t.Context()))(t); !needed {
		t.Error("a new platform needs no setup")
	}
	who := fleet.Anonymous("192.0.2.9", "r1")
	in := api.Setup{Secret: "wrong", Username: "ada", Email: "ada@example.com", Password: password, TeamName: "Plant"}
	_, err := w.Setup.Complete(t.Context(), who, in)
	wantCode(t, err, "bad_setup_link")
	in.Secret = "open sesame"
	ada := must(w.Setup.Complete(t.Context(), who, in))(t)
	if !ada.Admin || ada.Username != "ada" {
		t.Errorf("made %+v", ada)
	}
	in.Username, in.Email = "eve", "eve@example.com"
	_, err = w.Setup.Complete(t.Context(), who, in)
	wantCode(t, err, "already_set_up")
	created, err := w.Setup.FromEnvironment(t.Context(), in)
	if err != nil || created {
		t.Errorf("from the environment: %v, %v; want neither", created, err)
	}
	teams, _, err := w.Teams.List(t.Context(), actorOf(ada), store.Page{})
	if err != nil || len(teams) != 1 || teams[0].Slug != "plant" || teams[0].Role != fleet.RoleOwner {
		t.Errorf("teams %+v, %v", teams, err)
	}
}

func actorOf(u *fleet.User) fleet.Actor {
	return fleet.Actor{Kind: fleet.ActorUser, User: u.ID, Username: u.Username, Admin: u.Admin, Addr: "192.0.2.1"}
}

func TestANewUserIsCheckedWhole(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", true)
	_, err := w.Users.Create(t.Context(), ada, api.NewUser{Username: "no good!", Email: "x", Password: "short"}, control.Key{})
	var e *fleet.Error
	if !asError(err, &e) || e.Kind != fleet.Invalid || len(e.Fields) != 3 || strings.Contains(fmt.Sprint(e), "short") {
		t.Errorf("err = %#v; want three faults and no password", err)
	}
	_, err = w.Users.Create(t.Context(), w.person("olga", false), api.NewUser{Username: "x"}, control.Key{})
	wantCode(t, err, "forbidden")
	u := must(w.Users.Create(t.Context(), ada, api.NewUser{Username: "Finn", Email: "Finn@Example.com", Password: password}, control.Key{}))(t)
	if u.Username != "finn" || u.Name != "finn" || u.Email != "finn@example.com" {
		t.Errorf("made %+v", u)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.person("ada", true), w.person("bob", true)
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i, who := range []fleet.Actor{ada, bob} {
		group.Go(func() {
			_, errs[i] = w.Users.Update(t.Context(), who, who.User, api.EditUser{Admin: api.Some(false)}, 0)
		})
	}
	group.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("two administrators stepped down together: %v, %v", errs[0], errs[1])
	}
	left := ada
	if errs[0] == nil {
		left = bob
	}
	_, err := w.Users.Update(t.Context(), left, left.User, api.EditUser{Suspended: api.Some(true)}, 0)
	wantCode(t, err, "last_admin")
	wantCode(t, w.Users.Delete(t.Context(), left, left.User), "last_admin")
}

func TestWhoAloneOwnsATeamIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	ada, olga, mika := w.person("ada", true), w.person("olga", false), w.person("mika", false)
	team := w.team(olga, "Plant", map[fleet.Role]fleet.Actor{fleet.RoleMember: mika})
	wantCode(t, w.Users.Delete(t.Context(), ada, olga.User), "sole_owner")
	must(w.Members.SetRole(t.Context(), olga, team.Slug, mika.User, api.EditMember{Role: "owner"}))(t)
	if err := w.Users.Delete(t.Context(), ada, olga.User); err != nil {
		t.Fatal(err)
	}
	_, err := w.Users.Find(t.Context(), ada, olga.User)
	wantCode(t, err, "user_not_found")
}

func TestPeopleEditThemselvesAndNoMore(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	_, err := w.Users.Edit(t.Context(), olga, api.EditUser{Admin: api.Some(true)}, 0)
	wantCode(t, err, "forbidden")
	u := must(w.Users.Edit(t.Context(), olga, api.EditUser{Name: api.Some("Olga Öz")}, 1))(t)
	if u.Name != "Olga Öz" || u.Version != 2 {
		t.Errorf("edited %+v", u)
	}
	_, err = w.Users.Edit(t.Context(), olga, api.EditUser{Name: api.Some("X")}, 1)
	wantCode(t, err, "stale")
	readOnly := olga
	readOnly.Kind, readOnly.ReadOnly = fleet.ActorToken, true
	_, err = w.Users.Edit(t.Context(), readOnly, api.EditUser{Name: api.Some("X")}, 0)
	wantCode(t, err, "read_only_token")
	list, _, err := w.Users.List(t.Context(), w.person("ada", true), store.UserFilter{}, store.Page{Q: "öz"})
	if err != nil || len(list) != 1 {
		t.Errorf("found %v, %v; want olga by her name", list, err)
	}
}

func TestTheLastOwnerStays(t *testing.T) {
	w := newWorld(t)
	olga, otto := w.person("olga", false), w.person("otto", false)
	team := w.team(olga, "Plant", map[fleet.Role]fleet.Actor{fleet.RoleOwner: otto})
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i, who := range []fleet.Actor{olga, otto} {
		group.Go(func() { errs[i] = w.Members.Remove(t.Context(), who, team.Slug, who.User) })
	}
	group.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("two owners left together: %v, %v", errs[0], errs[1])
	}
	last, gone := olga, otto
	if errs[0] == nil {
		last, gone = otto, olga
	}
	_, err := w.Members.SetRole(t.Context(), last, team.Slug, last.User, api.EditMember{Role: "viewer"})
	wantCode(t, err, "last_owner")
	_, err = w.Teams.Get(t.Context(), gone, team.Slug)
	wantCode(t, err, "team_not_found")
}

func TestMembersSeeNoAddressesAndRemoveNobody(t *testing.T) {
	w := newWorld(t)
	olga, vera := w.person("olga", false), w.person("vera", false)
	team := w.team(olga, "Plant", map[fleet.Role]fleet.Actor{fleet.RoleViewer: vera})
	list, _, err := w.Members.List(t.Context(), vera, team.Slug, store.Page{})
	if err != nil || len(list) != 2 || list[0].Email != "" || list[1].Email == "" {
		t.Errorf("listed %+v, %v; want no address but her own", list, err)
	}
	wantCode(t, w.Members.Remove(t.Context(), vera, team.Slug, olga.User), "forbidden")
	refused := w.audited(store.AuditFilter{Event: "member.edit"})
	if len(refused) != 1 || refused[0].Result != fleet.AuditRefused {
		t.Errorf("audited %+v", refused)
	}
}

func TestShortNamesOfTeams(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	for _, want := range []string{"plant-sud", "plant-sud-2", "plant-sud-3"} {
		if team := w.team(olga, "Plant Süd", nil); team.Slug != want {
			t.Errorf("slug %q; want %q", team.Slug, want)
		}
	}
	other := w.team(olga, "Other", nil)
	_, err := w.Teams.Create(t.Context(), olga, api.NewTeam{Name: "X", Slug: "plant-sud"}, control.Key{})
	wantCode(t, err, "slug_taken")
	_, err = w.Teams.Update(t.Context(), olga, other.Slug, api.EditTeam{Slug: api.Some("plant-sud")}, 0)
	wantCode(t, err, "slug_taken")
	_, err = w.Teams.Create(t.Context(), olga, api.NewTeam{Name: "X", Slug: string(other.ID)}, control.Key{})
	wantCode(t, err, "invalid_input")
	must(w.Applications.Create(t.Context(), olga, other.Slug, api.NewApplication{Name: "A"}, control.Key{}))(t)
	wantCode(t, w.Teams.Delete(t.Context(), olga, other.Slug), "team_not_empty")
}

func TestAnInvitationIsAcceptedOnce(t *testing.T) {
	w := newWorld(t)
	olga, mika, eve := w.person("olga", false), w.person("mika", false), w.person("eve", false)
	team := w.team(olga, "Plant", nil)
	_, secret, err := w.Invitations.Create(t.Context(), olga, team.Slug, api.NewInvitation{Username: "mika", Role: "member"}, control.Key{})
	if err != nil {
		t.Fatal(err)
	}
	v := must(w.Invitations.Read(t.Context(), fleet.Anonymous("", ""), secret))(t)
	if v.TeamName != "Plant" || v.Inviter != "olga" || v.Role != fleet.RoleMember {
		t.Errorf("read %+v", v)
	}
	_, _, err = w.Invitations.Accept(t.Context(), eve, api.AcceptInvitation{Secret: secret})
	wantCode(t, err, "invitation_for_another")
	if _, _, err = w.Invitations.Accept(t.Context(), mika, api.AcceptInvitation{Secret: secret}); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Invitations.Accept(t.Context(), mika, api.AcceptInvitation{Secret: secret})
	wantCode(t, err, "invitation_not_found")
	_, _, err = w.Invitations.Create(t.Context(), olga, team.Slug, api.NewInvitation{Username: "mika", Role: "owner"}, control.Key{})
	wantCode(t, err, "already_member")
}

func TestAnInvitationMakesAnAccountAndExpires(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	invite := func() string {
		_, secret, err := w.Invitations.Create(t.Context(), olga, team.Slug, api.NewInvitation{Email: "new@example.com", Role: "viewer"}, control.Key{})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	replaced, secret := invite(), invite()
	_, err := w.Invitations.Read(t.Context(), fleet.Anonymous("", ""), replaced)
	wantCode(t, err, "invitation_not_found")
	in := api.AcceptInvitation{Secret: secret, Username: "nora", Email: "other@example.com", Password: password}
	_, _, err = w.Invitations.Accept(t.Context(), fleet.Anonymous("", ""), in)
	wantCode(t, err, "invalid_input")
	in.Email = "new@example.com"
	_, nora, err := w.Invitations.Accept(t.Context(), fleet.Anonymous("", ""), in)
	if err != nil {
		t.Fatal(err)
	}
	if got := must(w.Teams.Get(t.Context(), actorOf(nora), team.Slug))(t); got.Role != fleet.RoleViewer {
		t.Errorf("role %s", got.Role)
	}
	_, token, err := w.Invitations.Create(t.Context(), olga, team.Slug, api.NewInvitation{Email: "late@example.com", Role: "viewer"}, control.Key{})
	if err != nil {
		t.Fatal(err)
	}
	w.sleep(fleet.InvitationLife)
	_, err = w.Invitations.Read(t.Context(), fleet.Anonymous("", ""), token)
	wantCode(t, err, "invitation_not_found")
	if err := w.Invitations.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestATokenDoesNotTakeTheAccountByMail(t *testing.T) {
	w := newWorld(t)
	olga := w.person("olga", false)
	program := olga
	program.Kind, program.Session, program.Token = fleet.ActorToken, "", "k-1"
	_, err := w.Users.Edit(t.Context(), program, api.EditUser{Email: api.Some("thief@example.net")}, 0)
	wantCode(t, err, "session_required")
	own := must(w.Users.Get(t.Context(), olga))(t)
	must(w.Users.Edit(t.Context(), program, api.EditUser{Name: api.Some("Olga P."), Email: api.Some(own.Email)}, 0))(t)
	if u := must(w.Users.Edit(t.Context(), olga, api.EditUser{Email: api.Some("olga@elsewhere.example")}, 0))(t); u.Email != "olga@elsewhere.example" {
		t.Errorf("by herself: %+v", u)
	}
}
