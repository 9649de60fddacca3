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

// Where the store can't save, nothing is said to be saved, and the update is done
// with: the person knows, and sends it again.
func TestCommitFails(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"with a message of its own": {&fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved", Err: errors.New("disk full")}, "ничего не записано"},
		"with anything else":        {errors.New("disk full"), "Номер сбоя"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, webhook bool) {
				journal := newMemory()
				journal.fail = test.err
				w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) { return saying("filed SB-1"), nil }),
					settings{webhook: webhook, journal: journal})
				p := w.api.NewPerson("Citizen", "ru")
				p.Send("report")
				got := w.shown(t, p, 1)
				w.drained(t)
				if len(got) != 1 || !strings.Contains(got[0], test.want) {
					t.Errorf("the person reads %q, want %q", got, test.want)
				}
				if n := w.log.count("disk full"); n != 1 {
					t.Errorf("%d log lines, want 1:\n%s", n, w.log)
				}
				if number := lastWord(got[0]); len(number) != 8 || w.log.count(`"incident":"`+number+`"`) != 1 {
					t.Errorf("the number %q does not stand in the log once:\n%s", number, w.log)
				}
			})
		})
	}
}

func TestHandlerErrors(t *testing.T) {
	tests := map[string]struct {
		err    error
		want   string
		errors int // lines at level ERROR
	}{
		"a refusal":            {&fraud.Error{Code: fraud.CodeInvalid, Key: "common.stale"}, "Эта кнопка устарела", 0},
		"the store is away":    {&fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved"}, "ничего не записано", 1},
		"anything else":        {errors.New("a bug"), "Номер сбоя", 1},
		"an error with no key": {&fraud.Error{Code: fraud.CodeInvalid}, "Номер сбоя", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) {
				return handlers.Reply{Change: fraud.Change{Lang: fraud.Kazakh}}, test.err
			}), settings{})
			p := w.api.NewPerson("Citizen", "ru")
			p.Send("x")
			if got := w.shown(t, p, 1); !strings.Contains(got[0], test.want) {
				t.Errorf("the person reads %q", got)
			}
			w.drained(t)
			if n := w.log.count(`"level":"ERROR"`); n != test.errors {
				t.Errorf("%d lines of errors, want %d:\n%s", n, test.errors, w.log)
			}
			if len(w.journal.changes) != 0 {
				t.Error("a failed flow's change is committed")
			}
		})
	}
}

// lastWord is where the number of an incident stands.
func lastWord(text string) string { return text[strings.LastIndex(text, " ")+1:] }

// A handler that takes too long is given up, and the person is told.
func TestHandlerTimeout(t *testing.T) {
	w := begin(t, answers(func(ctx context.Context, _ handlers.Input) (handlers.Reply, error) {
		<-ctx.Done()
		return handlers.Reply{}, ctx.Err()
	}), settings{options: func(o *Options) { o.Bounds.Handle = 10 * time.Millisecond }})
	p := w.api.NewPerson("Citizen", "kk")
	p.Send("x")
	if got := w.shown(t, p, 1); !strings.HasPrefix(got[0], "Кешіріңіз") {
		t.Errorf("the person reads %q", got)
	}
}

// The number that the person is told stands in the log, once, with the stack; what
// they wrote does not.
func TestPanicHasAnIncident(t *testing.T) {
	w := begin(t, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) { panic(in.Text) }), settings{})
	p := w.api.NewPerson("Citizen", "kk")
	p.Send("құпия сөз")
	got := w.shown(t, p, 1)[0]
	number := lastWord(got)
	if !strings.HasPrefix(got, "Кешіріңіз") || len(number) != 8 {
		t.Fatalf("the person reads %q", got)
	}
	w.drained(t)
	if w.log.count(number) != 1 || !strings.Contains(w.log.String(), "deliver_test.go") || strings.Contains(w.log.String(), "құпия") {
		t.Errorf("the log is\n%s", w.log)
	}
	if hex := strconv.FormatInt(p.ID(), 16); strings.Contains(w.log.String(), hex) {
		t.Errorf("the log shows who it was, as %s:\n%s", hex, w.log)
	}
}

