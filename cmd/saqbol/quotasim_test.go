package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
	"saqbol/recognize"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// The numbers of the simulation: so many, of which one in a hundred is reported.
const (
	simNumbers  = 100_000
	simReported = simNumbers / 100
)

func simNumber(i int) string { return fmt.Sprintf("8701%07d", i*7) }

// town is the real router over a real store, with a day that passes as the test says.
type town struct {
	t      testing.TB
	store  *storage.Store
	router *handlers.Router
	deps   handlers.Deps
	quota  *handlers.Quota
	start  time.Time
	ran    time.Duration // since the day began
	update int64
}

// newTown begins at midnight in Kazakhstan.
func newTown(t testing.TB) *town {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "saqbol.db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	recogniser, err := recognize.New()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	official, err := fraud.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	w := &town{t: t, store: store, start: time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)}
	w.deps = handlers.Deps{Store: store, Official: official, Recognise: recogniser, Tokens: keys.Tokens(), Catalogue: catalogue,
		Username: "sample_bot", Clock: w.now, Random: rand.NewChaCha8([32]byte{1})}
	w.restart()
	return w
}

func (w *town) now() time.Time { return w.start.Add(w.ran) }

// restart is a stop and a start: memory is gone, the store is there.
func (w *town) restart() {
	w.t.Helper()
	if err := w.quota.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.quota = newTownQuota(w, fraud.DefaultLimits())
	w.deps.Quota = w.quota
	w.router = handlers.New(w.deps)
}

func newTownQuota(w *town, limits fraud.Limits) *handlers.Quota {
	begun := w.ran
	return handlers.NewQuota(handlers.QuotaOptions{Limits: limits, Store: w.store, Clock: w.now,
		Running: func() time.Duration { return w.ran - begun }, Log: slog.New(slog.DiscardHandler)})
}

// send gives one input to the router and commits what it changes, as the edge does.
func (w *town) send(in handlers.Input) handlers.Reply {
	w.t.Helper()
	w.update++
	in.Update, in.Chat, in.Private, in.Language, in.Message = w.update, in.Person, true, "ru", w.update
	reply, err := w.router.Handle(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	if !reply.Change.Empty() {
		if _, err := w.store.Commit(w.t.Context(), reply.Change); err != nil {
			w.t.Fatal(err)
		}
	}
	return reply
}

// asks sends some numbers in one message and gives what the person learns.
func (w *town) asks(person int64, numbers ...int) learned {
	w.t.Helper()
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = simNumber(n)
	}
	reply := w.send(handlers.Input{Person: person, Text: strings.Join(words, ", ")})
	out := learned{asked: len(numbers), reported: int(reply.Verdicts[fraud.LevelReported])}
	for _, n := range reply.Verdicts {
		out.answered += int(n)
	}
	if reply.Limited != "" && len(reply.Messages) > 0 {
		out.told++
	}
	return out
}

// learned is what questions brought.
type learned struct{ asked, answered, reported, told int }

func (l *learned) add(o learned) {
	l.asked, l.answered, l.reported, l.told = l.asked+o.asked, l.answered+o.answered, l.reported+o.reported, l.told+o.told
}

// reports plants one report of one number in each hundred, each elsewhere.
func (w *town) reports() {
	w.t.Helper()
	for hundred := range simReported {
		i := hundred*100 + hundred*37%100
		code, err := fraud.NewCode(w.deps.Random)
		if err != nil {
			w.t.Fatal(err)
		}
		found := w.deps.Recognise.Find(simNumber(i))
		if len(found) != 1 {
			w.t.Fatalf("%s is %d subjects", simNumber(i*100), len(found))
		}
		change := fraud.Change{Person: int64(1e9 + i), Now: w.now(), File: &fraud.Report{Code: code, Subjects: []fraud.Ref{w.deps.Tokens.Identify(found[0])}}}
		if _, err := w.store.Commit(w.t.Context(), change); err != nil {
			w.t.Fatal(err)
		}
	}
}

// event is a question at a moment of the day.
type event struct {
	at      time.Duration
	person  int64
	numbers []int
	into    *learned
}

