package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"saqbol/fraud"
	"saqbol/handlers"
)

// ask marks all dead letters to be handled anew, as the operator does.
func (m *memory) ask() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.letters {
		m.letters[i].Replay = true
	}
}

// mended is a Handler that panics until it is mended.
type mended struct{ broken atomic.Bool }

func (h *mended) Handle(_ context.Context, in handlers.Input) (handlers.Reply, error) {
	switch {
	case h.broken.Load() && strings.HasPrefix(in.Text, "bad"):
		panic("a slip")
	case strings.HasPrefix(in.Text, "refused"):
		return handlers.Reply{}, &fraud.Error{Code: fraud.CodeInvalid, Key: "common.stale"}
	case strings.Contains(in.Text, "filed"):
		return saying("echo " + in.Text), nil
	}
	return say("echo " + in.Text), nil
}

// What failed is handled anew when somebody asks for it: in its order, once, with
// the mark of its update in place, and answered. What fails again stays.
func TestLettersHandledAnew(t *testing.T) {
	modes(t, func(t *testing.T, webhook bool) {
		h := &mended{}
		h.broken.Store(true)
		w := begin(t, h, settings{webhook: webhook})
		p := w.api.NewPerson("Citizen", "ru")
		for _, text := range []string{"bad 1", "good 2", "bad filed 3", "bad refused 4", "good 5"} {
			p.Send(text)
		}
		w.drained(t)
		before := w.shown(t, p, 5)
		w.journal.ask()
		w.journal.until(w.ctx, t, "they failed again", func(m *memory) bool {
			return len(m.letters) == 3 && !slices.ContainsFunc(m.letters, func(l fraud.DeadLetter) bool {
				return l.Tries != 1 || l.Replay || l.Reason != "the handler panicked"
			})
		})
		if got := texts(p); len(got) != 5 {
			t.Errorf("a second failure is told: %q", got)
		}
		h.broken.Store(false)
		w.journal.ask()
		w.journal.until(w.ctx, t, "they are handled, and their answers sent", func(m *memory) bool { return len(m.letters) == 0 && len(m.rows) == 0 })
		want := append(slices.Clone(before), "echo bad 1", "echo bad filed 3", "echo bad refused 4")
		if got := texts(p); !slices.Equal(got, want) {
			t.Errorf("the person reads %q, want %q", got, want)
		}
		var effects []int64
		for _, c := range w.journal.changes {
			if c.Lang != "" {
				effects = append(effects, c.Update)
			}
		}
		if !slices.Equal(effects, []int64{100_000_003}) {
			t.Errorf("effects of the updates %v, want one", effects)
		}
	})
}

// Of a message with a card's number only a masked rest is kept: it is not handled
// as if somebody had sent that, its person is asked for it.
func TestMaskedLetterIsAskedForAnew(t *testing.T) {
	h := &mended{}
	h.broken.Store(true)
	w := begin(t, h, settings{})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("bad 4400430000001234")
	w.drained(t)
	if l := w.journal.letters; len(l) != 1 || !l[0].Masked || strings.Contains(string(l[0].Raw), "440043") {
		t.Fatalf("the letters are %+v", l)
	}
	h.broken.Store(false)
	w.journal.ask()
	if got := w.shown(t, p, 2); !strings.Contains(got[1], "отправьте его") {
		t.Errorf("the person reads %q", got)
	}
	w.journal.until(w.ctx, t, "the letter is done with", func(m *memory) bool { return len(m.letters) == 0 })
}

// While the store can't save, a letter stays marked, and is handled once it can.
func TestLetterWhileTheStoreIsAway(t *testing.T) {
	h := &mended{}
	h.broken.Store(true)
	w := begin(t, h, settings{})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("bad")
	w.drained(t)
	w.shown(t, p, 1)
	h.broken.Store(false)
	w.journal.mu.Lock()
	w.journal.fail = &fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved", Err: errors.New("disk full")}
	w.journal.mu.Unlock()
	w.journal.ask()
	w.journal.until(w.ctx, t, "it was tried", func(m *memory) bool { return m.failed > 0 })
	w.journal.mu.Lock()
	w.journal.fail = nil
	l := w.journal.letters
	w.journal.mu.Unlock()
	if len(l) != 1 || l[0].Tries != 0 {
		t.Errorf("the letters are %+v", l)
	}
	if got := w.shown(t, p, 2); got[1] != "echo bad" {
		t.Errorf("the person reads %q", got)
	}
}

// What is asked for while no bot runs is handled at the next start; of what can't
// be handled whole, it is said why.
func TestLettersAtStart(t *testing.T) {
	journal := newMemory()
	w := begin(t, answers(echo), settings{journal: journal})
	p := w.met(t, 1)[0]
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	raw := []byte(`{"update_id":7,"message":` + textFrom(p.ID(), "while nobody was there") + `}`)
	for _, l := range []fraud.DeadLetter{{Update: 7, Raw: raw}, {Update: 8}, {Update: 9, Raw: raw[:20], Cut: true}, {Raw: []byte("{")}} {
		if err := journal.DeadLetter(w.ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	journal.ask()
	again, err := New(w.bot.options)
	if err != nil {
		t.Fatal(err)
	}
	w.bot = again
	w.start(t)
	if got := w.shown(t, p, 2); got[1] != "echo while nobody was there" {
		t.Errorf("the person reads %q", got)
	}
	journal.until(w.ctx, t, "the others failed", func(m *memory) bool {
		return len(m.letters) == 3 && strings.Contains(m.letters[0].Reason, "nothing of it") && strings.Contains(m.letters[1].Reason, "only the beginning") &&
			strings.Contains(m.letters[2].Reason, "not JSON")
	})
}
