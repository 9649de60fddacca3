package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// importing is a folder with a list in it, and the settings of a database there.
type importing struct {
	t       *testing.T
	list    string
	environ []string
}

func newImporting(t *testing.T, text string) *importing {
	t.Helper()
	folder := t.TempDir()
	i := &importing{t: t, list: filepath.Join(folder, "bank.csv"),
		environ: []string{"DATABASE_URL=sqlite:" + filepath.Join(folder, "db", "saqbol.db"), "SAQBOL_KEY=" + testKey(t)}}
	i.write(text)
	return i
}

func (i *importing) write(text string) {
	i.t.Helper()
	if err := os.WriteFile(i.list, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// run runs the program, and holds that nothing of a list is told.
func (i *importing) run(want int, args ...string) (out string) {
	i.t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(i.t.Context(), args, i.environ, &stdout, &stderr)
	out = stdout.String() + stderr.String()
	if status != want {
		i.t.Errorf("saqbol %s: status %d, want %d: %s", strings.Join(args, " "), status, want, out)
	}
	if want == exitFailed && strings.Count(stderr.String(), "\n") != 1 {
		i.t.Errorf("saqbol %s: an error is one line: %s", strings.Join(args, " "), stderr.String())
	}
	for _, secret := range []string{"701123", "4400", "4300"} {
		if strings.Contains(strings.ReplaceAll(out, " ", ""), secret) {
			i.t.Errorf("saqbol %s tells what stands in the list: %s", strings.Join(args, " "), out)
		}
	}
	return out
}

func (i *importing) says(out string, want ...string) {
	i.t.Helper()
	for _, words := range want {
		if !strings.Contains(out, words) {
			i.t.Errorf("it does not say %q: %s", words, out)
		}
	}
}

const aBanksList = "\ufeffkind;value;comment;reporters\r\n" +
	"phone;8 701 123 45 67;x;3\r\n" +
	"phone;+7(701)1234567;x;2\r\n" +
	"card;4400 4300 0000 1237;x;\r\n"

func TestImport(t *testing.T) {
	i := newImporting(t, aBanksList)
	i.says(i.run(exitDone, "import", i.list), "Columns that are not read: comment.", `The list "bank" is loaded`, "2 subjects new or changed", "There was no database here: ", "Lines about a subject that another line is about: 1")
	again := i.run(exitDone, "import", i.list)
	i.says(again, "0 subjects new or changed, 2 as they were")
	if strings.Contains(again, "There was no database") {
		t.Errorf("the database was there: %s", again)
	}
	i.write("value\n87021234567\n")
	more := i.run(exitDone, "import", i.list)
	i.says(more, "1 subject new or changed, 0 as they were, 0 taken out") // what the file does not have stays
	if strings.Contains(more, "another line") {
		t.Errorf("each line was about a subject of its own: %s", more)
	}
	i.says(i.run(exitFailed, "doctor"), `"bank" was loaded at`) // it misses a token
	i.write("value\n87011234567\n")
	i.says(i.run(exitDone, "import", i.list, "--replace"), "1 subject new or changed", "2 taken out")
	i.says(i.run(exitDone, "import", i.list, "--source", "operator"), `The list "operator" is loaded`)
	i.says(i.run(exitDone, "import", "--undo", i.list), `The list "bank" is taken out: 1 subject.`)
	i.says(i.run(exitDone, "import", "--undo", "--source", "operator"), `"operator" is taken out`)
	i.says(i.run(exitFailed, "import", "--undo", "--source", "operator"), `there is no list "operator"`)
}

// TestStoppedBeforeItBegan: Ctrl-C while a file is read says what that leaves behind.
func TestStoppedBeforeItBegan(t *testing.T) {
	i := newImporting(t, aBanksList)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if status := run(ctx, []string{"import", i.list}, i.environ, &out, &out); status != exitFailed {
		t.Errorf("it ends with %d", status)
	}
	i.says(out.String(), "nothing of this file was loaded", "it was stopped before it was done)")
}

// TestImportMakesKeysLast: what comes to nothing leaves nothing behind.
func TestImportMakesKeysLast(t *testing.T) {
	i := newImporting(t, aBanksList)
	t.Chdir(filepath.Dir(i.list))
	i.environ = nil
	for name, text := range map[string]string{"no heading": "87011234567\n", "no line": "value\nnothing\n", "half a line": "value\n87011234567\nnothing\n", "an encoding": "value\n\xcf\n"} {
		i.write(text)
		i.run(exitFailed, "import", "--strict", "bank.csv")
		i.run(exitFailed, "import", "nosuch.csv")
		if left, err := os.ReadDir("."); err != nil || len(left) != 1 {
			t.Errorf("%s: %v is left, %v", name, left, err)
		}
	}
	i.write(aBanksList)
	i.says(i.run(exitDone, "import", "bank.csv"), "made a new key set", "There was no database here: data/saqbol.db is new")
	if out := i.run(exitDone, "import", "bank.csv"); strings.Contains(out, "new key set") || !strings.Contains(out, "2 as they were") {
		t.Errorf("the keys of the first import do not count: %s", out)
	}
}

func TestImportOfBadLines(t *testing.T) {
	text := "value\n87011234567\n102\n"
	for n := range 25 {
		text += fmt.Sprintf("4400 4300 0000 %04d\n", 10*n+int([]byte("11111111111111111111111111")[n]-'0'))
	}
	i := newImporting(t, text)
	errors := filepath.Join(filepath.Dir(i.list), "errors.csv")
	out := i.run(exitFailed, "import", i.list, "--strict", "--errors", errors)
	i.says(out, "line 3: an official or emergency number", "line 4: the check digit of the card is wrong", "see "+errors, "nothing was loaded")
	if strings.Count(out, "\n  line ") != shownBad {
		t.Errorf("not %d lines are shown: %s", shownBad, out)
	}
	told, err := os.ReadFile(errors)
	if lines := strings.Count(string(told), "\n"); err != nil || lines < 24 || !strings.HasPrefix(string(told), "line,reason\n3,") {
		t.Errorf("%d lines, %v: %s", lines, err, told)
	}
	i.says(i.run(exitFailed, "doctor"), "none yet") // no database was made
	i.says(i.run(exitDone, "import", i.list), "--errors FILE lists them all", "subjects new or changed")
	i.write("value\nnothing\n")
	i.says(i.run(exitFailed, "import", i.list, "--replace"), "holds no line that can be used: nothing was loaded")
	i.write("value\n\xcf\xf0\xe8\xe2\xe5\xf2\n")
	i.says(i.run(exitFailed, "import", i.list), "line 2:", "UTF-8")
	i.says(i.run(exitFailed, "import", i.list+"x"), "can't be read")
	i.says(i.run(exitFailed, "import", filepath.Dir(i.list)), "is a folder: name a list in it")
	i.says(i.run(exitFailed, "import", "."), ". is a folder: name a list in it")
	i.run(exitUsage, "import")
	i.run(exitUsage, "import", i.list, "--errors", i.list)
	i.run(exitUsage, "import", i.list, "--undo", "--strict")
	i.run(exitUsage, "import", i.list, "--source", "a\nb")
}

// TestErrorsOverwriteNothing: --errors takes a new name or a file of its own from
// before, also where there is no bad line to write.
func TestErrorsOverwriteNothing(t *testing.T) {
	i := newImporting(t, aBanksList)
	t.Chdir(filepath.Dir(i.list))
	i.run(exitDone, "import", i.list)
	for _, tt := range []struct{ file, text, says string }{
		{"saqbol.key", "a key", "saqbol.key is there and is not from an earlier import: name another file"},
		{filepath.Join("db", "saqbol.db"), "", "is not from an earlier import"},
		{i.list, "", "is not from an earlier import"},
		{"other.csv", "value\n87011234567\n", "is not from an earlier import"},
		{"almost.csv", "line,reason,value\n", "is not from an earlier import"},
		{"link.csv", "-> saqbol.key", "link.csv is no ordinary file: name another"},
		{"nowhere.csv", "-> nothing", "nowhere.csv is no ordinary file: name another"},
		{"db", "", "db is no ordinary file: name another"},
	} {
		if target, isLink := strings.CutPrefix(tt.text, "-> "); isLink {
			if err := os.Symlink(target, tt.file); err != nil {
				t.Fatal(err)
			}
		} else if tt.text != "" {
			if err := os.WriteFile(tt.file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := os.ReadFile(tt.file) // a folder has no text, and keeps it
		i.says(i.run(exitUsage, "import", i.list, "--errors", tt.file), tt.says)
		if after, _ := os.ReadFile(tt.file); !bytes.Equal(before, after) {
			t.Errorf("%s is overwritten: %.40q", tt.file, after)
		}
	}
	if _, err := os.Lstat("nothing"); err == nil {
		t.Error("a link was followed")
	}
	i.write("value\nnothing\n87011234567\n")
	i.run(exitDone, "import", i.list, "--errors", "errors.csv")
	i.write(aBanksList)
	i.run(exitDone, "import", i.list, "--errors", "errors.csv")
	if text, err := os.ReadFile("errors.csv"); err != nil || string(text) != badHeading {
		t.Errorf("the file of the import before was not overwritten: %q, %v", text, err)
	}
}

// A list that is loaded beside the running bot is found by the next check, and the
// bot goes on serving.
func TestImportBesideTheBot(t *testing.T) {
	b := startRun(t, "polling")
	if answer := b.citizen(t, "ru").says("8 701 123 45 67"); !strings.HasPrefix(answer.Text, "⚪") {
		t.Fatalf("before: %s", answer.Text)
	}
	list := filepath.Join(t.TempDir(), "bank.csv")
	if err := os.WriteFile(list, []byte(aBanksList), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, problem := b.command(t, "import", list); status != exitDone {
		t.Fatalf("status %d: %s%s", status, out, problem)
	}
	// The bot notices within a second that somebody else wrote. Each asks once: there
	// is a limit to what one person may ask.
	for deadline := time.Now().Add(limit); ; {
		answer := b.citizen(t, "ru").says("8 701 123 45 67")
		if strings.HasPrefix(answer.Text, "🟠") && strings.Contains(answer.Text, "3") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after: %s", answer.Text)
		}
	}
}

// Without a terminal a line now and then says how far it is.
func TestBarInLines(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, time.November, 22, 9, 30, 0, 0, time.UTC)
	b := newBar(&out, "loading", func() time.Time { return now })
	for done := 1000; done <= 5000; done += 1000 {
		b.rows(done, 5000)
		now = now.Add(6 * time.Second)
	}
	b.end()
	if want := "loading: 2000 of 4000 (50%), 167/s, 12s left\nloading: 4000 of 4000 (100%), 167/s, 0s left\n"; out.String() != want {
		t.Errorf("it says %q, want %q", out.String(), want)
	}
}

// On a terminal a bar does.
func TestBarOnATerminal(t *testing.T) {
	var out bytes.Buffer
	b := newBar(&out, "loading", time.Now)
	b.terminal = true
	b.rows(0, 4000)
	b.rows(3999, 4000)
	b.rows(4000, 4000)
	b.end()
	for _, want := range []string{"loading", "100%", "4000/4000", "rows/s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the bar lacks %q: %q", want, out.String())
		}
	}
}
