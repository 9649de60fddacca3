package storage

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// aReport is a report of one number by one person.
func aReport(t *testing.T, s *Store, person int, phone fraud.Ref) {
	t.Helper()
	if _, err := s.Commit(t.Context(), fraud.Change{Person: int64(person), Now: time.UnixMilli(1), Lang: fraud.Kazakh,
		File: &fraud.Report{Code: fmt.Sprintf("SB-%04d-0000", person), Subjects: []fraud.Ref{phone}, Details: fraud.Details{Scenario: fraud.ScenarioCode}},
	}); err != nil {
		t.Fatal(err)
	}
}

func phones(keys *seal.Keys) []fraud.Ref {
	refs := make([]fraud.Ref, 6)
	for i := range refs {
		refs[i] = keys.Tokens().Identify(fraud.Subject{Kind: fraud.KindPhone, Value: number(i)})
	}
	return refs
}

// Somebody who has the file, and no keys, can take nothing away, add nothing and
// change nothing without being seen: at a check, at the next report of that number,
// or by the complete check.
func TestChangedWithoutTheKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		statement  string
		onCheck    bool // seen by the next check of the number
		onReport   bool // seen by the next report of it
		everywhere bool // seen by every check of a number that is not known too
	}{
		"a row removed":           {`DELETE FROM subjects WHERE subject = $1`, true, true, false},
		"a count made zero":       {`UPDATE subjects SET reporters = 0 WHERE subject = $1`, true, true, false},
		"a confirmation dropped":  {`UPDATE subjects SET confirmed = 1 - confirmed WHERE subject = $1`, true, true, false},
		"a row of another number": {`UPDATE subjects SET (reporters, top, last, proof) = (SELECT reporters, top, last, proof FROM subjects WHERE subject <> $1 AND reporters > 0 LIMIT 1) WHERE subject = $1`, true, true, false},
		"all rows removed":        {`DELETE FROM subjects WHERE $1 IS NOT NULL`, true, true, true},
		"all but the first":       {`DELETE FROM subjects WHERE reporters > 0 AND $1 IS NOT NULL`, true, true, false},
		"a reporter removed":      {`DELETE FROM report_subjects WHERE subject = $1`, false, true, false},
		"what a list says":        {`UPDATE listed SET reporters = 1 WHERE subject = $1`, false, true, false},
		"a list's scenario":       {`UPDATE listed SET scenario = '' WHERE subject = $1`, false, false, false},
		"a row of a list":         {`DELETE FROM listed WHERE subject = $1`, false, true, false},
		"a list":                  {`DELETE FROM lists WHERE $1 IS NOT NULL`, false, false, false},
		"a list's name":           {`UPDATE lists SET name = 'police' WHERE $1 IS NOT NULL`, false, false, false},
		"a report of another":     {`UPDATE reports SET person = x'00' WHERE code IN (SELECT code FROM report_subjects WHERE subject = $1)`, false, false, false},
		"a status":                {`UPDATE reports SET status = 'withdrawn' WHERE code IN (SELECT code FROM report_subjects WHERE subject = $1)`, false, false, false},
		"a language":              {`UPDATE people SET lang = 'ru' WHERE $1 IS NOT NULL`, false, false, false},
		"the sums for everybody":  {`UPDATE counters SET n = 0 WHERE $1 IS NOT NULL`, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := openForTest(t)
			refs := phones(s.keys)
			for i, ref := range refs[:5] {
				aReport(t, s, i+1, ref)
			}
			if _, err := s.Import(t.Context(), Import{Name: "bank"}, []fraud.Listed{{Key: refs[2].Key, Reporters: 2, Scenario: 1}}); err != nil {
				t.Fatal(err)
			}
			if n, err := s.write.db.ExecContext(t.Context(), tt.statement, refs[2].Key[:]); err != nil {
				t.Fatal(err)
			} else if rows, _ := n.RowsAffected(); rows == 0 {
				t.Fatal("the statement changes nothing")
			}
			_, errKnown := s.Standings(t.Context(), []fraud.Key{refs[2].Key})
			s.damage = newDamage()
			_, errOther := s.Standings(t.Context(), []fraud.Key{refs[5].Key})
			s.damage = newDamage()
			_, errReport := s.Commit(t.Context(), fraud.Change{Person: 9, Now: time.UnixMilli(1),
				File: &fraud.Report{Code: "SB-0009-0000", Subjects: refs[2:3], Details: fraud.Details{Scenario: fraud.ScenarioCode}}})
			var said *fraud.Error
			if tt.onCheck != errors.Is(errKnown, ErrDamaged) || tt.onCheck && (!errors.As(errKnown, &said) || said.Key != "check.damaged" || said.Code != fraud.CodeUnavailable) {
				t.Errorf("a check of it: %v", errKnown)
			}
			if tt.everywhere && errOther == nil {
				t.Error("a number that nobody reported has no reports, says a table without rows")
			}
			if tt.onReport != errors.Is(errReport, ErrDamaged) || tt.onReport && (!errors.As(errReport, &said) || said.Key != "common.not_saved") {
				t.Errorf("a report of it: %v", errReport)
			}
			s.damage = newDamage()
			if err := s.Examine(t.Context(), 1); !errors.Is(err, ErrDamaged) {
				t.Errorf("the complete check: %v", err)
			}
			// From then on nothing is served and nothing is saved, until a restart.
			if _, err := s.Standings(t.Context(), []fraud.Key{refs[0].Key}); !errors.Is(err, ErrDamaged) {
				t.Errorf("after that, another number: %v", err)
			}
			if _, err := s.Commit(t.Context(), fraud.Change{Person: 1, Lang: fraud.Russian}); !errors.As(err, &said) || said.Key != "common.not_saved" {
				t.Errorf("after that, a change: %v", err)
			}
			if err := s.Ping(t.Context()); !errors.Is(err, ErrDamaged) {
				t.Errorf("after that, the store is well: %v", err)
			}
			select {
			case <-s.Damaged():
			default:
				t.Error("nobody is told")
			}
		})
	}
}

