package control_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/control"
	"leat/internal/npm"
)

func TestMisfitsAreThePackagesThatAskForAnotherNode(t *testing.T) {
	entry := func(engines string) string {
		return `{"version":"1.0.0","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="` + engines + `}`
	}
	lock, err := npm.ParseLock([]byte(`{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"*"}},
		"node_modules/a":` + entry(`,"engines":{"node":">=24"}`) + `,
		"node_modules/b":` + entry(`,"engines":{"node":"^20.17.0 || >=22.9.0"}`) + `,
		"node_modules/c":` + entry(`,"engines":["node < 18"]`) + `,
		"node_modules/d":` + entry(`,"engines":{"node":"what you like"}`) + `,
		"node_modules/b/node_modules/a":` + entry(`,"engines":{"node":">=24"}`) + `,
		"node_modules/e":` + entry(``) + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []control.Misfit{{Name: "a", Version: "1.0.0", Wants: ">=24"}, {Name: "c", Version: "1.0.0", Wants: "< 18"}}
	if diff := cmp.Diff(want, control.Misfits(lock, "22.23.3")); diff != "" {
		t.Error(diff)
	}
	if got := control.Misfits(lock, "nonsense"); got != nil {
		t.Errorf("without a version: %v", got)
	}
}
