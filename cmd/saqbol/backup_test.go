package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/emulator"
	"saqbol/storage"
)

// settings are a program's settings by name.
func (s *started) setting(name string) string {
	for _, pair := range s.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// with gives the settings with others in their place.
func (s *started) with(changes ...string) []string {
	environ := slices.Clone(s.environ)
	for _, change := range changes {
		name, _, _ := strings.Cut(change, "=")
		environ = slices.DeleteFunc(environ, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
		environ = append(environ, change)
	}
	return environ
}

// rowsOf are the lines with counts that a command has printed.
func rowsOf(stdout string) []string {
	return regexp.MustCompile(`(?m)^  \w+ +\d+$`).FindAllString(stdout, -1)
}

// TestBackupAndRestore backs a running bot up, goes on, and restores: what was filed
// before is there, an unfinished report goes on where it stood, and what was filed
// after the backup is not there.
func TestBackupAndRestore(t *testing.T) {
	s := startRun(t, "polling")
	citizen := s.citizen(t, "ru")
	filed := code.FindString(citizen.files(citizen.says("/report 8 701 123 45 67")).Text)
	step := citizen.says("/report 8 701 123 45 68")
	folder := t.TempDir()
	copyAt := filepath.Join(folder, "copy.backup")
	var backedUp, restored, stderr lockedBuffer
	if status := run(t.Context(), []string{"backup", copyAt}, s.environ, &backedUp, &stderr); status != exitDone {
		t.Fatalf("backup ends with %d: %s", status, stderr.String())
	}
	other := s.citizen(t, "ru")
	later := code.FindString(other.files(other.says("/report 8 701 123 45 69")).Text)
	if rows := rowsOf(backedUp.String()); len(rows) < 12 {
		t.Errorf("%d tables counted:\n%s", len(rows), backedUp.String())
	}
	if status := run(t.Context(), []string{"backup", copyAt}, s.environ, &lockedBuffer{}, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "--force") {
		t.Errorf("over an existing file it ends with %d: %s", status, stderr.String())
	}
	stderr = lockedBuffer{}
	if status := run(t.Context(), []string{"restore", copyAt + "s"}, s.environ, &lockedBuffer{}, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "no such file") {
		t.Errorf("of a file that is not there, beside a running bot, it ends with %d: %s", status, stderr.String())
	}
	stderr = lockedBuffer{}
	if status := run(t.Context(), []string{"restore", "--force", copyAt}, s.environ, &lockedBuffer{}, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "another SaqBol runs") {
		t.Errorf("beside a running bot it ends with %d: %s", status, stderr.String())
	}
	if status := s.stop(); status != exitDone {
		t.Fatalf("the bot ended with %d:\n%s", status, s.stderr)
	}
	stderr = lockedBuffer{}
	if status := run(t.Context(), []string{"restore", copyAt}, s.environ, &lockedBuffer{}, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "--force") {
		t.Errorf("over a database it ends with %d: %s", status, stderr.String())
	}
	stderr = lockedBuffer{}
	if status := run(t.Context(), []string{"restore", "--force", copyAt}, s.environ, &restored, &stderr); status != exitDone || !strings.Contains(restored.String(), "The former database is ") {
		t.Fatalf("restore ends with %d: %s%s", status, restored.String(), stderr.String())
	}
	if !slices.Equal(rowsOf(backedUp.String()), rowsOf(restored.String())) {
		t.Errorf("backed up:\n%s\nrestored:\n%s", backedUp.String(), restored.String())
	}
	for _, at := range []string{filepath.Join(folder, "absent", "copy"), filepath.Join(copyAt, "copy")} {
		stderr = lockedBuffer{}
		if status := run(t.Context(), []string{"backup", at}, s.environ, &lockedBuffer{}, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "copy: its folder is not there") {
			t.Errorf("without its folder backup ends with %d: %s", status, stderr.String())
		}
	}
	for _, file := range []string{copyAt, strings.TrimPrefix(s.setting("DATABASE_URL"), "sqlite:")} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	s.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, s.environ, &lockedBuffer{}, s.stderr) })
	citizen.files(step)
	if answer := citizen.says("/my"); !strings.Contains(answer.Text, filed) {
		t.Errorf("%s is not there after the restore: %s", filed, answer.Text)
	}
	if answer := other.says("/my"); strings.Contains(answer.Text, later) {
		t.Errorf("%s was filed after the backup and is there: %s", later, answer.Text)
	}
	if status := s.stop(); status != exitDone {
		t.Errorf("the restored bot ended with %d:\n%s", status, s.stderr)
	}
}

