package web_test

import (
	"flag"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bare is a server whose routes can be looked at; nothing behind them works.
func bare(t *testing.T) *web.Server {
	t.Helper()
	return bareWith(t, fstest.MapFS{})
}

func bareWith(t *testing.T, files fs.FS) *web.Server {
	t.Helper()
	base, err := url.Parse("http://leat.localhost:8080")
	if err != nil {
		t.Fatal(err)
	}
	return web.New(web.Config{Name: "Leat", BaseURL: base}, web.Deps{
		Control: control.New(control.Deps{Bus: bus.New[fleet.Event](1), Now: time.Now, Log: slog.New(slog.DiscardHandler)}),
		Bus:     bus.New[fleet.Event](1), Log: slog.New(slog.DiscardHandler), Now: time.Now,
		UI: files, StackProgress: func(*fleet.Stack) (bool, *api.Progress, string) { return true, nil, "" },
	})
}

func TestTheRoutesAreTheAgreedOnes(t *testing.T) {
	var lines []string
	for _, r := range bare(t).Routes() {
		lines = append(lines, strings.TrimRight(r.String(), " "))
	}
	golden(t, filepath.Join("testdata", "routes.txt"), strings.Join(lines, "\n")+"\n")
}

func TestTheDocumentIsTheAgreedOne(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "openapi.json"), string(bare(t).OpenAPI()))
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (run with -update where that is meant):\n%s", path, diff)
	}
}
