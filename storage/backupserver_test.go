package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/storage"
	"saqbol/storage/storagetest"
)

// A backup of PostgreSQL is of one moment though people go on reporting, and can be
// restored into either database.
func TestServerBackupBesideWriters(t *testing.T) {
	keys, from := newKeys(t), server.Database(t)
	bot := openAt(t, from, keys)
	live(t, bot, 1, 40)
	w := filing(t, bot, 3)
	w.await(30)
	promised := slices.Clone(w.all)
	file := filepath.Join(t.TempDir(), "backup")
	made, err := bot.Backup(t.Context(), file, storage.BackupOptions{})
	must(t, err)
	again, err := storage.BackupDatabase(t.Context(), from, keys, filepath.Join(t.TempDir(), "later"), storage.BackupOptions{})
	must(t, err)
	// The writers go on until the database is closed to them.
	_, err = storage.Move(t.Context(), from, newFile(t), keys, storage.MoveOptions{}.At(w.notice))
	must(t, err)
	all := w.end()
	shut(t, bot)
	reports := rowsIn(made, "reports")
	if reports < 40+len(promised) || reports > rowsIn(again, "reports") || rowsIn(again, "reports") > 40+len(all) {
		t.Errorf("%d reports in the first backup, %d in the second; %d and %d were acknowledged before and after", reports,
			rowsIn(again, "reports"), 40+len(promised), 40+len(all))
	}
	t.Logf("measured: backups of %d and %d reports while %d were filed", reports, rowsIn(again, "reports"), len(all))
	for name, to := range map[string]string{"SQLite": newFile(t), "PostgreSQL": server.Database(t)} {
		t.Run(name, func(t *testing.T) {
			done, err := storage.Restore(t.Context(), to, keys, file, storage.RestoreOptions{Clock: storagetest.Now})
			must(t, err)
			if !slices.Equal(done.Tables, made.Tables) {
				t.Errorf("backed up %v, restored %v", made.Tables, done.Tables)
			}
			store := openAt(t, to, keys)
			defer shut(t, store)
			health, err := store.Check(t.Context()) // no transaction is there by half: its sums would not fit
			if err != nil || len(health.Damage) > 0 || health.Reports != reports {
				t.Errorf("%+v, %v; %d reports were backed up", health, err, reports)
			}
			for _, update := range promised {
				if seen, err := store.Seen(t.Context(), update); err != nil || !seen {
					t.Fatalf("update %d was acknowledged before the backup and is not in it, %v", update, err)
				}
			}
		})
	}
}

func rowsIn(b storage.Backup, table string) int {
	for _, size := range b.Tables {
		if size.Table == table {
			return int(size.Rows)
		}
	}
	return -1
}

// A backup of a file comes back on PostgreSQL, and what is wrong with one is said
// before anything is stored.
func TestServerRestore(t *testing.T) {
	keys, file := newKeys(t), newFile(t)
	store := openAt(t, file, keys)
	live(t, store, 1, 50)
	backup := filepath.Join(t.TempDir(), "backup")
	_, err := store.Backup(t.Context(), backup, storage.BackupOptions{Clock: storagetest.Now})
	must(t, err)
	shut(t, store)
	was := allRows(t, file)
	to := server.Database(t)
	_, err = storage.Restore(t.Context(), to, keys, backup, storage.RestoreOptions{Clock: storagetest.Now})
	must(t, err)
	holds(t, was, to, keys)

	text, err := os.ReadFile(backup)
	must(t, err)
	text[len(text)/2] ^= 1
	flipped := filepath.Join(t.TempDir(), "flipped")
	write(t, flipped, text)
	for name, tt := range map[string]struct {
		file, to string
		another  bool
		want     error
	}{
		"onto itself":         {backup, to, false, storage.ErrNotEmpty},
		"another key":         {backup, server.Database(t), true, storage.ErrWrongKey},
		"damaged":             {flipped, server.Database(t), false, storage.ErrBroken},
		"nothing":             {backup + "2", server.Database(t), false, os.ErrNotExist},
		"no server":           {backup, "postgres://127.0.0.1:1/x", false, storage.ErrUnreachable},
		"another application": {strings.TrimPrefix(file, "sqlite:"), server.Database(t), false, storage.ErrUnsealed},
	} {
		t.Run(name, func(t *testing.T) {
			with := keys
			if tt.another {
				with = newKeys(t)
			}
			if _, err := storage.Restore(t.Context(), tt.to, with, tt.file, storage.RestoreOptions{Force: true}); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if tt.to != to && len(tablesAt(t, tt.to)) > 0 {
				t.Error("something was stored")
			}
		})
	}
}