// TestBackupReplacesNoKey: no slip with --force costs the keys.
func TestBackupReplacesNoKey(t *testing.T) {
	k := newKeyed(t, 1)
	aside := k.key + ".2026-11-22"
	dotenv := filepath.Join(t.TempDir(), ".env")
	for _, file := range []string{aside, dotenv} {
		if err := os.WriteFile(file, []byte("of value"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "copy.backup")
	if err := os.Symlink(k.key, link); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		k.key: "is no backup, and --force replaces nothing else: choose another name", aside: "is no backup", dotenv: "is no backup",
		link: "it is no ordinary file: choose another name", filepath.Dir(k.key): "it is a folder: name a file in it",
	} {
		before, _ := os.ReadFile(file) // a folder has no text
		status, _, problem := k.command(t, "backup", "--force", file)
		if status != exitFailed || !strings.Contains(problem, want) {
			t.Errorf("%s: it ends with %d: %s", file, status, problem)
		}
		if after, _ := os.ReadFile(file); string(after) != string(before) {
			t.Errorf("%s is overwritten", file)
		}
	}
}

// TestRestoreSaysWhatIsWrong: one line that says what to do, and no key is made.
func TestRestoreSaysWhatIsWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &started{environ: []string{"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "saqbol.db")}}
	copyAt := write(t, "songs", strings.Repeat("songs ", 100))
	for name, tt := range map[string]struct {
		environ []string
		args    []string
		want    string
	}{
		"no key":              {s.environ, []string{"restore", copyAt}, "there is no saqbol.key here and no SAQBOL_KEY: run this in the folder"},
		"no key to backup":    {s.with("DATABASE_URL=sqlite:" + copyAt), []string{"backup", "copy"}, "there is no saqbol.key here"},
		"no database":         {s.with("SAQBOL_KEY=" + testKey(t)), []string{"backup", "copy"}, "there is no database"},
		"an empty folder":     {nil, []string{"backup", "copy"}, "there is no database data/saqbol.db yet: set DATABASE_URL, or run this in the folder"},
		"nothing to undo":     {nil, []string{"import", "--undo", "--source", "x"}, "there is no database data/saqbol.db yet"},
		"no backup":           {s.with("SAQBOL_KEY=" + testKey(t)), []string{"restore", copyAt}, "it is no backup"},
		"no file":             {s.with("SAQBOL_KEY=" + testKey(t)), []string{"restore", "nothing"}, "the backup nothing: it can't be read: no such file"},
		"no file, occupied":   {s.with("SAQBOL_KEY="+testKey(t), "DATABASE_URL=sqlite:"+copyAt), []string{"restore", "nothing"}, "no such file"},
		"no backup, occupied": {s.with("SAQBOL_KEY="+testKey(t), "DATABASE_URL=sqlite:"+copyAt), []string{"restore", copyAt}, "it is no backup"},
	} {
		var stdout, stderr lockedBuffer
		status := run(t.Context(), tt.args, tt.environ, &stdout, &stderr)
		if status != exitFailed || !strings.Contains(stderr.String(), tt.want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s ends with %d: %s", name, status, stderr.String())
		}
	}
	if exists, err := os.ReadDir("."); err != nil || len(exists) != 0 {
		t.Errorf("%v is left, %v", exists, err)
	}
}

// TestARunFinishesARestore: a restore that was cut off after it was decided.
func TestARunFinishesARestore(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	path := filepath.Join(t.TempDir(), "saqbol.db")
	environ := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + testKey(t),
		"DATABASE_URL=sqlite:" + path, "HTTP_LISTEN=127.0.0.1:0"}
	for i := range 2 {
		s := &started{api: api, stderr: &lockedBuffer{}}
		s.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, environ, &lockedBuffer{}, s.stderr) })
		s.citizen(t, "ru").says("102")
		if status := s.stop(); status != exitDone {
			t.Fatalf("it ended with %d:\n%s", status, s.stderr)
		}
		if finished := strings.Contains(s.stderr.String(), "a restore that was cut off is finished"); finished != (i == 1) {
			t.Errorf("start %d: finished: %v\n%s", i, finished, s.stderr)
		}
		if i > 0 {
			break
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".restored", content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// planned is a plan of backups whose copies are empty files.
type planned struct {
	backups
	t     *testing.T
	fail  error
	made  []string
	began time.Time
	off   atomic.Int64 // of the wall clock
}

func newPlan(t *testing.T, every time.Duration, keep int) *planned {
	p := &planned{t: t, began: time.Now()}
	p.backups = backups{backupPlan: backupPlan{folder: t.TempDir(), every: every, keep: keep}, log: slog.New(slog.DiscardHandler),
		clock: func() time.Time { return time.Now().Add(time.Duration(p.off.Load())) },
		make: func(_ context.Context, file string) (storage.Backup, error) {
			p.made = append(p.made, fmt.Sprint(time.Since(p.began)))
			if p.fail != nil {
				return storage.Backup{}, p.fail
			}
			return storage.Backup{Taken: time.Now()}, os.WriteFile(file, nil, 0o600)
		}}
	return p
}

// pass lets the bubble's time pass while the plan runs.
func (p *planned) pass(d time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		p.run(ctx)
		close(done)
	}()
	<-time.After(d)
	cancel()
	<-done
}

func (p *planned) names() []string {
	p.t.Helper()
	names, err := p.there()
	if err != nil {
		p.t.Fatal(err)
	}
	return names
}

