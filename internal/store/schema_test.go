package store_test

import (
	"database/sql"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/store/storetest"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

const schemaGolden = "testdata/schema.txt"

// Both engines end at the same tables: one committed file describes them.
func TestMigrationsEndAtTheCommittedSchema(t *testing.T) {
	lite := storetest.SQLite(t)
	storetest.Open(t, lite)
	checkSchema(t, ask(t, "sqlite", strings.TrimPrefix(lite, "sqlite:"), liteSchema))
}

const liteSchema = `
select 'column ' || t.name || '.' || c.name || ' ' || replace(replace(replace(lower(c.type), 'bytea', 'bytes'), 'blob', 'bytes'), ' ', '')
    || case when c."notnull" then '' else ' null' end
  from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table'
    and t.name not like 'sqlite%' and t.name not like 'goose%'
union all
select 'index ' || t.name || ' (' || (select group_concat(name, ', ') from (select name from pragma_index_info(i.name) order by seqno)) || ')'
    || case when i."unique" then ' unique' else '' end || case when i.partial then ' partial' else '' end
  from sqlite_master t join pragma_index_list(t.name) i where t.type = 'table'
    and t.name not like 'sqlite%' and t.name not like 'goose%'
union all
select 'reference ' || t.name || '.' || f."from" || ' to ' || f."table" || '.' || f."to" || case f.on_delete when 'CASCADE' then ' cascade' else '' end
  from sqlite_master t join pragma_foreign_key_list(t.name) f where t.type = 'table' and t.name not like 'goose%'`

func ask(t *testing.T, driver, url, query string) []string {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func checkSchema(t *testing.T, lines []string) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	if *updateGolden {
		if err := os.WriteFile(schemaGolden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(schemaGolden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the tables are not those of %s (-want +got); go test -update writes it anew:\n%s", schemaGolden, diff)
	}
}

// Every migration has the same name for both engines.
func TestEveryMigrationIsThereForBothEngines(t *testing.T) {
	names := func(dir string) (out []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	if diff := cmp.Diff(names("migrations/sqlite"), names("migrations/postgres")); diff != "" {
		t.Error(diff)
	}
}