// A restore that was cut off goes on with the same file, also one that bears no seal
// and says of no moment when it was taken.
func TestServerRestoreGoesOn(t *testing.T) {
	keys, file, to := newKeys(t), newFile(t), server.Database(t)
	store := openAt(t, file, keys)
	live(t, store, 1, 20)
	shut(t, store)
	was, now := allRows(t, file), storagetest.Now()
	restore := func() {
		t.Helper()
		now = now.Add(time.Second)
		_, err := storage.Restore(t.Context(), to, keys, strings.TrimPrefix(file, "sqlite:"),
			storage.RestoreOptions{Unsealed: true, Clock: func() time.Time { return now }})
		must(t, err)
	}
	restore()
	for _, change := range []string{`INSERT INTO meta (name, value) VALUES ('closed', 'half')`, `DELETE FROM quotas`} { // as if it had been cut off
		if _, err := rawAt(t, to).Exec(change); err != nil {
			t.Fatal(err)
		}
	}
	restore()
	holds(t, was, to, keys)
}

// A backup of a file that was moved away comes back; one of half a move does not,
// and is in nobody's way.
func TestServerRestoreOfClosedFiles(t *testing.T) {
	keys, file, half, to := newKeys(t), newFile(t), newFile(t), server.Database(t)
	store := openAt(t, file, keys)
	live(t, store, 1, 10)
	shut(t, store)
	was := allRows(t, file)
	_, err := storage.Move(t.Context(), file, half, keys, storage.MoveOptions{Prepare: true})
	must(t, err)
	backup := func(of string) string {
		at := filepath.Join(t.TempDir(), "backup")
		_, err := storage.BackupDatabase(t.Context(), of, keys, at, storage.BackupOptions{Clock: storagetest.Now})
		must(t, err)
		return at
	}
	halfway := backup(half)
	moved(t, file, half, keys)
	if _, err := storage.Restore(t.Context(), to, keys, halfway, storage.RestoreOptions{Clock: storagetest.Now}); !errors.Is(err, storage.ErrHalfMoved) {
		t.Errorf("half a move: %v", err)
	}
	_, err = storage.Restore(t.Context(), to, keys, backup(file), storage.RestoreOptions{Clock: storagetest.Now})
	must(t, err)
	holds(t, was, to, keys)
}

// tablesAt is tablesIn for a database that may not be reached.
func tablesAt(t *testing.T, url string) map[string][]string {
	if strings.HasPrefix(url, "postgres://127.0.0.1:1/") {
		return nil
	}
	return tablesIn(t, url)
}

// What a server can't be backed up from.
func TestServerBackupRefuses(t *testing.T) {
	keys, from := newKeys(t), server.Database(t)
	place := filepath.Join(t.TempDir(), "backup")
	if _, err := storage.BackupDatabase(t.Context(), from, keys, place, storage.BackupOptions{}); !errors.Is(err, storage.ErrNoDatabase) {
		t.Errorf("an empty one: %v", err)
	}
	store := openAt(t, from, keys)
	live(t, store, 1, 10)
	shut(t, store)
	if _, err := storage.BackupDatabase(t.Context(), from, newKeys(t), place, storage.BackupOptions{}); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := rawAt(t, from).Exec(`UPDATE people SET since = since + 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.BackupDatabase(t.Context(), from, keys, place, storage.BackupOptions{}); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("a damaged one: %v", err)
	}
	half := server.Database(t)
	whole := newFile(t)
	store = openAt(t, whole, keys)
	live(t, store, 1, 10)
	shut(t, store)
	_, err := storage.Move(t.Context(), whole, half, keys, storage.MoveOptions{Prepare: true})
	must(t, err)
	if _, err := storage.BackupDatabase(t.Context(), half, keys, place, storage.BackupOptions{}); !errors.Is(err, storage.ErrHalfMoved) {
		t.Errorf("half a move: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(place))
	if err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}