func TestScheduledBackups(t *testing.T) {
	const day = 24 * time.Hour
	expect := func(t *testing.T, what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	tests := map[string]func(t *testing.T){
		"the first soon, then by the interval, the oldest removed": func(t *testing.T) {
			p := newPlan(t, day, 2)
			p.pass(3*day + time.Hour)
			expect(t, "made", p.made, []string{"1m0s", "24h1m0s", "48h1m0s", "72h1m0s"})
			expect(t, "kept", p.names(), []string{"saqbol-20000103T000100Z.backup", "saqbol-20000104T000100Z.backup"})
		},
		"a start makes none before its time": func(t *testing.T) {
			p := newPlan(t, day, 9)
			p.pass(time.Hour)
			for range 5 {
				p.pass(time.Hour) // started again and again
			}
			expect(t, "made", p.made, []string{"1m0s"})
			p.pass(day)
			expect(t, "made", p.made, []string{"1m0s", "24h1m0s"})
		},
		"one that is overdue is made soon": func(t *testing.T) {
			p := newPlan(t, day, 9)
			p.pass(time.Hour)
			<-time.After(3 * day)
			p.pass(time.Hour)
			expect(t, "made", p.made, []string{"1m0s", "73h1m0s"})
		},
		"a failure removes nothing and is tried again": func(t *testing.T) {
			p := newPlan(t, day, 1)
			p.pass(time.Hour)
			p.fail = errors.New("no space")
			p.pass(day - time.Hour + 25*time.Minute)
			expect(t, "made", p.made, []string{"1m0s", "24h1m0s", "24h11m0s", "24h21m0s"})
			expect(t, "kept", p.names(), []string{"saqbol-20000101T000100Z.backup"})
			p.fail = nil
			p.pass(time.Hour)
			expect(t, "kept", p.names(), []string{"saqbol-20000102T002600Z.backup"})
		},
		"a folder that is not there is no end": func(t *testing.T) {
			p := newPlan(t, day, 1)
			if err := os.Remove(p.folder); err != nil {
				t.Fatal(err)
			}
			p.pass(15 * time.Minute)
			expect(t, "made", p.made, nil)
			if err := os.Mkdir(p.folder, 0o700); err != nil {
				t.Fatal(err)
			}
			p.pass(15 * time.Minute)
			expect(t, "made", p.made, []string{"16m0s"})
		},
		"other files stay, what was killed goes": func(t *testing.T) {
			p := newPlan(t, day, 1)
			for _, name := range []string{"other.backup", "saqbol-x.backup", "saqbol-20000101T000000Z.backup.part-00ff", "notes.part-1"} {
				if err := os.WriteFile(filepath.Join(p.folder, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p.pass(2 * day)
			entries, err := os.ReadDir(p.folder)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, entry := range entries {
				names = append(names, entry.Name())
			}
			expect(t, "left", names, []string{"notes.part-1", "other.backup", "saqbol-20000102T000100Z.backup", "saqbol-x.backup"})
		},
		"no folder, no backups": func(t *testing.T) {
			p := newPlan(t, day, 1)
			p.folder = ""
			p.pass(3 * day)
			expect(t, "made", p.made, nil)
		},
	}
	for _, jump := range []time.Duration{-day, day} {
		tests["a clock that jumps "+jump.String()] = func(t *testing.T) {
			p := newPlan(t, day, 2)
			p.pass(time.Hour)
			p.off.Store(int64(jump))
			p.pass(day) // a start after the jump waits no longer than an interval
			if len(p.made) != 2 {
				t.Errorf("made %v, want one more", p.made)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 2*day+time.Hour)
			defer cancel()
			go func() {
				<-time.After(day + time.Hour)
				p.off.Store(0) // back, while it runs
			}()
			p.run(ctx)
			if len(p.made) < 3 || len(p.made) > 5 || len(p.names()) != 2 {
				t.Errorf("made %v, kept %v", p.made, p.names())
			}
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// TestAScheduledBackupOfTheBot makes one as the running bot would.
func TestAScheduledBackupOfTheBot(t *testing.T) {
	d, err := newDemo(t.Context(), newLogger(&lockedBuffer{}, 0, "json"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.clean()
	defer func() { _ = d.app.close() }()
	b := d.app.newBackups(backupPlan{folder: t.TempDir(), every: time.Hour, keep: 1})
	if err := b.once(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, err := b.there()
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	if last, err := d.app.store.LastBackup(t.Context()); err != nil || time.Since(last) > time.Minute {
		t.Errorf("LastBackup: %s, %v", last, err)
	}
}

func TestBackupSettings(t *testing.T) {
	for setting, want := range map[string]string{
		"SAQBOL_BACKUP_EVERY=daily": "SAQBOL_BACKUP_EVERY", "SAQBOL_BACKUP_EVERY=5s": "SAQBOL_BACKUP_EVERY",
		"SAQBOL_BACKUP_KEEP=0": "SAQBOL_BACKUP_KEEP", "SAQBOL_BACKUP_KEEP=many": "SAQBOL_BACKUP_KEEP",
		"SAQBOL_BACKUP_EVERY=90m": "", "SAQBOL_BACKUP_KEEP=30": "",
	} {
		name, value, _ := strings.Cut(setting, "=")
		_, err := readConfig(environment{name: value})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", setting, err)
		}
	}
}
