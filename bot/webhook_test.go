package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"saqbol/emulator"
	"saqbol/handlers"
	"saqbol/locales"
)

// A wrong secret is refused before anything is read, whatever its length.
func TestTrapWrongSecret(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	for _, secret := range []string{"", "a", testSecret + "x", strings.ToUpper(testSecret), testSecret[:len(testSecret)-1]} {
		if code, _ := w.post(t, secret, `{"update_id":1,"message":`+textFrom(5, "x")+`}`); code != http.StatusUnauthorized {
			t.Errorf("the secret %q is answered %d", secret, code)
		}
	}
	if len(w.journal.letters)+len(w.journal.changes)+len(w.api.CallsOf(methodSend)) != 0 {
		t.Error("an update with a wrong secret had an effect")
	}
	for _, secret := range []string{"", "x"} { // without a secret of its own the bot admits nobody
		b := &Bot{options: Options{}}
		if b.admits(secret) {
			t.Error("a bot without a secret admits everybody")
		}
	}
}

func TestTrapBodyLimit(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	if code, _ := w.post(t, testSecret, strings.Repeat(" ", maxUpdate+1)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("more than 1 MiB is answered %d", code)
	}
	padding := strings.Repeat("a", maxUpdate-300)
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("/start")
	w.shown(t, p, 1)
	if code, _ := w.post(t, testSecret, `{"update_id":1,"x":"`+padding+`","message":`+textFrom(p.ID(), "a")+`}`); code != http.StatusOK {
		t.Errorf("just under 1 MiB is answered %d", code)
	}
}

// What is no update must not come again for ever, and is kept.
func TestWebhookKeepsWhatItCantRead(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	for range 2 {
		if code, _ := w.post(t, testSecret, `{"update_id":`); code != http.StatusOK {
			t.Errorf("broken JSON is answered %d", code)
		}
	}
	if len(w.journal.letters) != 1 {
		t.Errorf("%d dead letters, want 1", len(w.journal.letters))
	}
}

func TestWebhookMethods(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead} {
		r := httptest.NewRequest(method, "/hook", nil)
		r.Header.Set(secretHeader, testSecret)
		got := httptest.NewRecorder()
		w.bot.Webhook().ServeHTTP(got, r)
		if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s is answered %d", method, got.Code)
		}
	}
}

// A lone answer costs no call of ours, unless every answer is to be one.
func TestTrapLoneAnswerRides(t *testing.T) {
	for _, calls := range []bool{false, true} {
		t.Run(fmt.Sprintf("calls %v", calls), func(t *testing.T) {
			w := begin(t, answers(echo), settings{webhook: true, options: func(o *Options) { o.Webhook.Calls = calls }})
			p := w.api.NewPerson("Citizen", "ru")
			p.Send("8 701 123 45 67")
			w.shown(t, p, 1)
			w.drained(t)
			sent := w.api.CallsOf(methodSend)
			if len(sent) != 1 || sent[0].InWebhook == calls || !sent[0].OK() {
				t.Fatalf("calls %+v, want one, inside the delivery %v", sent, !calls)
			}
			if preview, ok := sent[0].Params["link_preview_options"].(map[string]any); !ok || preview["is_disabled"] != true {
				t.Errorf("the call is %v", sent[0].Params)
			}
		})
	}
}

// What needs to know how a call went is called: several messages, an anchor, an
// edit, a document, and whatever stands in the outbox.
func TestOnlyLoneAnswersRide(t *testing.T) {
	replies := map[string]func() handlers.Reply{
		"two messages": func() handlers.Reply {
			r := say("a")
			r.Messages = append(r.Messages, say("b").Messages...)
			return r
		},
		"an anchor": func() handlers.Reply {
			r := say("a")
			r.Messages[0].Anchor = true
			return r
		},
		"a document": func() handlers.Reply {
			r := say("a")
			r.Messages[0].Document = &handlers.Document{Name: "export.json", Data: []byte("{}")}
			return r
		},
		"a committed answer": func() handlers.Reply { return saying("a") },
	}
	for name, reply := range replies {
		t.Run(name, func(t *testing.T) {
			w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) { return reply(), nil }), settings{webhook: true})
			p := w.api.NewPerson("Citizen", "ru")
			p.Send("x")
			w.shown(t, p, len(reply().Messages))
			w.drained(t)
			for _, c := range append(w.api.CallsOf(methodSend), w.api.CallsOf(methodDocument)...) {
				if c.InWebhook || !c.OK() {
					t.Errorf("%s: in the delivery %v, answered %d %s", c.Method, c.InWebhook, c.Code, c.Description)
				}
			}
		})
	}
}

// Of an answer that rides nobody learns what became of it: after a failed call
// none rides until Telegram has been well for a while.
func TestNoAnswerRidesInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{webhook: true, rides: true}
		b.open(t, answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
			if in.Text == "file" {
				return filing(ctx, in)
			}
			return echo(ctx, in)
		}))
		p := b.api.NewPerson("Citizen", "ru")
		rode := func() (n int) {
			for _, c := range b.api.CallsOf(methodSend) {
				if c.InWebhook {
					n++
				}
			}
			return n
		}
		say := func(text string, answers int) {
			t.Helper()
			p.Send(text)
			b.until(t, text, func() bool { return len(texts(p)) == answers && b.api.Pending() == 0 })
		}
		say("well", 1)
		if rode() != 1 {
			t.Fatalf("%d answers ride, want 1", rode())
		}
		b.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultInternal, Times: 1})
		say("file", 2) // its answer is a call, and fails once
		say("ill", 3)
		if rode() != 1 {
			t.Errorf("an answer rides in trouble: %d", rode())
		}
		b.pass(2 * wary)
		say("well again", 4)
		if rode() != 2 {
			t.Errorf("%d answers ride, want 2", rode())
		}
	})
}

