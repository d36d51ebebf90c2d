package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/fleet"
)

func of(n int) *int { return &n }

func TestLimitsOfATeamStandOverThoseOfItsType(t *testing.T) {
	kind := &fleet.TeamType{Limits: fleet.Limits{Members: of(5), Instances: of(3), InstancesOfType: map[string]int{"large": 1, "small": 4}}}
	own := fleet.Limits{Members: of(fleet.Unlimited), Snapshots: of(2), InstancesOfType: map[string]int{"large": fleet.Unlimited, "medium": 1}}
	want := fleet.Limits{Instances: of(3), Snapshots: of(2), InstancesOfType: map[string]int{"small": 4, "medium": 1}}
	if diff := cmp.Diff(want, own.In(kind)); diff != "" {
		t.Error(diff)
	}
	if len(kind.Limits.InstancesOfType) != 2 {
		t.Error("the type's own limits were changed")
	}
}

func TestWhatIsOverALimitIsListed(t *testing.T) {
	l := fleet.Limits{Members: of(2), Instances: of(0), InstancesOfType: map[string]int{"small": 1}}
	got := l.Exceeded(fleet.Usage{Members: 2, Instances: 3, InstancesOfType: map[string]int{"small": 2, "large": 1}, Snapshots: 99})
	want := []fleet.OverLimit{{What: "instances", Limit: 0, Count: 3}, {What: "instances:small", Limit: 1, Count: 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := (fleet.Limits{}).Exceeded(fleet.Usage{Members: 1000, Instances: 1000}); got != nil {
		t.Errorf("without limits %v is over", got)
	}
}

func TestAProtectedInstanceIsChangedByOwnersAlone(t *testing.T) {
	person := fleet.Actor{Kind: fleet.ActorUser, User: "u-1"}
	admin := fleet.Actor{Kind: fleet.ActorUser, User: "u-2", Admin: true}
	for _, row := range []struct {
		who       fleet.Actor
		role      fleet.Role
		protected bool
		code      string
	}{
		{person, fleet.RoleOwner, true, ""}, {person, fleet.RoleMember, true, "protected_instance"}, {person, fleet.RoleMember, false, ""},
		{person, fleet.RoleViewer, true, "forbidden"}, {person, fleet.RoleNone, true, "instance_not_found"}, {admin, fleet.RoleNone, true, ""},
		{admin, fleet.RoleMember, true, ""}, {fleet.System("pipeline"), fleet.RoleNone, true, ""},
	} {
		i := &fleet.Instance{Protected: row.protected}
		if err := i.MayChange(row.who, fleet.FlowsEdit, row.role); row.code == "" && err != nil || row.code != "" && !fleet.IsCode(err, row.code) {
			t.Errorf("%+v as %s of protected %v: %v; want %q", row.who, row.role, row.protected, err, row.code)
		}
	}
}

func TestSearchTermsFitNamesAsTheQueriesDo(t *testing.T) {
	for _, row := range []struct {
		q     string
		names []string
		want  fleet.Fit
		ok    bool
	}{
		{"Small", []string{"small"}, fleet.FitExact, true}, {"sma", []string{"Small"}, fleet.FitPrefix, true}, {"red-5", []string{"Node-RED 5"}, fleet.FitWord, true},
		{"ode", []string{"Node-RED 5"}, fleet.FitPart, true}, {"5 node", []string{"Node-RED 5"}, fleet.FitPart, true}, {"x", []string{"Node-RED 5"}, 0, false},
		{"e", []string{"Node"}, 0, false}, {"n", []string{"Node"}, fleet.FitPrefix, true}, {"red five", []string{"Node-RED", "five"}, fleet.FitPart, true},
	} {
		fit, ok := fleet.NewSearchTerms(row.q).Fits(row.names...)
		if ok != row.ok || ok && fit != row.want {
			t.Errorf("%q in %v: %v, %v; want %v, %v", row.q, row.names, fit, ok, row.want, row.ok)
		}
	}
	if !fleet.NewSearchTerms(" -_ ").Empty() {
		t.Error("separators alone are no terms")
	}
}
