package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	tg "github.com/go-telegram/bot"

	"saqbol/emulator"
	"saqbol/handlers"
	"saqbol/locales"
)

// An edit that can't be made becomes a new message; one that changes nothing is done.
func TestEditFallsBack(t *testing.T) {
	tests := map[string]struct {
		refusal string
		want    []string // what the person has at the end
	}{
		"in place":        {"", []string{"second", "third"}},
		"nothing changed": {"message is not modified: specified new message content and reply markup are exactly the same", []string{"first", "third"}},
		"it is gone":      {"message to edit not found", []string{"first", "second", "third"}},
		"it is too old":   {"message can't be edited", []string{"first", "second", "third"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			anchor := make(chan int64, 1)
			w := begin(t, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
				r := say(in.Text)
				if in.Text == "second" {
					r.Messages[0].Edit = <-anchor
				}
				return r, nil
			}), settings{})
			p := w.api.NewPerson("Citizen", "ru")
			p.Send("first")
			w.shown(t, p, 1)
			first, _ := p.Last()
			anchor <- first.ID
			if test.refusal != "" {
				w.api.Fail(emulator.Fault{Method: methodEdit, Kind: emulator.FaultBadRequest, Description: test.refusal})
			}
			p.Send("second")
			p.Send("third")
			if got := w.shown(t, p, len(test.want)); !slices.Equal(got, test.want) {
				t.Errorf("the person reads %q, want %q", got, test.want)
			}
		})
	}
}

// HTML that Telegram can't read is sent as plain text rather than not at all.
func TestUnreadableMarkup(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	w.api.Fail(emulator.Fault{Method: methodSend, Times: 1, Kind: emulator.FaultBadRequest, Description: "can't parse entities: unsupported start tag"})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("<b>")
	if got := w.shown(t, p, 1); got[0] != "echo <b>" {
		t.Errorf("the person reads %q", got)
	}
}

// A refused answer is logged without its text and holds up nothing.
func TestRefusedAnswer(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	w.api.Fail(emulator.Fault{Method: methodSend, Times: 1, Kind: emulator.FaultBadRequest, Description: "not enough rights"})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("secret words")
	p.Send("next")
	if got := w.shown(t, p, 1); got[0] != "echo next" {
		t.Errorf("the person reads %q", got)
	}
	if w.log.count("not enough rights") != 1 || w.log.count("secret words") != 0 {
		t.Errorf("the log is\n%s", w.log)
	}
}

// Everything that a reply can hold passes the strict server.
func TestEveryCallIsValid(t *testing.T) {
	var message int64
	handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		r := say("<&> \"'` " + in.Text)
		m := &r.Messages[0]
		switch in.Text {
		case "buttons":
			m.Buttons = [][]handlers.Button{{{Label: locales.Msg{Key: strings.Repeat("ұзын ", 30)}, Data: strings.Repeat("d", 64)}, {Mark: "✅", URL: "https://example.kz/?a=1&b=2"}}}
		case "contact":
			m.Contact = locales.Msg{Key: "Нөмірді бөлісу"}
		case "unkey":
			m.Unkey = true
		case "document":
			m.Document = &handlers.Document{Name: "saqbol-деректер.json", Data: []byte(`{"a":1}`)}
		case "reply":
			m.ReplyTo = in.Message
		case "long":
			m.Text = []locales.Msg{{Key: strings.Repeat("<ж> 🔴 сөз\n", 900)}}
		case "delete":
			r.Delete = message
		case "edit":
			m.Edit = message
		}
		return r, nil
	})
	w := begin(t, handle, settings{})
	p := w.api.NewPerson("Citizen", "kk")
	p.Send("first")
	w.shown(t, p, 1)
	first, _ := p.Last()
	message = first.ID
	for _, text := range []string{"buttons", "contact", "unkey", "document", "reply", "long", "edit", "delete"} {
		p.Send(text)
	}
	w.drained(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.api.Calls() {
		if !c.OK() && c.Method != "getUpdates" { // the last long poll is ended by its successor
			t.Errorf("%s is refused: %s", c.Method, c.Description)
		}
	}
	if n := len(w.api.CallsOf(methodDocument)); n != 1 {
		t.Errorf("%d documents", n)
	}
	if _, standing := p.Last(); !standing || slices.ContainsFunc(p.Messages(), func(m emulator.Message) bool { return m.ID == message }) {
		t.Error("the message that was to be deleted stands")
	}
}

// Group answers follow a group that becomes a supergroup.
func TestMigration(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	p := w.api.NewPerson("Citizen", "ru")
	g := w.api.NewGroup("Family", p)
	hold := w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultCut})
	g.Send(p, "/check 1")
	if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == methodSend }); err != nil {
		t.Fatal(err)
	}
	g.Migrate()
	hold()
	if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool {
		return c.Method == methodSend && c.OK() && c.Fault == "" && c.ChatID == g.ID()
	}); err != nil {
		t.Errorf("%v\n%s", err, w.log)
	}
}

