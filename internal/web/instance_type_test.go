package web_test

import (
	"net/http"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func TestAnInstanceTypeIsMadeUsedChangedAndDeleted(t *testing.T) {
	s := servertest.New(t)
	admin, owner, application := s.Admin(), s.As("owner"), s.Application("Plant")
	first, err := owner.InstanceTypes(t.Context())
	if err != nil || len(first.Items) != 3 || first.Items[0].ID != "small" || !first.Items[0].Default || first.Items[2].MemoryMiB != 1024 {
		t.Fatalf("a new platform has %+v, %v; want small, medium and large", first, err)
	}
	made, err := admin.CreateInstanceType(t.Context(), api.NewInstanceType{Name: "Extra Large!", MemoryMiB: 2048, CPUPercent: 400, Order: 40})
	if err != nil || made.ID != "extra-large" || !made.Active {
		t.Fatalf("made %+v, %v; want an id from its name", made, err)
	}
	i, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Mill", InstanceType: made.ID})
	if err != nil || i.InstanceType != made.ID {
		t.Fatalf("an instance of it: %+v, %v", i, err)
	}
	if samples, err := owner.Samples(t.Context(), i.ID); err != nil || samples.MemoryLimitMiB != 2048 || samples.CPULimit != 400 {
		t.Errorf("its measurements stand below %+v, %v; want the row's limits", samples, err)
	}
	if err := admin.DeleteInstanceType(t.Context(), made.ID); !api.Is(err, "type_in_use") || !strings.Contains(err.Error(), "(1)") {
		t.Errorf("delete what is used: %v; want type_in_use and by how many", err)
	}
	if err := admin.DeleteInstanceType(t.Context(), "small"); !api.Is(err, "default_type") {
		t.Errorf("delete the default: %v; want default_type", err)
	}
	if _, err := admin.UpdateInstanceType(t.Context(), made.ID, api.EditInstanceType{Active: api.Some(false)}); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Mill 2", InstanceType: made.ID}); api.StatusOf(err) != http.StatusUnprocessableEntity {
		t.Errorf("another of a size that is off: %v; want 422", err)
	}
	if _, err := owner.UpdateInstance(t.Context(), i.ID, api.EditInstance{Name: api.Some("Old mill"), InstanceType: api.Some(made.ID)}); err != nil {
		t.Errorf("keep the size that it has: %v", err)
	}
	if err := owner.DeleteInstance(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	kind, err := admin.CreateTeamType(t.Context(), api.NewTeamType{Name: "Extra large only", InstanceTypes: []string{made.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.DeleteInstanceType(t.Context(), made.ID); !api.Is(err, "type_in_use") || !strings.Contains(err.Error(), kind.Name) {
		t.Errorf("delete what a team type names: %v; want type_in_use and which", err)
	}
	if err := admin.DeleteTeamType(t.Context(), kind.ID); err != nil {
		t.Fatal(err)
	}
	if err := admin.DeleteInstanceType(t.Context(), made.ID); err != nil {
		t.Errorf("delete what nothing has: %v", err)
	}
}

func TestBadInstanceTypesAreRefused(t *testing.T) {
	s := servertest.New(t)
	for what, in := range map[string]api.NewInstanceType{
		"no memory":         {Name: "A", CPUPercent: 100},
		"too little":        {Name: "A", MemoryMiB: 64, CPUPercent: 100},
		"no CPU":            {Name: "A", MemoryMiB: 512},
		"no name":           {MemoryMiB: 512, CPUPercent: 100},
		"an id that climbs": {ID: "../x", Name: "A", MemoryMiB: 512, CPUPercent: 100},
		"a hidden letter":   {Name: "A\u202eB", MemoryMiB: 512, CPUPercent: 100},
	} {
		if _, err := s.Admin().CreateInstanceType(t.Context(), in); api.StatusOf(err) != http.StatusUnprocessableEntity {
			t.Errorf("%s: %v; want 422", what, err)
		}
	}
	if _, err := s.Admin().CreateInstanceType(t.Context(), api.NewInstanceType{ID: "small", Name: "Tiny", MemoryMiB: 512, CPUPercent: 100}); !api.Is(err, "id_taken") {
		t.Errorf("an id that is there: %v; want id_taken", err)
	}
}
