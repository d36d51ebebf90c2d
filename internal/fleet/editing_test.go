package fleet_test

import (
	"strings"
	"testing"

	"leat/internal/fleet"
)

func TestWhyAnEditorIsReadOnly(t *testing.T) {
	user, admin := fleet.Actor{Kind: fleet.ActorUser, User: "u-1"}, fleet.Actor{Kind: fleet.ActorUser, User: "u-2", Admin: true}
	reader := fleet.Actor{Kind: fleet.ActorToken, User: "u-1", ReadOnly: true}
	free, protected, suspended := fleet.Instance{}, fleet.Instance{Protected: true}, fleet.Instance{Wanted: fleet.WantSuspended}
	held := fleet.Instance{Wanted: fleet.WantRunning, Held: true}
	for _, c := range []struct {
		in         fleet.Instance
		who        fleet.Actor
		role       fleet.Role
		code, says string
	}{
		{free, user, fleet.RoleMember, "", ""},
		{free, user, fleet.RoleOwner, "", ""},
		{free, admin, fleet.RoleNone, "", ""},
		{free, user, fleet.RoleViewer, "role", "member role"},
		{free, user, fleet.RoleNone, "role", ""},
		{free, reader, fleet.RoleOwner, "read_only_token", "only read"},
		{protected, user, fleet.RoleMember, "protected", "protected"},
		{protected, user, fleet.RoleOwner, "", ""},
		{protected, user, fleet.RoleViewer, "role", "member role"},
		{suspended, user, fleet.RoleOwner, "suspended", "Start it"},
		{held, user, fleet.RoleOwner, "team_suspended", "administrator"},
	} {
		code, reason := c.in.WhyNotEdit(c.who, c.role)
		if code != c.code || !strings.Contains(reason, c.says) || (code == "") != (reason == "") {
			t.Errorf("%+v as %s: %q %q; want %q", c.in, c.role, code, reason, c.code)
		}
	}
}
