package storage

import (
	"database/sql"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sealedInSchema reads the migrations: which columns they say to be sealed.
func sealedInSchema(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`^(?:CREATE|ALTER) TABLE (\w+)`)
	column := regexp.MustCompile(`^(?:\s+|.* ADD COLUMN )(\w+)\s+BLOB\b.*--.*\bsealed\b`)
	var found []string
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		current := ""
		for line := range strings.Lines(up) {
			if m := table.FindStringSubmatch(line); m != nil {
				current = m[1]
			}
			if m := column.FindStringSubmatch(line); m != nil {
				found = append(found, current+"."+m[1])
			}
		}
	}
	return found
}

// A sealed column that a rotation forgets is lost with the old key.
func TestSealedColumnsAreAllKnown(t *testing.T) {
	var known []string
	for _, c := range sealedColumns() {
		known = append(known, c.String())
	}
	documented := sealedInSchema(t)
	if len(documented) < 9 {
		t.Fatalf("the migrations name %v: the test reads nothing", documented)
	}
	for _, c := range documented {
		if !slices.Contains(known, c) {
			t.Errorf("%s is sealed, says its migration, and a rotation of the keys does not know it: add it to sealedColumns", c)
		}
	}
	for _, c := range known {
		if !slices.Contains(documented, c) {
			t.Errorf("%s: its migration does not say «sealed» behind the column", c)
		}
	}
}

// Every BLOB column says what it holds, so that the test above can't pass by
// silence.
func TestBlobColumnsSayWhatTheyHold(t *testing.T) {
	store, _ := openForTest(t)
	hashes := []string{"person", "subject", "name", "chat", "value", "proof", "source", "reached"} // keyed hashes; meta's values; marks
	err := store.read.query(t.Context(), func(rows *sql.Rows) error {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		if !slices.Contains(hashes, column) && !slices.ContainsFunc(sealedColumns(), func(c sealedColumn) bool { return c.table == table && c.column == column }) {
			t.Errorf("%s.%s is a BLOB that is neither a keyed hash nor sealed: say here which, and in its migration", table, column)
		}
		return nil
	}, `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'BLOB' AND m.name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
}

// The statements of every column run and find their rows by the whole primary key.
func TestSealedColumnsHaveTheirKeys(t *testing.T) {
	store, _ := openForTest(t)
	for _, c := range sealedColumns() {
		var key []string
		err := store.read.query(t.Context(), func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			key = append(key, name)
			return err
		}, fmt.Sprintf(`SELECT name FROM pragma_table_info('%s') WHERE pk > 0 ORDER BY pk`, c.table))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(key, c.key) {
			t.Errorf("%s: its table's primary key is %v", c, key)
		}
		if _, err := store.readWindow(t.Context(), c, make([]any, len(c.key))); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
}
