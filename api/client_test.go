package api_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"leat/api"
)

// platform is a server that answers like one, for what the client does itself.
func platform(t *testing.T, handler http.HandlerFunc) *api.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := api.NewClient("http://leat.localhost:" + u.Port() + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestNamesBelowLocalhostAreThisMachine(t *testing.T) {
	client := platform(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "leat.localhost:") || r.URL.Path != "/api/v1/status" {
			t.Errorf("asked for %s%s", r.Host, r.URL.Path)
		}
		io.WriteString(w, `{"name":"Leat"}`)
	})
	if status, err := client.Status(t.Context()); err != nil || status.Name != "Leat" {
		t.Errorf("status %+v, %v", status, err)
	}
}

func TestAProblemIsTheError(t *testing.T) {
	client := platform(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, `{"status":409,"code":"name_taken","detail":"Choose another name.","errors":[{"path":"name","message":"It is taken."}]}`)
	})
	_, err := client.CreateTeam(t.Context(), api.NewTeam{Name: "x"})
	if !api.Is(err, "name_taken") || api.StatusOf(err) != 409 || !strings.Contains(err.Error(), "Choose another name.") || !strings.Contains(err.Error(), "name: It is taken.") {
		t.Errorf("err = %v; want the problem, in its words", err)
	}
}

func TestWhatIsNoPlatformIsSaidToBeNone(t *testing.T) {
	for _, handler := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<h1>nginx</h1>", http.StatusBadGateway) },
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		},
	} {
		if _, err := platform(t, handler).User(t.Context()); !api.Is(err, "not_leat") {
			t.Errorf("err = %v; want not_leat", err)
		}
	}
	for _, base := range []string{"", "leat.example", "ftp://leat.example", "http://"} {
		if _, err := api.NewClient(base); err == nil {
			t.Errorf("%q was taken for an address", base)
		}
	}
}

func TestATokenAndASessionAreNotMixed(t *testing.T) {
	var auth, cookie string
	client := platform(t, func(w http.ResponseWriter, r *http.Request) {
		auth, cookie = r.Header.Get("Authorization"), r.Header.Get("Cookie")
		if r.Method == http.MethodPost {
			http.SetCookie(w, &http.Cookie{Name: "__Host-leat", Value: "secret", Secure: true, Path: "/"})
		}
		io.WriteString(w, `{}`)
	})
	if _, err := client.SignIn(t.Context(), "ada", "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.User(t.Context()); err != nil || cookie != "__Host-leat=secret" || auth != "" {
		t.Errorf("with a session: cookie %q, authorization %q, %v", cookie, auth, err)
	}
	if _, err := client.With("leat_token").User(t.Context()); err != nil || auth != "Bearer leat_token" || cookie != "" {
		t.Errorf("with a token: cookie %q, authorization %q, %v", cookie, auth, err)
	}
}

func TestAStreamIsReadMessageByMessage(t *testing.T) {
	client := platform(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") != "e-7" || r.URL.Query().Get("topics") != "instance,member" {
			t.Errorf("asked with %v %s", r.Header, r.URL)
		}
		io.WriteString(w, "retry: 2000\nid: e-8\nevent: open\ndata: {}\n\n: beat\n\nid: e-9\nevent: change\ndata: {\"noun\":\"instance\"}\n\nevent: cut")
	})
	var got []api.Message
	enough := errors.New("enough")
	err := client.FollowEvents(t.Context(), "t", []string{"instance", "member"}, "e-7", func(m api.Message) error {
		got = append(got, m)
		if len(got) == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || len(got) != 2 || got[0].Event != "open" || got[1].ID != "e-9" || string(got[1].Data) != `{"noun":"instance"}` {
		t.Errorf("messages %+v, %v", got, err)
	}
}
