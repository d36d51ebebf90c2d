package fleet_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"leat/internal/fleet"
)

// The examples of RFC 8785, and what JSON readers tend to disagree on.
func TestCanonicalJSONHasOneWay(t *testing.T) {
	for want, v := range map[string]any{
		"{\"\\r\":\"a\",\"1\":\"b\",\"€\":\"c\",\"😀\":\"d\",\"\ufb33\":\"e\"}": map[string]any{"€": "c", "\r": "a", "\ufb33": "e", "1": "b", "😀": "d"},
		`"\b\t\n\f\r\"\\\u000f<>&/"`:                  "\b\t\n\f\r\"\\\u000f<>&/",
		`[56,"d",true,null,["x"],{}]`:                 []any{56, "d", true, nil, []string{"x"}, map[string]any{}},
		`[333333333.3333333,1e+30,4.5,0.002,1e-27,0]`: []any{333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001, math.Copysign(0, -1)},
		`"a�b"`: "a\xffb",
	} {
		got, err := fleet.AppendCanonical(nil, v)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
		if !json.Valid(got) {
			t.Errorf("%s is not JSON", got)
		}
	}
	for _, bad := range []any{math.NaN(), math.Inf(1), int64(1) << 60, struct{}{}, map[string]any{"x": []any{uint8(1)}}} {
		if got, err := fleet.AppendCanonical(nil, bad); err == nil {
			t.Errorf("%v became %s", bad, got)
		}
	}
}

func TestTheBytesOfAnAuditEventAreReadBack(t *testing.T) {
	salt := []byte("0123456789abcdef")
	var given string
	e := &fleet.AuditEvent{
		ID: "e-1", Time: time.Date(2026, 11, 2, 8, 0, 0, 1000, time.UTC), Event: "instance.edit", Result: fleet.AuditDone,
		Actor: fleet.Actor{Kind: fleet.ActorToken, User: "u-1", Username: "olga", Token: "k-1", Addr: "192.0.2.1"},
		Team:  "t-1", Application: "a-1", Object: "i-1", Name: `a","salt":"00000000000000000000000000000000"`,
		Detail: map[string]any{"salt": "x", "name": map[string]any{"from": "a", "to": "b"}},
	}
	text, err := e.Bytes(func(unsalted string) []byte { given = unsalted; return salt })
	if err != nil {
		t.Fatal(err)
	}
	unsalted, got, ok := fleet.Unsalted(text)
	if !ok || string(got) != string(salt) || unsalted != given {
		t.Errorf("unsalted %s, %s, %v; want %s", unsalted, got, ok, given)
	}
	back, err := fleet.ParseAuditEvent(text)
	if err != nil || back.Actor.User != "u-1" || back.Actor.Token != "k-1" || back.Name != e.Name || !back.Time.Equal(e.Time) {
		t.Errorf("read %+v, %v", back, err)
	}
	// The whole is canonical: writing what was read gives the same bytes.
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if again, err := fleet.AppendCanonical(nil, v); err != nil || string(again) != text {
		t.Errorf("written again: %s, %v; want %s", again, err, text)
	}
	if _, _, ok := fleet.Unsalted(`{"id":"e-1"}`); ok {
		t.Error("found a salt where none is")
	}
}

func TestIdsOfAuditEventsSortAsTheyHappened(t *testing.T) {
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	last := fleet.AuditEventID("")
	for n := range 3000 {
		now := at.Add(time.Duration(n) * time.Microsecond)
		id := fleet.NewAuditEventID(now)
		if id <= last || fleet.FirstAuditEventID(now) > id || fleet.FirstAuditEventID(now.Add(time.Microsecond)) <= id {
			t.Fatalf("%s does not sort behind %s at %v", id, last, now)
		}
		last = id
	}
}
