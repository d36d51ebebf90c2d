// Package house holds the building: tests that fail when the code leaves the
// shape that CONTRIBUTING.md describes. It has no code of its own.
package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const (
	module = "leat"
	top    = "../.."
)

// floor says on which floor a package stands. It imports lower floors only. A
// package may be named before it exists.
var floor = map[string]float64{
	"cmd/leat":       7,
	"cmd/leat-bench": 7,

	"internal/cli":        6,
	"internal/servertest": 6,
	"internal/bench":      6,

	"internal/server":   5,
	"internal/agent":    5,
	"internal/launcher": 5,

	"internal/web":      4,
	"internal/proxy":    4,
	"internal/session":  4,
	"internal/host":     4,
	"internal/release":  4,
	"internal/registry": 4,
	"internal/broker":   4,
	"internal/rollout":  4,
	"internal/cron":     4,

	"internal/control": 3,

	"internal/store":             2,
	"internal/driver/process":    2,
	"internal/driver/docker":     2,
	"internal/driver/kube":       2,
	"internal/driver/drivertest": 2,
	"internal/blob/dir":          2,
	"internal/blob/s3":           2,
	"internal/blob/blobtest":     2,
	"internal/nodered":           2,
	"internal/link":              2,
	"internal/mail":              2,
	"internal/mail/mailtest":     2,

	"internal/store/storetest": 2.5, // databases for the tests of the floors above

	"internal/runtime": 1.5, // a mezzanine: stacks are laid out by npm

	"api":                     1,
	"ui":                      1,
	"internal/wire":           1,
	"internal/driver":         1,
	"internal/blob":           1,
	"internal/npm":            1,
	"internal/sandbox":        1,
	"internal/blueprint":      1,
	"internal/nodered/bridge": 1, // the JavaScript that nodered embeds
	"internal/store/query":    1, // what sqlc makes of store's SQL

	"internal/flow":   0,
	"internal/plant":  0, // generated flow files, for figures and tests
	"internal/fleet":  0,
	"internal/tlog":   0,
	"internal/run":    0,
	"internal/bus":    0,
	"internal/secret": 0,
	"internal/config": 0,
}

// kits are for tests: they may import testing, and tests alone may import them.
var kits = map[string]bool{
	"internal/servertest":        true,
	"internal/driver/drivertest": true,
	"internal/blob/blobtest":     true,
	"internal/store/storetest":   true,
	"internal/mail/mailtest":     true,
}

// heavy is what an edge device must not carry.
var heavy = []string{
	module + "/internal/store", module + "/internal/control", module + "/internal/web", module + "/internal/proxy",
	module + "/internal/host", module + "/internal/server", "database/sql", "modernc.org/sqlite", "github.com/jackc/pgx",
	"github.com/moby/moby", "github.com/docker/docker", "k8s.io/",
}

type listed struct {
	ImportPath             string
	Imports, Deps, GoFiles []string
}

func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// list is one run of go list for all tests.
var list = sync.OnceValues(func() ([]listed, error) {
	var out, fault bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps,GoFiles", "./...")
	cmd.Dir, cmd.Stdout, cmd.Stderr = top, &out, &fault
	if err := cmd.Run(); err != nil {
		return nil, errors.Join(err, errors.New(fault.String()))
	}
	var packages []listed
	for decoder := json.NewDecoder(&out); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		if p.name() != "internal/house" && len(p.GoFiles) > 0 {
			packages = append(packages, p)
		}
	}
})

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := list()
	if err != nil || len(out) == 0 {
		t.Fatalf("go list: %d packages, %v", len(out), err)
	}
	return out
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		self := p.name()
		h, ok := floor[self]
		if !ok {
			t.Errorf("%s stands on no floor; give it one in house_test.go", self)
		}
		for _, imp := range p.Imports {
			if dep, ours := strings.CutPrefix(imp, module+"/"); ours && floor[dep] >= h {
				t.Errorf("%s (floor %g) imports %s (floor %g)", self, h, dep, floor[dep])
			}
		}
	}
}

func TestKitsAreForTestsAlone(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			if dep := strings.TrimPrefix(imp, module+"/"); kits[dep] && !kits[p.name()] {
				t.Errorf("%s imports the test kit %s", p.name(), dep)
			}
		}
	}
}

func TestAnEdgeDeviceCarriesNoServer(t *testing.T) {
	for _, p := range packages(t) {
		if p.name() != "internal/launcher" && p.name() != "internal/agent" {
			continue
		}
		for _, dep := range p.Deps {
			for _, weight := range heavy {
				if dep == weight || strings.HasPrefix(dep, strings.TrimSuffix(weight, "/")+"/") {
					t.Errorf("%s carries %s", p.name(), dep)
				}
			}
		}
	}
}
