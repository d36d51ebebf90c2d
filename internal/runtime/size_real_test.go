//go:build real

package runtime_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"leat/internal/npm"
	"leat/internal/runtime"
)

var update = flag.Bool("update", false, "note the sizes of stacks anew")

// What a stack says that has to be downloaded is what progress is measured by.
func TestSizesOfStacksAreThoseOfTheRegistry(t *testing.T) {
	all, err := runtime.Stacks()
	if err != nil {
		t.Fatal(err)
	}
	registry := strings.TrimRight(realRegistry(t), "/")
	for _, s := range all {
		lock, err := s.Lock()
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[string]int64{}
		for _, cpu := range []string{"arm64", "x64"} {
			packages, err := lock.Install(npm.Platform{OS: "linux", CPU: cpu, Libc: "glibc"})
			if err != nil {
				t.Fatal(err)
			}
			sizes[cpu] = archiveBytes(t, registry, packages)
		}
		if *update {
			noteSizes(t, s.ID, sizes)
		} else if fmt.Sprint(sizes) != fmt.Sprint(s.ArchiveBytes) {
			t.Errorf("%s says %v, the registry has %v; run tools/stack", s.ID, s.ArchiveBytes, sizes)
		}
	}
}

func archiveBytes(t *testing.T, registry string, packages []*npm.Package) int64 {
	t.Helper()
	var sum atomic.Int64
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(8)
	for _, p := range packages {
		g.Go(func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/%s/-/%s-%s.tgz", registry, p.Name, path.Base(p.Name), p.Version), nil)
			if err != nil {
				return err
			}
			req.Header.Set("Accept-Encoding", "identity")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			n := res.ContentLength
			if n < 0 {
				n, err = io.Copy(io.Discard, res.Body)
			}
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s", p.ID(), res.Status)
			}
			sum.Add(n)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return sum.Load()
}

func noteSizes(t *testing.T, id string, sizes map[string]int64) {
	t.Helper()
	name := filepath.Join("stacks", id, "package.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Name                 string            `json:"name"`
		Version              string            `json:"version"`
		Description          string            `json:"description"`
		Private              bool              `json:"private"`
		Dependencies         map[string]string `json:"dependencies"`
		OptionalDependencies map[string]string `json:"optionalDependencies"`
		Leat                 struct {
			ArchiveBytes map[string]int64 `json:"archiveBytes"`
		} `json:"leat"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	manifest.Leat.ArchiveBytes = sizes
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(manifest); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil { // a source file
		t.Fatal(err)
	}
}
