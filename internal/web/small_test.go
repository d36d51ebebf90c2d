package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store/storetest"
	"leat/internal/web"
)

const smallPassword = "nine lives of a purple cat 7"

// verbs are control over a database of its own, with an administrator.
func verbs(t *testing.T) control.Deps {
	t.Helper()
	deps := control.Deps{
		DB: storetest.Open(t, storetest.Default(t)), Bus: bus.New[fleet.Event](16), Key: secret.NewKey(), Passwords: secret.NewPasswords(1),
		Now: time.Now, Log: slog.New(slog.DiscardHandler), SessionIdle: time.Hour, SessionLife: time.Hour,
	}
	if _, err := control.New(deps).Setup.FromEnvironment(t.Context(), api.Setup{Username: "ada", Email: "ada@leat.example", Password: smallPassword}); err != nil {
		t.Fatal(err)
	}
	return deps
}

// small is a server without all that a role adds, for tests that change how web
// itself is set.
func small(t *testing.T, on control.Deps, change func(*web.Config, *web.Deps)) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	config := web.Config{Name: "Leat", BaseURL: &url.URL{Scheme: "http", Host: server.Listener.Addr().String()}}
	deps := web.Deps{
		Control: control.New(on), Bus: on.Bus, Now: time.Now, UI: fstest.MapFS{}, StackProgress: func(*fleet.Stack) (bool, *api.Progress, string) { return true, nil, "" },
		Log:  slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		URLs: func(string, string) (string, string) { return "", "" },
	}
	change(&config, &deps)
	s := web.New(config, deps)
	server.Config.Handler = s
	server.Start()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		server.Close()
		running.Wait()
	})
	return server
}

// testLog writes a server's log into its test's.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

func smallClient(t *testing.T, s *httptest.Server) *api.Client {
	t.Helper()
	client, err := api.NewClient(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := client.SignIn(t.Context(), "ada", smallPassword); err != nil {
		t.Fatal(err)
	}
	return client
}

func TestAQuietStreamBeats(t *testing.T) {
	s := small(t, verbs(t), func(c *web.Config, _ *web.Deps) { c.Beat = 20 * time.Millisecond })
	req, err := smallClient(t, s).NewRequest(t.Context(), "GET", "/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got strings.Builder
	buf := make([]byte, 512)
	for strings.Count(got.String(), ": beat\n\n") < 2 {
		n, err := res.Body.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			t.Fatalf("the stream ended: %v after %q", err, got.String())
		}
	}
	if !strings.HasPrefix(got.String(), "retry: 2000\nid: ") || res.Header.Get("Content-Encoding") != "" || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("headers %v, beginning with %.80q", res.Header, got.String())
	}
}

func TestABodyMayTakeLongAsLongAsItMoves(t *testing.T) {
	s := small(t, verbs(t), func(c *web.Config, _ *web.Deps) { c.Patience = 300 * time.Millisecond })
	body := `{"username":"ada","password":"` + smallPassword + `"}`
	post := func(write func(conn net.Conn) error) string {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		head := "POST /api/v1/session HTTP/1.1\r\nHost: " + s.Listener.Addr().String() + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
		if _, err := io.WriteString(conn, head+itoa(len(body))+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := write(conn); err != nil {
			t.Logf("write: %v", err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Logf("read: %v", err)
		}
		return string(answer)
	}
	from := time.Now()
	answer := post(func(conn net.Conn) error {
		tick := time.NewTicker(600 * time.Millisecond / time.Duration(len(body)))
		defer tick.Stop()
		for i := range len(body) {
			<-tick.C
			if _, err := io.WriteString(conn, body[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	})
	if !strings.HasPrefix(answer, "HTTP/1.1 200") || time.Since(from) < 400*time.Millisecond {
		t.Errorf("a slow body that moves: %.80q after %v; want it taken", answer, time.Since(from))
	}
	answer = post(func(conn net.Conn) error {
		_, err := io.WriteString(conn, body[:10])
		return err
	})
	if !strings.HasPrefix(answer, "HTTP/1.1 408") || !strings.Contains(answer, "body_timeout") {
		t.Errorf("a body that stands still: %.300q; want 408", answer)
	}
}

func TestAPartThatIsAwayIsNamedAndNothingMore(t *testing.T) {
	s := small(t, verbs(t), func(_ *web.Config, d *web.Deps) {
		d.Ready = []web.Check{
			{Name: "database", Test: func(context.Context) error { return nil }},
			{Name: "blobs", Test: func(context.Context) error { return io.ErrUnexpectedEOF }},
		}
	})
	res, err := http.Get(s.URL + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"status":"not ready","parts":{"blobs":"away","database":"ok"}}`
	if res.StatusCode != http.StatusServiceUnavailable || strings.TrimSpace(string(text)) != want {
		t.Errorf("/readyz: %d %s; want 503 %s", res.StatusCode, text, want)
	}
}

func TestForwardedAddressesCountFromTrustedProxiesOnly(t *testing.T) {
	on := verbs(t)
	for _, row := range []struct {
		what, trusted, forwarded, want string
	}{
		{"nobody is trusted", "", "203.0.113.1", "127.0.0.1"},
		{"one proxy", "127.0.0.0/8", "203.0.113.2", "203.0.113.2"},
		{"what the client wrote before it", "127.0.0.0/8", "198.51.100.1, 203.0.113.3", "203.0.113.3"},
		{"a chain of ours", "127.0.0.0/8,10.0.0.0/8", "203.0.113.4, 10.1.2.3", "203.0.113.4"},
		{"no address", "127.0.0.0/8", "<script>", "127.0.0.1"},
	} {
		t.Run(row.what, func(t *testing.T) {
			s := small(t, on, func(c *web.Config, _ *web.Deps) {
				for text := range strings.SplitSeq(row.trusted, ",") {
					if text != "" {
						c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(text))
					}
				}
			})
			req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/session", strings.NewReader(`{"username":"ada","password":"`+smallPassword+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Forwarded-For", row.forwarded)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if got := currentAddress(t, s, res.Cookies()[0]); got != row.want {
				t.Errorf("the session is from %s; want %s", got, row.want)
			}
		})
	}
}

// currentAddress is where the session of a cookie was begun.
func currentAddress(t *testing.T, s *httptest.Server, cookie *http.Cookie) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/session/activity", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(cookie)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var session api.Session
	if err := json.NewDecoder(res.Body).Decode(&session); err != nil {
		t.Fatal(err)
	}
	return session.Address
}
