package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/pgtest"
	"saqbol/storage/seal"
)

// server is PostgreSQL for all tests of this package, started by the first that
// asks and ended by TestMain.
var server pgtest.Shared

// serverURL is an empty database, with a password for which the server does not ask.
func serverURL(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("password", canaryPassword)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestConversationOnPostgres is SaqBol's main job with PostgreSQL behind it, and
// what an operator does beside it.
func TestConversationOnPostgres(t *testing.T) {
	s := startRunOn(t, "webhook", serverURL(t))
	first, second := s.citizen(t, "ru"), s.citizen(t, "kk")
	answer := first.says("8 701 123 45 67")
	if !strings.HasPrefix(answer.Text, "⚪ +7 701 123 45 67") {
		t.Fatalf("the first check says:\n%s", answer.Text)
	}
	filed := first.files(first.presses(answer, "rep:"))
	if answer := second.says("+7(701)123-45-67"); !strings.HasPrefix(answer.Text, spoken()["kk"].reported) {
		t.Fatalf("the second person's check says:\n%s", answer.Text)
	}
	my := first.says("/my")
	if !strings.Contains(my.Text, code.FindString(filed.Text)) {
		t.Errorf("/my does not list the report:\n%s", my.Text)
	}
	s.tools(t)
	first.presses(first.presses(my, "my:w:"), "my:y:")
	if answer := second.says("87011234567"); !strings.HasPrefix(answer.Text, "⚪") {
		t.Errorf("once the report is withdrawn the second person reads:\n%s", answer.Text)
	}
	first.exports(s)
	if gone := first.presses(first.presses(first.says("/settings"), "set:erase"), "set:erased"); !strings.Contains(gone.Text, spoken()["ru"].erased) {
		t.Errorf("after deletion the person reads:\n%s", gone.Text)
	}
	s.doctorWithoutKey(t)
	s.noNewKey(t)
	if status := s.stop(); status != exitDone {
		t.Errorf("the program ended with %d:\n%s", status, s.stderr)
	}
	s.silent(t, canaryPassword, "7011234567", "701 123", api(s), fmt.Sprint(first.ID()))
}

// doctorWithoutKey: an empty database needs no key yet, one that holds reports does.
func (s *started) doctorWithoutKey(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for says, database := range map[string]string{"empty yet": serverURL(t), "no key for it": s.setting("DATABASE_URL")} {
		var out lockedBuffer
		run(t.Context(), []string{"doctor"}, s.with("SAQBOL_KEY=", "DATABASE_URL="+database), &out, &out)
		if !strings.Contains(out.String(), says) {
			t.Errorf("without a key doctor does not say %q:\n%s", says, &out)
		}
	}
}

// noNewKey: where a database holds reports, run makes no key beside it that opens
// nothing.
func (s *started) noNewKey(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out lockedBuffer
	status := run(t.Context(), []string{"run"}, s.with("SAQBOL_KEY=", "HTTP_LISTEN=127.0.0.1:0"), &out, &out)
	if _, err := os.Stat(keyFile); status != exitFailed || err == nil || !strings.Contains(out.String(), "its key is not") {
		t.Errorf("without the key run ends with %d (a key file: %v):\n%s", status, err == nil, &out)
	}
}

// tools are the commands beside the bot.
func (s *started) tools(t *testing.T) {
	t.Helper()
	for name, tt := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"doctor":    {[]string{"doctor"}, exitFailed, "fsync is off"}, // as the tests' server is
		"letters":   {[]string{"deadletters"}, exitDone, "no dead letters"},
		"backup":    {[]string{"backup", t.TempDir() + "/copy"}, exitDone, "reports          1"},
		"compact":   {[]string{"rekey", "--compact"}, exitFailed, "SAQBOL_KEY"},
		"no tables": {[]string{"deadletters"}, exitFailed, "there is no database"},
	} {
		environ := s.environ
		if name == "no tables" {
			environ = append([]string{}, s.environ...)
			environ = append(environ, "DATABASE_URL="+serverURL(t))
		}
		var out lockedBuffer
		if status := run(context.Background(), tt.args, environ, &out, &out); status != tt.status || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%s: status %d, want %d with %q:\n%s", name, status, tt.status, tt.says, &out)
		}
		if strings.Contains(out.String(), canaryPassword) {
			t.Errorf("%s tells the password:\n%s", name, &out)
		}
	}
}

// TestRekeyOnPostgres: where replicas have key files of their own, a rotation stops
// once for these to be put in place.
func TestRekeyOnPostgres(t *testing.T) {
	folder, database, key := t.TempDir(), serverURL(t), testKey(t)
	file := filepath.Join(folder, "saqbol.key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Read([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), database, keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), fraud.Change{Person: 1, Now: time.Now(), Lang: fraud.Kazakh}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		flag   string
		status int
		says   string
	}{{"", exitDone, "for every replica"}, {"--retire", exitFailed, "not finished"}, {"", exitDone, "All 1 values are under the new key"},
		{"--retire", exitDone, "holds only the new key now"}, {"--compact", exitFailed, "VACUUM FULL"}} {
		var out lockedBuffer
		args := strings.Fields("rekey " + step.flag)
		if status := run(t.Context(), args, []string{"DATABASE_URL=" + database, "SAQBOL_KEY_FILE=" + file}, &out, &out); status != step.status || !strings.Contains(out.String(), step.says) {
			t.Fatalf("%q: status %d, want %d with %q:\n%s", args, status, step.status, step.says, &out)
		}
	}
}