// A text on which the masking of secrets panics makes the handler panic, and then
// the dead letter about it: still it costs that update alone.
func TestPanicOfTheMasking(t *testing.T) {
	redact := func(s string) (string, bool) {
		if strings.Contains(s, "poison") {
			panic(s)
		}
		return s, false
	}
	handle := answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
		redact(in.Text)
		return echo(ctx, in)
	})
	w := begin(t, handle, settings{options: func(o *Options) { o.Redact = redact }})
	p, other := w.api.NewPerson("Citizen", "kk"), w.api.NewPerson("Other", "ru")
	p.Send("poison")
	other.Send("x")
	if got := w.shown(t, p, 1)[0]; !strings.HasPrefix(got, "Кешіріңіз") {
		t.Errorf("the person reads %q", got)
	}
	w.shown(t, other, 1)
	w.drained(t)
	if letters := w.journal.letters; len(letters) != 1 || letters[0].Raw != nil || letters[0].Update == 0 || letters[0].Person != p.ID() {
		t.Errorf("the dead letters are %+v, want one with nothing of the update", letters)
	}
}

// An answer that can't be delivered now goes to the outbox, and its update is
// acknowledged; after a restart it is delivered before anything newer.
func TestAnswersOutliveARestart(t *testing.T) {
	w := begin(t, answers(echo), settings{options: func(o *Options) { o.Bounds.Drain = 100 * time.Millisecond }})
	mend := w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultBadGateway})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("one")
	w.journal.until(w.ctx, t, "the answer stands in the outbox", func(m *memory) bool { return len(m.rows) == 1 })
	w.drained(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if c := w.journal.changes[0]; len(w.journal.changes) != 1 || c.Update == 0 || c.Person != p.ID() || c.Now.IsZero() || c.Outgoing[0].Chat != p.ID() {
		t.Errorf("the outbox was filled by %+v", w.journal.changes)
	}
	again, err := New(w.bot.options)
	if err != nil {
		t.Fatal(err)
	}
	mend()
	w.bot = again
	p.Send("two")
	w.start(t)
	if got := w.shown(t, p, 2); !slices.Equal(got, []string{"echo one", "echo two"}) {
		t.Errorf("the person reads %q", got)
	}
	w.journal.until(w.ctx, t, "the outbox is empty", func(m *memory) bool { return len(m.rows) == 0 })
}

// The apology for an update that became a dead letter is not lost either.
func TestApologyGoesToTheOutbox(t *testing.T) {
	w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) { panic("x") }), settings{})
	mend := w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultBadGateway})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("x")
	w.journal.until(w.ctx, t, "the apology stands in the outbox", func(m *memory) bool { return len(m.rows) == 1 && len(m.letters) == 1 })
	w.drained(t)
	mend()
	w.shown(t, p, 1)
}

// A committed answer stays in the outbox until Telegram has taken it.
func TestCommittedAnswersLeaveTheOutboxWhenSent(t *testing.T) {
	w := begin(t, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) { return saying(in.Text), nil }), settings{})
	w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultInternal, Times: 2})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("filed")
	w.drained(t)
	if n := len(texts(p)); n != 0 {
		t.Errorf("%d answers before the server has recovered", n)
	}
	w.shown(t, p, 1)
	w.journal.until(w.ctx, t, "the outbox is empty", func(m *memory) bool { return len(m.rows) == 0 && m.lastRow == 1 })
}

// The message that a conversation goes on in is known before its next update is
// handled, sent or edited.
func TestAnchor(t *testing.T) {
	journal := newMemory()
	handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		r := saying("step " + in.Text)
		r.Messages[0].Anchor = true
		journal.mu.Lock()
		defer journal.mu.Unlock()
		r.Messages[0].Edit = journal.anchors[in.Person]
		return r, nil
	})
	w := begin(t, handle, settings{journal: journal})
	p := w.api.NewPerson("Citizen", "ru")
	for _, step := range []string{"1", "2", "3"} {
		p.Send(step)
	}
	w.drained(t)
	if _, err := p.Wait(w.ctx, func(m []emulator.Message) bool { last, _ := p.Last(); return last.Text == "step 3" }); err != nil {
		t.Fatal(err)
	}
	if got := texts(p); len(got) != 1 {
		t.Errorf("the steps pile up: %q", got)
	}
}

