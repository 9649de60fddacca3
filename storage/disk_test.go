package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

func openForTest(t *testing.T, options ...Option) (*Store, string) {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "saqbol.db")
	store, err := Open(t.Context(), "sqlite:"+path, keys, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store, path
}

func pragma(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), `PRAGMA `+text); err != nil {
		t.Fatal(err)
	}
}

// A change that can't be saved leaves nothing behind, says so in words for
// people, and does not keep the next one from being saved.
func TestRefusedByTheDisk(t *testing.T) {
	tests := []struct {
		name          string
		refuse, allow string
	}{
		{"full", "max_page_count = 1", "max_page_count = 1000000"},
		{"read-only", "query_only = 1", "query_only = 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, _ := openForTest(t)
			big := fraud.Change{Update: 1, Person: 1, Now: time.UnixMilli(1), Lang: fraud.Kazakh,
				Session: &fraud.Session{Flow: "report", Draft: []byte(strings.Repeat("x", 100_000))}}
			pragma(t, store.write.db, tt.refuse)
			for range 2 {
				ids, err := store.Commit(t.Context(), big)
				var refusal *fraud.Error
				if !errors.As(err, &refusal) || refusal.Code != fraud.CodeUnavailable || refusal.Key != "common.not_saved" || refusal.Err == nil || ids != nil {
					t.Fatalf("error %v, want one of CodeUnavailable", err)
				}
			}
			if seen, err := store.Seen(t.Context(), 1); err != nil || seen {
				t.Errorf("the refused update is marked as handled: %v, %v", seen, err)
			}
			pragma(t, store.write.db, tt.allow)
			if _, err := store.Commit(t.Context(), big); err != nil {
				t.Errorf("once there is room: %v", err)
			}
		})
	}
}

func TestRefusedByALock(t *testing.T) {
	store, path := openForTest(t, WithLockWait(20*time.Millisecond))
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	change := fraud.Change{Update: 1, Person: 1, Lang: fraud.Kazakh}
	var refusal *fraud.Error
	if _, err := store.Commit(t.Context(), change); !errors.As(err, &refusal) || refusal.Code != fraud.CodeUnavailable {
		t.Errorf("error %v, want one of CodeUnavailable", err)
	}
	if _, err := store.Standings(t.Context(), make([]fraud.Key, 1)); err != nil {
		t.Errorf("a writer keeps readers out: %v", err)
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), change); err != nil {
		t.Errorf("once the lock is gone: %v", err)
	}
}

// Behind a lock that is held for long, the time of those who wait runs out in the
// queue for the writer. They too read that nothing was saved.
func TestOutOfTimeBehindALock(t *testing.T) {
	store, path := openForTest(t)
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	var failures errgroup.Group
	for person := range int64(3) {
		failures.Go(func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			_, err := store.Commit(ctx, fraud.Change{Update: person + 1, Person: person + 1, Lang: fraud.Kazakh})
			var refusal *fraud.Error
			if !errors.As(err, &refusal) || refusal.Code != fraud.CodeUnavailable || refusal.Key != "common.not_saved" {
				return fmt.Errorf("error %w, want one of CodeUnavailable", err)
			}
			return nil
		})
	}
	if err := failures.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	for person := range int64(3) {
		if _, err := store.Commit(t.Context(), fraud.Change{Update: person + 1, Person: person + 1, Lang: fraud.Kazakh}); err != nil {
			t.Errorf("once the lock is gone: %v", err)
		}
	}
}

func TestCancelled(t *testing.T) {
	store, _ := openForTest(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	change := fraud.Change{Update: 1, Person: 1, Lang: fraud.Kazakh}
	if _, err := store.Commit(cancelled, change); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: %v", err)
	}
	if _, _, err := store.Turn(cancelled, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Turn: %v", err)
	}
	if _, err := store.Commit(t.Context(), change); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// Every connection must have the pragmas that durability and erasure rest on.
func TestPragmas(t *testing.T) {
	store, _ := openForTest(t)
	for name, db := range map[string]*sql.DB{"writer": store.write.db, "reader": store.read.db} {
		want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "application_id": "1398894914"}
		if name == "writer" {
			want["secure_delete"], want["query_only"] = "1", "0"
		} else {
			want["query_only"] = "1"
		}
		for pragma, value := range want {
			var got string
			if err := db.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != value {
				t.Errorf("%s: %s = %q, %v; want %q", name, pragma, got, err, value)
			}
		}
	}
}

func TestExplained(t *testing.T) {
	_, path := openForTest(t)
	name, err := dsn(path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", name+"&mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(t.Context(), `DELETE FROM meta`)
	if !errors.Is(explained(err), ErrNotWritable) {
		t.Errorf("a file that can't be written: %v", explained(err))
	}
	if other := errors.New("other"); explained(other).Error() != "other" || refused(other) {
		t.Error("an error that is not the disk's is explained as such")
	}
}
