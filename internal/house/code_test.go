package house_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	codeRow  = regexp.MustCompile("(?m)^\\| (`[a-z_`, …]+) \\|")
	codeWord = regexp.MustCompile("`([a-z]+(?:_[a-z]+)*)`")
)

// People look up the code of an error in the page that says what to do about it.
func TestErrorCodesInPapersAreThoseOfTheCode(t *testing.T) {
	_, table, found := strings.Cut(content(t, "docs/troubleshooting.md"), "\n## Error codes\n")
	if !found {
		t.Fatal("docs/troubleshooting.md has no error codes")
	}
	var code strings.Builder
	for _, name := range allFiles(t) {
		if strings.HasPrefix(name, "internal/") && path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
			code.WriteString(content(t, name))
		}
	}
	for _, row := range codeRow.FindAllStringSubmatch(table, -1) {
		for _, word := range codeWord.FindAllStringSubmatch(row[1], -1) {
			if !strings.Contains(code.String(), `"`+word[1]+`"`) {
				t.Errorf("docs/troubleshooting.md explains the error %s, which nothing answers", word[1])
			}
		}
	}
}