// A database from before there were marks opens, says what it said, and has them
// from then on.
func TestFirstMarks(t *testing.T) {
	s, path := openForTest(t)
	refs := phones(s.keys)
	for i := range 12 {
		aReport(t, s, i+1, refs[i%5])
	}
	if _, err := s.Commit(t.Context(), fraud.Change{Person: 1, Now: time.UnixMilli(2), Dispute: &fraud.Dispute{Subject: refs[1], On: true}}); err != nil {
		t.Fatal(err)
	}
	var keys []fraud.Key
	for _, ref := range refs {
		keys = append(keys, ref.Key)
	}
	want, err := s.Standings(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	back(t, path, 2)
	if err := os.Remove(path + WitnessSuffix); err != nil { // there was none then
		t.Fatal(err)
	}
	// Whoever serves people with it now knows of no marks: no tool may make them.
	if _, err := Open(t.Context(), "sqlite:"+path, s.keys, WithoutLease()); !errors.Is(err, ErrOlder) {
		t.Errorf("a tool opened it with %v, want %v", err, ErrOlder)
	}
	again, err := Open(t.Context(), "sqlite:"+path, s.keys, WithInstance(Claim{}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	got, err := again.Standings(t.Context(), keys)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if err := again.Examine(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if portrait, err := again.Portrait(t.Context(), 1); err != nil || len(portrait.Reports) != 1 || len(portrait.Disputes) != 1 {
		t.Errorf("%+v, %v", portrait, err)
	}
	aReport(t, again, 20, refs[5])
}

// back takes a database's schema back to an earlier version.
func back(t *testing.T, path string, version int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// Rows that are gone do not make a database one from before there were marks: to
// mark what is left would vouch for the loss.
func TestMarksAreNotMadeTwice(t *testing.T) {
	for name, statement := range map[string]string{
		"the first row gone": `DELETE FROM subjects WHERE reporters = 0`,
		"every row gone":     `DELETE FROM subjects`,
		"every proof gone":   `UPDATE subjects SET proof = x''`,
	} {
		t.Run(name, func(t *testing.T) {
			s, path := openForTest(t)
			aReport(t, s, 1, phones(s.keys)[0])
			if _, err := s.write.db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), "sqlite:"+path, s.keys); !errors.Is(err, ErrDamaged) {
				t.Errorf("opened with %v", err)
			}
		})
	}
}

// What was stored once and is not there any more was lost, wherever that happened.
func TestWitness(t *testing.T) {
	s, path := openForTest(t)
	refs := phones(s.keys)
	aReport(t, s, 1, refs[0])
	older := filepath.Join(t.TempDir(), "saqbol.db")
	if _, err := s.write.db.ExecContext(t.Context(), `VACUUM INTO $1`, older); err != nil {
		t.Fatal(err)
	}
	aReport(t, s, 2, refs[0])
	if got := readWitness(path, s.keys).n; got != 2 {
		t.Fatalf("the witness says %d transactions, want 2", got)
	}
	for name, tt := range map[string]struct {
		change func(witness []byte) []byte
		want   error
	}{
		"as it was":         {func(w []byte) []byte { return w }, ErrDamaged},
		"none":              {func([]byte) []byte { return nil }, nil},
		"not as it was":     {func(w []byte) []byte { w[7]++; return w }, nil},
		"cut off":           {func(w []byte) []byte { return w[:5] }, nil},
		"of another's keys": {func(w []byte) []byte { return append(w[:8], 1, 2, 3, 4, 5, 6) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "saqbol.db")
			copyFile(t, older, copied)
			copyFile(t, path+WitnessSuffix, copied+WitnessSuffix)
			writeFile(t, copied+WitnessSuffix, tt.change(readFile(t, path+WitnessSuffix)))
			store, err := Open(t.Context(), "sqlite:"+copied, s.keys)
			if !errors.Is(err, tt.want) {
				t.Errorf("opened with %v, want %v", err, tt.want)
			}
			if err == nil {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A database whose log was left behind is refused before anything is stored in it,
// so that the log can be put back.
func TestALogThatWasLeftBehind(t *testing.T) {
	h := newHouse(t)
	instance := WithInstance(Claim{Machine: "here", Alone: true})
	s := h.open(instance)
	defer h.shut(s)
	refs := phones(h.keys)
	aReport(t, s, 1, refs[0])
	if err := s.engine.scrub(t.Context(), s.write); err != nil {
		t.Fatal(err)
	}
	aReport(t, s, 2, refs[0])
	moved := filepath.Join(t.TempDir(), "saqbol.db")
	copyFile(t, h.path, moved)
	copyFile(t, h.path+WitnessSuffix, moved+WitnessSuffix)
	before := readFile(t, moved)
	if _, err := Open(t.Context(), "sqlite:"+moved, h.keys, instance); !errors.Is(err, ErrDamaged) {
		t.Fatalf("opened without its log: %v", err)
	}
	if !bytes.Equal(readFile(t, moved), before) {
		t.Error("the database was changed")
	}
	copyFile(t, h.path+"-wal", moved+"-wal")
	whole, err := Open(t.Context(), "sqlite:"+moved, h.keys, instance)
	if err != nil {
		t.Fatal(err)
	}
	defer h.shut(whole)
	if n := ask(t, whole, `SELECT COUNT(*) FROM reports`); n != 2 {
		t.Errorf("%d reports, want 2", n)
	}
}

// A tool that has the database open while a restore puts another in its place
// notes its count with the one that it has, not beside the new one.
func TestACountGoesWithItsDatabase(t *testing.T) {
	h := newHouse(t)
	copyAt := h.backedUp(1, BackupOptions{})
	s := h.open()
	aReport(t, s, 91, phones(h.keys)[0])
	h.shut(s)
	tool := h.open(WithoutLease())
	if _, err := Restore(t.Context(), "sqlite:"+h.path, h.keys, copyAt, RestoreOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	aReport(t, tool, 92, phones(h.keys)[0])
	h.shut(tool)
	again, err := Open(t.Context(), "sqlite:"+h.path, h.keys)
	if err != nil {
		t.Fatal(err)
	}
	h.shut(again)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	writeFile(t, to, readFile(t, from))
}

// A backup of a damaged database would push the good ones out: there is none.
func TestNoBackupOfDamage(t *testing.T) {
	s, _ := openForTest(t)
	aReport(t, s, 1, phones(s.keys)[0])
	file := filepath.Join(t.TempDir(), "backup")
	if _, err := s.Backup(t.Context(), file, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	good := readFile(t, file)
	if _, err := s.write.db.ExecContext(t.Context(), `UPDATE subjects SET reporters = 0`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), file, BackupOptions{Force: true}); !errors.Is(err, ErrDamaged) {
		t.Errorf("a backup of it ends with %v", err)
	}
	if string(readFile(t, file)) != string(good) {
		t.Error("the good backup is gone")
	}
}
