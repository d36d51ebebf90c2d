package nodered_test

import (
	"encoding/json"
	"testing"

	"leat/internal/nodered"
	"leat/internal/wire"
)

// A save is made of what Node-RED has loaded, also when it is about to load
// something newer: that the server must be able to tell.
func TestASaveNamesWhatNodeREDHasLoaded(t *testing.T) {
	spec := func(version int64, flows, credentials string) *wire.Spec {
		return &wire.Spec{Protocol: wire.Protocol, Runner: "i-1", Version: version, Flows: json.RawMessage(flows), Credentials: json.RawMessage(credentials)}
	}
	one, two := `[{"id":"a","type":"tab"}]`, `[{"id":"b","type":"tab"}]`
	secret := `{"a":{"password":"old"}}`
	for name, c := range map[string]struct{ first, next *wire.Spec }{
		"other flows":        {spec(1, one, secret), spec(2, two, secret)},
		"other credentials":  {spec(1, one, secret), spec(2, one, `{"a":{"password":"new"}}`)},
		"the first ones":     {spec(1, one, ""), spec(2, one, secret)},
		"none any more":      {spec(1, one, secret), spec(2, one, "")},
		"nothing in between": {spec(1, one, secret), spec(1, one, secret)},
	} {
		flows, credentials, err := nodered.BaseOfSave(c.first, c.next)
		if err != nil {
			t.Fatal(err)
		}
		wantFlows, wantCredentials := digest(t, c.first.Flows), digest(t, c.first.Credentials)
		if wantCredentials == "" {
			wantCredentials = wire.NoCredentials
		}
		if flows != wantFlows || credentials != wantCredentials {
			t.Errorf("%s: base %s %s; want %s %s", name, flows, credentials, wantFlows, wantCredentials)
		}
	}
}

func digest(t *testing.T, text json.RawMessage) string {
	t.Helper()
	d, err := wire.Digest(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
