package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/server"
	"leat/internal/servertest"
)

// pages serves a small build of the UI.
func pages(t *testing.T) func(*server.Config) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index.html": "<!doctype html><title>Leat</title>", "favicon.svg": "<svg/>",
		"assets/app-1a2b3c.js": strings.Repeat("console.log('leat');\n", 200),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func(c *server.Config) { c.UI.Dir = dir }
}

func TestPagesAndFiles(t *testing.T) {
	s := servertest.New(t, pages(t))
	host := "leat.localhost" + port(s)
	for path, want := range map[string]int{
		"/": 200, "/team/water-works": 200, "/assets/app-1a2b3c.js": 200, "/favicon.svg": 200,
		"/assets/gone-000000.js": 404, "/../../etc/passwd": 404, "/.git/config": 200, "/assets/..%2f..%2fetc/passwd.txt": 404, "/api/nothing": 404,
	} {
		answer := s.Do(s.Request("GET", path, "", "Host", host, "Accept", "text/html"))
		if answer.StatusCode != want && !(want == 404 && answer.StatusCode/100 == 3) {
			t.Errorf("GET %s: %d; want %d", path, answer.StatusCode, want)
		}
		if strings.Contains(answer.Text, "root:") {
			t.Errorf("GET %s gave a file of the machine", path)
		}
	}
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	s := servertest.New(t, pages(t))
	for _, path := range []string{"/", "/api/v1/status", "/api/v1/user", "/healthz", "/api/docs", "/nowhere.txt"} {
		answer := s.Do(s.Request("GET", path, "", "Host", "leat.localhost"+port(s)))
		policy := answer.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "frame-src http://*.leat.localhost" + port(s)} {
			if !strings.Contains(policy, part) {
				t.Errorf("GET %s: policy %q lacks %q", path, policy, part)
			}
		}
		if answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Referrer-Policy") == "" || answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("GET %s: headers %v", path, answer.Header)
		}
	}
	if answer := s.Do(s.Request("GET", "/api/v1/user", "")); answer.Header.Get("Cache-Control") != "no-store" {
		t.Error("an answer of the API may be kept")
	}
}

func TestUnknownHostsAreSentAway(t *testing.T) {
	s := servertest.New(t, pages(t))
	for host, want := range map[string]int{
		"leat.localhost" + port(s): 200, "localhost" + port(s): 302, "127.0.0.1" + port(s): 302, "LEAT.localhost" + port(s): 200,
		"elsewhere.example": 421, "leat.localhost.elsewhere.example": 421, "192.0.2.7" + port(s): 421, "evil.localhost" + port(s): 421, "": 400,
	} {
		answer := s.Do(s.Request("GET", "/", "", "Host", host, "Accept", "text/html"))
		if answer.StatusCode != want && !(host == "" && answer.StatusCode != 200) {
			t.Errorf("Host %q: %d; want %d", host, answer.StatusCode, want)
		}
	}
	answer := s.Do(s.Request("GET", "/team/x?tab=logs", "", "Accept", "text/html"))
	if to := answer.Header.Get("Location"); to != "http://leat.localhost"+port(s)+"/team/x?tab=logs" {
		t.Errorf("127.0.0.1 sends to %q", to)
	}
	safari := "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"
	if answer := s.Do(s.Request("GET", "/", "", "User-Agent", safari, "Accept", "text/html")); answer.StatusCode != 200 {
		t.Errorf("Safari, which does not resolve leat.localhost, is sent there: %d", answer.StatusCode)
	}
}

func TestTheReferenceLoadsNothingFromElsewhere(t *testing.T) {
	s := servertest.New(t)
	for _, path := range []string{"/api/docs", "/api/docs/docs.js", "/api/docs/docs.css", "/api/v1/openapi.json"} {
		answer := s.Do(s.Request("GET", path, ""))
		if answer.StatusCode != http.StatusOK || strings.Contains(answer.Text, "https://") && !strings.Contains(path, "openapi") {
			t.Errorf("GET %s: %d, or it names an address elsewhere", path, answer.StatusCode)
		}
	}
}

func TestMeasuresAreForAdministrators(t *testing.T) {
	s := servertest.New(t)
	measures := func(role string) *servertest.Answer {
		t.Helper()
		req, err := s.As(role).NewRequest(t.Context(), "GET", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path = "/metrics"
		return s.Do(req)
	}
	for role, want := range map[string]int{"stranger": 401, "owner": 403, "admin": 200} {
		if answer := measures(role); answer.StatusCode != want {
			t.Errorf("/metrics as %s: %d; want %d", role, answer.StatusCode, want)
		}
	}
	// A request is measured just after it was answered.
	for range 100 {
		if strings.Contains(measures("admin").Text, "leat_http_request_duration_seconds") {
			return
		}
	}
	t.Error("the measures lack the requests")
}

func TestProbesAnswerAnybody(t *testing.T) {
	s := servertest.NewBare(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if answer := s.Do(s.Request("GET", path, "")); answer.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %d %s", path, answer.StatusCode, answer.Text)
		}
	}
}

func TestMethodsThatAreNone(t *testing.T) {
	s := servertest.New(t)
	answer := s.Do(s.Request("PUT", "/api/v1/user", "{}"))
	if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "GET, PATCH" || problem(t, answer.Text).Code != "method_not_allowed" {
		t.Errorf("PUT /user: %d, Allow %q, %s", answer.StatusCode, answer.Header.Get("Allow"), answer.Text)
	}
	if answer := s.Do(s.Request("GET", "/api/v1/nothing", "")); problem(t, answer.Text).Code != "route_not_found" {
		t.Errorf("an unknown route: %d %s", answer.StatusCode, answer.Text)
	}
}
