package web_test

import (
	"net/http"
	"strings"
	"testing"

	"leat/internal/servertest"
)

// sessionCookie signs in as a browser at host and gives its Cookie header.
func sessionCookie(t *testing.T, s *servertest.Server, host string) string {
	t.Helper()
	answer := s.Do(s.Request("POST", "/api/v1/session", `{"username":"ada","password":"`+servertest.AdminPassword+`"}`, "Host", host, "Content-Type", "application/json"))
	cookies := answer.Cookies()
	if answer.StatusCode != http.StatusOK || len(cookies) != 1 {
		t.Fatalf("sign in at %s: %d, cookies %v: %s", host, answer.StatusCode, cookies, answer.Text)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

// port is where the server listens, with its colon.
func port(s *servertest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':'):] }

func TestACookieIsGoodFromThePlatformsOwnPagesOnly(t *testing.T) {
	s := servertest.New(t)
	host := "leat.localhost" + port(s)
	cookie := sessionCookie(t, s, host)
	own, sibling := "http://"+host, "http://pump.leat.localhost"+port(s)
	for _, row := range []struct {
		name    string
		headers []string
		refused bool
	}{
		{"a page of ours", []string{"Sec-Fetch-Site", "same-origin", "Origin", own}, false},
		{"typed into the address bar", []string{"Sec-Fetch-Site", "none"}, false},
		{"an instance's page", []string{"Sec-Fetch-Site", "same-site", "Origin", sibling}, true},
		{"an instance's page, GET without Origin", []string{"Sec-Fetch-Site", "same-site"}, true},
		{"another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example"}, true},
		{"an instance's page without Sec-Fetch", []string{"Origin", sibling}, true},
		{"our page without Sec-Fetch", []string{"Origin", own}, false},
		{"the null origin", []string{"Origin", "null"}, true},
		{"our host under https", []string{"Origin", "https://" + host}, true},
		{"our host at another port", []string{"Origin", "http://leat.localhost:1"}, true},
		{"a name that begins as ours", []string{"Origin", own + ".elsewhere.example"}, true},
		{"two origins", []string{"Origin", own, "Origin", sibling}, true},
		{"an unknown word", []string{"Sec-Fetch-Site", "near-by"}, true},
		{"no browser", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, route := range bare(t).Routes() {
				if strings.HasSuffix(route.Path, "/events") || strings.HasSuffix(route.Path, "/session") && route.Method == "DELETE" || strings.HasSuffix(route.Path, "/user/sessions") && route.Method == "DELETE" {
					continue // these would stay open, or end the session that the rest needs
				}
				path := strings.NewReplacer("{team}", "t", "{application}", "a", "{instance}", "i", "{user}", "u", "{session}", "s", "{token}", "k", "{invitation}", "v").Replace(route.Path)
				headers := append([]string{"Host", host, "Cookie", cookie, "Content-Type", "application/json"}, row.headers...)
				answer := s.Do(s.Request(route.Method, path, "{}", headers...))
				got := answer.StatusCode == http.StatusForbidden && problem(t, answer.Text).Code == "cross_origin"
				if got != row.refused {
					t.Errorf("%s %s: %d; refused for its origin %t, want %t", route.Method, route.Path, answer.StatusCode, got, row.refused)
				}
			}
		})
	}
}

func TestSignInAndSetupWantTheirOwnOriginWithoutACookieToo(t *testing.T) {
	s := servertest.New(t)
	for _, path := range []string{"/api/v1/session", "/api/v1/setup", "/api/v1/invitations/accept"} {
		answer := s.Do(s.Request("POST", path, `{}`, "Content-Type", "application/json", "Origin", "http://pump.leat.localhost"+port(s)))
		if answer.StatusCode != http.StatusForbidden || problem(t, answer.Text).Code != "cross_origin" {
			t.Errorf("POST %s from an instance's page: %d %s; want cross_origin", path, answer.StatusCode, answer.Text)
		}
	}
}

func TestAPersonMayFollowALinkFromElsewhere(t *testing.T) {
	s := servertest.New(t)
	host := "leat.localhost" + port(s)
	cookie := sessionCookie(t, s, host)
	for _, row := range []struct {
		path, dest string
		ok         bool
	}{
		{"/account", "document", true}, {"/account", "iframe", false}, {"/account", "empty", false},
		{"/door/authorize", "iframe", true},
	} {
		answer := s.Do(s.Request("GET", row.path, "", "Host", host, "Cookie", cookie, "Accept", "text/html",
			"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", row.dest))
		if (answer.StatusCode != http.StatusForbidden) != row.ok {
			t.Errorf("a link to %s, to be shown as %s: %d; want it let through: %t", row.path, row.dest, answer.StatusCode, row.ok)
		}
	}
}

func TestTheCookieFitsWhereItIsSet(t *testing.T) {
	s := servertest.New(t)
	for host, want := range map[string]string{
		"leat.localhost" + port(s): "__Host-leat", "localhost" + port(s): "__Host-leat", "127.0.0.1" + port(s): "leat",
	} {
		answer := s.Do(s.Request("POST", "/api/v1/session", `{"username":"ada","password":"`+servertest.AdminPassword+`"}`, "Host", host, "Content-Type", "application/json"))
		c := answer.Cookies()[0]
		secure := want == "__Host-leat"
		if c.Name != want || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.Path != "/" {
			t.Errorf("at %s: %s; want %s, secure %t, for this host alone", host, answer.Header.Get("Set-Cookie"), want, secure)
		}
	}
}

func TestTwoSessionCookiesAreRefused(t *testing.T) {
	s := servertest.New(t)
	cookie := sessionCookie(t, s, "127.0.0.1"+port(s))
	answer := s.Do(s.Request("GET", "/api/v1/user", "", "Cookie", cookie+"; leat=planted"))
	if answer.StatusCode != http.StatusUnauthorized || problem(t, answer.Text).Code != "duplicate_cookie" {
		t.Errorf("two cookies: %d %s; want duplicate_cookie", answer.StatusCode, answer.Text)
	}
	answer = s.Do(s.Request("GET", "/api/v1/user", "", "Host", "leat.localhost"+port(s), "Cookie", cookie))
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("the plain cookie where the secure one belongs: %d; want 401", answer.StatusCode)
	}
}
