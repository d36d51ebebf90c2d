package sandbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"leat/internal/sandbox"
)

func TestAFolderThatIsClosedToOthersIsNamed(t *testing.T) {
	top, err := os.MkdirTemp("/var/tmp", "leat-blocked-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	deep := filepath.Join(top, "home", "leat-demo", "data")
	if err := os.MkdirAll(filepath.Dir(deep), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode os.FileMode
		want string
	}{{0o700, top}, {0o711, ""}, {0o750, top}} {
		if err := os.Chmod(top, c.mode); err != nil {
			t.Fatal(err)
		}
		if got := sandbox.Blocked(deep); got != c.want {
			t.Errorf("with mode %o: %q; want %q", c.mode, got, c.want)
		}
	}
}
