package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saqbol/storage"
	"saqbol/storage/seal"
)

// TestMigrateWhilePeopleAsk moves a running bot's database to PostgreSQL. Until the
// bot is restarted there people can check numbers and are told that nothing is
// saved; then they report again, and reports that were begun go along. And back.
func TestMigrateWhilePeopleAsk(t *testing.T) {
	s := startRun(t, "polling")
	first, second := s.citizen(t, "ru"), s.citizen(t, "kk")
	first.files(first.says("/report 8 701 123 45 67"))
	begun := first.says("/report 8 701 123 45 68")
	file, there := s.setting("DATABASE_URL"), serverURL(t)

	s.migrates(t, exitDone, "run this without --prepare", "--prepare", "--from", file, "--to", there)
	s.migrates(t, exitDone, "reports          1", "--from", file, "--to", there)
	if answer := second.says("8 701 123 45 67"); !strings.HasPrefix(answer.Text, spoken()["kk"].reported) {
		t.Errorf("on the closed database a check says:\n%s", answer.Text)
	}
	s.answersFault(t, first.presses(begun, begun.Buttons[0][0].Data).Text, "ничего не записано")
	if status := s.stop(); status != exitDone {
		t.Fatalf("the bot ended with %d:\n%s", status, s.stderr)
	}
	if status, _, stderr := s.command(t, "run"); status != exitFailed || !strings.Contains(stderr, "it was moved") {
		t.Errorf("a bot on the old database ends with %d: %s", status, stderr)
	}

	s.on(t, there)
	if _, there := buttonWith(first.says("/report 8 701 123 45 69"), "drop:no"); !there {
		t.Error("the report that was begun before is forgotten")
	}
	third := s.citizen(t, "ru")
	third.says("/report 8 701 123 45 68")
	if answer := second.says("8 701 123 45 67"); !strings.HasPrefix(answer.Text, spoken()["kk"].reported) {
		t.Errorf("on PostgreSQL a check says:\n%s", answer.Text)
	}
	s.migrates(t, exitDone, "people           2", "--from", there, "--to", file)
	if status := s.stop(); status != exitDone {
		t.Fatalf("the bot ended with %d:\n%s", status, s.stderr)
	}
	s.on(t, file)
	if _, there := buttonWith(third.says("/report 8 701 123 45 69"), "drop:no"); !there {
		t.Error("back in the file, the report that was begun on PostgreSQL is forgotten")
	}
	if status := s.stop(); status != exitDone {
		t.Errorf("the bot ended with %d:\n%s", status, s.stderr)
	}
	s.silent(t, canaryPassword, "7011234567")
}

// on starts the bot on a database.
func (s *started) on(t *testing.T, database string) {
	t.Helper()
	s.environ = s.with("DATABASE_URL=" + database)
	s.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, s.environ, &lockedBuffer{}, s.stderr) })
}

