package fleet_test

import (
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
)

var then = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func TestNamesAreOneVisibleLine(t *testing.T) {
	for in, ok := range map[string]bool{
		"": false, "   ": false, "a": true, "  Pumpe Süd 3 ": true, strings.Repeat("é", 64): true, strings.Repeat("é", 65): false, strings.Repeat("x", 10_000): false,
		"🏭 👩‍🔧": true, "../../etc/passwd": true, "<script>alert(1)</script>": true, "مضخة": true, "safe\u202Egnp.exe": false, "a\u0000b": false, "a\nb": false,
		"zero\u200Bwidth": false, "\xff": false, "\uE000": false,
	} {
		got, err := fleet.CleanName("name", in)
		if (err == nil) != ok || ok && got != strings.TrimSpace(in) {
			t.Errorf("%q: %q, %v; want ok %v", in, got, err, ok)
		}
	}
}

func TestNamesThatReadTheSameAreTheSame(t *testing.T) {
	for _, pair := range [][2]string{{"Pump", "pUMP"}, {"PÜMPE", "pümpe"}, {"e\u0301", "É"}, {"Ａ１", "a1"}} {
		if a, b := fleet.NameKey(pair[0]), fleet.NameKey(pair[1]); a != b {
			t.Errorf("%q and %q differ: %q, %q", pair[0], pair[1], a, b)
		}
	}
	if fleet.NameKey("pump 1") == fleet.NameKey("pump 2") {
		t.Error("different names have one key")
	}
}

func TestALabelIsMadeOfEveryName(t *testing.T) {
	for in, want := range map[string]string{
		"Pumpstation Süd 3": "pumpstation-sud-3", "Straße": "strasse", "🏭": "instance", "مضخة": "instance", "a--b": "a-b", "xn--abc": "xn-abc",
		"API": "instance-api", "plant editor": "instance-plant", "Editor": "instance", "x editor-editor": "instance-x",
		"nineteen letters abc editor editors": "instance-nineteen-letters-abc-edit", "-x-": "x", strings.Repeat("long", 30): strings.Repeat("long", 8) + "lo",
	} {
		got := fleet.LabelFrom(in)
		if got != want || fleet.CheckLabel(got) != nil {
			t.Errorf("%q became %q (%v); want %q", in, got, fleet.CheckLabel(got), want)
		}
		for _, n := range []int{2, 99, 9999} {
			if next := fleet.Numbered(got, n); fleet.CheckLabel(next) != nil || next == got {
				t.Errorf("%q numbered %d is %q", got, n, next)
			}
		}
	}
	for _, bad := range []string{"", "-a", "a-", "A", "a.b", "ab--c", "plant-editor", "api", strings.Repeat("a", 41), "ä"} {
		if fleet.CheckLabel(bad) == nil {
			t.Errorf("%q is a label", bad)
		}
	}
}

func TestShortNamesAreNoIdsOfTeams(t *testing.T) {
	id := string(fleet.NewTeamID(then))
	if !fleet.IsTeamID(id) || fleet.CheckSlug(id) == nil || fleet.CheckSlug("plant-1") != nil || fleet.IsTeamID("plant-1") {
		t.Errorf("%s is taken for a short name, or plant-1 for an id", id)
	}
}

func TestAnEnvironmentTellsEveryFaultAndNoValue(t *testing.T) {
	err := fleet.CheckEnvironment([]fleet.Variable{
		{Name: "GOOD", Value: "hush"}, {Name: "GOOD", Value: "hush"}, {Name: "1X"}, {Name: "node_options"}, {Name: "NODE_PATH"}, {Name: "LEAT_KEY"},
		{Name: "LD_PRELOAD"}, {Name: "PATH"}, {Name: "BIG", Value: strings.Repeat("hush", 10_000)}, {Name: "ZERO", Value: "hu\x00sh"},
	})
	e, ok := err.(*fleet.Error)
	if !ok || len(e.Fields) != 9 || strings.Contains(err.Error(), "hush") {
		t.Fatalf("err = %#v; want nine faults", err)
	}
	if err := fleet.CheckEnvironment([]fleet.Variable{{Name: "HOST"}, {Name: "_x9"}, {Name: "NODES"}}); err != nil {
		t.Errorf("err = %v", err)
	}
}