// A press that can't be answered does not hold up the chat for long.
func TestUnansweredPressIsDropped(t *testing.T) {
	s := newScript(t, nil)
	snd := newSender(t.Context(), s.options(t, s.dial(t)))
	flushing(t, snd)
	snd.put(1, &parcel{content: call{Method: methodQuery, Chat: 1, Query: "q", Born: time.Now().Add(-time.Minute)}},
		&parcel{content: call{Method: methodSend, Chat: 1, Text: "too late", Born: time.Now().Add(-25 * time.Hour)}},
		&parcel{content: call{Method: methodSend, Chat: 1, Text: "in time", Born: time.Now().Add(-23 * time.Hour)}})
	if err := snd.lanes.drained(t.Context()); err != nil {
		t.Fatal(err)
	}
	snd.lanes.close()
	if got := s.sent(); !slices.Equal(got, []string{"in time"}) {
		t.Errorf("sent %q", got)
	}
}

func TestOutcomes(t *testing.T) {
	tests := map[string]struct {
		err  error
		want outcome
	}{
		"delivered":      {nil, outcome{}},
		"429":            {fmt.Errorf("x: %w", &tg.TooManyRequestsError{RetryAfter: 7}), outcome{fate: fateWait, wait: 7 * time.Second}},
		"429 of a proxy": {&statusError{429}, outcome{fate: fateLater}},
		"migrated":       {&tg.MigrateError{MigrateToChatID: -100}, outcome{fate: fateMoved, chat: -100}},
		"403":            {fmt.Errorf("%w, x", tg.ErrorForbidden), outcome{fate: fateGone}},
		"400":            {fmt.Errorf("%w, x", tg.ErrorBadRequest), outcome{fate: fateRefused}},
		"403 of a proxy": {&statusError{403}, outcome{fate: fateLater}},
		"400 of a proxy": {&statusError{400}, outcome{fate: fateLater}},
		"413":            {&statusError{413}, outcome{fate: fateRefused}},
		"500":            {&statusError{500}, outcome{fate: fateLater}},
		"401":            {fmt.Errorf("%w, x", tg.ErrorUnauthorized), outcome{fate: fateLater}},
		"no network":     {errors.New("dial tcp: refused"), outcome{fate: fateLater}},
	}
	for name, test := range tests {
		if got := outcomeOf(test.err); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	for tries := range 100 {
		if wait := backoff(tries); wait < 250*time.Millisecond || wait > time.Minute {
			t.Errorf("try %d waits %v", tries, wait)
		}
	}
}

// Every try takes a place of its own in the limits: neither retries nor the end of
// a pause may let more calls out than Telegram takes.
func TestEveryTryIsPaced(t *testing.T) {
	s := newScript(t, nil)
	o := s.options(t, s.dial(t))
	o.Limits = Limits{ChatEvery: time.Microsecond, ChatBurst: 1000, PerSecond: 1, Burst: 1}
	snd := newSender(t.Context(), o)
	flushing(t, snd)
	s.refuse = 500
	p := &parcel{content: call{Method: methodSend, Chat: 1, Text: "x", Born: time.Now()}, since: time.Now()}
	snd.run(1, p)
	tried := s.calls.Load()
	p.after = time.Time{} // the back-off is over
	if after := snd.run(1, p); after.wait <= 0 || s.calls.Load() != tried {
		t.Errorf("a retry goes out at once: %+v", after)
	}
	for chat := range int64(floodChats) {
		snd.flood.refused(chat, time.Hour, time.Now())
	}
	p.reserved, p.at = true, time.Now().Add(-time.Second)
	if after := snd.run(1, p); after.wait < floodLook/2 || p.reserved {
		t.Errorf("a pause leaves the place of before it: %+v, reserved %v", after, p.reserved)
	}
}

// However many chats have to wait, noting one more does not look through them all;
// and those whose time has come are forgotten.
func TestHoldingManyChats(t *testing.T) {
	s := newSender(t.Context(), Options{Log: slog.New(slog.DiscardHandler)})
	now := time.Now()
	looked := 0
	for chat := range int64(20 * firstSweep) {
		if before := s.sweep; len(s.held) >= before {
			looked++
		}
		s.hold(chat, now.Add(time.Hour))
	}
	if looked > 6 || len(s.held) != 20*firstSweep {
		t.Errorf("%d chats, looked through %d times", len(s.held), looked)
	}
	s = newSender(t.Context(), Options{Log: slog.New(slog.DiscardHandler)})
	for chat := range int64(20 * firstSweep) {
		s.hold(chat, now)
	}
	if len(s.held) > firstSweep {
		t.Errorf("%d chats are held whose time has come", len(s.held))
	}
}
