package storage_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/pgtest"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// server is PostgreSQL for all tests of this package, started by the first that
// asks and ended by TestMain.
var server pgtest.Shared

// openServer opens a database on the server; the caller closes it.
func openServer(t testing.TB, url string, keys *seal.Keys, options ...storage.Option) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), url, keys, options...)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestContractOnPostgres(t *testing.T) {
	keys := newKeys(t)
	// The statements are SQLite's, which goes through many more histories; each here
	// takes a database of its own.
	histories(t, "10")
	storagetest.Run(t, func(t *testing.T) storagetest.Store {
		return openServer(t, server.Database(t), keys)
	})
}

// TestOpenRefusesAServer holds what is said of a server that can't be used: one
// line that says where and what to do, and no password.
func TestOpenRefusesAServer(t *testing.T) {
	there, keys := server.Database(t), newKeys(t)
	shut(t, openServer(t, there, keys))
	at, err := url.Parse(there)
	if err != nil {
		t.Fatal(err)
	}
	const canary = "canary%20p@ss"
	with := func(change func(u *url.URL, q url.Values)) string {
		u, q := *at, at.Query()
		q.Set("password", canary)
		change(&u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, tt := range map[string]struct {
		url  string
		want error
	}{
		"nobody listens": {"postgres://saqbol:canary%20p%40ss@127.0.0.1:1/saqbol", storage.ErrUnreachable},
		"no such host":   {"postgres://saqbol:canary@no-such-host.invalid/saqbol", storage.ErrUnreachable},
		"no TLS there": {with(func(_ *url.URL, q url.Values) {
			q.Set("host", "127.0.0.1")
			q.Set("port", "1")
			q.Set("sslmode", "verify-full")
		}), storage.ErrUnreachable},
		"no such user":     {with(func(_ *url.URL, q url.Values) { q.Set("user", "nobody-here") }), storage.ErrNotAdmitted},
		"no such database": {with(func(u *url.URL, _ url.Values) { u.Path = "/nothing" }), storage.ErrNotAdmitted},
		"a wrong port":     {"postgres://saqbol:canary@127.0.0.1:port/saqbol", storage.ErrURL},
		"a wrong escape":   {"postgres://saqbol:canary%zz@127.0.0.1/saqbol", storage.ErrURL},
		"a bare slash":     {"postgres://saqbol:/canary@127.0.0.1/saqbol", storage.ErrURL},
		"and an at sign":   {"postgres://saqbol:p@127.0.0.1/canary@127.0.0.1/saqbol", storage.ErrURL},
		"a wrong TLS mode": {"postgres://saqbol:canary@127.0.0.1/saqbol?sslmode=canary", storage.ErrURL},
		"another key":      {there, storage.ErrWrongKey},
		"a read-only session": {with(func(_ *url.URL, q url.Values) {
			q.Set("default_transaction_read_only", "on")
			q.Set("search_path", "pg_temp")
		}), storage.ErrNotWritable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := storage.Open(t.Context(), tt.url, newKeys(t))
			if !errors.Is(err, tt.want) {
				t.Fatalf("%v, want %v", err, tt.want)
			}
			if text := err.Error(); strings.Contains(text, "canary") || strings.Contains(text, "\n") || strings.Contains(text, "p@ss") {
				t.Errorf("not one line without the password: %q", text)
			}
		})
	}
}

// Replicas that start at the same moment on an empty server agree on one schema
// and one key.
func TestReplicasStartTogether(t *testing.T) {
	at, keys := server.Database(t), newKeys(t)
	stores := make([]*storage.Store, 6)
	var starting sync.WaitGroup
	for i := range stores {
		starting.Go(func() {
			var err error
			if stores[i], err = storage.Open(t.Context(), at, copied(t, keys), storage.WithInstance(storage.Claim{Holder: "a test"})); err != nil {
				t.Errorf("replica %d: %v", i, err)
			}
		})
	}
	starting.Wait()
	for i, store := range stores {
		if store == nil {
			continue
		}
		commit(t, store, fraud.Change{Update: int64(i + 1), Person: int64(i + 1), File: storagetest.Report(storagetest.Code(i), storagetest.Phone(1))})
		defer shut(t, store)
	}
	if health, err := stores[0].Check(t.Context()); err != nil || health.Schema != newestMigration(t, "migrations/postgres") || health.Reports != len(stores) || len(health.Damage) > 0 {
		t.Errorf("%+v, %v", health, err)
	}
}

// TestRekeyOnPostgres goes through a rotation of the keys beside a second replica.
func TestRekeyOnPostgres(t *testing.T) {
	at, keys := server.Database(t), newKeys(t)
	r := rotate(t, keys)
	store := openServer(t, at, keys)
	defer shut(t, store)
	neighbours(t, store, 40)
	before, err := store.Portrait(t.Context(), 1003)
	if err != nil {
		t.Fatal(err)
	}
	replica := openServer(t, at, copied(t, r.added))
	defer shut(t, replica)
	if found := rekey(t, store, r); found.Anew < 40*6 || found.Anew > found.Values || found.Unreadable > 0 {
		t.Errorf("sealed anew: %+v", found)
	}
	commit(t, replica, fraud.Change{Update: 7, Person: 7, File: storagetest.Report(storagetest.Code(7), storagetest.Phone(7))})
	if left, err := store.Inspect(t.Context()); err != nil || left.Outdated+left.Unreadable > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
	alone := openServer(t, at, copied(t, r.retired))
	defer shut(t, alone)
	if after, err := alone.Portrait(t.Context(), 1003); err != nil || fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("without the old key: %+v, %v; want %+v", after, err, before)
	}
	if _, err := storage.Open(t.Context(), at, copied(t, r.old)); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("with the old key alone: %v", err)
	}
}

// TestMustExist: whoever only asks whether there is a database leaves no mark on one
// whose first start came no further than the tables; else their keys would lock it.
func TestMustExist(t *testing.T) {
	url := server.Database(t)
	if _, err := storage.Open(t.Context(), url, newKeys(t), storage.MustExist()); !errors.Is(err, storage.ErrNoDatabase) {
		t.Errorf("without tables: %v, want ErrNoDatabase", err)
	}
	if err := openServer(t, url, newKeys(t)).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `DELETE FROM meta`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(t.Context(), url, newKeys(t), storage.MustExist()); !errors.Is(err, storage.ErrNoDatabase) {
		t.Errorf("without keys: %v, want ErrNoDatabase", err)
	}
	if err := openServer(t, url, newKeys(t)).Close(); err != nil {
		t.Errorf("its own keys do not fit any more: %v", err)
	}
}
