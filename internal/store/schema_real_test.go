//go:build real

package store_test

import (
	"testing"

	"leat/internal/store/storetest"
)

const postgresSchema = `
select 'column ' || c.table_name || '.' || c.column_name || ' ' || replace(c.data_type, 'bytea', 'bytes') || case c.is_nullable when 'YES' then ' null' else '' end
  from information_schema.columns c where c.table_schema = 'public' and c.table_name not like 'goose%'
union all
select 'index ' || t.relname || ' (' || (select string_agg(a.attname, ', ' order by k.n)
      from unnest(i.indkey) with ordinality k(att, n) join pg_attribute a on a.attrelid = t.oid and a.attnum = k.att) || ')'
    || case when i.indisunique then ' unique' else '' end || case when i.indpred is not null then ' partial' else '' end
  from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
  where n.nspname = 'public' and t.relname not like 'goose%'
union all
select 'reference ' || t.relname || '.' || a.attname || ' to ' || r.relname || '.' || b.attname || case k.confdeltype when 'c' then ' cascade' else '' end
  from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_class r on r.oid = k.confrelid
    join pg_attribute a on a.attrelid = t.oid and a.attnum = k.conkey[1] join pg_attribute b on b.attrelid = r.oid and b.attnum = k.confkey[1]
  where k.contype = 'f'`

func TestMigrationsEndAtTheCommittedSchemaOnPostgres(t *testing.T) {
	url := storetest.Postgres(t)
	storetest.Open(t, url)
	checkSchema(t, ask(t, "pgx", url, postgresSchema))
}
