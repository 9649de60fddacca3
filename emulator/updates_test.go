package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// poll calls getUpdates in the background.
func (b *bot) poll(ctx context.Context, p args) <-chan answer {
	b.t.Helper()
	body, err := json.Marshal(p)
	if err != nil {
		b.t.Fatal(err)
	}
	done := make(chan answer, 1)
	go func() {
		// A poll that the test breaks off answers with the zero value.
		a, _ := b.try(ctx, "/bot"+b.s.Token()+"/getUpdates", "application/json", bytes.NewReader(body))
		done <- a
	}()
	return done
}

// polling waits until a poll is in force other than the one before.
func (b *bot) polling(before *poller) *poller {
	b.t.Helper()
	ctx := soon(b.t)
	for ctx.Err() == nil {
		b.s.mu.Lock()
		now := b.s.queue.poller
		b.s.mu.Unlock()
		if now != nil && now != before {
			return now
		}
		b.s.pause(ctx, time.Millisecond)
	}
	b.t.Fatal("no poll began")
	return nil
}

func ids(t *testing.T, a answer) []int64 {
	t.Helper()
	var updates []struct {
		ID int64 `json:"update_id"`
	}
	if err := json.Unmarshal(a.Result, &updates); err != nil {
		t.Fatalf("%v in %+v", err, a)
	}
	out := []int64{}
	for _, u := range updates {
		out = append(out, u.ID)
	}
	return out
}

func TestOffsets(t *testing.T) {
	b := newBot(t, Options{FirstUpdateID: 10})
	p := b.s.NewPerson("Person", "kk")
	for range 5 {
		p.Send("x")
	}
	for _, step := range []struct {
		params    args
		want      string
		pending   int
		confirmed int64
	}{
		{args{}, "[10,11,12,13,14]", 5, 0},
		{args{"limit": 2}, "[10,11]", 5, 0},
		{args{"limit": 0}, "[10,11,12,13,14]", 5, 0},
		{args{"offset": 11}, "[11,12,13,14]", 4, 11},
		{args{"offset": 5}, "[11,12,13,14]", 4, 11},
		{args{"offset": -2}, "[13,14]", 2, 13},
		{args{"offset": -100}, "[13,14]", 2, 13},
		{args{"offset": 15}, "[]", 0, 15},
	} {
		a := b.call("getUpdates", step.params)
		got, _ := json.Marshal(ids(t, a))
		if string(got) != step.want || b.s.Pending() != step.pending || b.s.Confirmed() != step.confirmed {
			t.Errorf("%v: got %s, %d pending, %d confirmed; want %+v", step.params, got, b.s.Pending(), b.s.Confirmed(), step)
		}
	}
}

func TestLongPollWakes(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	done := b.poll(soon(t), args{"timeout": 50})
	b.polling(nil)
	p.Send("x")
	if got := ids(t, <-done); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	begin := time.Now()
	if got := ids(t, b.call("getUpdates", args{"timeout": 1, "offset": 1 << 40})); len(got) != 0 || time.Since(begin) < time.Second {
		t.Errorf("an empty poll of one second gave %v after %v", got, time.Since(begin))
	}
}

func TestTwoPollers(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	first := b.poll(soon(t), args{"timeout": 50})
	before := b.polling(nil)
	second := b.poll(soon(t), args{"timeout": 50})
	b.polling(before)
	if a := <-first; a.Code != 409 || a.Description != "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running" {
		t.Errorf("the older poll: %+v", a)
	}
	p.Send("x")
	if got := ids(t, <-second); len(got) != 1 {
		t.Errorf("the newer poll: %v", got)
	}
	third := b.poll(soon(t), args{"timeout": 50, "offset": 1 << 40})
	b.polling(nil)
	b.must("setWebhook", args{"url": "http://127.0.0.1:9/"}, nil)
	if a := <-third; a.Code != 409 || !strings.Contains(a.Description, "terminated by setWebhook request") {
		t.Errorf("with a webhook: %+v", a)
	}
	b.refused("getUpdates", args{}, 409, "can't use getUpdates method while webhook is active")
	b.must("deleteWebhook", nil, nil)
	b.must("getUpdates", nil, nil)
}

// TestABrokenPollLosesNothing: what was handed to a caller who went away is
// there for the next.
func TestABrokenPollLosesNothing(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	ctx, cancel := context.WithCancel(t.Context())
	gone := b.poll(ctx, args{"timeout": 50})
	b.polling(nil)
	cancel()
	<-gone
	p.Send("x")
	if got := ids(t, b.call("getUpdates", args{"timeout": 5})); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestAllowedUpdates(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	do := func() int {
		id := p.Send("x")
		_ = p.EditMessage(id, "y")
		p.Block()
		p.Unblock()
		return len(b.updates())
	}
	if got := do(); got != 4 {
		t.Errorf("by default: %d updates", got)
	}
	b.must("getUpdates", args{"allowed_updates": []string{"message", "no_such_kind"}}, nil)
	if got := do(); got != 1 {
		t.Errorf("messages only, remembered: %d updates", got)
	}
	b.must("getUpdates", args{"allowed_updates": []string{}}, nil)
	if got := do(); got != 4 {
		t.Errorf("back to the default: %d updates", got)
	}
}

func TestPushAndRedeliver(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	b.s.Redeliver(true)
	p.Send("x")
	id, err := b.s.Push([]byte(`{"message":{"message_id":"poison","chat":{"id":7}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.s.Push([]byte(`[]`)); err == nil {
		t.Error("an array was taken as an update")
	}
	for round, want := range []int{2, 2, 0} {
		a := <-b.poll(soon(t), args{"offset": id + 1 - 2*boolInt(round == 0)}) // unchecked: it holds the poison
		got := ids(t, a)
		if len(got) != want {
			t.Errorf("round %d: %v", round, got)
		}
		if want > 0 && (got[1] != id || !strings.Contains(string(a.Result), `"poison"`)) {
			t.Errorf("round %d: %s", round, a.Result)
		}
	}
	if err := b.s.Drained(soon(t)); err != nil {
		t.Error(err)
	}
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestWaiting(t *testing.T) {
	b := newBot(t, Options{})
	p := b.s.NewPerson("Person", "kk")
	id := p.Send("/start")
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Answer(short, id); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := b.s.Drained(short); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := b.s.WaitCall(short, func(Call) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	answered := make(chan Message, 1)
	called := make(chan Call, 1)
	ctx := soon(t)
	go func() { m, _ := p.Answer(ctx, id); answered <- m }()
	go func() {
		c, _ := b.s.WaitCall(ctx, func(c Call) bool { return c.Method == "sendMessage" })
		called <- c
	}()
	sent := b.send(args{"chat_id": p.ID(), "text": "Сәлем"})
	if m := <-answered; m.ID != sent || m.Text != "Сәлем" {
		t.Errorf("answered %+v", m)
	}
	if c := <-called; !c.OK() || c.ChatID != p.ID() || c.Params["text"] != "Сәлем" {
		t.Errorf("called %+v", c)
	}
	if c, err := b.s.WaitCall(ctx, func(c Call) bool { return c.Method == "sendMessage" }); err != nil || c.Seq == 0 {
		t.Errorf("a call of the past: %+v, %v", c, err)
	}
	b.s.Close()
	if _, err := p.Answer(ctx, sent); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}
