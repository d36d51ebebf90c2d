package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func TestAnHTTPTokenOpensTheFlowsOfItsInstanceAndNothingElse(t *testing.T) {
	p := newPlant(t)
	i, other := p.instance("Pump"), p.instance("Other")
	for _, who := range []fleet.Actor{p.mika, p.vera, p.dora} {
		_, _, err := p.HTTPTokens.Create(t.Context(), who, i.ID, api.NewHTTPToken{Name: "x"}, control.Key{})
		wantCode(t, err, "forbidden")
		_, _, err = p.HTTPTokens.List(t.Context(), who, i.ID, store.Page{})
		wantCode(t, err, "forbidden")
	}
	end := p.clock().Add(time.Hour)
	made, secret, err := p.HTTPTokens.Create(t.Context(), p.olga, i.ID, api.NewHTTPToken{Name: "PLC 7", ExpiresAt: &end}, control.Key{})
	if err != nil || !strings.HasPrefix(secret, fleet.HTTPTokenPrefix) || made.CreatedBy != "olga" || made.Hint != secret[len(secret)-4:] {
		t.Fatalf("made %+v, %v", made, err)
	}
	e := must(p.Doors.EnterToken(t.Context(), i.Label, secret))(t)
	if e.HTTPToken != made.ID || e.Actor.SignedIn() || e.Role != fleet.RoleNone || !e.EndsAt.Equal(end) {
		t.Errorf("it enters as %+v", e)
	}
	for _, perm := range []fleet.Permission{fleet.FlowsRead, fleet.FlowsEdit, fleet.InstanceOpen, fleet.SelfRead} {
		if e.Actor.May(perm, e.Role, "instance") == nil {
			t.Errorf("it may %s", perm)
		}
	}
	if e := must(p.Doors.EnterToken(t.Context(), other.Label, secret))(t); e.HTTPToken != "" {
		t.Error("it opens another instance")
	}
	if _, err := p.Tokens.Authenticate(t.Context(), secret); !fleet.IsKind(err, fleet.Unauthenticated) {
		t.Errorf("at the platform: %v; want nobody", err)
	}
	if err := p.HTTPTokens.NoteUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, _, err := p.HTTPTokens.List(t.Context(), p.olga, i.ID, store.Page{})
	if err != nil || len(list) != 1 || !list[0].UsedAt.Equal(p.clock()) {
		t.Errorf("the list is %+v, %v; want its last use", list, err)
	}
	p.sleep(time.Hour)
	if e := must(p.Doors.EnterToken(t.Context(), i.Label, secret))(t); e.HTTPToken != "" {
		t.Error("it opens after its end")
	}
	if err := p.HTTPTokens.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, _, _ = p.HTTPTokens.List(t.Context(), p.olga, i.ID, store.Page{}); len(list) != 0 {
		t.Errorf("after it expired there are %d", len(list))
	}
}

func TestARevokedHTTPTokenIsNobodyAtOnceAndTheirNumberIsBounded(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	past := p.clock().Add(-time.Minute)
	_, _, err := p.HTTPTokens.Create(t.Context(), p.olga, i.ID, api.NewHTTPToken{Name: " ", ExpiresAt: &past}, control.Key{})
	var e *fleet.Error
	if !asError(err, &e) || len(e.Fields) != 2 {
		t.Errorf("err = %v; want two faults", err)
	}
	var first *fleet.HTTPToken
	var secret string
	for n := range 50 {
		made, s, err := p.HTTPTokens.Create(t.Context(), p.olga, i.ID, api.NewHTTPToken{Name: fmt.Sprint("PLC ", n)}, control.Key{})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first, secret = made, s
		}
	}
	_, _, err = p.HTTPTokens.Create(t.Context(), p.olga, i.ID, api.NewHTTPToken{Name: "one more"}, control.Key{})
	wantCode(t, err, "too_many_tokens")
	wantCode(t, p.HTTPTokens.Revoke(t.Context(), p.mika, i.ID, first.ID), "forbidden")
	wantCode(t, p.HTTPTokens.Revoke(t.Context(), p.olga, p.instance("Other").ID, first.ID), "http_token_not_found")
	hints := p.events.Subscribe(t.Context(), func(e fleet.Event) bool { return e.Noun == "http-token" && e.Deleted })
	if err := p.HTTPTokens.Revoke(t.Context(), p.olga, i.ID, first.ID); err != nil {
		t.Fatal(err)
	}
	if h := <-hints.Events(); h.ID != string(first.ID) {
		t.Errorf("the door is told of %s", h.ID)
	}
	if e := must(p.Doors.EnterToken(t.Context(), i.Label, secret))(t); e.HTTPToken != "" {
		t.Error("it opens after it was revoked")
	}
	events := p.audited(store.AuditFilter{})
	if !has(events, "http-token.create") || !has(events, "http-token.revoke") {
		t.Error("the audit log does not tell of it")
	}
}

func TestAnHTTPTokenMadeTwiceUnderOneKeyIsOne(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	key := control.Key{Route: "POST /x", Value: "k", Digest: "d"}
	a, sa, err1 := p.HTTPTokens.Create(t.Context(), p.olga, i.ID, api.NewHTTPToken{Name: "PLC"}, key)
	b, sb, err2 := p.HTTPTokens.Create(t.Context(), p.olga, i.ID, api.NewHTTPToken{Name: "PLC"}, key)
	if err1 != nil || err2 != nil || a.ID != b.ID || sa != sb {
		t.Errorf("made %v and %v (%v, %v); want one", a, b, err1, err2)
	}
}
