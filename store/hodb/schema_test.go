package hodb

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loyaltill/internal/pgserver"
)

// squashed is the newest migration of SQLite that the first one of PostgreSQL contains.
const squashed = "00035_"

func TestEveryMigrationIsThereForBothEngines(t *testing.T) {
	names := func(folder, after string) []string {
		files, err := fs.Glob(migrations, path.Join(folder, "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for i, file := range files {
			files[i] = path.Base(file)
		}
		return slices.DeleteFunc(files, func(name string) bool { return name[:len(squashed)] <= after })
	}
	sqlite, postgres := names("migrations", squashed), names("migrations/postgres", squashed)
	if !slices.Equal(sqlite, postgres) {
		t.Errorf("after %s*: SQLite has %v, PostgreSQL %v: a change of the schema is a file of the same name in migrations and in migrations/postgres",
			squashed, sqlite, postgres)
	}
}

// The two schemas have the same tables, columns, types, keys and unique columns.
func TestBothEnginesHaveTheSameSchema(t *testing.T) {
	postgres := schemaOf(t, openDB(t, pgserver.New(t)), `
		SELECT c.table_name, c.column_name || ' ' || CASE c.data_type WHEN 'bigint' THEN 'BIGINT' WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' ELSE c.data_type END ||
			CASE c.is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END || CASE WHEN c.column_default IS NULL THEN '' ELSE ' ' || split_part(c.column_default, '::', 1) END
		FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE 'goose%'
		UNION ALL SELECT r.relname, CASE WHEN x.indisprimary THEN 'key ' WHEN x.indisunique THEN 'unique ' ELSE 'index ' END ||
			(SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(x.indkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.attnum)
		FROM pg_index x JOIN pg_class r ON r.oid = x.indrelid JOIN pg_namespace n ON n.oid = r.relnamespace
		WHERE n.nspname = current_schema() AND r.relname NOT LIKE 'goose%'`)
	sqlite := schemaOf(t, openDB(t, filepath.Join(t.TempDir(), "ho.db")), `
		SELECT m.name, c.name || ' ' || c.type || CASE WHEN c."notnull" OR c.pk > 0 THEN ' NOT NULL' ELSE '' END || CASE WHEN c.dflt_value IS NULL THEN '' ELSE ' ' || c.dflt_value END
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'
		UNION ALL SELECT m.name, CASE i.origin WHEN 'pk' THEN 'key ' ELSE CASE WHEN i."unique" THEN 'unique ' ELSE 'index ' END END ||
			(SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
		FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'goose%'`)
	for table, lines := range sqlite {
		for _, line := range lines {
			if !slices.Contains(postgres[table], line) && !strings.HasPrefix(line, "key ") {
				t.Errorf("%s: only SQLite has %q, PostgreSQL %q", table, line, postgres[table])
			}
		}
	}
	for table, lines := range postgres {
		for _, line := range lines {
			if !slices.Contains(sqlite[table], line) && !(strings.HasPrefix(line, "key ") && !strings.Contains(line, ",")) {
				t.Errorf("%s: only PostgreSQL has %q, SQLite %q", table, line, sqlite[table])
			}
		}
	}
}

func schemaOf(t *testing.T, db *DB, query string) map[string][]string {
	t.Helper()
	schema := map[string][]string{}
	err := db.View(t.Context(), func(tx *Tx) error {
		_, err := collect(tx, func(scan func(...any) error) (none struct{}, err error) {
			var table, line string
			err = scan(&table, &line)
			schema[table] = append(schema[table], line)
			return none, err
		}, query)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestAServerThatMayLoseACommitIsRefused(t *testing.T) {
	url := pgserver.Only(t)
	for _, bad := range []struct{ what, url, says string }{
		{"commits that are not waited for", url + "?synchronous_commit=off", "synchronous_commit off"},
		{"text sorted for people", latin(t, url), "--locale=C"},
	} {
		_, err := Open(context.Background(), bad.url, time.Now)
		if err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v, want it to say %q", bad.what, err, bad.says)
		}
	}
}

// latin gives the URL of a database whose encoding is not UTF-8, on the same server.
func latin(t *testing.T, url string) string {
	i := strings.LastIndex(url, "/") + 1
	name := "latin" + url[i:]
	pgserver.Exec(t, url, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'LATIN1'")
	t.Cleanup(func() {
		if err := pgserver.Try(context.Background(), url, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return url[:i] + name
}

func TestAPasswordIsInNoError(t *testing.T) {
	for _, url := range []string{"postgres://head_office:swordfish@127.0.0.1:1/books", "postgres://head_office:swordfish@127.0.0.1:wrong/books"} {
		_, err := Open(t.Context(), url, time.Now)
		if err == nil || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%v", err)
		}
	}
}
