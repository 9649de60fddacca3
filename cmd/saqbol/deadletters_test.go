package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// beside opens the database of a running bot as a tool does.
func (s *started) beside(t *testing.T) *storage.Store {
	t.Helper()
	settings := map[string]string{}
	for _, pair := range s.environ {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	keys, err := seal.Read([]byte(settings["SAQBOL_KEY"]))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), settings["DATABASE_URL"], keys, storage.WithoutLease())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// command runs the program to its end and gives what it says.
func (s *started) command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err lockedBuffer
	status = run(t.Context(), args, s.environ, &out, &err)
	return status, out.String(), err.String()
}

// listed is the list as other programs read it.
func (s *started) listed(t *testing.T) []letterJSON {
	t.Helper()
	status, out, problem := s.command(t, "deadletters", "--json")
	var list []letterJSON
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != exitDone {
		t.Fatalf("status %d, %v: %s%s", status, err, out, problem)
	}
	return list
}

// letter keeps an update of a citizen as an earlier version may have left it.
func letter(t *testing.T, store *storage.Store, c citizen, update int64, text string) {
	t.Helper()
	raw := fmt.Appendf(nil, `{"update_id":%d,"message":{"message_id":7,"date":1,"chat":{"id":%d,"type":"private"},"from":{"id":%d,"is_bot":false,"first_name":"x","language_code":"ru"},"text":%q}}`,
		update, c.ID(), c.ID(), text)
	if err := store.DeadLetter(t.Context(), fraud.DeadLetter{Update: update, Person: c.ID(), Reason: "an early slip", Raw: raw, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// TestDeadLettersBesideTheBot: what can't be handled is listed, shown, handled
// anew by the bot that runs, and dropped; all while it runs.
func TestDeadLettersBesideTheBot(t *testing.T) {
	s := startRun(t, "polling")
	c := s.citizen(t, "ru")
	c.says("102")
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := s.api.Push(fmt.Appendf(nil, `{"message":{"message_id":9,"date":1,"chat":{"id":%d,"type":"private"},"from":{"id":%d,"is_bot":false,"first_name":"x"},"forward_origin":{"type":"telepathy"},"text":"canary\u001b[31m"}}`, c.ID(), c.ID())); err != nil {
		t.Fatal(err)
	}
	if err := s.api.Drained(ctx); err != nil {
		t.Fatal(err)
	}
	letter(t, s.beside(t), c, 77, "8 701 123 45 67")

	status, table, _ := s.command(t, "deadletters")
	if lines := strings.Split(strings.TrimSpace(table), "\n"); status != exitDone || len(lines) != 3 || !strings.Contains(lines[1], "an early slip") ||
		!strings.Contains(lines[1], " 77 ") || strings.Contains(table, "canary") || strings.Contains(table, "123 45 67") {
		t.Errorf("status %d, the list is:\n%s", status, table)
	}
	list := s.listed(t)
	if len(list) != 2 || list[0].Update != 77 || list[0].State != "kept" || list[0].Tries != 0 || list[0].Size == 0 || list[0].Raw != nil {
		t.Fatalf("the list is %+v", list)
	}
	fresh, poison := list[0].ID, list[1].ID
	if status, out, _ := s.command(t, "deadletters", "--show", fmt.Sprint(poison)); status != exitDone || !strings.Contains(out, "canary") || strings.Contains(out, "\x1b") {
		t.Errorf("status %d, shown is:\n%q", status, out)
	}
	var shown letterJSON
	_, out, _ := s.command(t, "deadletters", "--json", "--show", fmt.Sprint(fresh))
	if err := json.Unmarshal([]byte(out), &shown); err != nil || !strings.Contains(string(shown.Raw), "8 701 123 45 67") {
		t.Errorf("%v: %s", err, out)
	}

	before := len(c.Messages())
	if status, out, problem := s.command(t, "deadletters", "replay", "--all"); status != exitDone || !strings.HasPrefix(out, "2 dead letters") {
		t.Errorf("status %d: %s%s", status, out, problem)
	}
	if _, err := c.Wait(ctx, func(now []emulator.Message) bool {
		return slices.ContainsFunc(now[before:], func(m emulator.Message) bool {
			return m.FromBot && strings.Contains(m.Text, "+7 701 123 45 67")
		})
	}); err != nil {
		t.Fatalf("the person gets no answer: %v\n%s", err, s.stderr)
	}
	until(t, "the other has failed again", func() bool {
		list := s.listed(t)
		return len(list) == 1 && list[0].ID == poison && list[0].Tries == 1 && list[0].State == "kept" && list[0].Reason != ""
	})
	if n := len(c.Messages()) - before; n != 1 {
		t.Errorf("the person has %d messages more, want the one answer", n)
	}
	if status, out, _ := s.command(t, "deadletters", "drop", "--json", fmt.Sprint(poison)); status != exitDone || out != "{\"dropped\":1}\n" {
		t.Errorf("status %d: %s", status, out)
	}
	if _, out, _ := s.command(t, "deadletters"); !strings.Contains(out, "no dead letters") {
		t.Errorf("the list is:\n%s", out)
	}
	s.silent(t, "canary", "123 45 67")
}

// TestDeadLettersAtTheNextStart: what is marked while no bot runs is not forgotten.
func TestDeadLettersAtTheNextStart(t *testing.T) {
	s := startRun(t, "polling")
	c := s.citizen(t, "ru")
	c.says("102")
	if status := s.stop(); status != exitDone {
		t.Fatal("it did not stop well")
	}
	store := s.beside(t)
	letter(t, store, c, 77, "8 701 123 45 67")
	if status, _, problem := s.command(t, "deadletters", "replay", fmt.Sprint(s.listed(t)[0].ID)); status != exitDone {
		t.Fatal(problem)
	}
	before := len(c.Messages())
	background(t, func(ctx context.Context) int { return run(ctx, nil, s.environ, &lockedBuffer{}, s.stderr) })
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := c.Wait(ctx, func(now []emulator.Message) bool { return len(now) > before }); err != nil {
		t.Errorf("the person gets no answer: %v\n%s", err, s.stderr)
	}
	until(t, "the letter is gone", func() bool { return len(s.listed(t)) == 0 })
}

// TestDeadLettersSayWhatIsWrong: one line that says what to do, and the status.
func TestDeadLettersSayWhatIsWrong(t *testing.T) {
	s := &started{environ: []string{"SAQBOL_KEY=" + testKey(t), "DATABASE_URL=sqlite:" + t.TempDir() + "/saqbol.db"}}
	if status, _, problem := s.command(t, "deadletters"); status != exitFailed || !strings.Contains(problem, "there is no database") {
		t.Errorf("without a database: status %d, %s", status, problem)
	}
	settings := map[string]string{}
	for _, pair := range s.environ {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	keys, err := seal.Read([]byte(settings["SAQBOL_KEY"]))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), settings["DATABASE_URL"], keys)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if err := store.DeadLetter(t.Context(), fraud.DeadLetter{Update: 1, Reason: "long", Raw: []byte("{"), Cut: true, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	letters, err := store.DeadLetters(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	kept := fmt.Sprint(letters[0].ID)
	for name, tt := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"nothing named":    {[]string{"replay"}, exitUsage, "--all"},
		"both":             {[]string{"drop", "1", "--all"}, exitUsage, "--all"},
		"no number":        {[]string{"drop", "first"}, exitUsage, "first"},
		"a number below 1": {[]string{"replay", "0"}, exitUsage, "0"},
		"shown below 1":    {[]string{"--show=-1"}, exitUsage, "--show"},
		"unknown":          {[]string{"drop", "5"}, exitFailed, "no dead letter 5: `saqbol deadletters` lists those there are\n"},
		"unknown, replay":  {[]string{"replay", "5"}, exitFailed, "no dead letter 5"},
		"unknown, shown":   {[]string{"--show", "5"}, exitFailed, "no dead letter 5"},
		"only a part":      {[]string{"replay", kept}, exitFailed, "not kept whole"},
		"all":              {[]string{"replay", "--all", "--json"}, exitDone, ""},
	} {
		status, out, problem := s.command(t, append([]string{"deadletters"}, tt.args...)...)
		if status != tt.status || !strings.Contains(problem, tt.want) || strings.Count(strings.TrimSpace(problem), "\n") != 0 {
			t.Errorf("%s: status %d, want %d with %q: %s%s", name, status, tt.status, tt.want, out, problem)
		}
	}
}
