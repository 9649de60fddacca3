package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/handlers"
)

// modes runs a test by polling and by webhook.
func modes(t *testing.T, test func(t *testing.T, webhook bool)) {
	t.Run("polling", func(t *testing.T) { test(t, false) })
	t.Run("webhook", func(t *testing.T) { test(t, true) })
}

// Telegram hears that an update is done with after its effect is committed, not
// when it is read.
func TestTrapAcknowledgeAfterEffect(t *testing.T) {
	modes(t, func(t *testing.T, webhook bool) {
		asked, release := make(chan struct{}), make(chan struct{})
		handle := answers(func(context.Context, handlers.Input) (handlers.Reply, error) {
			close(asked)
			<-release
			return saying("filed"), nil
		})
		w := begin(t, handle, settings{webhook: webhook})
		p := w.api.NewPerson("Citizen", "ru")
		p.Send("report")
		<-asked
		if n := w.api.Pending(); n != 1 {
			t.Errorf("while the handler works %d updates wait, want 1", n)
		}
		if len(w.journal.changes) != 0 {
			t.Error("something is committed before the handler has answered")
		}
		close(release)
		w.drained(t)
		w.journal.until(w.ctx, t, "the change is committed", func(m *memory) bool { return len(m.changes) == 1 })
		if got := w.shown(t, p, 1); got[0] != "filed" {
			t.Errorf("the person reads %q", got)
		}
	})
}

// A crash between taking an update and committing its effect loses nothing: the
// next start gets the update again.
func TestTrapCrashLosesNothing(t *testing.T) {
	journal := newMemory()
	first := make(chan struct{}, 1)
	stuck := answers(func(ctx context.Context, _ handlers.Input) (handlers.Reply, error) {
		first <- struct{}{}
		<-ctx.Done()
		return handlers.Reply{}, ctx.Err()
	})
	w := begin(t, stuck, settings{journal: journal, options: func(o *Options) { o.Bounds.Drain = time.Millisecond }})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("report")
	<-first
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if w.api.Pending() != 1 {
		t.Fatal("an update whose handler was cut off is acknowledged")
	}
	o := w.bot.options
	o.Handler = answers(func(context.Context, handlers.Input) (handlers.Reply, error) { return saying("filed"), nil })
	again, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.bot = again
	w.start(t)
	w.drained(t)
	if got := w.shown(t, p, 1); !slices.Equal(got, []string{"filed"}) {
		t.Errorf("the person reads %q", got)
	}
}

// What one chat sends is handled in order while 200 chats are handled side by side.
func TestTrapOrderPerChat(t *testing.T) {
	const chats, each = 200, 5
	modes(t, func(t *testing.T, webhook bool) {
		var mu sync.Mutex
		got := map[int64][]string{}
		var now, most atomic.Int32
		handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			mu.Lock()
			defer mu.Unlock()
			got[in.Chat] = append(got[in.Chat], in.Text)
			return saying(in.Text), nil
		})
		w := begin(t, handle, settings{webhook: webhook})
		var people []*emulator.Person
		for range chats {
			people = append(people, w.api.NewPerson("Citizen", "ru"))
		}
		for i := range each {
			for _, p := range people {
				p.Send(strconv.Itoa(i))
			}
		}
		w.drained(t)
		want := []string{"0", "1", "2", "3", "4"}
		for _, p := range people {
			if shown := w.shown(t, p, each); !slices.Equal(shown, want) {
				t.Errorf("a person reads %q, want %q", shown, want)
			}
			if !slices.Equal(got[p.ID()], want) {
				t.Errorf("a chat was handled as %q, want %q", got[p.ID()], want)
			}
		}
		if n := most.Load(); n > 64 {
			t.Errorf("%d updates were handled at once, the bound is 64", n)
		}
	})
}

// One bad update among a hundred costs that update alone, whatever is bad.
func TestTrapPoison(t *testing.T) {
	poison := map[string]string{
		"unknown forward_origin": `{"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"x"},"forward_origin":{"type":"telepathy"},"text":"4400430000001234"}}`,
		"wrong types":            `{"message":{"message_id":"one","date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"x"},"text":4400430000001234}}`,
		"no object":              `{"message":["4400430000001234"]}`,
		"the handler panics":     `{"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"x"},"text":"panic 4400430000001234"}}`,
	}
	handle := answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
		if strings.HasPrefix(in.Text, "panic") {
			panic("what the person wrote: " + in.Text)
		}
		return echo(ctx, in)
	})
	for name, raw := range poison {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, webhook bool) {
				w := begin(t, handle, settings{webhook: webhook})
				people := make([]*emulator.Person, 9)
				for i := range people {
					people[i] = w.api.NewPerson("Citizen", "ru")
				}
				var bad int64
				for i := range 99 {
					if i == 50 {
						var err error
						if bad, err = w.api.Push([]byte(raw)); err != nil {
							t.Fatal(err)
						}
					}
					people[i%9].Send(strconv.Itoa(i))
				}
				w.drained(t)
				for _, p := range people {
					if got := w.shown(t, p, 11); len(got) != 11 {
						t.Errorf("a person has %d answers, want 11", len(got))
					}
				}
				checkLetter(t, w, bad)
			})
		})
	}
}

