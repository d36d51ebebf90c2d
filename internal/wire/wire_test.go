package wire_test

import (
	"encoding/json"
	"testing"

	"leat/internal/fleet"
	"leat/internal/wire"
)

func TestADigestIsOfTheContent(t *testing.T) {
	digest := func(text string) string {
		t.Helper()
		d, err := wire.Digest(json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if digest(`[ {"a": 1} ]`) != digest(`[{"a":1}]`) {
		t.Error("spaces change the digest")
	}
	if digest(`[{"a":1}]`) == digest(`[{"a":2}]`) {
		t.Error("another value has the same digest")
	}
	// As Node-RED computes its revision of no flows: sha256("[]").
	if got := digest(`[]`); got != "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945" {
		t.Errorf("digest of no flows = %s", got)
	}
	if digest("") != "" {
		t.Error("nothing has a digest")
	}
}

func TestTheDigestOfASpecDoesNotKnowItsVersion(t *testing.T) {
	a := wire.Spec{Runner: "i-1", Version: 1, Flows: json.RawMessage(`[]`)}
	b := a
	b.Version, b.Digest = 2, "something"
	c := a
	c.Restarts = 1
	for _, s := range []*wire.Spec{&a, &b, &c} {
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	if a.Digest != b.Digest || a.Digest == c.Digest || a.Digest == "" {
		t.Errorf("digests %s, %s, %s", a.Digest, b.Digest, c.Digest)
	}
}

func TestFlowsThatNodeREDCannotLoadAreRefused(t *testing.T) {
	for text, sound := range map[string]bool{
		"":                                  true,
		`[]`:                                true,
		`[{"id":"a","type":"tab"}]`:         true,
		`{"id":"a","type":"tab"}`:           false,
		`[{"id":"a"}]`:                      false,
		`[{"type":"tab"}]`:                  false,
		`[1]`:                               false,
		`[{"id":"a","type":"tab"}`:          false,
		`null`:                              true,
		`[{"id":"a","type":"tab"},{"a":1}]`: false,
	} {
		err := wire.CheckFlows(json.RawMessage(text))
		if (err == nil) != sound {
			t.Errorf("%s: %v; sound is %t", text, err, sound)
		}
		if err != nil && !fleet.IsCode(err, "flows_invalid") {
			t.Errorf("%s: %v has another code", text, err)
		}
	}
}

func TestASpecThatLacksSomethingIsRefused(t *testing.T) {
	whole := wire.Spec{Protocol: wire.Protocol, Runner: "i-1", Running: true, Stack: "s", Door: wire.Door{Key: "k", PublicKey: "p", Audience: "a"}}
	if err := whole.Check(); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*wire.Spec){
		"future protocol": func(s *wire.Spec) { s.Protocol = 99 },
		"no protocol":     func(s *wire.Spec) { s.Protocol = 0 },
		"no runner":       func(s *wire.Spec) { s.Runner = "" },
		"no stack":        func(s *wire.Spec) { s.Stack = "" },
		"no key":          func(s *wire.Spec) { s.Door.Key = "" },
		"no public key":   func(s *wire.Spec) { s.Door.PublicKey = "" },
	} {
		s := whole
		change(&s)
		if err := s.Check(); !fleet.IsKind(err, fleet.Invalid) {
			t.Errorf("%s: %v; want a refusal", what, err)
		}
	}
}

func TestRulesOfThePalette(t *testing.T) {
	p := wire.Palette{Install: true, Allow: []string{"node-red-contrib-*", "@plant/*", "exact"}, Deny: []string{"*-evil*"}}
	for name, want := range map[string]bool{
		"node-red-contrib-modbus": true, "@plant/pump": true, "exact": true, "exactly": false,
		"node-red-contrib-evil-twin": false, "other": false, "": false,
	} {
		if got := p.Allows(name); got != want {
			t.Errorf("%q allowed is %t; want %t", name, got, want)
		}
	}
	if (wire.Palette{}).Allows("exact") {
		t.Error("a closed palette allows a module")
	}
	if !(wire.Palette{Install: true}).Allows("any") {
		t.Error("an open palette refuses a module")
	}
}
