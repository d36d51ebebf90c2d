package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/cli"
)

// The page about commands says what the commands say.
func TestThePageAboutCommandsIsTheirs(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "commands.md")
	got := cli.Reference()
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil { // a paper
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/commands.md is not what the commands say; run go test ./internal/cli -update and read what changed:\n%s", diff)
	}
}