func checkLetter(t *testing.T, w *world, update int64) {
	t.Helper()
	letters := w.journal.letters
	if len(letters) != 1 || letters[0].Update != update || letters[0].Reason == "" || letters[0].At.IsZero() {
		t.Fatalf("dead letters %+v, want one of update %d", letters, update)
	}
	raw := string(letters[0].Raw)
	if !strings.Contains(raw, `"message"`) || strings.Contains(raw, "4400430000001234") || !strings.Contains(raw, "•") {
		t.Errorf("the dead letter keeps %s; the card number must be masked and the rest kept", raw)
	}
	if log := w.log.String(); strings.Contains(log, "4400430000001234") {
		t.Errorf("the log holds what the person wrote:\n%s", log)
	}
}

// An update without an id can't be acknowledged by itself; it must neither stop
// the others nor come in twice.
func TestTrapUpdateWithoutID(t *testing.T) {
	batches := []string{
		`[{"update_id":7,"message":` + textFrom(5, "one") + `},{"message":` + textFrom(5, "lost") + `}]`,
		`[{"message":` + textFrom(5, "lost") + `},{"update_id":9,"message":` + textFrom(5, "two") + `}]`,
	}
	w := newScript(t, batches)
	w.finish(t)
	got := w.sent()
	if len(got) != 3 || got[0] != "echo one" || !strings.Contains(got[1], "<code>") || got[2] != "echo two" {
		t.Errorf("sent %q, want an echo, an apology and an echo", got)
	}
	if want := []int64{0, 9, 10}; !slices.Equal(w.offsets[:3], want) {
		t.Errorf("offsets %v, want %v", w.offsets, want)
	}
	if len(w.journal.letters) != 1 {
		t.Errorf("%d dead letters, want 1", len(w.journal.letters))
	}
}

// Every update delivered twice has one effect and one answer.
func TestTrapRedelivery(t *testing.T) {
	modes(t, func(t *testing.T, webhook bool) {
		handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
			if in.Text == "file" {
				return saying("filed"), nil
			}
			return say("checked"), nil
		})
		w := begin(t, handle, settings{webhook: webhook, api: func(s *emulator.Server) { s.Redeliver(true) }})
		var people []*emulator.Person
		for range 20 {
			p := w.api.NewPerson("Citizen", "ru")
			people = append(people, p)
			p.Send("check")
			p.Send("file")
		}
		w.drained(t)
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			if got := texts(p); !slices.Equal(got, []string{"checked", "filed"}) {
				t.Errorf("a person reads %q", got)
			}
		}
		if n := len(w.journal.changes); n != len(people) {
			t.Errorf("%d changes are committed, want %d", n, len(people))
		}
	})
}

// Two deliveries at the same time join: one effect, two acknowledgements.
func TestTrapConcurrentRedelivery(t *testing.T) {
	asked, release := make(chan struct{}, 9), make(chan struct{})
	handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		if in.Text == "hello" {
			return handlers.Reply{}, nil
		}
		asked <- struct{}{}
		<-release
		return saying("filed"), nil
	})
	w := begin(t, handle, settings{webhook: true})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("hello")
	w.drained(t)
	update := fmt.Sprintf(`{"update_id":77,"message":%s}`, textFrom(p.ID(), "report"))
	codes := make(chan int, 3)
	for range 3 {
		go func() {
			code, _ := w.post(t, testSecret, update)
			codes <- code
		}()
	}
	<-asked
	close(release)
	for range 3 {
		if code := <-codes; code != 200 {
			t.Errorf("a delivery was answered %d", code)
		}
	}
	if code, body := w.post(t, testSecret, update); code != 200 || body != "" {
		t.Errorf("a late delivery was answered %d %q", code, body)
	}
	w.shown(t, p, 1)
	if len(asked) != 0 || len(w.journal.changes) != 1 || len(texts(p)) != 1 {
		t.Errorf("the handler was asked %d times more; %d changes; answers %q", len(asked), len(w.journal.changes), texts(p))
	}
}

