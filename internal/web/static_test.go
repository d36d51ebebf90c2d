package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesTravelSmallAndAreKept(t *testing.T) {
	script := strings.Repeat("console.log('leat');\n", 200)
	s := bareWith(t, fstest.MapFS{
		"index.html":              {Data: []byte(strings.Repeat("<!doctype html><title>Leat</title>", 60))},
		"assets/app-1a2b.js":      {Data: []byte(script)},
		"assets/app-1a2b.js.br":   {Data: []byte("brotli")},
		"assets/app-1a2b.js.gz":   {Data: []byte("gzipped!")},
		"assets/small-3c4d.woff2": {Data: []byte("font")},
	})
	get := func(path, accept, match string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("GET", path, nil)
		req.Header.Set("Accept-Encoding", accept)
		req.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		return w
	}
	for _, row := range []struct{ accept, encoding, body string }{
		{"gzip, deflate, br", "br", "brotli"}, {"gzip", "gzip", "gzipped!"}, {"br;q=0, gzip", "gzip", "gzipped!"}, {"", "", script}, {"identity", "", script},
	} {
		w := get("/assets/app-1a2b.js", row.accept, "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != row.encoding || w.Body.String() != row.body {
			t.Errorf("accepting %q: %d, encoding %q, %d bytes; want %q", row.accept, w.Code, w.Header().Get("Content-Encoding"), w.Body.Len(), row.encoding)
		}
		if w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("accepting %q: headers %v", row.accept, w.Header())
		}
		if again := get("/assets/app-1a2b.js", row.accept, w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("accepting %q, asked again: %d with %d bytes; want 304", row.accept, again.Code, again.Body.Len())
		}
	}
	page := get("/setup", "gzip", "")
	if page.Header().Get("Content-Encoding") != "gzip" || page.Header().Get("Cache-Control") != "no-cache" || page.Body.Len() > 500 {
		t.Errorf("the page: headers %v, %d bytes; want it compressed, and asked for again each time", page.Header(), page.Body.Len())
	}
	if w := get("/assets/app-1a2b.js.br", "br", ""); w.Code != http.StatusNotFound {
		t.Errorf("a packed form by its own name: %d; want 404", w.Code)
	}
	if w := get("/assets/small-3c4d.woff2", "gzip", ""); w.Header().Get("Content-Encoding") != "" {
		t.Error("a small file was compressed")
	}
}
