package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func limit(n int) *int { return &n }

// limited gives the server's team a type of its own and returns its id.
func limited(t *testing.T, s *servertest.Server, in api.NewTeamType) string {
	t.Helper()
	kind, err := s.Admin().CreateTeamType(t.Context(), in)
	if err != nil {
		t.Fatalf("create a team type: %v", err)
	}
	if _, err := s.Admin().UpdateAdminTeam(t.Context(), s.Team.ID, api.EditAdminTeam{Type: api.Some(kind.ID)}); err != nil {
		t.Fatalf("give the team its type: %v", err)
	}
	return kind.ID
}

func TestATeamTypeIsMadeChangedUsedAndDeleted(t *testing.T) {
	s := servertest.New(t)
	admin := s.Admin()
	first, err := admin.TeamTypes(t.Context())
	if err != nil || len(first.Items) != 1 || first.Items[0].ID != "standard" || !first.Items[0].Default || first.Items[0].Teams == 0 {
		t.Fatalf("a new platform has %+v, %v; want the type standard, by default, with its teams", first, err)
	}
	made, err := admin.CreateTeamType(t.Context(), api.NewTeamType{Name: "Trial", Limits: api.TeamLimits{Members: limit(2), Instances: limit(-1)}, InstanceTypes: []string{"small"}})
	if err != nil || made.Limits.Members == nil || *made.Limits.Members != 2 || made.Limits.Instances != nil || !made.Active {
		t.Fatalf("made %+v, %v; want two members, and no limit of instances", made, err)
	}
	if _, err := admin.CreateTeamType(t.Context(), api.NewTeamType{Name: "TRIAL"}); !api.Is(err, "name_taken") {
		t.Errorf("the same name: %v; want name_taken", err)
	}
	if _, err := admin.UpdateTeamType(t.Context(), made.ID, api.EditTeamType{Name: api.Some("Test")}, api.IfMatch(made.Version+7)); api.StatusOf(err) != http.StatusPreconditionFailed {
		t.Errorf("a stale change: %v; want 412", err)
	}
	changed, err := admin.UpdateTeamType(t.Context(), made.ID, api.EditTeamType{Default: api.Some(true), Description: api.Some("To look around.")})
	if err != nil || !changed.Default || changed.Version != made.Version+1 {
		t.Fatalf("changed %+v, %v", changed, err)
	}
	if was, err := admin.TeamType(t.Context(), "standard"); err != nil || was.Default {
		t.Errorf("standard is %+v, %v; want one default", was, err)
	}
	team, err := s.As("other").CreateTeam(t.Context(), api.NewTeam{Name: "Newcomers"})
	if err != nil || team.Type != made.ID {
		t.Errorf("a new team has the type %q, %v; want the default", team.Type, err)
	}
	if err := admin.DeleteTeamType(t.Context(), made.ID); !api.Is(err, "type_in_use") || !strings.Contains(err.Error(), "(1)") {
		t.Errorf("delete what a team has: %v; want type_in_use and by how many", err)
	}
	if err := s.As("other").DeleteTeam(t.Context(), team.ID); err != nil {
		t.Fatal(err)
	}
	if err := admin.DeleteTeamType(t.Context(), made.ID); !api.Is(err, "default_type") {
		t.Errorf("delete the default: %v; want default_type", err)
	}
	if _, err := admin.UpdateSettings(t.Context(), api.EditSettings{DefaultTeamType: api.Some("standard")}); err != nil {
		t.Fatal(err)
	}
	if err := admin.DeleteTeamType(t.Context(), made.ID); err != nil {
		t.Errorf("delete what nothing uses: %v", err)
	}
}

func TestBadTeamTypesAreRefusedWithTheirField(t *testing.T) {
	s := servertest.New(t)
	for _, row := range []struct {
		what, field string
		in          api.NewTeamType
	}{
		{"no name", "name", api.NewTeamType{}},
		{"a limit below none", "limits.members", api.NewTeamType{Name: "A", Limits: api.TeamLimits{Members: limit(-2)}}},
		{"no members", "limits.members", api.NewTeamType{Name: "A", Limits: api.TeamLimits{Members: limit(0)}}},
		{"too large", "limits.instances", api.NewTeamType{Name: "A", Limits: api.TeamLimits{Instances: limit(1_000_001)}}},
		{"an unknown size", "limits.instancesOfType", api.NewTeamType{Name: "A", Limits: api.TeamLimits{InstancesOfType: map[string]int{"huge": 1}}}},
		{"an unknown size allowed", "instanceTypes[0]", api.NewTeamType{Name: "A", InstanceTypes: []string{"huge"}}},
		{"a default that is off", "active", api.NewTeamType{Name: "A", Default: true, Active: new(bool)}},
	} {
		_, err := s.Admin().CreateTeamType(t.Context(), row.in)
		p, _ := err.(*api.Problem)
		if p == nil || p.Status != http.StatusUnprocessableEntity || !slices.ContainsFunc(p.Errors, func(f api.ProblemField) bool { return f.Path == row.field }) {
			t.Errorf("%s: %v; want 422 at %s", row.what, err, row.field)
		}
	}
	if _, err := s.Admin().UpdateTeamType(t.Context(), "standard", api.EditTeamType{Default: api.Some(false)}); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("no default at all: %v; want 422", err)
	}
}