// A stop takes ten seconds at the most, whatever Telegram does: the answers are
// given up in time to confirm the offset and to close the store.
func TestStopFitsIntoTenSeconds(t *testing.T) {
	if took := (Bounds{}).withDefaults().Drain + max(confirmGrace, lastFlush); took > 8*time.Second {
		t.Errorf("draining and confirming may take %v", took)
	}
}

// Told to stop before it has begun, the bot has nothing to fail at.
func TestStopBeforeTheBegin(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	b, err := New(w.bot.options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Errorf("a stop at the start gives %v", err)
	}
}

// A graceful stop finishes what was taken in and tells Telegram so.
func TestStopDrains(t *testing.T) {
	const people = 50
	asked := make(chan struct{}, people)
	release := make(chan struct{})
	handle := answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
		asked <- struct{}{}
		<-release
		return echo(ctx, in)
	})
	w := begin(t, handle, settings{})
	var all []*emulator.Person
	for range people {
		p := w.api.NewPerson("Citizen", "ru")
		all = append(all, p)
		p.Send("x")
	}
	for range people {
		<-asked
	}
	stopped := make(chan error)
	go func() { stopped <- w.stop() }()
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if got := texts(p); len(got) != 1 {
			t.Errorf("a person reads %q", got)
		}
	}
	if n := w.api.Pending(); n != 0 {
		t.Errorf("%d updates are handled and not acknowledged", n)
	}
}

// What a stop leaves no time for is left to the next run: a delivery that still
// waits carries no word of a failure, and Telegram delivers the update again.
func TestStopOutOfTime(t *testing.T) {
	for name, handle := range map[string]func(context.Context) (handlers.Reply, error){
		"reading": func(ctx context.Context) (handlers.Reply, error) { return handlers.Reply{}, ctx.Err() },
		"storing": func(context.Context) (handlers.Reply, error) { return saying("filed SB-1"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, answers(echo), settings{webhook: true})
			if err := w.stop(); err != nil {
				t.Fatal(err)
			}
			journal, o := newMemory(), w.bot.options
			journal.refuse(context.Canceled)
			asked := make(chan struct{})
			o.Journal, o.Handler = journal, answers(func(ctx context.Context, _ handlers.Input) (handlers.Reply, error) {
				close(asked)
				return handle(ctx)
			})
			b, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			b.halt(nil)
			e := b.accept(decode([]byte(`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":7,"type":"private"},"from":{"id":7,"first_name":"Citizen"},"text":"x"}}`)), true)
			<-asked
			b.dispatch.close()
			if p := e.leave(); p != nil {
				t.Error("the delivery carries an answer")
			}
			select {
			case <-e.done:
				t.Error("the update is acknowledged")
			default:
			}
		})
	}
}

// Where another instance has taken over, this one stops at once: it says nothing,
// acknowledges nothing, and the update waits at Telegram for the other one.
func TestFenced(t *testing.T) {
	modes(t, func(t *testing.T, webhook bool) {
		journal := newMemory()
		w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) { return saying("filed SB-1"), nil }),
			settings{webhook: webhook, journal: journal})
		p := w.api.NewPerson("Citizen", "ru")
		p.Send("first")
		w.shown(t, p, 1)
		w.drained(t)
		journal.refuse(fraud.ErrFenced)
		p.Send("second")
		p.Send("third")
		w.ends = fraud.ErrFenced
		select {
		case <-w.ended:
		case <-w.ctx.Done():
			t.Fatalf("the bot runs on\n%s", w.log)
		}
		if got := texts(p); len(got) != 1 {
			t.Errorf("the person reads %q", got)
		}
		if waiting := w.api.Pending(); waiting != 2 {
			t.Errorf("%d updates wait at Telegram, want 2", waiting)
		}
	})
}
