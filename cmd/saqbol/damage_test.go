package main

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// file is the database file of a program under test.
func (s *started) file() string {
	path := ""
	for _, setting := range s.environ {
		if url, ok := strings.CutPrefix(setting, "DATABASE_URL=sqlite:"); ok {
			path = url
		}
	}
	return path
}

// tamper runs a statement on a database file, as somebody without keys could.
func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	result, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

// TestDamageAtTheStart: a database that is sound to SQLite and says something that
// was never written is refused, in one line, before anybody is told anything.
func TestDamageAtTheStart(t *testing.T) {
	key := testKey(t)
	keys, err := seal.Read([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "saqbol.db")
	store, err := storage.Open(t.Context(), "sqlite:"+path, keys)
	if err != nil {
		t.Fatal(err)
	}
	ref := keys.Tokens().Identify(fraud.Subject{Kind: fraud.KindPhone, Value: "+77011234567"})
	if _, err := store.Commit(t.Context(), fraud.Change{Person: 1, File: &fraud.Report{Code: "SB-0000-0000", Subjects: []fraud.Ref{ref}}}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, `UPDATE subjects SET reporters = 0 WHERE reporters > 0`)
	s := startRun(t, "polling")
	s.stop()
	for name, args := range map[string][]string{"run": {"run"}, "doctor": {"doctor"}} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		var stdout, stderr lockedBuffer
		status := run(ctx, args, append(s.environ, "SAQBOL_KEY="+key, "DATABASE_URL=sqlite:"+path), &stdout, &stderr)
		said := stderr.String()
		if name == "doctor" {
			said = stdout.String()
		} else if lines := strings.Count(strings.TrimSpace(said), "\n"); lines != 0 {
			t.Errorf("more than one line:\n%s", said)
		}
		if status != exitFailed || !strings.Contains(said, "saqbol restore") || !strings.Contains(said, "damaged") {
			t.Errorf("%s ends with %d: %s", name, status, said)
		}
	}
}

var incident = regexp.MustCompile(`Номер сбоя: ([0-9A-F]{8})`)

// answersFault holds that an answer says what it should and carries the number of
// one line of the log.
func (s *started) answersFault(t *testing.T, text, want string) {
	t.Helper()
	number := incident.FindStringSubmatch(text)
	if !strings.Contains(text, want) || number == nil {
		t.Errorf("the person reads, without %q or a number:\n%s", want, text)
		return
	}
	if n := strings.Count(s.stderr.String(), `"incident":"`+number[1]+`"`); n != 1 {
		t.Errorf("the number %s stands in %d lines of the log:\n%s", number[1], n, s.stderr)
	}
}

// TestDamageWhileRunning: from the first sign of damage on nobody is told that
// there are no reports, nothing is said to be saved, and the operator reads it once.
func TestDamageWhileRunning(t *testing.T) {
	s := startRun(t, "polling")
	first, second := s.citizen(t, "ru"), s.citizen(t, "ru")
	first.files(first.presses(first.says("8 701 123 45 67"), "rep:"))
	begun := second.presses(second.says("8 701 765 43 21"), "rep:")
	if got := status(t, http.MethodGet, s.http+"/readyz", ""); got != 200 {
		t.Errorf("before, /readyz answers %d:\n%s", got, s.stderr)
	}
	tamper(t, s.file(), `DELETE FROM subjects WHERE reporters > 0`)

	s.answersFault(t, second.says("8 701 123 45 67").Text, "считайте звонящего подозрительным")
	s.answersFault(t, first.says("8 702 000 00 01").Text, "считайте звонящего подозрительным")
	s.answersFault(t, second.presses(begun, begun.Buttons[0][0].Data).Text, "ничего не записано")
	if got := status(t, http.MethodGet, s.http+"/readyz", ""); got != 503 {
		t.Errorf("/readyz answers %d, want 503", got)
	}
	if got := status(t, http.MethodGet, s.http+"/healthz", ""); got != 200 {
		t.Errorf("/healthz answers %d, want 200", got)
	}
	s.stop()
	if n := strings.Count(s.stderr.String(), "the database is damaged"); n != 1 {
		t.Errorf("the log says %d times that the database is damaged:\n%s", n, s.stderr)
	}
	s.silent(t, "701 123", "7011234567", "7017654321")
}
