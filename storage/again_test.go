package storage_test

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/storagetest"
)

func receipts(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM handled WHERE update_id < 0`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReceipts: what must not be stored twice leaves a receipt, for as long as
// anybody may look for it. Turns leave none, and the marks of updates stay.
func TestReceipts(t *testing.T) {
	url, keys, now := server.Database(t), newKeys(t), storagetest.Now()
	store := openServer(t, url, keys, storage.WithInstance(storage.Claim{Holder: "a replica", Term: time.Hour}),
		storage.WithClock(func() time.Time { return now }))
	defer shut(t, store)
	db := rawAt(t, url)
	before := receipts(t, db)
	token := takes(t, store, 1)
	if err := store.GiveTurns(t.Context(), map[int64]int64{1: token}, nil); err != nil {
		t.Fatal(err)
	}
	if n := receipts(t, db) - before; n != 0 {
		t.Errorf("a turn leaves %d receipts", n)
	}
	for n := range 3 {
		commit(t, store, fraud.Change{Update: int64(n + 1), Person: 1, Lang: fraud.Kazakh, Now: now})
	}
	if n := receipts(t, db) - before; n != 3 {
		t.Errorf("three changes leave %d receipts", n)
	}
	prune := func() {
		t.Helper()
		if err := store.Prune(t.Context(), now.Add(-48*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if prune(); receipts(t, db) < 3 {
		t.Error("a receipt goes while somebody may look for it")
	}
	now = now.Add(time.Hour)
	if prune(); receipts(t, db) > 1 { // what Prune itself leaves
		t.Errorf("%d receipts are left", receipts(t, db))
	}
	if seen, err := store.Seen(t.Context(), 1); err != nil || !seen {
		t.Errorf("an update's mark goes with them: %v, %v", seen, err)
	}
}

// A lookup whose connection was ended goes on with another, whichever of them all
// it meets: a server that was started anew has ended every one.
func TestLookupsAfterARestart(t *testing.T) {
	url := server.Database(t)
	store := openServer(t, url, newKeys(t))
	defer shut(t, store)
	commit(t, store, fraud.Change{Update: 1, Person: 1, File: storagetest.Report(storagetest.Code(1), storagetest.Phone(1))})
	look := func() {
		for range 20 {
			if got, err := store.Standings(t.Context(), []fraud.Key{storagetest.Phone(1).Key}); err != nil || got[0].Reporters != 1 {
				t.Errorf("a lookup: %+v, %v", got, err)
			}
			if reports, err := store.ReportsOf(t.Context(), 1); err != nil || len(reports) != 1 {
				t.Errorf("a person's reports: %d, %v", len(reports), err)
			}
		}
	}
	db := rawAt(t, url)
	for range 4 {
		var looking sync.WaitGroup
		for range 8 { // so that there are many connections
			looking.Go(look)
		}
		looking.Wait()
		if _, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		look()
	}
}
