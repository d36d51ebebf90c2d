package npm

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"leat/internal/fleet"
)

const maxManifest = 4 << 20

// needsScript looks into a package that has install scripts for whether it works
// without them. It does where the only one is node-gyp-build, which compiles
// nothing when a ready-made binary for the platform lies in the package.
func (c *Client) needsScript(ctx context.Context, p *Package, on Platform) (bool, error) {
	f, err := c.Fetch(ctx, p, nil)
	if err != nil {
		return false, err
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return false, errPackage(p, "its archive is not a gzip file.", err)
	}
	var manifest struct{ Scripts map[string]any }
	prebuilt := false
	tr := tar.NewReader(io.LimitReader(zr, c.limits.PackageBytes))
	for {
		head, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, errPackage(p, "its archive is damaged.", err)
		}
		_, name, _ := strings.Cut(head.Name, "/")
		switch {
		case name == "package.json":
			if err := json.NewDecoder(io.LimitReader(tr, maxManifest)).Decode(&manifest); err != nil {
				return false, errPackage(p, "its package.json cannot be read.", err)
			}
		case path.Dir(name) == fmt.Sprintf("prebuilds/%s-%s", on.OS, on.CPU) && path.Ext(name) == ".node":
			prebuilt = true
		}
	}
	s := manifest.Scripts
	return !prebuilt || s["install"] != "node-gyp-build" || s["preinstall"] != nil || s["postinstall"] != nil, nil
}

func errNeedsScripts(ids []string) error {
	what := "wants to run a script"
	if len(ids) > 1 {
		what = "want to run scripts"
	}
	return &fleet.Error{Kind: fleet.Forbidden, Code: "module_needs_scripts",
		Msg: fmt.Sprintf("%s %s while being installed, which Leat does not do. An administrator can allow this exact version; "+
			"it is then installed without its script.", strings.Join(ids, ", "), what)}
}
