package storage_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// openAt opens a database of either kind; the caller shuts it.
func openAt(t testing.TB, url string, keys *seal.Keys, options ...storage.Option) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), url, keys, options...)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// newFile is the DATABASE_URL of a file that is not there yet.
func newFile(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "saqbol.db")
}

// live has people do everything of which something is stored: as many of them as
// said, the first of whom is the given one.
func live(t testing.TB, store *storage.Store, first, people int) {
	t.Helper()
	now := storagetest.Now()
	for person := int64(first); person < int64(first+people); person++ {
		n := int(person)
		report := storagetest.Report(storagetest.Code(n), storagetest.Phone(n), storagetest.Phone(n%7+1_000_000), storagetest.Card(n%5))
		commit(t, store, fraud.Change{Update: person * 10, Person: person, Lang: fraud.Kazakh, File: report, Now: now, QuotaDay: 20000,
			Outgoing: []fraud.Outgoing{{Chat: person, Payload: []byte("filed")}}})
		switch n % 8 {
		case 1:
			commit(t, store, fraud.Change{Update: person*10 + 1, Person: person, Now: now, Withdraw: report.Code})
		case 2:
			commit(t, store, fraud.Change{Update: person*10 + 1, Person: person, Now: now, Erase: true})
		case 3:
			commit(t, store, fraud.Change{Person: person, Now: now, Session: &fraud.Session{Flow: "report", Step: "words", Draft: []byte("сөз")}})
		case 4:
			commit(t, store, fraud.Change{Person: person, Now: now, Dispute: &fraud.Dispute{Subject: storagetest.Phone(n % 3), On: true}})
		case 5:
			must(t, store.Confirm(t.Context(), storagetest.Phone(n%7+1_000_000), "dispatcher"))
		case 6:
			must(t, store.DeadLetter(t.Context(), fraud.DeadLetter{Update: person*10 + 2, Person: person, Reason: "x", Raw: []byte("{}"), At: now}))
			must(t, store.DeadLetter(t.Context(), fraud.DeadLetter{Reason: "unreadable", Raw: []byte("{"), At: now}))
		case 7:
			if _, err := store.Notify(t.Context(), []fraud.Notice{{Person: person, Once: fmt.Sprint(n), Key: "common.not_saved"}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(t, store.AddUsage(t.Context(), 20000, map[int64]fraud.Usage{0: {Checks: 5}, int64(first): {Checks: 2}}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rawAt opens a database without a Store.
func rawAt(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, name := "pgx", url
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		driver, name = "sqlite", path
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// tablesIn are all tables of a database, each with its columns; those with which
// the databases and the migration library keep their own books are none of ours.
func tablesIn(t testing.TB, url string) map[string][]string {
	t.Helper()
	query := `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`
	if strings.HasPrefix(url, "sqlite:") {
		query = `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`
	}
	rows, err := rawAt(t, url).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	tables := map[string][]string{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		if table != "goose_db_version" && !strings.HasPrefix(table, "sqlite_") {
			tables[table] = append(tables[table], column)
		}
	}
	must(t, rows.Err())
	return tables
}

// allRows are each row of a database that must be the same wherever it is moved,
// written down by this test's own means.
func allRows(t testing.TB, url string) map[string][]string {
	t.Helper()
	db, out := rawAt(t, url), map[string][]string{}
	for table, columns := range tablesIn(t, url) {
		slices.Sort(columns)
		where := ""
		switch table {
		case "commits", "leases", "turns":
			continue
		case "meta":
			where = ` WHERE name IN ('fingerprint', 'probe', 'sealing', 'rekeyed')`
		case "counters":
			columns, where = []string{"name", "CAST(SUM(n) AS BIGINT)"}, ` GROUP BY name HAVING SUM(n) <> 0`
		case "handled":
			where = ` WHERE update_id >= 0`
		case "subjects":
			columns = slices.DeleteFunc(columns, func(name string) bool { return name == "proof" })
			where = ` WHERE reporters + disputes + confirmed > 0`
		}
		out[table] = written(t, db, `SELECT `+strings.Join(columns, ", ")+` FROM `+table+where, len(columns))
	}
	return out
}

// written are the rows of a query, written down, in order.
func written(t testing.TB, db *sql.DB, query string, columns int) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := []string{}
	for rows.Next() {
		values, into := make([]any, columns), make([]any, columns)
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		out = append(out, fmt.Sprintf("%v", values))
	}
	must(t, rows.Err())
	slices.Sort(out)
	return out
}

// holds holds two databases against each other, and that the second vouches for
// itself.
func holds(t testing.TB, was map[string][]string, url string, keys *seal.Keys) {
	t.Helper()
	is := allRows(t, url)
	if len(was) != len(is) || len(was["reports"]) == 0 {
		t.Fatalf("%d tables were compared with %d", len(was), len(is))
	}
	for table, rows := range was {
		if !slices.Equal(rows, is[table]) {
			t.Errorf("%s: %d rows became %d, or others", table, len(rows), len(is[table]))
		}
	}
	store := openAt(t, url, keys, storage.WithInstance(storage.Claim{Holder: "next", Term: time.Second}))
	defer shut(t, store)
	health, err := store.Check(t.Context())
	if err != nil || len(health.Damage) > 0 {
		t.Errorf("the complete check finds %v, %v", health.Damage, err)
	}
}
