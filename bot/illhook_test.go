package bot

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/emulator"
	"saqbol/handlers"
	"saqbol/locales"
)

// breaking stands before the webhook like a web server that loses the bot's
// responses: the update has arrived, and Telegram sees no 2xx.
type breaking struct {
	hook http.Handler
	how  func(w http.ResponseWriter, r *http.Request)
	left int // so many responses are lost; of one chat's lane alone, so nothing guards it
	seen []int
}

func (b *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := httptest.NewRecorder()
	b.hook.ServeHTTP(got, r)
	b.seen = append(b.seen, got.Code)
	if b.left > 0 {
		b.left--
		b.how(w, r)
		return
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes())
}

// The bot's response is lost on its way back, so Telegram delivers the update
// again: the person has the answer, once, and the update one effect.
func TestIllResponsesAreLost(t *testing.T) {
	lose := map[string]func(http.ResponseWriter, *http.Request){
		"the connection breaks": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a page of the proxy":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) },
		"the proxy is too slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, // Telegram has given up
	}
	for name, how := range lose {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				proxy := &breaking{how: how, left: 6}
				b := &bubble{webhook: true, front: func(hook http.Handler) http.Handler { proxy.hook = hook; return proxy }}
				b.open(t, answers(filing))
				p := b.api.NewPerson("Citizen", "ru")
				want := []string{"check", "file", "check again"}
				for _, text := range want {
					p.Send(text)
				}
				b.until(t, "every update is acknowledged", func() bool { return b.api.Pending() == 0 })
				var echoes []string
				for _, text := range want {
					echoes = append(echoes, "echo "+text)
				}
				if got := texts(p); !slices.Equal(got, echoes) {
					t.Errorf("the person reads %q, want %q", got, echoes)
				}
				if n := len(b.journal.changes); n != 1 {
					t.Errorf("%d changes are committed, want 1", n)
				}
				if len(proxy.seen) != len(want)+6 {
					t.Errorf("the updates were delivered %d times, want %d", len(proxy.seen), len(want)+6)
				}
				t.Logf("measured: 6 responses of a webhook lost: %d deliveries of %d updates, %d answers, %d twice",
					len(proxy.seen), len(want), len(texts(p)), len(texts(p))-len(want))
			})
		})
	}
}

// Several deliveries of one plain check at the same time have one answer between
// them, in one of the responses where answers ride.
func TestIllDeliveriesTogether(t *testing.T) {
	for _, calls := range []bool{true, false} {
		t.Run(fmt.Sprintf("calls %v", calls), func(t *testing.T) { deliverTogether(t, calls) })
	}
}

func deliverTogether(t *testing.T, calls bool) {
	asked, release := make(chan struct{}, 9), make(chan struct{})
	handle := answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
		if in.Text == "check" {
			asked <- struct{}{}
			<-release
		}
		return echo(ctx, in)
	})
	w := begin(t, handle, settings{webhook: true, options: func(o *Options) { o.Webhook.Calls = calls }})
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("hello")
	w.drained(t)
	update := fmt.Sprintf(`{"update_id":77,"message":%s}`, textFrom(p.ID(), "check"))
	type response struct {
		code int
		body string
	}
	got := make(chan response, 3)
	for range 3 {
		go func() {
			code, body := w.post(t, testSecret, update)
			got <- response{code, body}
		}()
	}
	<-asked
	close(release)
	carried := 0
	for range 3 {
		r := <-got
		if r.code != http.StatusOK {
			t.Errorf("a delivery was answered %d %q", r.code, r.body)
		}
		if strings.Contains(r.body, "echo check") {
			carried++
		}
	}
	if len(asked) != 0 {
		t.Error("the handler was asked twice")
	}
	if calls {
		if got := w.shown(t, p, 2); carried != 0 || !slices.Equal(got, []string{"echo hello", "echo check"}) {
			t.Errorf("%d responses carry the answer, and the person reads %q", carried, got)
		}
	} else if got := texts(p); carried != 1 || len(got) != 1 {
		t.Errorf("%d responses carry the answer, and the person reads %q besides", carried, got)
	}
}

// A pressed button that may not be answered for an hour does not hold up the
// message behind it.
func TestIllPressesHoldUpNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.open(t, answers(func(_ context.Context, in handlers.Input) (handlers.Reply, error) {
			r := say("choose")
			if in.Kind == handlers.KindButton {
				return saying("chosen"), nil
			}
			r.Messages[0].Buttons = [][]handlers.Button{{{Label: locales.Msg{Key: "yes"}, Data: "r:yes"}}}
			return r, nil
		}))
		p := b.api.NewPerson("Citizen", "ru")
		p.Send("x")
		b.until(t, "there is something to press", func() bool { _, ok := p.Last(); return ok })
		b.api.Fail(emulator.Fault{Method: methodQuery, Kind: emulator.FaultTooMany, RetryAfter: 3600})
		pressed := time.Now()
		first, _ := p.Last()
		if err := p.Press(first.ID, "yes"); err != nil {
			t.Fatal(err)
		}
		b.until(t, "the answer to the press", func() bool { last, _ := p.Last(); return last.Text == "chosen" })
		if took := time.Since(pressed); took > 5*time.Second {
			t.Errorf("the message behind the press came after %v", took)
		}
	})
}
