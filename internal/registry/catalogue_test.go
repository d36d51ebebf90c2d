package registry_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/registry"
)

type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func newCatalogue(t *testing.T, source string, a answer) *registry.Catalogue {
	return &registry.Catalogue{
		Source: source, File: filepath.Join(t.TempDir(), "npm", "catalogue.json"),
		Client: &http.Client{Transport: a}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

func modules(t *testing.T, c *registry.Catalogue) []string {
	t.Helper()
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var out struct {
		Modules []struct {
			ID      string `json:"id"`
			Version string `json:"version"`
		} `json:"modules"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range out.Modules {
		if m.ID == "" || m.Version == "" {
			t.Errorf("module without id or version: %+v", m)
		}
		ids = append(ids, m.ID)
	}
	return ids
}

func text(status int, body string) answer {
	return func(*http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		rec.WriteHeader(status)
		io.WriteString(rec, body)
		return rec.Result(), nil
	}
}

func TestAClosedNetworkShowsTheBuiltInList(t *testing.T) {
	if got := modules(t, newCatalogue(t, "", nil)); len(got) < 20 {
		t.Errorf("%d modules; want the built-in list", len(got))
	}
}

func TestTheCatalogueIsFetchedKeptAndFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		c := newCatalogue(t, "http://catalogue.test/", func(r *http.Request) (*http.Response, error) {
			asked.Add(1)
			return text(200, `{"modules":[{"id":"mine","version":"1.0.0"}]}`)(r)
		})
		ctx, stop := context.WithCancel(t.Context())
		go c.Run(ctx)
		<-time.After(time.Minute)
		if got := modules(t, c); len(got) != 1 || got[0] != "mine" {
			t.Errorf("modules = %v", got)
		}
		<-time.After(25 * time.Hour)
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times in a day and an hour; want 2", n)
		}
		stop()
		synctest.Wait()
		if b, err := os.ReadFile(c.File); err != nil || len(b) == 0 {
			t.Errorf("not kept: %v", err)
		}
	})
}

func TestAnErrorPageReplacesNothing(t *testing.T) {
	for name, a := range map[string]answer{
		"error page": text(200, "<html>sign in to the hotel</html>"),
		"status":     text(503, ""),
		"empty":      text(200, `{"modules":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCatalogue(t, "http://catalogue.test/", a)
				ctx, stop := context.WithCancel(t.Context())
				go c.Run(ctx)
				<-time.After(time.Minute)
				if got := modules(t, c); len(got) < 20 {
					t.Errorf("%d modules; want the built-in list", len(got))
				}
				stop()
				synctest.Wait()
			})
		})
	}
}
