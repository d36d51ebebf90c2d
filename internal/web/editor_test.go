package web_test

import (
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func TestAnInstanceSaysWhyItsEditorIsReadOnly(t *testing.T) {
	s := servertest.New(t)
	owner, ctx := s.As("owner"), t.Context()
	made, err := owner.CreateInstance(ctx, s.Application("Intake").ID, api.NewInstance{Name: "Pump"})
	if err != nil {
		t.Fatal(err)
	}
	if !made.Editing.Allowed {
		t.Errorf("who made it: %+v", made.Editing)
	}
	check := func(role, want string) {
		t.Helper()
		one, err := s.As(role).Instance(ctx, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.As(role).TeamInstances(ctx, s.Team.ID, api.Page{})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%d instances, %v", len(list.Items), err)
		}
		for _, got := range []api.Editing{one.Editing, list.Items[0].Editing} {
			if got.Code != want || got.Allowed != (want == "") || (got.Reason == "") != (want == "") {
				t.Errorf("as %s: %+v; want %q", role, got, want)
			}
		}
	}
	check("owner", "")
	check("member", "")
	check("viewer", "role")
	check("reader", "read_only_token")
	if _, err := owner.UpdateInstance(ctx, made.ID, api.EditInstance{Protected: api.Some(true)}); err != nil {
		t.Fatal(err)
	}
	check("owner", "")
	check("member", "protected")
	check("viewer", "role")
	if _, err := owner.SuspendInstance(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	check("owner", "suspended")
	check("member", "protected")
}

func TestNobodyHasTheEditorOpenAtFirst(t *testing.T) {
	s := servertest.New(t)
	made, err := s.As("owner").CreateInstance(t.Context(), s.Application("Intake").ID, api.NewInstance{Name: "Pump"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.As("viewer").Editors(t.Context(), made.ID)
	if err != nil || got.Items == nil || len(got.Items) != 0 {
		t.Errorf("editors %+v, %v", got, err)
	}
	if _, err := s.As("other").Editors(t.Context(), made.ID); !api.Is(err, "instance_not_found") {
		t.Errorf("somebody from elsewhere: %v", err)
	}
}