func TestThePermissionTable(t *testing.T) {
	seen := map[fleet.Permission]bool{}
	for _, g := range fleet.Grants {
		if seen[g.Permission] || g.Does == "" || (g.Scope == fleet.InTeam) != g.Role.Valid() {
			t.Errorf("the row %+v", g)
		}
		seen[g.Permission] = true
	}
	member := fleet.Actor{Kind: fleet.ActorUser, User: "u-1"}
	admin := fleet.Actor{Kind: fleet.ActorUser, User: "u-2", Admin: true}
	reader := fleet.Actor{Kind: fleet.ActorToken, User: "u-3", Admin: true, ReadOnly: true}
	for _, c := range []struct {
		who  fleet.Actor
		perm fleet.Permission
		role fleet.Role
		code string
	}{
		{member, fleet.InstanceRead, fleet.RoleViewer, ""},
		{member, fleet.InstanceRead, fleet.RoleDashboard, "forbidden"},
		{member, fleet.InstanceRead, fleet.RoleNone, "instance_not_found"},
		{member, fleet.UserList, fleet.RoleOwner, "forbidden"},
		{admin, fleet.InstanceDelete, fleet.RoleNone, ""},
		{reader, fleet.InstanceDelete, fleet.RoleOwner, "read_only_token"},
		{reader, fleet.InstanceRead, fleet.RoleNone, ""},
		{reader, fleet.InviteAccept, fleet.RoleNone, "read_only_token"},
		{fleet.Anonymous("", ""), fleet.StatusRead, fleet.RoleNone, ""},
		{fleet.Anonymous("", ""), fleet.SelfRead, fleet.RoleNone, "not_signed_in"},
		{fleet.Anonymous("", ""), fleet.RunnerDeploy, fleet.RoleNone, "forbidden"},
		{fleet.Actor{Kind: fleet.ActorRunner, Runner: "i-1"}, fleet.RunnerDeploy, fleet.RoleNone, ""},
		{fleet.Actor{Kind: fleet.ActorRunner, Runner: "i-1"}, fleet.InstanceRead, fleet.RoleOwner, "not_signed_in"},
		{fleet.System("cron"), fleet.UserDelete, fleet.RoleNone, ""},
		{admin, "no:such", fleet.RoleOwner, "unknown_permission"},
	} {
		err := c.who.May(c.perm, c.role, "instance")
		if c.code == "" && err != nil || c.code != "" && !fleet.IsCode(err, c.code) {
			t.Errorf("%s %s as %s: %v; want %q", c.who.Kind, c.perm, c.role, err, c.code)
		}
	}
}

func TestARefusalSaysWhomToAsk(t *testing.T) {
	member := fleet.Actor{Kind: fleet.ActorUser, User: "u-1"}
	for perm, who := range map[fleet.Permission]string{fleet.StatisticsRead: "an administrator", fleet.InstanceDelete: "an owner of the team"} {
		if err := member.May(perm, fleet.RoleMember, "instance"); err == nil || !strings.HasSuffix(err.Error(), "Ask "+who+".") {
			t.Errorf("%s: %v; want to ask %s", perm, err, who)
		}
	}
}

func TestWhatPeopleSeeOfAState(t *testing.T) {
	for _, c := range []struct {
		from    fleet.State
		want    fleet.Wanted
		restart bool
		to      fleet.State
	}{
		{fleet.StateStopped, fleet.WantRunning, false, fleet.StateStarting},
		{fleet.StateRunning, fleet.WantRunning, false, fleet.StateRunning},
		{fleet.StateCrashLoop, fleet.WantRunning, true, fleet.StateStarting},
		{fleet.StateRunning, fleet.WantStopped, false, fleet.StateStopping},
		{fleet.StateStopped, fleet.WantSuspended, false, fleet.StateSuspended},
		{fleet.StateSuspended, fleet.WantStopped, false, fleet.StateStopped},
	} {
		if got := c.from.Towards(c.want, c.restart); got != c.to || !got.Valid() {
			t.Errorf("%s towards %s is %s; want %s", c.from, c.want, got, c.to)
		}
	}
	if fleet.State("dancing").Valid() {
		t.Error("dancing is a state")
	}
}
