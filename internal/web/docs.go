package web

import (
	"embed"
	"io/fs"
	"net/http"

	"leat/internal/fleet"
)

//go:embed docs
var docsFiles embed.FS

// apiDocs serves the API's reference: a page of our own that reads the document
// and loads nothing from elsewhere.
func (s *Server) apiDocs(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("file")
	if name == "" {
		name = "index.html"
	}
	if f, ok := s.docs.find(name); ok {
		s.docs.serve(w, req, name, f)
		return
	}
	s.fail(w, req, s.newCall(w, req), &fleet.Error{Kind: fleet.NotFound, Code: "page_not_found", Msg: "There is nothing at this address."})
}

func newDocs() *static {
	files, err := fs.Sub(docsFiles, "docs")
	if err != nil {
		panic(err) // the name is a constant that is embedded above
	}
	return newStatic(files)
}
