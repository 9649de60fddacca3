package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"saqbol/emulator"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// startIn is startRun with the database in a folder that is given.
func startIn(t *testing.T, folder string) *started {
	t.Helper()
	api, url := emulator.Start(t, emulator.Options{})
	address := freePort(t)
	s := &started{api: api, http: "http://" + address, environ: []string{
		"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + testKey(t),
		"DATABASE_URL=sqlite:" + filepath.Join(folder, "saqbol.db"), "HTTP_LISTEN=" + address, "LOG_LEVEL=debug",
	}}
	s.begin(t)
	return s
}

// begin runs the program, again where it was stopped.
func (s *started) begin(t *testing.T) {
	t.Helper()
	s.stderr = &lockedBuffer{}
	log := s.stderr
	s.stop = background(t, func(ctx context.Context) int { return run(ctx, []string{"run"}, s.environ, &lockedBuffer{}, log) })
}

// summary goes through a report's steps up to the one that files it.
func (c citizen) summary(step emulator.Message) emulator.Message {
	c.t.Helper()
	for range 30 {
		if _, done := buttonWith(step, "✅"); done {
			return step
		}
		next := step.Buttons[0][0]
		if strings.HasPrefix(next.Text, "◀") {
			next, _ = buttonWith(step, "⏭")
		}
		step = c.presses(step, next.Data)
	}
	c.t.Fatal("the report has no end")
	return step
}

// nothingWaits fails where answers would be sent again by the next start, or an
// update was handled without its effect.
func (s *started) nothingWaits(t *testing.T, reports int) {
	t.Helper()
	keys, err := seal.Read([]byte(strings.TrimPrefix(s.environ[2], "SAQBOL_KEY=")))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), "sqlite:"+s.file(), keys)
	if err != nil {
		t.Fatal(err)
	}
	health, err := store.Check(t.Context())
	if err != nil || len(health.Damage) > 0 || health.Unsent > 0 || health.Reports != reports {
		t.Errorf("the database is left as %+v, %v; want %d reports and nothing that waits", health, err, reports)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// goesThrough is what people live through while the disk refuses: refuse makes it
// so, and allow ends it.
func (s *started) goesThrough(t *testing.T, refuse, allow func()) {
	t.Helper()
	reporter, other := s.citizen(t, "ru"), s.citizen(t, "ru")
	ready := reporter.summary(reporter.presses(reporter.says("8 701 123 45 67"), "rep:"))

	refuse()
	s.answersFault(t, reporter.presses(ready, "✅").Text, "ничего не записано")
	if answer := other.says("8 701 123 45 67"); !strings.HasPrefix(answer.Text, "⚪ +7 701 123 45 67") {
		t.Errorf("a check while nothing can be saved says:\n%s", answer.Text)
	}
	answer := other.says("8 702 765 43 21")
	s.answersFault(t, other.presses(answer, "rep:").Text, "ничего не записано")
	if answer := other.says("/emergency"); !strings.Contains(answer.Text, "102") {
		t.Errorf("/emergency while nothing can be saved says:\n%s", answer.Text)
	}

	allow()
	reporter.presses(ready, "✅") // its answer takes the place of the summary, above what was said meanwhile
	if n := len(code.FindAllString(asJSON(reporter.Messages()), -1)); n != 1 {
		t.Fatalf("once it can be saved the person reads %d codes:\n%s", n, asJSON(reporter.Messages()))
	}
	if answer := other.says("87011234567"); !strings.HasPrefix(answer.Text, "🟠") || !strings.Contains(answer.Text, "ообщил 1 человек") {
		t.Errorf("then a check says:\n%s", answer.Text)
	}
	before := asJSON(reporter.Messages()) + asJSON(other.Messages())
	if status := s.stop(); status != exitDone {
		t.Errorf("the program ended with %d:\n%s", status, s.stderr)
	}
	s.nothingWaits(t, 1)
	s.begin(t)
	third := s.citizen(t, "ru")
	if answer := third.says("87011234567"); !strings.HasPrefix(answer.Text, "🟠") {
		t.Errorf("after a restart a check says:\n%s", answer.Text)
	}
	if after := asJSON(reporter.Messages()) + asJSON(other.Messages()); after != before {
		t.Errorf("a restart sends something again:\n%s\nbefore:\n%s", after, before)
	}
	if status := s.stop(); status != exitDone {
		t.Errorf("the program ended with %d:\n%s", status, s.stderr)
	}
}

// TestTheDiskIsFull: the whole bot on a file system without room.
func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	disk, ok := storagetest.NewDisk(t, 4<<20)
	if !ok {
		return
	}
	s := startIn(t, disk.Folder)
	s.goesThrough(t, func() { disk.Fill(0) }, disk.Free)
}

// TestTheFilesAreReadOnly: the database's files refuse every write for a while.
func TestTheFilesAreReadOnly(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir())
	thaw, able := func() {}, true
	s.citizen(t, "ru").says("102") // the files are there
	if probe, ok := storagetest.Frozen(t, s.file(), s.file()+"-wal"); ok {
		probe()
	} else {
		return
	}
	s.goesThrough(t, func() { thaw, able = storagetest.Frozen(t, s.file(), s.file()+"-wal") }, func() { thaw() })
	if !able {
		t.Error("the files could not be frozen")
	}
}

// TestAReadOnlyDiskAtTheStart says so and exits 1; once it can be written the
// program starts.
func TestAReadOnlyDiskAtTheStart(t *testing.T) {
	disk, ok := storagetest.NewDisk(t, 4<<20)
	if !ok {
		return
	}
	s := startIn(t, disk.Folder)
	s.citizen(t, "ru").says("102")
	s.stop()
	disk.ReadOnly(true)
	var stdout, stderr lockedBuffer
	if status := run(t.Context(), []string{"run"}, s.environ, &stdout, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "can't be read and written") {
		t.Errorf("on a read-only disk it ends with %d: %s", status, stderr.String())
	}
	disk.ReadOnly(false)
	s.begin(t)
	s.citizen(t, "ru").says("102")
	if status := s.stop(); status != exitDone {
		t.Errorf("the program ended with %d:\n%s", status, s.stderr)
	}
}

// TestAnotherProgramHoldsTheLock for so long that those who report have to be told.
func TestAnotherProgramHoldsTheLock(t *testing.T) {
	t.Parallel() // most of the time goes by waiting for the lock
	s := startIn(t, t.TempDir())
	db, err := sql.Open("sqlite", s.file()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	do := func(statement string) func() {
		return func() {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.goesThrough(t, do(`BEGIN IMMEDIATE`), do(`ROLLBACK`))
}
