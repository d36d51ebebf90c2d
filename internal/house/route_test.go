package house_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// operation is what the table of routes tells of an operation of the API's document.
type operation struct {
	Summary    string
	Tags       []string
	Parameters []struct{ In, Name string }
}

// routeTables is every route of the API, a table for each noun. The golden files
// of package web hold what it is made from.
func routeTables(t *testing.T) string {
	var document struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal([]byte(content(t, "docs/openapi.json")), &document); err != nil {
		t.Fatalf("docs/openapi.json: %v", err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(content(t, "internal/web/testdata/routes.txt")) {
		method, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		path, permissions, _ := strings.Cut(strings.TrimSpace(rest), " ")
		path = strings.TrimPrefix(path, "/api/v1")
		op, ok := document.Paths[path][strings.ToLower(method)]
		if !ok || len(op.Tags) == 0 {
			t.Errorf("%s %s is a route, and not in docs/openapi.json under a noun", method, path)
			continue
		}
		permissions = "`" + strings.Join(strings.Split(strings.TrimSpace(permissions), " or "), "` or `") + "`"
		row := fmt.Sprintf("| %s | `%s` | %s | %s | %s |\n", method, path, sentenceCase(op.Summary), queryOf(op), permissions)
		rows[op.Tags[0]] = append(rows[op.Tags[0]], row)
	}
	var b strings.Builder
	for i, noun := range slices.Sorted(maps.Keys(rows)) {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "## %s\n\n| Method | Path | What it does | Query | Permission |\n|---|---|---|---|---|\n", sentenceCase(strings.ReplaceAll(noun, "-", " ")))
		b.WriteString(strings.Join(rows[noun], ""))
	}
	return b.String()
}

// queryOf names what an operation takes behind the question mark.
func queryOf(op operation) string {
	var names []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			names = append(names, "`"+p.Name+"`")
		}
	}
	return strings.Join(names, " ")
}

func sentenceCase(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
