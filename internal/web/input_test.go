package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"leat/api"
	"leat/internal/servertest"
)

func TestNamesOfEveryKind(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	for _, row := range []struct {
		what, name string
		ok         bool
	}{
		{"nothing", "", false}, {"one letter", "x", true}, {"64 letters", strings.Repeat("n", 64), true}, {"65 letters", strings.Repeat("n", 65), false},
		{"10,000 letters", strings.Repeat("n", 10_000), false}, {"64 wide letters", strings.Repeat("水", 64), true}, {"emoji", "🏭 Werk 4 👩‍🔧", true},
		{"right to left", "محطة الضخ", true}, {"a direction override", "pump\u202egnp.exe", false}, {"a path", "../../etc/passwd", true},
		{"a script", "<script>alert(1)</script>", true}, {"blanks", "   ", false}, {"a line break", "a\nb", false}, {"a zero byte", "a\x00b", false},
		{"a reserved word", "new", true}, {"a soft hyphen alone", "\u00ad", false},
	} {
		made, err := owner.CreateApplication(t.Context(), s.Team.ID, api.NewApplication{Name: row.name})
		if (err == nil) != row.ok || !row.ok && api.StatusOf(err) != http.StatusUnprocessableEntity {
			t.Errorf("%s: %v; want it taken: %t", row.what, err, row.ok)
			continue
		}
		if row.ok {
			got, err := owner.Application(t.Context(), made.ID)
			if err != nil || got.Name != row.name {
				t.Errorf("%s: came back as %q, %v", row.what, got.Name, err)
			}
		}
	}
}

func TestOfDuplicateNamesThatRaceOneWins(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	var mu sync.Mutex
	made, taken := 0, 0
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			_, err := owner.CreateApplication(t.Context(), s.Team.ID, api.NewApplication{Name: "Intake"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case api.Is(err, "name_taken"):
				taken++
			default:
				t.Errorf("racing create: %v", err)
			}
		})
	}
	all.Wait()
	if made != 1 || taken != 15 {
		t.Errorf("%d made, %d told that the name is taken; want 1 and 15", made, taken)
	}
}

