package bot

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/handlers"
)

// met are people who have written to the bot and have their answer: it may write
// to them.
func (w *world) met(t *testing.T, n int) []*emulator.Person {
	t.Helper()
	var all []*emulator.Person
	for range n {
		p := w.api.NewPerson("Citizen", "ru")
		p.Send("hello")
		w.shown(t, p, 1)
		all = append(all, p)
	}
	w.drained(t)
	return all
}

// numbered is a notice whose text shows which one it is.
func numbered(p *emulator.Person, i int) fraud.Notice {
	return fraud.Notice{Person: p.ID(), Lang: fraud.Russian, Key: "report.already_filed", Args: map[string]any{"Code": strconv.Itoa(i)}}
}

// news are the numbers that a person's notices show, in order.
func news(p *emulator.Person) []string {
	var out []string
	for _, text := range texts(p) {
		if _, rest, ok := strings.Cut(text, "Ваше сообщение уже принято: "); ok {
			number, _, _ := strings.Cut(rest, ".")
			out = append(out, number)
		}
	}
	return out
}

// numbers are those of the first n notices.
func numbers(n int) (want []string) {
	for i := range n {
		want = append(want, strconv.Itoa(i))
	}
	return want
}

// empty waits until no notice is left.
func (w *world) empty(t *testing.T) {
	t.Helper()
	w.journal.until(w.ctx, t, "no notice waits", func(m *memory) bool { return len(m.notices) == 0 })
}

// A notice is sent when it is due, in its person's language, and goes.
func TestNoticesAreSent(t *testing.T) {
	modes(t, func(t *testing.T, webhook bool) {
		w := begin(t, answers(echo), settings{webhook: webhook})
		all := w.met(t, 3)
		day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		for i, lang := range []fraud.Lang{fraud.Kazakh, fraud.Russian, ""} {
			w.journal.notify(fraud.Notice{Person: all[i].ID(), Lang: lang, Key: "notice.confirmed", Args: map[string]any{"Subject": "<+7 701>", "Code": "SB-1"}})
			w.journal.notify(fraud.Notice{Person: all[i].ID(), Lang: lang, Key: "check.last", Args: map[string]any{"Day": day}})
		}
		w.empty(t)
		for i, want := range []struct{ kk, ru bool }{{true, false}, {false, true}, {true, true}} {
			got := w.shown(t, all[i], 3)
			if strings.Contains(got[1], "Расталды") != want.kk || strings.Contains(got[1], "Подтверждено") != want.ru || !strings.Contains(got[1], "<+7 701>") {
				t.Errorf("person %d reads %q", i, got[1])
			}
			if strings.Contains(got[2], "2026") == false || len(got) != 3 {
				t.Errorf("person %d reads %q", i, got)
			}
		}
	})
}

// Whatever the server does, a person's notices come in order and none is missing.
func TestNoticesKeepTheirOrder(t *testing.T) {
	const people, each = 6, 12
	w := begin(t, answers(echo), settings{})
	all := w.met(t, people)
	w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultTooMany, After: 5, Times: 2})
	w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultBadGateway, After: 20, Times: 1})
	for i := range each {
		for _, p := range all {
			w.journal.notify(numbered(p, i))
		}
	}
	w.empty(t)
	for i, p := range all {
		if got := news(p); !slices.Equal(got, numbers(each)) {
			t.Errorf("person %d reads %q", i, got)
		}
	}
}

// A notice never comes between a person and the answer they wait for.
func TestNoticesGiveWay(t *testing.T) {
	release := make(chan struct{})
	w := begin(t, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		if in.Text == "slow" {
			<-release
		}
		return say("echo " + in.Text), nil
	}), settings{})
	all := w.met(t, 2)
	asks, other := all[0], all[1]
	asks.Send("slow")
	for w.bot.dispatch.length() == 0 && w.ctx.Err() == nil {
		sleep(w.ctx, time.Millisecond)
	}
	w.journal.notify(numbered(asks, 0))
	w.journal.notify(numbered(other, 1))
	if got := w.shown(t, other, 2); !strings.Contains(got[1], "1") {
		t.Errorf("the other reads %q", got)
	}
	w.journal.until(w.ctx, t, "the notice is put off", func(m *memory) bool { return m.later > 0 })
	if got := texts(asks); len(got) != 1 {
		t.Errorf("before the answer the person reads %q", got)
	}
	close(release)
	w.shown(t, asks, 2)
	w.journal.mu.Lock()
	w.journal.notices[0].Due = time.Time{}
	w.journal.mu.Unlock()
	w.journal.news <- struct{}{}
	w.empty(t)
	if got := texts(asks); len(got) != 3 || got[1] != "echo slow" {
		t.Errorf("the person reads %q", got)
	}
}