// A delivery that is given up costs no answer.
func TestAnswerOfALostDelivery(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
		if in.Text == "wait" {
			close(asked)
			<-release
		}
		return say(in.Text), nil
	})
	w := begin(t, handle, settings{webhook: true})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("hello")
	w.shown(t, p, 1)
	ctx, cancel := context.WithCancel(w.ctx)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/hook", strings.NewReader(fmt.Sprintf(`{"update_id":7,"message":%s}`, textFrom(p.ID(), "wait"))))
	r.Header.Set(secretHeader, testSecret)
	got := httptest.NewRecorder()
	left := make(chan struct{})
	go func() {
		w.bot.Webhook().ServeHTTP(got, r)
		close(left)
	}()
	<-asked
	cancel()
	<-left
	if got.Code != http.StatusServiceUnavailable {
		t.Errorf("a delivery that was given up is answered %d", got.Code)
	}
	close(release)
	if texts := w.shown(t, p, 2); !slices.Equal(texts, []string{"hello", "wait"}) {
		t.Errorf("the person reads %q", texts)
	}
}

// More than the bot can take is sent back, so that Telegram keeps it.
func TestOverload(t *testing.T) {
	asked, release := make(chan struct{}, 9), make(chan struct{})
	handle := answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
		asked <- struct{}{}
		<-release
		return echo(ctx, in)
	})
	w := begin(t, handle, settings{webhook: true, options: func(o *Options) { o.Bounds.Updates = 1 }})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("one")
	<-asked
	if code, _ := w.post(t, testSecret, `{"update_id":7,"message":`+textFrom(5, "x")+`}`); code != http.StatusServiceUnavailable {
		t.Errorf("one update too many is answered %d", code)
	}
	if err := w.bot.Ready(w.ctx); err == nil {
		t.Error("a full bot says it is ready")
	}
	p.Send("two")
	close(release)
	w.drained(t)
	if got := w.shown(t, p, 2); !slices.Equal(got, []string{"echo one", "echo two"}) {
		t.Errorf("the person reads %q", got)
	}
}

func TestWebhookOutsideRun(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	if err := w.bot.Ready(w.ctx); err != nil && w.api.Pending() == 0 { // ready once the webhook is set
		if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == "setWebhook" }); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if code, _ := w.post(t, testSecret, `{"update_id":7,"message":`+textFrom(5, "x")+`}`); code != http.StatusServiceUnavailable {
		t.Errorf("after the stop an update is answered %d", code)
	}
	if err := w.bot.Ready(w.ctx); err == nil {
		t.Error("after the stop the bot says it is ready")
	}
}

// Telegram may deliver before it has answered that the webhook is set: a bot that
// answers updates is ready.
func TestReadyOnceUpdatesCome(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true, api: func(api *emulator.Server) {
		api.Fail(emulator.Fault{Method: "setWebhook", Kind: emulator.FaultHang, Applied: true})
	}})
	if err := w.bot.Ready(w.ctx); err == nil {
		t.Error("nothing has come, and the bot says it is ready")
	}
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("x")
	w.shown(t, p, 1)
	if err := w.bot.Ready(w.ctx); err != nil {
		t.Error(err)
	}
}

func TestSetWebhook(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	c, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == "setWebhook" })
	if err != nil {
		t.Fatal(err)
	}
	params, err := json.Marshal(c.Params)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"allowed_updates":["message","edited_message","callback_query","my_chat_member"]`, `"max_connections":40`, `"secret_token":"` + testSecret + `"`, `/hook"`} {
		if !strings.Contains(string(params), want) {
			t.Errorf("setWebhook with %s, want %s", params, want)
		}
	}
}

// A pressed button whose answer fails at first is answered before the message.
func TestPressIsAnsweredFirst(t *testing.T) {
	modes(t, func(t *testing.T, webhook bool) {
		handle := answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
			r := say("choose")
			if in.Kind == handlers.KindButton {
				r = saying("chosen " + in.Button)
				r.Toast = locales.Msg{Key: "noted"}
				r.Messages[0].Edit = in.Message
				return r, nil
			}
			r.Messages[0].Buttons = [][]handlers.Button{{{Label: locales.Msg{Key: "yes"}, Data: "r:yes"}}}
			return r, nil
		})
		w := begin(t, handle, settings{webhook: webhook})
		p := w.api.NewPerson("Citizen", "ru")
		p.Send("x")
		w.shown(t, p, 1)
		w.api.Fail(emulator.Fault{Method: methodQuery, Times: 1, Kind: emulator.FaultCut})
		first, _ := p.Last()
		if err := p.Press(first.ID, "yes"); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Wait(w.ctx, func(m []emulator.Message) bool { return m[len(m)-1].Text == "chosen r:yes" }); err != nil {
			t.Fatal(err)
		}
		w.drained(t)
		// The emulator shows an effect a little before it lists the call.
		if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == methodEdit }); err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, c := range w.api.Calls() {
			if c.Fault == "" && (c.Method == methodQuery || c.Method == methodEdit) {
				order = append(order, c.Method)
			}
		}
		if !slices.Equal(order, []string{methodQuery, methodEdit}) {
			t.Errorf("calls %v", order)
		}
		if toasts := p.Toasts(); len(toasts) != 1 || toasts[0].Text != "noted" {
			t.Errorf("toasts %+v", toasts)
		}
	})
}