// An effect of an earlier run is known from the store.
func TestTrapRedeliveryAfterRestart(t *testing.T) {
	journal := newMemory()
	journal.seen[100_000_001] = true
	w := begin(t, answers(echo), settings{journal: journal})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("was handled before the restart")
	p.Send("is new")
	w.drained(t)
	if got := w.shown(t, p, 1); !slices.Equal(got, []string{"echo is new"}) {
		t.Errorf("the person reads %q", got)
	}
}

// The library's client dials anew for four answers out of five.
func TestTrapConnectionReuse(t *testing.T) {
	const people, each = 100, 20
	s := newScript(t, nil)
	client := s.dial(t)
	snd := newSender(t.Context(), s.options(t, client))
	flushing(t, snd)
	for i := range each {
		for p := range people {
			snd.put(int64(p+1), &parcel{content: call{Method: methodSend, Chat: int64(p + 1), Text: strconv.Itoa(i), Born: time.Now()}})
		}
	}
	if err := snd.lanes.drained(t.Context()); err != nil {
		t.Fatal(err)
	}
	snd.lanes.close()
	if n := len(s.sent()); n != people*each {
		t.Fatalf("%d of %d answers arrived", n, people*each)
	}
	if n := s.opened.Load(); n > 2*people {
		t.Errorf("%d connections for %d answers, want about one a chat at work", n, people*each)
	}
}

// 429 is waited out for as long as Telegram says, by that chat alone.
func TestTrapTooManyRequests(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	slow, other := w.api.NewPerson("Slow", "ru"), w.api.NewPerson("Other", "ru")
	w.api.Fail(emulator.Fault{Method: methodSend, Chat: slow.ID(), Times: 1, Kind: emulator.FaultTooMany, RetryAfter: 1})
	slow.Send("a")
	slow.Send("b")
	w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Code == 429 }) //nolint:errcheck // seen below
	other.Send("c")
	w.shown(t, other, 1)
	if n := len(texts(slow)); n != 0 {
		t.Errorf("the chat that has to wait got %d answers first", n)
	}
	if got := w.shown(t, slow, 2); !slices.Equal(got, []string{"echo a", "echo b"}) {
		t.Errorf("after the wait: %q", got)
	}
	var refused, taken time.Time
	for _, c := range w.api.CallsOf(methodSend) {
		if c.ChatID == slow.ID() && c.Code == 429 {
			refused = c.Time
		} else if c.ChatID == slow.ID() && taken.IsZero() {
			taken = c.Time
		}
	}
	if d := taken.Sub(refused); d < time.Second {
		t.Errorf("tried again after %v, want a second", d)
	}
}

// 403 marks the person as gone and drops what waits for them.
func TestTrapForbidden(t *testing.T) {
	w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) {
		r := saying("one")
		r.Messages = append(r.Messages, say("two").Messages...)
		return r, nil
	}), settings{})
	p := w.api.NewPerson("Citizen", "ru")
	w.api.Fail(emulator.Fault{Method: methodSend, Chat: p.ID(), Kind: emulator.FaultForbidden})
	p.Send("hello")
	w.journal.until(w.ctx, t, "the person is gone and nothing waits", func(m *memory) bool {
		last := fraud.Change{}
		if len(m.changes) == 2 {
			last = m.changes[1]
		}
		return last.Gone != nil && *last.Gone && last.Person == p.ID() && last.Update == 0 && len(m.rows) == 0
	})
	if n := len(w.api.CallsOf(methodSend)); n != 1 {
		t.Errorf("%d calls were made to somebody who is gone, want 1", n)
	}
}

// A command is read from the text itself: with @name, behind which words in any
// alphabet may stand, in a message full of emoji.
func TestTrapCommands(t *testing.T) {
	w := begin(t, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		return say(fmt.Sprintf("%d %s|%s", in.Kind, in.Command, in.Text)), nil
	}), settings{})
	name := w.api.Username()
	tests := []struct{ sent, want string }{
		{"/report@" + name + " +7 701 123 45 67", "1 report|+7 701 123 45 67"},
		{"/Report@" + strings.ToUpper(name) + "\nсөйлесті 👩‍👦 /check", "1 report|сөйлесті 👩‍👦 /check"},
		{"/check қоңырау 🇰🇿", "1 check|қоңырау 🇰🇿"},
		{"қоңырау 🇰🇿 /check", "0 |қоңырау 🇰🇿 /check"},
		{"/report@another_bot +7 701 123 45 67", "1 report|+7 701 123 45 67"}, // nobody else is in this chat
	}
	p := w.api.NewPerson("Citizen", "kk")
	for i, test := range tests {
		p.Send(test.sent)
		if got := w.shown(t, p, i+1)[i]; got != test.want {
			t.Errorf("%q is read as %q, want %q", test.sent, got, test.want)
		}
	}
}
