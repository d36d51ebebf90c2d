package house_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"leat/internal/config"
	"leat/internal/fleet"
	"leat/internal/server"
)

var update = flag.Bool("update", false, "write the tables that papers hold anew")

// Tables that repeat what the code says are made from the code.
func TestTablesInPapersAreThoseOfTheCode(t *testing.T) {
	for _, table := range []struct{ file, name, text string }{
		{"docs/access.md", "roles", roleTable()},
		{"docs/access.md", "everybody", everybodyTable()},
		{"docs/configuration.md", "settings", settingTable()},
		{"docs/environment.md", "refusals", refusalTable(t)},
		{"docs/api-reference.md", "routes", routeTables(t)},
	} {
		before := content(t, table.file)
		marked := regexp.MustCompile(`(?s)(<!-- ` + table.name + `:[^\n]*-->\n).*?(\n<!-- /` + table.name + ` -->)`)
		if !marked.MatchString(before) {
			t.Errorf("%s has no place for the table %q", table.file, table.name)
			continue
		}
		after := marked.ReplaceAllString(before, "${1}\n"+strings.ReplaceAll(table.text, "$", "$$")+"${2}")
		if after == before {
			continue
		}
		if !*update {
			t.Errorf("the table %q in %s is not that of the code; run go test ./internal/house -update and read what changed", table.name, table.file)
			continue
		}
		if err := os.WriteFile(filepath.Join(top, table.file), []byte(after), 0o644); err != nil { // a paper
			t.Fatal(err)
		}
	}
}

// roleTable is what each role may do in its team.
func roleTable() string {
	var b strings.Builder
	b.WriteString("| May | Owner | Member | Viewer | Dashboard | Permission |\n|---|:-:|:-:|:-:|:-:|---|\n")
	for _, g := range fleet.Grants {
		if g.Scope != fleet.InTeam {
			continue
		}
		fmt.Fprintf(&b, "| %s |", g.Does)
		for _, role := range fleet.Roles {
			mark := ""
			if role.AtLeast(g.Role) {
				mark = "yes"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		fmt.Fprintf(&b, " `%s` |\n", g.Permission)
	}
	return b.String()
}

// everybodyTable is what needs no role: what strangers, users and administrators may do.
func everybodyTable() string {
	who := map[fleet.Scope]string{fleet.Public: "anybody", fleet.Self: "every user", fleet.Platform: "administrators"}
	var b strings.Builder
	b.WriteString("| May | Who | Permission |\n|---|---|---|\n")
	for _, g := range fleet.Grants {
		if w := who[g.Scope]; w != "" {
			fmt.Fprintf(&b, "| %s | %s | `%s` |\n", g.Does, w, g.Permission)
		}
	}
	return b.String()
}

// settingTable is every setting of a server.
func settingTable() string {
	var b strings.Builder
	b.WriteString("| In the file | As a variable | Default | What it is |\n|---|---|---|---|\n")
	for _, s := range config.Describe(&server.Config{}, "LEAT") {
		def, help := s.Default, s.Help
		if def != "" {
			def = "`" + def + "`"
		}
		if s.Secret {
			help = strings.TrimSpace(strings.TrimSuffix(help, ".") + " (a secret: give it as a file, see above)")
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.Path, s.Env, def, help)
	}
	return b.String()
}

var refusalLine = regexp.MustCompile(`\{"([A-Z_*]+)", "((?:[^"\\]|\\.)*)"\}`)

// refusalTable is read from the source: the list is nobody's business but that of
// package fleet.
func refusalTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| Name | Instead |\n|---|---|\n")
	for _, m := range refusalLine.FindAllStringSubmatch(content(t, "internal/fleet/environment.go"), -1) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", m[1], m[2])
	}
	return b.String()
}
