package npm_test

import (
	"strings"
	"testing"

	"leat/internal/fleet"
	"leat/internal/npm"
)

func TestNamesVersionsAndRanges(t *testing.T) {
	for name, row := range map[string]struct {
		ok       func(string) bool
		good     []string
		rejected []string
	}{
		"name": {
			npm.ValidName,
			[]string{"a", "node-red", "JSONStream", "@scope/name", "@flowfuse/node-red-dashboard", "a.b_c~d", "-", strings.Repeat("a", 214)},
			[]string{"", ".", "..", "../x", "a/b", "@a", "@a/", "@/b", "@a/b/c", "a b", ".hidden", "_x", "a\x00", "node_modules", "é", "a%2f", "a\n", strings.Repeat("a", 215), "@a/..", "@../b"},
		},
		"version": {
			npm.ValidVersion,
			[]string{"1.2.3", "0.0.0", "1.0.0-rc.1", "1.0.0+build.5", "10.20.30-a-b.0"},
			[]string{"", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3 ", "^1.2.3", "1.2.3/..", "latest", strings.Repeat("1", 300) + ".0.0"},
		},
		"range": {
			npm.ValidRange,
			[]string{"*", "1", "1.x", "^1.2.3", "~1.2", ">=1 <2", "1.0.0 - 2.0.0", "1 || 2", "latest", "next", "=1.0.0-rc.1"},
			[]string{"", ".", "..", "./a", "~/a", "/a", "file:a", "http://a", "git+ssh://x", "a/b", "npm:a@1", "@1", "a.tgz", "a.TAR.GZ", "C:\\x", "-x", "1;2", "$(x)", "a\nb", strings.Repeat("1", 257)},
		},
	} {
		for _, s := range row.good {
			if !row.ok(s) {
				t.Errorf("%s %q is refused", name, s)
			}
		}
		for _, s := range row.rejected {
			if row.ok(s) {
				t.Errorf("%s %q is accepted", name, s)
			}
		}
	}
}

func TestEveryFaultInWhatIsWantedIsNamed(t *testing.T) {
	err := npm.CheckWanted(map[string]string{"good": "1", "bad name": "1", "worse": "https://example.com/x"})
	var e *fleet.Error
	if !as(err, &e) || len(e.Fields) != 2 || strings.Contains(e.Error(), "example.com") {
		t.Errorf("err = %v; want two faults and no value repeated", err)
	}
}
