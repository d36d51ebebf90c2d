package web_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func TestAnHTTPTokenIsShownOnceAndOpensTheDoorUntilItIsRevoked(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	i, err := owner.CreateInstance(t.Context(), s.Application("Plant").ID, api.NewInstance{Name: "Pump"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := owner.CreateHTTPToken(t.Context(), i.ID, api.NewHTTPToken{Name: "PLC 7"}, api.Once("plc"))
	if err != nil || made.Secret == "" || made.CreatedBy != "olga" || made.ExpiresAt != nil || made.UsedAt != nil {
		t.Fatalf("made %+v, %v", made, err)
	}
	again, err := owner.CreateHTTPToken(t.Context(), i.ID, api.NewHTTPToken{Name: "PLC 7"}, api.Once("plc"))
	if err != nil || again.ID != made.ID || again.Secret != made.Secret {
		t.Errorf("sent twice under one key: %+v, %v; want the first", again, err)
	}
	list, err := owner.HTTPTokens(t.Context(), i.ID, api.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Hint != made.Hint {
		t.Errorf("the list is %+v, %v", list, err)
	}
	door := func(auth string) int {
		t.Helper()
		return s.Do(s.Request("POST", "/measure", "", "Host", i.Label+".leat.localhost"+port(s), "Authorization", auth)).StatusCode
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("plc-7:"+made.Secret))
	for _, auth := range []string{"Bearer " + made.Secret, basic} {
		if code := door(auth); code != http.StatusServiceUnavailable {
			t.Errorf("at the door of an instance that does not run: %d; want 503, which strangers do not get", code)
		}
	}
	if _, err := s.Anonymous().With(made.Secret).User(t.Context()); api.StatusOf(err) != http.StatusUnauthorized {
		t.Errorf("at the platform: %v; want 401", err)
	}
	if err := owner.RevokeHTTPToken(t.Context(), i.ID, made.ID); err != nil {
		t.Fatal(err)
	}
	for _, auth := range []string{"Bearer " + made.Secret, basic} {
		if code := door(auth); code != http.StatusUnauthorized {
			t.Errorf("after it was revoked: %d; want 401", code)
		}
	}
}
