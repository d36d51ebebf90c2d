package wire_test

import (
	"testing"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// A scope becomes the name of a property and of a file inside Node-RED.
func TestAScopeIsNoWayOutOfTheContext(t *testing.T) {
	for _, scope := range []string{"global", "flow:f6f2187d.f17ca8", "node:0a1b-c_d", "flow:global", "node:...", "flow:proto"} {
		if err := wire.CheckScope(scope); err != nil {
			t.Errorf("%q: %v", scope, err)
		}
	}
	for _, scope := range []string{
		"", "local", "flow:", "flow:a/b", "flow:a:b", "flow:..", "node:..", "flow:.", "flow:__proto__", "node:__proto__", "flow:constructor",
		"flow:prototype", "node:toString", "flow:__defineGetter__", "flow:hasOwnProperty", "global:x", "flow:a\x00",
	} {
		c := wire.ContextChange{Scope: scope, Key: "k", Delete: true}
		if err := c.Check(); !fleet.IsKind(err, fleet.Invalid) {
			t.Errorf("%q: %v; want it refused", scope, err)
		}
	}
}
