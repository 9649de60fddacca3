package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/storagetest"
)

// raw opens a database as another program would; the test closes it.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestOpenCreatesForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "100% #1?", "saqbol.db")
	store := open(t, path, newKeys(t))
	commit(t, store, fraud.Change{Update: 1, Person: 1, Lang: fraud.Kazakh})
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
	shut(t, store)
}

func TestOpenAgain(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t)
	store := open(t, path, keys)
	commit(t, store, fraud.Change{Person: 1, File: storagetest.Report(storagetest.Code(1), storagetest.Phone(1))})
	health, err := store.Check(t.Context())
	if err != nil || len(health.Damage) > 0 || health.Schema != newestMigration(t, "migrations") || health.Reports != 1 || health.Subjects != 1 || health.People != 1 {
		t.Errorf("Check: %+v, %v", health, err)
	}
	shut(t, store)
	store = open(t, path, keys)
	defer shut(t, store)
	if reports, err := store.ReportsOf(t.Context(), 1); err != nil || len(reports) != 1 {
		t.Errorf("%d reports, %v", len(reports), err)
	}
}

// newestMigration is the number that the last file in a folder of migrations begins with.
func newestMigration(t *testing.T, folder string) (newest int64) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		number, _, _ := strings.Cut(file.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		newest = max(newest, version)
	}
	return newest
}

func TestOpenGoesOnWhereAFirstStartWasCutOff(t *testing.T) {
	for name, left := range map[string][]string{
		"an empty file":            nil,
		"an empty database":        {`PRAGMA journal_mode = WAL`},
		"only the version's table": {`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "saqbol.db")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if left != nil {
				run(t, raw(t, path), left...)
			}
			store := open(t, path, newKeys(t))
			commit(t, store, fraud.Change{Update: 1, Person: 1, Lang: fraud.Kazakh})
			shut(t, store)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	keys := newKeys(t)
	rotated, err := keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	ours := func(t *testing.T, path string) {
		shut(t, open(t, path, keys))
	}
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    error
	}{
		{"text", func(t *testing.T, path string) { write(t, path, bytes.Repeat([]byte("a list of songs\n"), 50)) }, storage.ErrNotDatabase},
		{"short text", func(t *testing.T, path string) { write(t, path, []byte("songs")) }, storage.ErrNotDatabase},
		{"damage", func(t *testing.T, path string) {
			ours(t, path)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, append(content[:100], bytes.Repeat([]byte{0xA5}, len(content)-100)...))
		}, storage.ErrDamaged},
		{"another program's tables", func(t *testing.T, path string) { run(t, raw(t, path), `CREATE TABLE songs (title TEXT)`) }, storage.ErrForeign},
		{"another program's mark", func(t *testing.T, path string) { run(t, raw(t, path), `PRAGMA application_id = 42`) }, storage.ErrForeign},
		{"a newer version", func(t *testing.T, path string) {
			ours(t, path)
			run(t, raw(t, path), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
		}, storage.ErrNewer},
		{"another key", func(t *testing.T, path string) { shut(t, open(t, path, newKeys(t))) }, storage.ErrWrongKey},
		{"the key before its rotation", func(t *testing.T, path string) {
			store := open(t, path, copied(t, keys))
			if err := store.SealUnder(t.Context(), copied(t, rotated), nil); err != nil {
				t.Fatal(err)
			}
			shut(t, store)
		}, storage.ErrWrongKey},
		{"another program writes", func(t *testing.T, path string) {
			ours(t, path)
			db := raw(t, path)
			run(t, db, `BEGIN IMMEDIATE`)
			t.Cleanup(func() { run(t, db, `ROLLBACK`) })
		}, storage.ErrLocked},
		{"another program holds all", func(t *testing.T, path string) {
			ours(t, path)
			run(t, raw(t, path), `PRAGMA locking_mode = EXCLUSIVE`, `UPDATE meta SET name = name`)
		}, storage.ErrLocked},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, storage.ErrNotWritable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "saqbol.db")
			tt.prepare(t, path)
			refused(t, path, func() error {
				_, err := storage.Open(t.Context(), "sqlite:"+path, keys, storage.WithLockWait(30*time.Millisecond))
				return err
			}, tt.want)
		})
	}
	t.Run("a folder that can't be created", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		write(t, file, []byte("in the way"))
		path := filepath.Join(file, "saqbol.db")
		refused(t, path, func() error {
			_, err := storage.Open(t.Context(), "sqlite:"+path, keys)
			return err
		}, storage.ErrFolder)
	})
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// refused holds that an error is the one wanted, in one line with the path.
func refused(t *testing.T, path string, open func() error, want error) {
	t.Helper()
	err := open()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, other := range []error{storage.ErrFolder, storage.ErrNotWritable, storage.ErrNotDatabase, storage.ErrDamaged,
		storage.ErrForeign, storage.ErrNewer, storage.ErrWrongKey, storage.ErrLocked} {
		if !errors.Is(want, other) && errors.Is(err, other) {
			t.Errorf("%v is also %v", err, other)
		}
	}
	if message := err.Error(); strings.Contains(message, "\n") || !strings.Contains(message, path) || !strings.Contains(message, want.Error()) {
		t.Errorf("not one line with the path and what to do: %q", message)
	}
}

func TestOpenLeavesAForeignFileAlone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "songs.db")
	run(t, raw(t, path), `CREATE TABLE songs (title TEXT)`, `INSERT INTO songs VALUES ('one')`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(t.Context(), "sqlite:"+path, newKeys(t)); !errors.Is(err, storage.ErrForeign) {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("files beside it: %v, %v", left, err)
	}
}

func TestOpenReadsTheURL(t *testing.T) {
	t.Chdir(t.TempDir())
	keys := newKeys(t)
	for url, want := range map[string]error{
		"": nil, "sqlite:saqbol.db": nil, "sqlite:sub/saqbol.db": nil, "sqlite:///" + filepath.ToSlash(t.TempDir()) + "/saqbol.db": nil,
		"postgres://127.0.0.1:1/saqbol": storage.ErrUnreachable, "postgresql://127.0.0.1:1/saqbol": storage.ErrUnreachable,
		"postgres://%zz/": storage.ErrURL,
		"sqlite:":         storage.ErrURL, "saqbol.db": storage.ErrURL, "mysql://localhost": storage.ErrURL, "sqlite::memory:": storage.ErrURL,
	} {
		store, err := storage.Open(t.Context(), url, keys)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
		if err == nil {
			shut(t, store)
		}
	}
	if _, err := os.Stat(filepath.Join("data", "saqbol.db")); err != nil {
		t.Errorf("the default place: %v", err)
	}
	if _, err := storage.Open(t.Context(), "sqlite:saqbol.db", nil); err == nil {
		t.Error("opened without keys")
	}
}

func BenchmarkOpen(b *testing.B) {
	keys := newKeys(b)
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			shut(b, open(b, filepath.Join(b.TempDir(), "saqbol.db"), keys))
		}
	})
	b.Run("again", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "saqbol.db")
		for b.Loop() {
			shut(b, open(b, path, keys))
		}
	})
}
