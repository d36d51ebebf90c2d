package web_test

import (
	"net/http"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func TestSettingsAreChangedShownAndAudited(t *testing.T) {
	s := servertest.New(t)
	admin := s.Admin()
	first, err := admin.Settings(t.Context())
	if err != nil || first.TeamCreation != "everybody" || !first.InviteNewUsers || first.DefaultTeamType != "standard" || first.SessionIdle != 8*3600 || first.ConfiguredName == "" {
		t.Fatalf("a new platform has %+v, %v", first, err)
	}
	changed, err := admin.UpdateSettings(t.Context(), api.EditSettings{
		Name: api.Some("Works"), SignInMessage: api.Some("Maintenance on Sunday.\nAsk Olga."), SupportContact: api.Some("https://help.example"), TeamCreation: api.Some("administrators"),
	}, api.IfMatch(first.Version))
	if err != nil || changed.Version != first.Version+1 || changed.Name != "Works" {
		t.Fatalf("changed %+v, %v", changed, err)
	}
	if _, err := admin.UpdateSettings(t.Context(), api.EditSettings{Name: api.Some("Mine")}, api.IfMatch(first.Version)); api.StatusOf(err) != http.StatusPreconditionFailed {
		t.Errorf("a stale change: %v; want 412", err)
	}
	stranger, err := s.Anonymous().Status(t.Context())
	if err != nil || stranger.Name != "Works" || stranger.SignInMessage != "Maintenance on Sunday.\nAsk Olga." || stranger.SupportContact != "https://help.example" || stranger.TeamCreation != "" {
		t.Errorf("strangers are shown %+v, %v", stranger, err)
	}
	if member, err := s.As("member").Status(t.Context()); err != nil || member.TeamCreation != "administrators" || !member.InviteNewUsers {
		t.Errorf("members are shown %+v, %v", member, err)
	}
	if _, err := s.As("owner").CreateTeam(t.Context(), api.NewTeam{Name: "Mine"}); !api.Is(err, "team_creation_off") {
		t.Errorf("an owner makes a team: %v; want team_creation_off", err)
	}
	events, err := admin.AuditEvents(t.Context(), api.AuditQuery{Event: "setting.edit"})
	if err != nil || len(events.Items) != 1 {
		t.Fatalf("the audit log has %+v, %v; want one change", events, err)
	}
	name, _ := events.Items[0].Detail["name"].(map[string]any)
	if name["from"] != "" || name["to"] != "Works" {
		t.Errorf("it tells of %v; want from and to", events.Items[0].Detail)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	s := servertest.New(t)
	for what, in := range map[string]api.EditSettings{
		"a script for a contact": {SupportContact: api.Some("javascript://x/%0aalert(1)")},
		"two lines of contact":   {SupportContact: api.Some("a\nb")},
		"a hidden letter":        {SignInMessage: api.Some("a\u202eb")},
		"a long message":         {SignInMessage: api.Some(strings.Repeat("a", 2001))},
		"a long name":            {Name: api.Some(strings.Repeat("a", 65))},
		"an unknown word":        {TeamCreation: api.Some("nobody")},
		"an unknown type":        {DefaultTeamType: api.Some("none")},
	} {
		if _, err := s.Admin().UpdateSettings(t.Context(), in); api.StatusOf(err) != http.StatusUnprocessableEntity {
			t.Errorf("%s: %v; want 422", what, err)
		}
	}
	if _, err := s.As("owner").Settings(t.Context()); !api.Is(err, "forbidden") {
		t.Errorf("an owner reads the settings: %v; want forbidden", err)
	}
}
