package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/fraud"
)

// backedUp makes a database with so many reports and a backup of it.
func (h *house) backedUp(reports int, o BackupOptions) (copyAt string) {
	h.t.Helper()
	store := h.open()
	for update := range int64(reports) {
		if err := file(context.Background(), store, update+1, update+1, time.Now().Add(-time.Hour)); err != nil {
			h.t.Fatal(err)
		}
	}
	copyAt = filepath.Join(h.t.TempDir(), "backup")
	if _, err := store.Backup(context.Background(), copyAt, o); err != nil {
		h.t.Fatal(err)
	}
	h.shut(store)
	return copyAt
}

// reports counts the reports of the database at path.
func (h *house) reports(path string) int {
	h.t.Helper()
	at := &house{t: h.t, path: path, keys: h.keys}
	store := at.open()
	defer at.shut(store)
	whole(h.t, store)
	return ask(h.t, store, `SELECT COUNT(*) FROM reports`)
}

func TestRestoreRefuses(t *testing.T) {
	h := newHouse(t)
	copyAt := h.backedUp(3, BackupOptions{})
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(folder, "songs")
	db, err := sql.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE songs (title TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// As a version of ten years from now would write it.
	newerAt := filepath.Join(folder, "newer")
	store := h.open()
	if _, err := store.write.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.write.db.Exec(`VACUUM INTO $1`, newerAt); err != nil {
		t.Fatal(err)
	}
	h.shut(store)
	newerSealed := write("newer sealed", must(os.ReadFile(newerAt)))
	if _, err := sealBackup(newerSealed, h.keys, Backup{Schema: 999}); err != nil {
		t.Fatal(err)
	}
	rotated, err := h.keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	later := &house{t: t, path: filepath.Join(t.TempDir(), "later.db"), keys: rotated}
	occupied := func(suffix string) string {
		path := filepath.Join(t.TempDir(), "saqbol.db")
		if err := os.WriteFile(path+suffix, []byte("of value"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	place := filepath.Join(t.TempDir(), "restored.db")
	for name, tt := range map[string]struct {
		file, place string
		o           RestoreOptions
		want        error
	}{
		"nothing":                   {filepath.Join(folder, "nothing"), place, RestoreOptions{}, os.ErrNotExist},
		"an empty file":             {write("empty", nil), place, RestoreOptions{Unsealed: true}, ErrNoBackup},
		"text":                      {write("text", []byte(strings.Repeat("songs ", 1000))), place, RestoreOptions{Unsealed: true}, ErrNoBackup},
		"another program's":         {foreign, place, RestoreOptions{Unsealed: true}, ErrBroken},
		"a folder":                  {folder, place, RestoreOptions{}, nil},
		"another key":               {newHouse(t).backedUp(1, BackupOptions{}), place, RestoreOptions{}, ErrWrongKey},
		"another key, unsealed":     {newHouse(t).path, place, RestoreOptions{Unsealed: true}, nil},
		"a key from before":         {later.backedUp(1, BackupOptions{}), place, RestoreOptions{}, ErrBroken},
		"newer":                     {newerSealed, place, RestoreOptions{}, ErrNewer},
		"newer, unsealed":           {newerAt, place, RestoreOptions{Unsealed: true}, ErrNewer},
		"no seal":                   {h.path, place, RestoreOptions{}, ErrUnsealed},
		"a database is there":       {copyAt, occupied(""), RestoreOptions{}, ErrOccupied},
		"only its log is there":     {copyAt, occupied("-wal"), RestoreOptions{}, ErrOccupied},
		"only a journal is there":   {copyAt, occupied("-journal"), RestoreOptions{}, ErrOccupied},
		"a folder that can't be":    {copyAt, filepath.Join(copyAt, "sub", "saqbol.db"), RestoreOptions{}, ErrFolder},
		"no sqlite in DATABASE_URL": {copyAt, "", RestoreOptions{}, ErrURL},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Restore(t.Context(), "sqlite:"+tt.place, h.keys, tt.file, tt.o)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if left, err := os.ReadDir(filepath.Dir(place)); err != nil || len(left) != 0 {
				t.Errorf("%d files in the database's place, %v", len(left), err)
			}
		})
	}
}

func must(content []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return content
}

// A copy that was made by hand, with the log of a program that was killed, is
// taken when the operator says so.
func TestRestoreUnsealed(t *testing.T) {
	h := newHouse(t)
	store := h.open()
	defer h.shut(store)
	for update := range int64(5) {
		if err := file(t.Context(), store, update+1, update+1, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		if err := os.WriteFile(filepath.Join(folder, "copy"+suffix), must(os.ReadFile(h.path+suffix)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	place := filepath.Join(t.TempDir(), "restored.db")
	if _, err := Restore(t.Context(), "sqlite:"+place, h.keys, filepath.Join(folder, "copy"), RestoreOptions{Unsealed: true}); err != nil {
		t.Fatal(err)
	}
	if n := h.reports(place); n != 5 {
		t.Errorf("%d reports, want 5", n)
	}
}

// occupiedHouse is a place where a killed instance has left a database of two
// reports, one of them in the log only.
func occupiedHouse(t *testing.T, h *house) (place *house, release func()) {
	t.Helper()
	place = &house{t: t, path: filepath.Join(t.TempDir(), "saqbol.db"), keys: h.keys}
	store := place.open(WithInstance(Claim{}))
	for update := range int64(2) {
		if err := file(t.Context(), store, update+1, update+1, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(place.path + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("the log is empty: %v", err)
	}
	place.die(store)
	return place, func() { _ = errors.Join(store.read.close(), store.write.close()) }
}

func TestRestoreMovesTheOldOneAside(t *testing.T) {
	h := newHouse(t)
	copyAt := h.backedUp(7, BackupOptions{})
	place, release := occupiedHouse(t, h)
	defer release()
	done, err := Restore(t.Context(), "sqlite:"+place.path, h.keys, copyAt, RestoreOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := h.reports(place.path); n != 7 {
		t.Errorf("%d reports, want 7", n)
	}
	if done.Aside == "" {
		t.Fatal("where the old one is is not said")
	}
	if n := h.reports(done.Aside); n != 2 {
		t.Errorf("the old one has %d reports, want 2", n)
	}
	if info, err := os.Stat(place.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestRestoreCutOff stops a restore at every step: the old database is there,
// complete, or the new one is once FinishRestore has run; and until then nobody
// can open anything else.
func TestRestoreCutOff(t *testing.T) {
	h := newHouse(t)
	copyAt := h.backedUp(7, BackupOptions{})
	for _, at := range []string{"fetched", "settled", "moved ", "moved -wal", "moved -shm", "moved -journal", "moved -count"} {
		t.Run(at, func(t *testing.T) {
			h := &house{t: t, path: h.path, keys: h.keys}
			place, release := occupiedHouse(t, h)
			defer release()
			decided := strings.HasPrefix(at, "moved")
			met := false
			_, err := Restore(t.Context(), "sqlite:"+place.path, h.keys, copyAt, RestoreOptions{Force: true, step: func(step string) error {
				if step != at {
					return nil
				}
				met = true
				return errCut
			}})
			if !errors.Is(err, errCut) || !met {
				t.Fatal(err)
			}
			if !decided {
				if n := h.reports(place.path); n != 2 {
					t.Errorf("%d reports, want the old database's 2", n)
				}
				return
			}
			if _, err := Open(t.Context(), "sqlite:"+place.path, h.keys); !errors.Is(err, ErrRestoring) {
				t.Errorf("opened before it was finished: %v", err)
			}
			aside, err := FinishRestore("sqlite:" + place.path)
			if err != nil {
				t.Fatal(err)
			}
			if n := h.reports(place.path); n != 7 {
				t.Errorf("%d reports, want the new database's 7", n)
			}
			if n := h.reports(aside); n != 2 {
				t.Errorf("the old one has %d reports, want 2", n)
			}
			if again, err := FinishRestore("sqlite:" + place.path); again != "" || err != nil {
				t.Errorf("finished twice: %q, %v", again, err)
			}
		})
	}
}

// What waits in a backup is sent again only where it may not have been sent.
func TestWhatARestoredDatabaseSends(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	tests := []struct {
		name    string
		served  bool
		after   time.Duration // from the backup to the restore
		o       RestoreOptions
		want    []int64 // chats of the answers that wait
		notices int64
	}{
		{"of a served database", true, time.Hour, RestoreOptions{}, []int64{2, 3}, 1},
		{"of a stopped one", false, time.Hour, RestoreOptions{}, []int64{2, 3, 4}, 1},
		{"a day later", false, 22*time.Hour + time.Minute, RestoreOptions{}, []int64{3, 4}, 1},
		{"two days later", false, 48 * time.Hour, RestoreOptions{}, nil, 1},
		{"silently", false, time.Hour, RestoreOptions{Silent: true}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			var options []Option
			if tt.served {
				options = append(options, WithInstance(Claim{}))
			}
			store := h.open(append(options, WithClock(func() time.Time { return now }))...)
			for i, age := range []time.Duration{25 * time.Hour, 2 * time.Hour, 5 * time.Minute, 10 * time.Second} {
				n := int64(i + 1)
				if _, err := store.Commit(t.Context(), fraud.Change{Update: n, Person: n, Lang: fraud.Kazakh, Now: now.Add(-age),
					Outgoing: []fraud.Outgoing{{Chat: n, Payload: []byte("answer")}}}); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := store.Notify(t.Context(), []fraud.Notice{{Person: 2, Key: "common.not_saved"}}); err != nil || n != 1 {
				t.Fatalf("%d notices, %v", n, err)
			}
			if err := store.DeadLetter(t.Context(), fraud.DeadLetter{Update: 9, Person: 2, Reason: "x", At: now}); err != nil {
				t.Fatal(err)
			}
			copyAt := filepath.Join(t.TempDir(), "backup")
			made, err := store.Backup(t.Context(), copyAt, BackupOptions{Clock: func() time.Time { return now }})
			if err != nil || made.Served != tt.served {
				t.Fatalf("%+v, %v", made, err)
			}
			token := int64(0)
			if tt.served {
				token = store.instance.Token()
			}
			h.shut(store)
			place := &house{t: t, path: filepath.Join(t.TempDir(), "restored.db"), keys: h.keys}
			tt.o.Clock = func() time.Time { return now.Add(tt.after) }
			done, err := Restore(t.Context(), "sqlite:"+place.path, h.keys, copyAt, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			again := place.open(WithInstance(Claim{Machine: "another"}))
			defer place.shut(again)
			if took := time.Since(begun); took > leaseTerm/2 {
				t.Errorf("it waited %s for a lease that nobody holds", took)
			}
			if again.instance.Token() <= token {
				t.Errorf("token %d, the backup's was %d", again.instance.Token(), token)
			}
			waiting, err := again.Unsent(t.Context(), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			var chats []int64
			for _, row := range waiting.Rows {
				chats = append(chats, row.Chat)
			}
			if !slices.Equal(chats, tt.want) || done.Waiting != int64(len(tt.want))+tt.notices || done.Dropped != 5-done.Waiting {
				t.Errorf("answers to %v wait, want %v; said: %d wait, %d dropped", chats, tt.want, done.Waiting, done.Dropped)
			}
			for update := range int64(4) {
				seen, err := again.Seen(t.Context(), update+1)
				if err != nil || seen != (tt.after < 40*time.Hour && (tt.after < 23*time.Hour || update > 0)) {
					t.Errorf("update %d is marked as handled: %v, %v", update+1, seen, err)
				}
			}
			if letters, err := again.DeadLetters(t.Context(), 0, 100); err != nil || len(letters) != 1 {
				t.Errorf("%d dead letters, %v", len(letters), err)
			}
			if last, err := again.LastBackup(t.Context()); err != nil || !last.Equal(now) {
				t.Errorf("LastBackup: %s, %v", last, err)
			}
		})
	}
}

// An instance on another machine is seen by the renewals of its lease.
func TestUnserved(t *testing.T) {
	for name, tt := range map[string]struct {
		claim Claim
		dies  bool
		want  error
	}{
		"alive elsewhere":         {Claim{Machine: "b", Alone: true}, false, ErrServed},
		"dead elsewhere":          {Claim{Machine: "b", Alone: true}, true, nil},
		"of this machine, locked": {Claim{Machine: "a", Alone: true}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				if err := Unserved(t.Context(), "sqlite:"+h.path, tt.claim); err != nil {
					t.Errorf("without a database: %v", err)
				}
				store := h.open(WithInstance(Claim{Holder: "first", Machine: "a"}))
				if tt.dies {
					h.die(store)
				}
				if err := Unserved(t.Context(), "sqlite:"+h.path, tt.claim); !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				h.shut(store)
				if err := Unserved(t.Context(), "sqlite:"+h.path, Claim{Machine: "b"}); err != nil {
					t.Errorf("after its stop: %v", err)
				}
			})
		})
	}
	if err := Unserved(t.Context(), fmt.Sprint("sqlite:", must2(os.Executable())), Claim{}); err != nil {
		t.Errorf("what is no database: %v", err)
	}
}

func must2(path string, err error) string {
	if err != nil {
		panic(err)
	}
	return path
}