func TestBadBodiesAreRefusedInWords(t *testing.T) {
	s := servertest.New(t)
	s.As("owner")
	for _, row := range []struct {
		what, kind, body, code string
		status                 int
	}{
		{"no JSON", "application/json", `{"name":`, "invalid_json", 400},
		{"nothing", "application/json", ``, "invalid_json", 400},
		{"two values", "application/json", `{"name":"a"}{"name":"b"}`, "invalid_json", 400},
		{"a list", "application/json", `[]`, "invalid_input", 422},
		{"a number for a name", "application/json", `{"name":7}`, "invalid_input", 422},
		{"an unknown field", "application/json", `{"name":"a","owner":"b"}`, "invalid_input", 422},
		{"no name", "application/json", `{}`, "invalid_input", 422},
		{"a form", "application/x-www-form-urlencoded", `name=a`, "unsupported_media_type", 415},
		{"plain text, as a simple request of another site would", "text/plain", `{"name":"a"}`, "unsupported_media_type", 415},
		{"65 KiB", "application/json", `{"name":"a","description":"` + strings.Repeat("d", 65<<10) + `"}`, "body_too_large", 413},
		{"a deep one", "application/json", strings.Repeat("[", 20_000), "invalid_json", 400},
	} {
		req, err := s.As("owner").NewRequest(t.Context(), "POST", "/teams/"+s.Team.ID+"/applications", strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", row.kind)
		answer := s.Do(req)
		p := problem(t, answer.Text)
		if answer.StatusCode != row.status || p.Code != row.code || p.Detail == "" {
			t.Errorf("%s: %d %s %q; want %d %s and a sentence", row.what, answer.StatusCode, p.Code, p.Detail, row.status, row.code)
		}
	}
}

func TestARefusedValueIsNeverRepeated(t *testing.T) {
	s := servertest.New(t)
	const password = "hunter2-hunter2-hunter2"
	for _, body := range []string{
		`{"username":"x","email":"x@x.example","password":["` + password + `"]}`,
		`{"username":"x","email":"x@x.example","password":"` + strings.Repeat(password, 60) + `"}`,
		`{"username":"x","email":"` + password + `","password":"` + password + `"}`,
		`{"username":"x","password":"` + password,
		`{"username":"x","password":"` + password + `","extra":"` + password + `"}`,
		`"` + password + `"`,
	} {
		for _, path := range []string{"/users", "/session", "/setup"} {
			req, err := s.Admin().NewRequest(t.Context(), "POST", path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			answer := s.Do(req)
			if answer.StatusCode < 400 || strings.Contains(answer.Text, "hunter2") {
				t.Errorf("POST %s: %d %s; want a refusal without the value", path, answer.StatusCode, answer.Text)
			}
		}
	}
	if strings.Contains(s.Output(), "hunter2") {
		t.Error("the log holds the password")
	}
}

func TestAStaleChangeIsShownTheThingAsItIs(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	application := s.Application("Intake")
	now, err := owner.UpdateApplication(t.Context(), application.ID, api.EditApplication{Name: api.Some("Intake north")}, api.IfMatch(application.Version))
	if err != nil {
		t.Fatal(err)
	}
	_, err = owner.UpdateApplication(t.Context(), application.ID, api.EditApplication{Name: api.Some("Intake south")}, api.IfMatch(application.Version))
	if api.StatusOf(err) != http.StatusPreconditionFailed || !api.Is(err, "stale") {
		t.Fatalf("a stale change: %v; want 412 stale", err)
	}
	current, ok := err.(*api.Problem).Current.(map[string]any)
	if !ok || current["name"] != "Intake north" || current["version"] != float64(now.Version) {
		t.Errorf("current = %v; want Intake north at version %d", err.(*api.Problem).Current, now.Version)
	}
	for _, match := range []string{`"x"`, `"-1"`, `"99"`, `W/"99"`} {
		req, err := owner.NewRequest(t.Context(), "PATCH", "/applications/"+application.ID, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/merge-patch+json")
		req.Header.Set("If-Match", match)
		if answer := s.Do(req); answer.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("If-Match %s: %d; want 412", match, answer.StatusCode)
		}
	}
}

func TestACreateThatIsSentAgainIsOneCreate(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	s.As("member")
	first, err := owner.CreateApplication(t.Context(), s.Team.ID, api.NewApplication{Name: "Intake"}, api.Once("key-1"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := owner.CreateApplication(t.Context(), s.Team.ID, api.NewApplication{Name: "Intake"}, api.Once("key-1"))
	if err != nil || again.ID != first.ID {
		t.Errorf("again: %+v, %v; want %s", again, err, first.ID)
	}
	if _, err := owner.CreateApplication(t.Context(), s.Team.ID, api.NewApplication{Name: "Other"}, api.Once("key-1")); !api.Is(err, "idempotency_conflict") {
		t.Errorf("another body under the key: %v; want idempotency_conflict", err)
	}
}

func TestLargeFlowsAreTaken(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	application := s.Application("Intake")
	instance, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Large"})
	if err != nil {
		t.Fatal(err)
	}
	node := fmt.Sprintf(`{"id":"%%d","type":"comment","z":"t","info":"%s"}`, strings.Repeat("x", 20<<10))
	var flows strings.Builder
	flows.WriteString(`[{"id":"t","type":"tab"}`)
	for i := range 1000 {
		fmt.Fprintf(&flows, ","+node, i)
	}
	flows.WriteString("]")
	put, err := owner.PutFlows(t.Context(), instance.ID, api.PutFlows{Flows: []byte(flows.String())})
	if err != nil {
		t.Fatalf("20 MB of flows: %v", err)
	}
	got, err := owner.Flows(t.Context(), instance.ID)
	if err != nil || got.Digest != put.Digest || len(got.Flows) < 20_000_000 {
		t.Errorf("came back with %d bytes, digest %s, %v; want %s", len(got.Flows), got.Digest, err, put.Digest)
	}
}

func TestTokensThatAreWorthNothing(t *testing.T) {
	s := servertest.New(t)
	owner := s.As("owner")
	revoked, err := owner.CreateToken(t.Context(), api.NewToken{Name: "revoked"})
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.RevokeToken(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	for what, header := range map[string]string{
		"revoked": "Bearer " + revoked.Secret, "unknown": "Bearer leat_nobody", "empty": "Bearer ", "no scheme": revoked.Secret,
		"basic": "Basic YWRhOng=", "very long": "Bearer " + strings.Repeat("x", 8000), "binary": "Bearer \xff\xfe",
	} {
		answer := s.Do(s.Request("GET", "/api/v1/user", "", "Authorization", header))
		if answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") == "" || strings.Contains(answer.Text, revoked.Secret) {
			t.Errorf("%s: %d %s; want 401", what, answer.StatusCode, answer.Text)
		}
	}
}

func TestIdsThatAreNoneAreNotFound(t *testing.T) {
	s := servertest.New(t)
	s.As("owner")
	for _, id := range []string{"..%2f..%2fetc", "%00", "a%20b", strings.Repeat("x", 300), "%F0%9F%8F%AD", "'%20or%201=1--", "<script>"} {
		for _, path := range []string{"/teams/", "/applications/", "/instances/"} {
			req, err := s.As("owner").NewRequest(t.Context(), "GET", path+id, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer := s.Do(req)
			if answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusMovedPermanently {
				t.Errorf("GET %s%s: %d %s; want 404", path, id, answer.StatusCode, answer.Text)
			}
		}
	}
}