// play lets a day pass; the program restarts at noon.
func (w *town) play(events []event) {
	w.t.Helper()
	slices.SortStableFunc(events, func(a, b event) int { return int(a.at - b.at) })
	noon := false
	for i, e := range events {
		w.ran = e.at
		if !noon && w.ran > 12*time.Hour {
			noon = true
			w.restart()
		}
		if i%1000 == 0 {
			if err := w.quota.Flush(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		}
		e.into.add(w.asks(e.person, e.numbers...))
	}
}

// honest is a crowd of citizens with a handful of questions, frightened people with
// twenty in an hour and helpers with fifty a day.
func honest(dice *rand.Rand, citizens, frightened, helpers *learned) (events []event) {
	day := func() time.Duration { return time.Duration(dice.Int64N(int64(23 * time.Hour))) }
	person := int64(10_000)
	for range 2000 {
		person++
		for range 1 + dice.IntN(6) {
			events = append(events, event{day(), person, []int{dice.IntN(simNumbers)}, citizens})
		}
	}
	for range 50 {
		person++
		begin := day()
		for range 20 {
			events = append(events, event{begin + time.Duration(dice.Int64N(int64(time.Hour))), person, []int{dice.IntN(simNumbers)}, frightened})
		}
	}
	for range 20 {
		person++
		for range 50 {
			events = append(events, event{day(), person, []int{dice.IntN(simNumbers)}, helpers})
		}
	}
	return events
}

// Ten numbers a message, from first to last.
func sweeping(first, n int, person int64, from, every time.Duration, into *learned) (events []event) {
	for i := 0; i < n; i += 10 {
		numbers := make([]int, 10)
		for j := range numbers {
			numbers[j] = (first + i + j) % simNumbers
		}
		events = append(events, event{from + time.Duration(i/10)*every, person, numbers, into})
	}
	return events
}

// One account that asks 100,000 numbers in a day learns next to nothing, and nobody
// beside it notices.
func TestQuotaAgainstOneAccount(t *testing.T) {
	w := newTown(t)
	w.reports()
	var attacker, citizens, frightened, helpers learned
	events := append(honest(rand.New(rand.NewPCG(1, 2)), &citizens, &frightened, &helpers),
		sweeping(0, simNumbers, 1, 0, 8*time.Second, &attacker)...)
	w.play(events)
	t.Logf("measured: one account asked %d numbers in a day: %d answered, %d of %d reported ones learned, told %d times to wait",
		attacker.asked, attacker.answered, attacker.reported, simReported, attacker.told)
	if most := fraud.DefaultLimits().ChecksPerDay + 9; attacker.answered > most {
		t.Errorf("the account learned %d verdicts, at most %d were meant", attacker.answered, most)
	}
	if attacker.reported > simReported/100 {
		t.Errorf("the account learned %d reported numbers of %d", attacker.reported, simReported)
	}
	unnoticed(t, "citizens", citizens)
	unnoticed(t, "frightened people", frightened)
	unnoticed(t, "helpers", helpers)
}

// A thousand accounts with a hundred questions each get half of it, and honest people
// beside them still have every answer.
func TestQuotaAgainstACrowd(t *testing.T) {
	w := newTown(t)
	w.reports()
	var attacker, citizens, frightened, helpers learned
	events := honest(rand.New(rand.NewPCG(3, 4)), &citizens, &frightened, &helpers)
	for account := range 1000 {
		events = append(events, sweeping(account*100, 100, int64(account+1), time.Duration(account)*time.Second, 130*time.Minute, &attacker)...)
	}
	w.play(events)
	t.Logf("measured: 1,000 accounts asked %d numbers in a day: %d answered, %d of %d reported ones learned",
		attacker.asked, attacker.answered, attacker.reported, simReported)
	if most := fraud.DefaultLimits().ChecksAll; attacker.answered > most*11/10 || attacker.reported > simReported*6/10 {
		t.Errorf("the crowd learned %d verdicts, at most %d were meant, and %d reported numbers", attacker.answered, most, attacker.reported)
	}
	unnoticed(t, "citizens", citizens)
	unnoticed(t, "frightened people", frightened)
	unnoticed(t, "helpers", helpers)
}

func unnoticed(t *testing.T, who string, l learned) {
	t.Helper()
	t.Logf("measured: %s asked %d, %d answered", who, l.asked, l.answered)
	if l.answered != l.asked || l.told > 0 {
		t.Errorf("%s noticed: %d asked, %d answered", who, l.asked, l.answered)
	}
}

// Whoever reports a shop's number again and again, forgetting themselves in between,
// stays one voice, or two.
func TestQuotaAgainstFalseReports(t *testing.T) {
	for name, erases := range map[string]bool{"reporting again": false, "erasing in between": true} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			filed := 0
			for range 500 {
				w.ran += 2 * time.Minute
				if w.files(1, simNumber(7)) {
					filed++
				}
				if erases {
					w.send(handlers.Input{Kind: handlers.KindButton, Button: "set:erased", Person: 1})
				}
			}
			voices := w.asks(2, 7)
			standing, err := w.store.Standings(t.Context(), []fraud.Key{w.deps.Tokens.Identify(w.deps.Recognise.Find(simNumber(7))[0]).Key})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("measured: one account tried 500 reports of one number, %s: %d filed, %d voices", name, filed, standing[0].Reporters)
			if standing[0].Reporters > 1 || filed > fraud.DefaultLimits().ReportsPerDay || voices.reported != 1 {
				t.Errorf("%d filed, %d voices", filed, standing[0].Reporters)
			}
		})
	}
}

// files goes through a whole report and says whether it was filed.
func (w *town) files(person int64, number string) bool {
	w.t.Helper()
	reply := w.send(handlers.Input{Kind: handlers.KindCommand, Command: "report", Text: number, Person: person})
	for range 12 {
		if reply.Change.File != nil {
			return true
		}
		if reply.Limited != "" {
			return false
		}
		button := choice(reply, ":summary:file")
		if button == "" {
			button = choice(reply, ":skip")
		}
		if button == "" {
			w.t.Fatalf("no way on from %+v", reply.Messages)
		}
		reply = w.send(handlers.Input{Kind: handlers.KindButton, Button: button, Person: person})
	}
	w.t.Fatal("a report without an end")
	return false
}

func choice(reply handlers.Reply, end string) string {
	for _, m := range reply.Messages {
		for _, row := range m.Buttons {
			for _, b := range row {
				if strings.HasSuffix(b.Data, end) {
					return b.Data
				}
			}
		}
	}
	return ""
}
