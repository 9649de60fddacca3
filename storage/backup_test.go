package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saqbol/fraud"
)

// subject is the n-th of a row of made-up numbers.
func subject(n int) fraud.Ref {
	value := fmt.Sprintf("+7700%07d", n)
	sum := sha256.Sum256([]byte(value))
	return fraud.Ref{Kind: fraud.KindPhone, Key: fraud.Key(sum[:16]), Value: value, Shown: value}
}

// file files a report about two subjects, with a mark and an answer that waits.
func file(ctx context.Context, s *Store, update, person int64, at time.Time) error {
	code, err := fraud.NewCode(rand.Reader)
	if err != nil {
		return err
	}
	_, err = s.Commit(ctx, fraud.Change{Update: update, Person: person, Now: at, Lang: fraud.Kazakh,
		File: &fraud.Report{Code: code, Status: fraud.StatusReceived, Created: at, Updated: at,
			Subjects: []fraud.Ref{subject(int(update)), subject(int(update%50) + 10_000_000)},
			Details:  fraud.Details{Scenario: fraud.ScenarioCode, Words: strings.Repeat("сөз ", 50)}},
		Outgoing: []fraud.Outgoing{{Chat: person, Payload: []byte("filed")}}})
	return err
}

// ask asks for one number.
func ask(t *testing.T, s *Store, query string) (n int) {
	t.Helper()
	if err := s.read.db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// whole holds that no transaction of file is there by half, and that the sums
// agree with what they sum up.
func whole(t *testing.T, s *Store) {
	t.Helper()
	for query, want := range map[string]int{
		`SELECT COUNT(*) FROM (SELECT code FROM report_subjects GROUP BY code HAVING COUNT(*) <> 2)`:                                                0,
		`SELECT COUNT(*) FROM reports WHERE code NOT IN (SELECT code FROM report_subjects)`:                                                         0,
		`SELECT (SELECT COUNT(*) FROM handled) - (SELECT COUNT(*) FROM reports)`:                                                                    0,
		`SELECT (SELECT COUNT(*) FROM people) - (SELECT COUNT(*) FROM reports)`:                                                                     0,
		`SELECT COUNT(*) FROM subjects s WHERE s.reporters <> (SELECT COUNT(*) FROM report_subjects r WHERE r.subject = s.subject)`:                 0,
		`SELECT COUNT(*) FROM report_subjects WHERE subject NOT IN (SELECT subject FROM subjects)`:                                                  0,
		`SELECT (SELECT n FROM counters WHERE name = 'subjects') - (SELECT COUNT(*) FROM subjects WHERE reporters > 0)`:                             0,
		`SELECT (SELECT n FROM counters WHERE name = 'scenario:` + string(fraud.ScenarioCode) + `') - (SELECT COUNT(*) FROM reports)`:               0,
		`SELECT COUNT(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.person = o.person)`:                                         0,
		`SELECT COUNT(*) FROM reports r WHERE r.person NOT IN (SELECT person FROM report_subjects q WHERE q.code = r.code AND q.person = r.person)`: 0,
	} {
		if got := ask(t, s, query); got != want {
			t.Errorf("%s gives %d, want %d", query, got, want)
		}
	}
	health, err := s.Check(t.Context())
	if err != nil || len(health.Damage) > 0 {
		t.Errorf("Check: %+v, %v", health, err)
	}
}

// TestRestoreDrill takes backups while people file reports, restores each, and
// counts: everything acknowledged before a backup began is in it, and no
// transaction is in it by half.
func TestRestoreDrill(t *testing.T) {
	h := newHouse(t)
	store := h.open(WithInstance(Claim{}))
	var updates, acknowledged atomic.Int64
	var slowest atomic.Int64
	writing, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var filed sync.Map
	for range 4 {
		writers.Go(func() {
			for writing.Err() == nil {
				update := updates.Add(1)
				begun := time.Now()
				if err := file(t.Context(), store, update, update, time.Now()); err != nil {
					t.Error(err)
					return
				}
				slowest.Store(max(slowest.Load(), int64(time.Since(begun))))
				filed.Store(update, true)
				acknowledged.Add(1)
			}
		})
	}
	for drill := range 3 {
		for before := acknowledged.Load(); acknowledged.Load() < before+100; { // busy
			if t.Failed() {
				break
			}
			<-time.After(time.Millisecond)
		}
		var promised []int64
		filed.Range(func(update, _ any) bool { promised = append(promised, update.(int64)); return true })
		copyAt := filepath.Join(t.TempDir(), "backup")
		made, err := store.Backup(t.Context(), copyAt, BackupOptions{})
		if err != nil {
			t.Fatal(err)
		}
		place := &house{t: t, path: filepath.Join(t.TempDir(), "restored.db"), keys: h.keys}
		restored, err := Restore(t.Context(), "sqlite:"+place.path, h.keys, copyAt, RestoreOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(made.Tables, restored.Tables) || made.Schema != restored.Schema || !made.Served {
			t.Errorf("backed up %+v, restored %+v", made, restored.Backup)
		}
		again := place.open()
		whole(t, again)
		for _, update := range promised {
			if seen, err := again.Seen(t.Context(), update); err != nil || !seen {
				t.Errorf("drill %d: update %d was acknowledged before the backup and is not in it, %v", drill, update, err)
			}
		}
		for _, size := range made.Tables {
			if size.Table == "reports" && (int(size.Rows) < len(promised) || int(size.Rows) != ask(t, again, `SELECT COUNT(*) FROM reports`)) {
				t.Errorf("%d reports counted, %d acknowledged before, %d restored", size.Rows, len(promised), ask(t, again, `SELECT COUNT(*) FROM reports`))
			}
		}
		t.Logf("drill %d: %d acknowledged before, %+v", drill, len(promised), made.Tables)
		place.shut(again)
	}
	stop()
	writers.Wait()
	t.Logf("measured: 6 backups of a busy database restored and counted, %d reports filed meanwhile, 0 lost, the slowest write took %s",
		acknowledged.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
	if last, err := store.LastBackup(t.Context()); err != nil || time.Since(last) > time.Minute {
		t.Errorf("LastBackup: %s, %v", last, err)
	}
	h.shut(store)
}

// A backup that takes long keeps nobody from writing, not even somebody whose
// erasure wants the log emptied.
func TestABackupBlocksNoWriter(t *testing.T) {
	h := newHouse(t)
	store := h.open(WithInstance(Claim{}))
	defer h.shut(store)
	if err := file(t.Context(), store, 1, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	copyAt := filepath.Join(t.TempDir(), "backup")
	made, err := store.Backup(t.Context(), copyAt, BackupOptions{step: func(step string) error {
		if step != "pages" {
			return nil
		}
		for update := range int64(20) {
			if err := file(t.Context(), store, update+2, update+2, time.Now()); err != nil {
				t.Error(err)
			}
		}
		begun := time.Now()
		if _, err := store.Commit(t.Context(), fraud.Change{Person: 1, Erase: true}); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took >= lockWait {
			t.Errorf("an erasure took %s while a backup was made", took)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(made.Tables, func(s TableSize) bool { return s.Table == "reports" }); made.Tables[i].Rows != 1 {
		t.Errorf("%d reports in the copy, want the one from before", made.Tables[i].Rows)
	}
}

func TestBackupBesideARunningInstance(t *testing.T) {
	h := newHouse(t)
	instance := h.open(WithInstance(Claim{}))
	fill(t, instance)
	copyAt, progress := filepath.Join(t.TempDir(), "backup"), 0
	made, err := BackupDatabase(t.Context(), "sqlite:"+h.path, h.keys, copyAt, BackupOptions{Progress: func(done, total int) {
		if progress = total; done > total {
			t.Errorf("%d of %d pages", done, total)
		}
	}})
	if err != nil || progress == 0 {
		t.Fatalf("%v, %d pages", err, progress)
	}
	info, err := os.Stat(copyAt)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() <= made.Size {
		t.Errorf("%+v, %v", info, err)
	}
	if last, err := instance.LastBackup(t.Context()); err != nil || !last.Equal(made.Taken.Truncate(time.Millisecond)) {
		t.Errorf("LastBackup: %s, %v, want %s", last, err, made.Taken)
	}
	if _, err := instance.Commit(t.Context(), fraud.Change{Person: 3, Lang: fraud.Kazakh}); err != nil {
		t.Errorf("the instance after the backup: %v", err)
	}
	alone(t, copyAt)
	h.shut(instance)
	// What SQLite itself makes of a copy with a seal behind it.
	db, err := lone(copyAt, "query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := sound(t.Context(), db); err != nil {
		t.Error(err)
	}
}

// alone holds that a file has its folder to itself.
func alone(t *testing.T, file string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if entry.Name() != filepath.Base(file) {
			t.Errorf("%s is left behind", entry.Name())
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	h := newHouse(t)
	store := h.open()
	defer h.shut(store)
	fill(t, store)
	folder := t.TempDir()
	there := filepath.Join(folder, "there")
	if err := os.WriteFile(there, []byte("of value"), 0o644); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"link": h.path, "tokey": there, "tocopy": "copy", "tonothing": "nothing"}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	copyAt := filepath.Join(folder, "copy")
	if _, err := store.Backup(t.Context(), copyAt, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "cut"), readFile(t, copyAt)[:8192], 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for name, tt := range map[string]struct {
		file  string
		force bool
		want  error
	}{
		"a backup":             {copyAt, false, ErrExists},
		"what is no backup":    {there, false, ErrNoCopy},
		"nor with force":       {there, true, ErrNoCopy},
		"a database":           {in("cut"), true, ErrNoCopy},
		"a link to a key":      {in("tokey"), true, ErrNotPlain},
		"a link to a backup":   {in("tocopy"), true, ErrNotPlain},
		"a link to nothing":    {in("tonothing"), true, ErrNotPlain},
		"the database":         {h.path, true, ErrInTheWay},
		"its log":              {h.path + "-wal", true, ErrInTheWay},
		"its journal":          {h.path + "-journal", true, ErrInTheWay},
		"its lock":             {h.path + ".lock", true, ErrInTheWay},
		"a link to it":         {in("link"), true, ErrInTheWay},
		"a folder":             {folder, true, nil},
		"a folder not there":   {filepath.Join(folder, "no", "backup"), false, ErrNoFolder},
		"a folder with a file": {filepath.Join(there, "backup"), false, nil},
	} {
		_, err := store.Backup(t.Context(), tt.file, BackupOptions{Force: tt.force})
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if content, err := os.ReadFile(there); err != nil || string(content) != "of value" {
		t.Errorf("what was there: %q, %v", content, err)
	}
	for name, target := range links {
		if now, err := os.Readlink(in(name)); err != nil || now != target {
			t.Errorf("the link %s leads to %q, %v", name, now, err)
		}
	}
	if err := os.Chmod(copyAt, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(t.Context(), copyAt, BackupOptions{Force: true}); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(copyAt); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("overwritten: %v, %v", info.Mode(), err)
	}
	missing := filepath.Join(folder, "missing.db")
	if _, err := BackupDatabase(t.Context(), "sqlite:"+missing, h.keys, filepath.Join(folder, "b"), BackupOptions{}); !errors.Is(err, ErrNoDatabase) || exists(missing) {
		t.Errorf("without a database: %v", err)
	}
	other := newHouse(t)
	if _, err := BackupDatabase(t.Context(), "sqlite:"+h.path, other.keys, filepath.Join(folder, "b"), BackupOptions{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("with another key: %v", err)
	}
}

var errCut = errors.New("cut off")

// A backup that breaks off leaves nothing, and what stood under its name stays.
func TestABackupCutOff(t *testing.T) {
	h := newHouse(t)
	store := h.open()
	defer h.shut(store)
	fill(t, store)
	folder := t.TempDir()
	copyAt := filepath.Join(folder, "backup")
	if _, err := store.Backup(t.Context(), copyAt, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(copyAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"pages", "copied", "sealed"} {
		met := false
		_, err := store.Backup(t.Context(), copyAt, BackupOptions{Force: true, step: func(step string) error {
			if step != at {
				return nil
			}
			met = true
			return errCut
		}})
		if !errors.Is(err, errCut) || !met {
			t.Errorf("at %s: %v", at, err)
		}
		alone(t, copyAt)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	_, err = store.Backup(cancelled, copyAt, BackupOptions{Force: true, Progress: func(int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	alone(t, copyAt)
	if after, err := os.ReadFile(copyAt); err != nil || string(after) != string(before) {
		t.Errorf("the earlier backup was changed, %v", err)
	}
}

// Every byte of a backup counts: one flipped bit, or one byte less or more, and it
// is refused, before anything is touched.
func TestDamagedBackupsAreRefused(t *testing.T) {
	h := newHouse(t)
	store := h.open()
	for update := range int64(20) {
		if err := file(t.Context(), store, update+1, update+1, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	copyAt := filepath.Join(folder, "backup")
	if _, err := store.Backup(t.Context(), copyAt, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	h.shut(store)
	good, err := os.ReadFile(copyAt)
	if err != nil {
		t.Fatal(err)
	}
	dice := mathrand.New(mathrand.NewPCG(1, 2))
	kinds := map[string]func(b []byte) []byte{
		"a flipped bit": func(b []byte) []byte {
			at := dice.IntN(len(b))
			b[at] ^= 1 << dice.IntN(8)
			return b
		},
		"a flipped bit in the seal": func(b []byte) []byte {
			at := len(b) - 1 - dice.IntN(800)
			b[at] ^= 1 << dice.IntN(8)
			return b
		},
		"cut off": func(b []byte) []byte { return b[:dice.IntN(len(b))] },
		"a page missing": func(b []byte) []byte {
			at := dice.IntN(len(b)/4096-1) * 4096
			return append(b[:at], b[at+4096:]...)
		},
		"a page twice": func(b []byte) []byte {
			at := dice.IntN(len(b)/4096-2) * 4096
			copy(b[at+4096:at+8192], b[at:at+4096])
			return b
		},
		"something behind it": func(b []byte) []byte { return append(b, byte(dice.IntN(256))) },
		"zeroes": func(b []byte) []byte {
			at := dice.IntN(len(b) - 512)
			clear(b[at : at+512])
			return b
		},
	}
	place := filepath.Join(t.TempDir(), "restored.db")
	for kind, damage := range kinds {
		for range 40 {
			bad := damage(slices.Clone(good))
			if string(bad) == string(good) {
				continue // zeroes over zeroes
			}
			if err := os.WriteFile(copyAt, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Restore(t.Context(), "sqlite:"+place, h.keys, copyAt, RestoreOptions{})
			if !errors.Is(err, ErrBroken) && !errors.Is(err, ErrUnsealed) && !errors.Is(err, ErrWrongKey) && !errors.Is(err, ErrNoBackup) {
				t.Errorf("%s: %v", kind, err)
			}
			if left, err := os.ReadDir(filepath.Dir(place)); err != nil || len(left) != 0 {
				t.Fatalf("%s: %d files in the database's place, %v", kind, len(left), err)
			}
		}
	}
	if err := os.WriteFile(copyAt, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), "sqlite:"+place, h.keys, copyAt, RestoreOptions{}); err != nil {
		t.Errorf("the good one: %v", err)
	}
}