// Somebody who has blocked the bot costs one call, and their notices go.
func TestNoticesToSomebodyGone(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	all := w.met(t, 2)
	w.api.Fail(emulator.Fault{Method: methodSend, Chat: all[0].ID(), Kind: emulator.FaultForbidden})
	before := len(w.api.CallsOf(methodSend))
	var notices []fraud.Notice
	for i := range 5 {
		notices = append(notices, numbered(all[0], i), numbered(all[1], i))
	}
	w.journal.notify(notices...) // one that came after they were found gone would cost a call more
	w.empty(t)
	if n := len(w.api.CallsOf(methodSend)) - before; n != 6 {
		t.Errorf("%d calls, want 5 and one that is refused", n)
	}
	if got := news(all[1]); !slices.Equal(got, numbers(5)) {
		t.Errorf("the other reads %q", got)
	}
}

// A notice that was read, and whose person leaves before its turn, is not sent.
func TestNoticeThatGoesBeforeItsTurn(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	p := w.met(t, 1)[0]
	w.journal.mu.Lock()
	w.journal.stands = func() {
		w.journal.notices = slices.DeleteFunc(w.journal.notices, func(n fraud.Notice) bool { return n.ID == 1 })
	}
	w.journal.mu.Unlock()
	w.journal.notify(numbered(p, 0))
	w.journal.notify(numbered(p, 1))
	w.empty(t)
	if got := news(p); !slices.Equal(got, []string{"1"}) {
		t.Errorf("the person reads %q", got)
	}
}

// A message that this version does not know is kept for one that does.
func TestNoticeOfAnUnknownMessage(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	p := w.met(t, 1)[0]
	w.journal.notify(fraud.Notice{Person: p.ID(), Lang: fraud.Kazakh, Key: "notice.from_the_future"})
	w.journal.notify(numbered(p, 1))
	w.journal.until(w.ctx, t, "the other is sent", func(m *memory) bool { return len(m.notices) == 1 })
	if got := texts(p); len(got) != 2 || !w.journal.aside[-1] || w.log.count("set aside") != 1 {
		t.Errorf("the person reads %q, aside %v", got, w.journal.aside)
	}
}

// A sent notice that can't be marked is not sent again while the program runs, and
// is forgotten when the store can be told.
func TestNoticesWhileTheStoreIsAway(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	p := w.met(t, 1)[0]
	away := make(chan struct{})
	w.journal.mu.Lock()
	w.journal.stands = func() { // the notice is about to be sent: now the store goes away
		select {
		case <-away:
		default:
			w.journal.mute = errors.New("locked")
			close(away)
		}
	}
	w.journal.mu.Unlock()
	w.journal.notify(numbered(p, 0))
	w.journal.notify(numbered(p, 1))
	w.shown(t, p, 2)
	for range 3 {
		w.journal.news <- struct{}{} // taken by rounds that can do nothing
	}
	if got := news(p); !slices.Equal(got, numbers(1)) {
		t.Errorf("while the store is away the person reads %q", got)
	}
	w.journal.mu.Lock()
	w.journal.mute = nil
	w.journal.mu.Unlock()
	w.journal.news <- struct{}{}
	w.empty(t)
	if got := news(p); !slices.Equal(got, numbers(2)) {
		t.Errorf("the person reads %q", got)
	}
}

// What a stop leaves is sent by the next run, from where it stands.
func TestNoticesOutliveARestart(t *testing.T) {
	const each, before = 30, 10
	w := begin(t, answers(echo), settings{options: func(o *Options) { o.Bounds.Drain = 100 * time.Millisecond }})
	p := w.met(t, 1)[0]
	mend := w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultHang, After: before})
	for i := range each {
		w.journal.notify(numbered(p, i))
	}
	w.shown(t, p, 1+before)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if got := news(p); !slices.Equal(got, numbers(before)) {
		t.Fatalf("before the stop the person reads %q", got)
	}
	again, err := New(w.bot.options)
	if err != nil {
		t.Fatal(err)
	}
	mend()
	w.bot = again
	w.start(t)
	w.empty(t)
	if got := news(p); !slices.Equal(got, numbers(each)) {
		t.Errorf("the person reads %q", got)
	}
}