func (s *started) migrates(t *testing.T, want int, says string, args ...string) {
	t.Helper()
	status, stdout, stderr := s.command(t, append([]string{"migrate"}, args...)...)
	if status != want || !strings.Contains(stdout+stderr, says) {
		t.Fatalf("migrate ends with %d, want %d and %q:\n%s%s", status, want, says, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, canaryPassword) {
		t.Errorf("it tells the password:\n%s%s", stdout, stderr)
	}
}

func TestMigrateSaysWhatIsWrong(t *testing.T) {
	s := startRun(t, "polling")
	file := s.setting("DATABASE_URL")
	s.citizen(t, "kk").says("8 701 123 45 67") // it runs
	s.migrates(t, exitUsage, "--from and --to", "--from", file)
	s.migrates(t, exitUsage, "--from and --to")
	s.migrates(t, exitUsage, "--reopen", "--reopen", file, "--to", "sqlite:x")
	another := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	s.emptyAt(t, another)
	s.migrates(t, exitFailed, "or name another one in --to", "--from", another, "--to", file)
	s.migrates(t, exitFailed, "the server does not answer", "--from", file, "--to", "postgres://saqbol:"+canaryPassword+"@"+freePort(t)+"/saqbol")
	if status := s.stop(); status != exitDone {
		t.Errorf("the bot ended with %d:\n%s", status, s.stderr)
	}
}

// emptyAt makes a database without a report, closed again.
func (s *started) emptyAt(t *testing.T, url string) {
	t.Helper()
	keys, err := seal.Read([]byte(s.setting("SAQBOL_KEY")))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), url, keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// A move that can't begin names the flag that is wrong, and makes nothing: no
// database, no folder, no lock.
func TestMigrateThatCantBegin(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &started{environ: []string{"SAQBOL_KEY=" + testKey(t)}}
	s.emptyAt(t, "sqlite:a.db")
	if err := os.WriteFile("l.csv", []byte("+77011234567\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.db", "also-a.db"); err != nil {
		t.Fatal(err)
	}
	there, absent := serverURL(t), "postgres://saqbol:"+canaryPassword+"@"+freePort(t)+"/saqbol"
	if err := os.Rename(sqliteFile(t), "foreign.db"); err != nil {
		t.Fatal(err)
	}
	foreign := "sqlite:foreign.db"
	for _, tt := range []struct {
		from, to string
		says     string
	}{
		{"foo", "bar", "--from must be sqlite:"},
		{"data/saqbol.db", "sqlite:b.db", "--from must be sqlite:"},
		{"sqlite:a.db", "bar", "--to must be sqlite:"},
		{"sqlite:a.db", "sqlite:", "--to must be sqlite:"},
		{"sqlite:a.db", "sqlite:l.csv", "name another file in --to"},
		{"sqlite:l.csv", "sqlite:b.db", "name another file in --from"},
		{"sqlite:a.db", foreign, "name another file in --to"},
		{foreign, "sqlite:b.db", "name another file in --from"},
		{"sqlite:nosuch.db", "sqlite:deep/er/b.db", "check --from"},
		{there, "sqlite:deep/er/b.db", "check --from"},
		{"sqlite:a.db", absent, "host, port and sslmode in --to"},
		{absent, "sqlite:deep/er/b.db", "host, port and sslmode in --from"},
		{"sqlite:a.db", "sqlite:./a.db", "the same database"},
		{"sqlite:a.db", "sqlite://also-a.db", "the same database"},
		{there, there, "the same database"},
	} {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) { s.makesNothing(t, tt.says, "--from", tt.from, "--to", tt.to) })
	}
	s.makesNothing(t, "check --reopen", "--reopen", "sqlite:nosuch.db")
	s.makesNothing(t, "--reopen must be sqlite:", "--reopen", "foo")
	s.migrates(t, exitDone, "open all along", "--reopen", "sqlite:a.db")
	s.migrates(t, exitDone, "Moved", "--from", "sqlite:a.db", "--to", "sqlite:one/b.db")
	s.makesNothing(t, "moved already, to sqlite:", "--from", "sqlite:a.db", "--to", "sqlite:deep/er/b.db")
	s.migrates(t, exitDone, "takes reports again", "--reopen", "sqlite:a.db")
	s.migrates(t, exitDone, "Moved", "--from", "sqlite:a.db", "--to", "sqlite:deep/er/b.db")
}

// makesNothing runs a move that is refused.
func (s *started) makesNothing(t *testing.T, says string, args ...string) {
	t.Helper()
	before, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := s.command(t, append([]string{"migrate"}, args...)...)
	if status != exitFailed || !strings.Contains(stderr, says) || strings.Contains(stderr, canaryPassword) {
		t.Errorf("migrate %v ends with %d, want %q and no password:\n%s%s", args, status, says, stdout, stderr)
	}
	if advice := strings.ReplaceAll(stderr, "set DATABASE_URL to that one", ""); strings.Contains(advice, "DATABASE_URL") {
		t.Errorf("migrate %v blames a setting that it does not read: %s", args, stderr)
	}
	if after, err := filepath.Glob("*"); err != nil || !slices.Equal(before, after) {
		t.Errorf("migrate %v: the folder held %v, and holds %v, %v", args, before, after, err)
	}
}
