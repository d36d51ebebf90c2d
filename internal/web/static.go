package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"leat/internal/fleet"
)

// static serves the UI's files. Each is read once and kept with its compressed
// forms: those that the build left beside it, or one made at its first request.
// With live files (a directory in development) nothing is kept.
type static struct {
	files fs.FS
	live  bool

	mu   sync.Mutex
	kept map[string]*file
}

// file is one file of the UI in all forms that it can be sent in.
type file struct {
	kind  string
	etag  string
	forms []form // smallest first; the last is the file itself
}

type form struct {
	encoding string
	body     []byte
}

// worthZipping is from what size on a file is compressed here.
const worthZipping = 1024

func newStatic(files fs.FS) *static {
	_, live := files.(interface{ Live() bool })
	return &static{files: files, live: live, kept: map[string]*file{}}
}

// find gives a file by its path below the root, or false.
func (st *static) find(name string) (*file, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if f, ok := st.kept[name]; ok {
		return f, true
	}
	if !fs.ValidPath(name) || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
		return nil, false
	}
	body, err := fs.ReadFile(st.files, name)
	if err != nil {
		return nil, false
	}
	f := st.prepare(name, body)
	if !st.live {
		st.kept[name] = f
	}
	return f, true
}

func (st *static) prepare(name string, body []byte) *file {
	sum := sha256.Sum256(body)
	f := &file{kind: mime.TypeByExtension(path.Ext(name)), etag: base64.RawURLEncoding.EncodeToString(sum[:12])}
	if f.kind == "" {
		f.kind = http.DetectContentType(body)
	}
	for _, made := range []struct{ suffix, encoding string }{{".br", "br"}, {".gz", "gzip"}} {
		if packed, err := fs.ReadFile(st.files, name+made.suffix); err == nil && len(packed) < len(body) && !st.live {
			f.forms = append(f.forms, form{made.encoding, packed})
		}
	}
	if f.forms == nil && len(body) >= worthZipping && compressible(f.kind) && !st.live {
		if packed := zip(body); len(packed) < len(body) {
			f.forms = append(f.forms, form{"gzip", packed})
		}
	}
	f.forms = append(f.forms, form{"", body})
	return f
}

func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "javascript") || strings.HasSuffix(kind, "xml")
}

func zip(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// choose picks the smallest form that the reader takes.
func (f *file) choose(accept string) form {
	for _, one := range f.forms {
		if one.encoding == "" || takes(accept, one.encoding) {
			return one
		}
	}
	return f.forms[len(f.forms)-1]
}

func takes(accept, encoding string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			return err != nil || weight > 0
		}
	}
	return false
}

// serve sends a file. What has a hash in its name never changes and is kept by
// browsers; all else is asked for again, and answered 304 while it is the same.
func (st *static) serve(w http.ResponseWriter, req *http.Request, name string, f *file) {
	chosen := f.choose(req.Header.Get("Accept-Encoding"))
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", fmt.Sprintf(`"%s-%s"`, f.etag, chosen.encoding))
	h.Set("Cache-Control", "no-cache")
	if isHashed(name) && !st.live {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if chosen.encoding != "" {
		h.Set("Content-Encoding", chosen.encoding)
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(chosen.body))
}

// isHashed reports the files that the build names by their content.
func isHashed(name string) bool { return strings.HasPrefix(name, "assets/") }

// isAsset reports a path that names a file and not a page.
func isAsset(urlPath string) bool { return path.Ext(urlPath) != "" }

// page serves the UI: a file by its name, and the one page for every address
// that is a page's.
func (s *Server) page(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		s.writeProblem(w, nil, methodNotAllowed(req.Method, []string{"GET", "HEAD"}))
		return
	}
	name := strings.TrimPrefix(path.Clean(req.URL.Path), "/")
	if f, ok := s.ui.find(name); ok && isAsset(req.URL.Path) {
		s.ui.serve(w, req, name, f)
		return
	}
	if isAsset(req.URL.Path) || strings.HasPrefix(req.URL.Path, "/api/") {
		s.fail(w, req, s.newCall(w, req), &fleet.Error{Kind: fleet.NotFound, Code: "page_not_found", Msg: "There is nothing at this address."})
		return
	}
	if to, ok := s.atBase(req); ok {
		http.Redirect(w, req, to, http.StatusFound)
		return
	}
	index, ok := s.ui.find("index.html")
	if !ok {
		index, ok = s.ui.find("placeholder.html")
	}
	if !ok {
		s.fail(w, req, s.newCall(w, req), &fleet.Error{Kind: fleet.NotFound, Code: "ui_missing", Msg: "This server has no pages; its user interface was not built. Run make build."})
		return
	}
	s.framesByPort(w.Header(), req.Host, s.https(req))
	s.ui.serve(w, req, "index.html", index)
}

// atBase says where a page asked for under another loopback name is to be
// looked at instead: instances live under the base URL's name. Safari does not
// resolve such names and stays.
func (s *Server) atBase(req *http.Request) (string, bool) {
	name := fleet.HostName(req.Host)
	loopback := name == "localhost" || name == "127.0.0.1" || name == "::1"
	if !s.Local || !loopback || name == s.BaseURL.Hostname() || isSafari(req.UserAgent()) {
		return "", false
	}
	to := *s.BaseURL
	if i := strings.LastIndexByte(req.Host, ':'); i > strings.LastIndexByte(req.Host, ']') {
		to.Host = to.Hostname() + req.Host[i:]
	}
	to.Path, to.RawQuery = req.URL.Path, req.URL.RawQuery
	return to.String(), true
}

func isSafari(agent string) bool {
	return strings.Contains(agent, "Safari/") && !strings.Contains(agent, "Chrom") && !strings.Contains(agent, "Android")
}

// wantsPage reports a browser that asks for something to look at.
func wantsPage(req *http.Request) bool {
	return strings.Contains(req.Header.Get("Accept"), "text/html")
}