func TestALimitHoldsWhateverComesAtTheSameTime(t *testing.T) {
	s := servertest.New(t)
	limited(t, s, api.NewTeamType{Name: "Five", Limits: api.TeamLimits{Instances: limit(5), InstancesOfType: map[string]int{"large": 1}}})
	application, owner := s.Application("Plant"), s.As("owner")
	var wait sync.WaitGroup
	results := make(chan error, 20)
	for n := range 20 {
		wait.Go(func() {
			_, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: fmt.Sprintf("Pump %d", n)})
			results <- err
		})
	}
	wait.Wait()
	close(results)
	made := 0
	for err := range results {
		switch {
		case err == nil:
			made++
		case !api.Is(err, "limit_reached"):
			t.Errorf("one more: %v; want limit_reached", err)
		default:
			p := err.(*api.Problem)
			if len(p.Limits) != 1 || p.Limits[0] != (api.OverLimit{What: "instances", Limit: 5, Count: 5}) || !strings.Contains(p.Detail, "administrator") {
				t.Errorf("the refusal says %+v: %s; want the limit, and who can raise it", p.Limits, p.Detail)
			}
		}
	}
	if made != 5 {
		t.Errorf("%d were made of 20 at once; want 5", made)
	}
	usage, err := s.As("dashboard").TeamUsage(t.Context(), s.Team.ID)
	if err != nil || usage.Instances != 5 || usage.InstancesBy["small"] != 5 || usage.Limits.Instances == nil || *usage.Limits.Instances != 5 {
		t.Errorf("usage %+v, %v", usage, err)
	}
	raised := api.EditAdminTeam{Limits: api.Some(api.TeamLimits{Instances: limit(-1)})}
	if _, err := s.Admin().UpdateAdminTeam(t.Context(), s.Team.ID, raised); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Boiler", InstanceType: "large"}); err != nil {
		t.Errorf("with a limit of its own that is none: %v", err)
	}
	if _, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Boiler 2", InstanceType: "large"}); !api.Is(err, "limit_reached") {
		t.Errorf("one large more than the type allows: %v; want limit_reached", err)
	}
	list, err := owner.TeamInstances(t.Context(), s.Team.ID, api.Page{Q: "pump"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.UpdateInstance(t.Context(), list.Items[0].ID, api.EditInstance{InstanceType: api.Some("large")}); !api.Is(err, "limit_reached") {
		t.Errorf("grow into a full size: %v; want limit_reached", err)
	}
}

func TestMembersAreBoundedWhenTheyJoin(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	invitation, err := owner.Invite(t.Context(), s.Team.ID, api.NewInvitation{Username: "oscar", Role: "viewer"})
	if err != nil {
		t.Fatal(err)
	}
	limited(t, s, api.NewTeamType{Name: "Four", Limits: api.TeamLimits{Members: limit(4)}})
	_, err = s.As("other").AcceptInvitation(t.Context(), api.AcceptInvitation{Secret: servertest.Fragment(t, invitation.Link)})
	if !api.Is(err, "limit_reached") {
		t.Errorf("join a full team: %v; want limit_reached", err)
	}
	if _, err := owner.Invite(t.Context(), s.Team.ID, api.NewInvitation{Email: "new@elsewhere.example", Role: "viewer"}); !api.Is(err, "limit_reached") {
		t.Errorf("invite into a full team: %v; want limit_reached", err)
	}
	if err := owner.RemoveMember(t.Context(), s.Team.ID, s.User("viewer").ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.As("other").AcceptInvitation(t.Context(), api.AcceptInvitation{Secret: servertest.Fragment(t, invitation.Link)}); err != nil {
		t.Errorf("join after somebody left: %v", err)
	}
}

func TestATypeThatATeamDoesNotFitIntoIsRefusedWithTheList(t *testing.T) {
	s := servertest.New(t)
	application, owner := s.Application("Plant"), s.As("owner")
	for n, size := range []string{"small", "large", "large"} {
		if _, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: fmt.Sprintf("Pump %d", n), InstanceType: size}); err != nil {
			t.Fatal(err)
		}
	}
	kind, err := s.Admin().CreateTeamType(t.Context(), api.NewTeamType{
		Name: "Small only", Limits: api.TeamLimits{Members: limit(1), Instances: limit(2), InstancesOfType: map[string]int{"large": 1}}, InstanceTypes: []string{"small"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Admin().UpdateAdminTeam(t.Context(), s.Team.ID, api.EditAdminTeam{Type: api.Some(kind.ID)})
	want := []api.OverLimit{{What: "members", Limit: 1, Count: 4}, {What: "instances", Limit: 2, Count: 3}, {What: "instances:large", Limit: 1, Count: 2}, {What: "instance-type:large", Limit: 0, Count: 2}}
	p, _ := err.(*api.Problem)
	if p == nil || p.Code != "over_limit" || !slices.Equal(p.Limits, want) {
		t.Errorf("change the type: %v with %+v; want over_limit with %+v", err, p, want)
	}
	if team, err := s.Admin().AdminTeam(t.Context(), s.Team.ID); err != nil || team.Type != "standard" {
		t.Errorf("the team is %+v, %v; want its type as it was", team, err)
	}
	if _, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "One more", InstanceType: "gone"}); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("a size that is not there: %v; want 422", err)
	}
}
