// Package ui holds the built pages of the platform. In a fresh clone there is
// one page, which says how the others are built.
package ui

import (
	"embed"
	"io/fs"
	"os"
)

//go:embed all:dist
var dist embed.FS

// Files are the pages in this binary, by their path below the root.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant that is embedded above
	}
	return files
}

// Live serves the pages from a directory and keeps none of them, so that a build
// is seen at once.
func Live(dir string) fs.FS { return live{os.DirFS(dir)} }

type live struct{ fs.FS }

// Live tells a server that the files may change while it runs.
func (live) Live() bool { return true }
