package storage

import (
	"context"
	"database/sql"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

var update = flag.Bool("update", false, "rewrite schema.sql")

// A new database is made at once, and is what the migrations one after another
// make of an empty one: tables, indexes, versions and what stands in them.
func TestANewSchemaIsWhatTheMigrationsMake(t *testing.T) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	var made [][]string
	for _, way := range []func(ctx context.Context, db *sql.DB) error{
		func(ctx context.Context, db *sql.DB) error {
			provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
			if err != nil {
				return err
			}
			if _, err := provider.Up(ctx); err != nil {
				return err
			}
			if *update {
				return os.WriteFile("schema.sql", []byte(schemaOf(t, db)), 0o600)
			}
			return nil
		},
		func(ctx context.Context, db *sql.DB) error {
			created, err := createSchema(ctx, db, files)
			if !created {
				t.Error("nothing was made")
			}
			return err
		},
	} {
		db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "saqbol.db"))
		if err != nil {
			t.Fatal(err)
		}
		if err := way(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if created, err := createSchema(t.Context(), db, files); created || err != nil {
			t.Errorf("where there is a schema already: %t, %v", created, err)
		}
		made = append(made, everythingIn(t, db))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(made[0], made[1]) || len(made[0]) < 20 {
		t.Errorf("at once:\n%q\nby migrations:\n%q", made[1], made[0])
	}
}

// everythingIn is the schema and, of what the migrations themselves store, all but times.
func everythingIn(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT type || name || tbl_name || COALESCE(REPLACE(REPLACE(sql, char(9), ''), ' ', ''), '') FROM sqlite_master
		UNION ALL SELECT 'version ' || id || ' ' || version_id || ' ' || is_applied FROM goose_db_version
		UNION ALL SELECT 'commits ' || id || ' ' || n FROM commits
		UNION ALL SELECT 'subjects ' || COUNT(*) FROM subjects UNION ALL SELECT 'mark ' || application_id FROM pragma_application_id
		UNION ALL SELECT 'sequence ' || name || seq FROM sqlite_sequence ORDER BY 1`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		all = append(all, line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// schemaOf writes down what the migrations have made, in the order in which it came
// to be.
func schemaOf(t *testing.T, db *sql.DB) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("-- What the migrations make together. Written by `make golden`, don't edit.\n\n")
	rows, err := db.QueryContext(t.Context(), `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'
		UNION ALL SELECT 'PRAGMA application_id = ' || application_id FROM pragma_application_id
		UNION ALL SELECT 'INSERT INTO commits (id, n) VALUES (' || id || ', ' || n || ')' FROM commits
		UNION ALL SELECT 'INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)'`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var statement string
		err := rows.Scan(&statement)
		out.WriteString(statement + ";\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
