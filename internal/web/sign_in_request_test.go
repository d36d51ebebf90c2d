package web_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/servertest"
)

const verifier = "a verifier that only the program knows"

func askToSignIn(t *testing.T, s *servertest.Server) *api.CreatedSignInRequest {
	t.Helper()
	request, err := s.Anonymous().RequestSignIn(t.Context(), api.NewSignInRequest{
		Program: "leat test", Machine: "olgas-laptop", System: "linux/amd64", Challenge: fleet.SignInChallenge(verifier),
	})
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestAProgramIsLetInOnceItIsApproved(t *testing.T) {
	s := servertest.New(t)
	ctx, program, owner := t.Context(), s.Anonymous(), s.As("owner")
	request := askToSignIn(t, s)
	if !strings.HasSuffix(request.URL, "/approve/"+request.ID) || len(request.Code) != 9 {
		t.Errorf("the request is %+v", request)
	}
	if got, err := program.TakeSignInToken(ctx, request.ID, verifier); err != nil || !got.Waiting || got.Token != "" {
		t.Fatalf("before anybody decided: %+v, %v", got, err)
	}
	seen, err := owner.SignInRequest(ctx, request.ID)
	if err != nil || seen.Code != request.Code || seen.Machine != "olgas-laptop" || !seen.Near || seen.State != "waiting" {
		t.Errorf("the owner sees %+v, %v", seen, err)
	}
	if err := owner.ApproveSignIn(ctx, request.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := program.TakeSignInToken(ctx, request.ID, "another verifier"); !api.Is(err, "sign_in_request_not_found") {
		t.Errorf("with another verifier: %v", err)
	}
	got, err := program.TakeSignInToken(ctx, request.ID, verifier)
	if err != nil || got.Username != servertest.Usernames["owner"] || got.ExpiresAt == nil {
		t.Fatalf("after it was approved: %+v, %v", got, err)
	}
	program.SetToken(got.Token)
	if user, err := program.User(ctx); err != nil || user.Username != got.Username {
		t.Errorf("the token belongs to %+v, %v", user, err)
	}
	if _, err := program.TakeSignInToken(ctx, request.ID, verifier); !api.Is(err, "sign_in_request_not_found") {
		t.Errorf("a second time: %v", err)
	}
	tokens, err := owner.Tokens(ctx, api.Page{})
	if err != nil || tokens.Items[0].ID != got.ID || tokens.Items[0].Name != "olgas-laptop" {
		t.Errorf("the owner's tokens are %+v, %v", tokens, err)
	}
	for _, event := range []string{"sign-in-request.approve", "token.create"} {
		if events, err := s.Admin().AuditEvents(ctx, api.AuditQuery{Event: event, Actor: got.Username}); err != nil || len(events.Items) == 0 {
			t.Errorf("no audit event %s: %v", event, err)
		}
	}
}

func TestAProgramIsNotLetIn(t *testing.T) {
	s := servertest.New(t)
	ctx, program, owner := t.Context(), s.Anonymous(), s.As("owner")

	denied := askToSignIn(t, s)
	if err := owner.DenySignIn(ctx, denied.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := program.TakeSignInToken(ctx, denied.ID, verifier); !api.Is(err, "sign_in_denied") {
		t.Errorf("denied: %v", err)
	}
	if err := owner.ApproveSignIn(ctx, denied.ID); !api.Is(err, "sign_in_decided") {
		t.Errorf("approved after it was denied: %v", err)
	}

	mine := askToSignIn(t, s)
	if err := s.As("reader").ApproveSignIn(ctx, mine.ID); !api.Is(err, "read_only_token") {
		t.Errorf("approved with a token that may only read: %v", err)
	}
	if err := s.As("member").ApproveSignIn(ctx, mine.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.SignInRequest(ctx, mine.ID); !api.Is(err, "sign_in_request_not_found") {
		t.Errorf("the owner sees what the member approved: %v", err)
	}
	if _, err := s.Admin().UpdateUser(ctx, s.User("member").ID, api.EditUser{Suspended: api.Some(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := program.TakeSignInToken(ctx, mine.ID, verifier); !api.Is(err, "sign_in_request_not_found") {
		t.Errorf("approved by who is suspended: %v", err)
	}

	late := askToSignIn(t, s)
	s.Clock.Step(10*time.Minute + time.Second)
	if err := owner.ApproveSignIn(ctx, late.ID); !api.Is(err, "sign_in_request_not_found") {
		t.Errorf("approved too late: %v", err)
	}
	if _, err := program.TakeSignInToken(ctx, late.ID, verifier); !api.Is(err, "sign_in_request_not_found") {
		t.Errorf("taken too late: %v", err)
	}
}

func TestSignInRequestsAreBounded(t *testing.T) {
	s := servertest.New(t)
	for range 30 {
		askToSignIn(t, s)
	}
	in := api.NewSignInRequest{Program: "leat", Machine: "m", Challenge: fleet.SignInChallenge(verifier)}
	if _, err := s.Anonymous().RequestSignIn(t.Context(), in); !api.Is(err, "too_many_sign_in_requests") {
		t.Errorf("the 31st: %v", err)
	}
	s.Clock.Step(10*time.Minute + time.Second)
	askToSignIn(t, s)

	for name, bad := range map[string]api.NewSignInRequest{
		"program":   {Program: "\u202e", Machine: "m", Challenge: in.Challenge},
		"machine":   {Program: "leat", Machine: strings.Repeat("m", 65), Challenge: in.Challenge},
		"challenge": {Program: "leat", Machine: "m", Challenge: "short"},
		"scope":     {Program: "leat", Machine: "m", Challenge: in.Challenge, Scope: "all"},
	} {
		_, err := s.Anonymous().RequestSignIn(t.Context(), bad)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != "invalid_input" || len(p.Errors) != 1 || !strings.HasSuffix(p.Errors[0].Path, name) {
			t.Errorf("a bad %s: %v", name, err)
		}
	}
}
