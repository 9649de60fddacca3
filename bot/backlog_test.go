package bot

import (
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
)

// owed puts an answer into the outbox as an earlier run would have left it.
func (m *memory) owed(t *testing.T, chat int64, text string) {
	t.Helper()
	payload, err := call{Method: methodSend, Chat: chat, Person: chat, Text: text, Born: time.Now()}.encode()
	if err != nil {
		t.Fatal(err)
	}
	m.lastRow++
	m.rows = append(m.rows, fraud.Outgoing{ID: m.lastRow, Chat: chat, Payload: payload})
}

// However much an earlier run has left, no more is read than one page ahead of
// what arrives. What is held up for long makes room as well.
func TestBacklogReadsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := newMemory()
		for i := range 3*backlogPage + 7 {
			journal.owed(t, int64(i+1), "x")
		}
		var mu sync.Mutex
		var flying, all []*parcel
		b := newBacklog(journal, slog.New(slog.DiscardHandler), func(_ int64, parcels ...*parcel) {
			mu.Lock()
			defer mu.Unlock()
			flying = append(flying, parcels...)
		})
		landing := func() (batch []*parcel) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			batch, flying = flying, nil
			return batch
		}
		if err := b.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.run(t.Context(), func() bool { return false })
		}()
		for n := 1; !b.finished(); n++ {
			batch := landing()
			if len(batch) == 0 || len(batch) > backlogPage || journal.reads > n {
				t.Fatalf("%d are on their way after %d pages", len(batch), journal.reads)
			}
			for i, p := range batch {
				if i%3 == 0 {
					p.delay()
				}
				p.finish()
			}
			all = append(all, batch...)
			synctest.Wait()
		}
		<-done
		all = append(all, landing()...)
		if len(all) != 3*backlogPage+7 || journal.reads != 4 {
			t.Fatalf("%d of %d were queued, on %d pages", len(all), 3*backlogPage+7, journal.reads)
		}
		for i, p := range all {
			if p.row != int64(i+1) {
				t.Fatalf("row %d comes as number %d", p.row, i+1)
			}
		}
	})
}

// Whoever writes while an earlier run's answers are being delivered gets what
// waits for them first, in order, and then the new answer.
func TestBacklogBeforeWhatIsNew(t *testing.T) {
	const people, each = 40, 20 // four pages
	w := begin(t, answers(echo), settings{})
	var all []*emulator.Person
	for range people {
		p := w.api.NewPerson("Citizen", "ru")
		p.Send("hello")
		w.shown(t, p, 1)
		all = append(all, p)
	}
	w.drained(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{"echo hello"}
	for i := range each {
		want = append(want, strconv.Itoa(i))
		for _, p := range all {
			w.journal.owed(t, p.ID(), want[i+1])
		}
	}
	w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultBadGateway, After: 50, Times: 20})
	last := all[people-1] // most of what waits for them stands on later pages
	last.Send("now")
	again, err := New(w.bot.options)
	if err != nil {
		t.Fatal(err)
	}
	w.bot = again
	w.start(t)
	for i, p := range all {
		wanted := want
		if p == last {
			wanted = append(slices.Clone(want), "echo now")
		}
		if got := w.shown(t, p, len(wanted)); !slices.Equal(got, wanted) {
			t.Errorf("person %d reads %q", i, got)
		}
	}
	w.journal.until(w.ctx, t, "the outbox is empty", func(m *memory) bool { return len(m.rows) == 0 })
}

// An answer in the outbox that can't be read is kept aside and told of once.
func TestBacklogSetsAsideWhatItCanNotRead(t *testing.T) {
	journal := newMemory()
	journal.rows = []fraud.Outgoing{{ID: 1, Chat: 5, Payload: []byte("{")}}
	journal.lastRow = 1
	w := begin(t, answers(echo), settings{journal: journal})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("x")
	w.shown(t, p, 1)
	if w.log.count("set aside") != 1 || !journal.aside[1] || journal.waiting() != 1 {
		t.Errorf("%d rows left, aside %v:\n%s", journal.waiting(), journal.aside, w.log)
	}
}
