package main

import (
	"context"
	"strings"
	"testing"
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
	s.migrates(t, exitFailed, "another SaqBol runs", "--from", "sqlite:"+t.TempDir()+"/a.db", "--to", file)
	s.migrates(t, exitFailed, "there is nothing to move", "--from", "sqlite:"+t.TempDir()+"/a.db", "--to", "sqlite:"+t.TempDir()+"/b.db")
	s.migrates(t, exitFailed, "the server does not answer", "--from", file, "--to", "postgres://saqbol:"+canaryPassword+"@"+freePort(t)+"/saqbol")
	if status := s.stop(); status != exitDone {
		t.Errorf("the bot ended with %d:\n%s", status, s.stderr)
	}
}
