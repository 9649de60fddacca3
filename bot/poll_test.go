package bot

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/handlers"
)

// An update that takes long holds up neither the others nor, once they are done,
// their acknowledgement longer than needed.
func TestSlowUpdateHoldsUpNobody(t *testing.T) {
	release := make(chan struct{})
	handle := answers(func(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
		if in.Text == "slow" {
			<-release
		}
		return echo(ctx, in)
	})
	w := begin(t, handle, settings{})
	slow, other := w.api.NewPerson("Slow", "ru"), w.api.NewPerson("Other", "ru")
	slow.Send("slow")
	for i := range 5 {
		other.Send("x")
		w.shown(t, other, i+1)
	}
	if n := len(texts(slow)); n != 0 {
		t.Fatal("the slow update was not slow")
	}
	if n := w.api.Confirmed(); n > 100_000_001 {
		t.Errorf("the offset moved to %d, past an update that is not done with", n)
	}
	close(release)
	w.drained(t)
	if got := w.shown(t, slow, 1); got[0] != "echo slow" {
		t.Errorf("the person reads %q", got)
	}
	if n := len(texts(other)); n != 5 {
		t.Errorf("looking for news again gave %d answers, want 5", n)
	}
	polls := len(w.api.CallsOf("getUpdates"))
	if polls > 60 {
		t.Errorf("%d requests for updates: that is a busy loop", polls)
	}
}

// An update without an id says nothing of how many ids it took: the one behind it
// is not acknowledged with it.
func TestOffsetStopsBeforeWhatIsNotDone(t *testing.T) {
	done := make(chan struct{})
	close(done)
	p := &poller{window: []*entry{{id: 10, done: done}, {id: -7, done: done}, {id: 11, done: make(chan struct{})}}}
	p.advance()
	if p.offset != 11 || len(p.window) != 1 {
		t.Errorf("the offset is %d with %d updates left, want 11 with the one that is not done", p.offset, len(p.window))
	}
	p.window[0].done = done
	p.advance()
	if p.offset != 12 || len(p.window) != 0 {
		t.Errorf("the offset is %d with %d updates left, want 12 with none", p.offset, len(p.window))
	}
}

// Failures of the server are waited out.
func TestPollingRecovers(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.FaultBadGateway, emulator.FaultInternal, emulator.FaultCut, emulator.FaultBadJSON, emulator.FaultTooMany} {
		t.Run(kind.String(), func(t *testing.T) {
			w := begin(t, answers(echo), settings{api: func(s *emulator.Server) {
				s.Fail(emulator.Fault{Method: "getUpdates", Times: 1, Kind: kind})
			}})
			p := w.api.NewPerson("Citizen", "ru")
			p.Send("x")
			w.shown(t, p, 1)
			if n := w.log.count("no updates can be had now"); n != 1 {
				t.Errorf("%d lines about it, want 1:\n%s", n, w.log)
			}
		})
	}
}

// A webhook of an earlier run is ended before polling begins.
func TestPollingEndsTheWebhook(t *testing.T) {
	w := begin(t, answers(echo), settings{webhook: true})
	if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == "setWebhook" }); err != nil {
		t.Fatal(err)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	o := w.bot.options
	o.Webhook = Webhook{}
	again, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.bot = again
	w.start(t)
	p := w.api.NewPerson("Citizen", "ru")
	p.Send("x")
	w.shown(t, p, 1)
}

// Two programs on one token: it is said once, clearly, and tried on.
func TestConflict(t *testing.T) {
	w := begin(t, answers(echo), settings{})
	for w.bot.Ready(w.ctx) != nil && w.ctx.Err() == nil {
		sleep(w.ctx, time.Millisecond)
	}
	p := newPoller(w.bot)
	for range 3 {
		if wait := p.failed((envelope{Code: 409, Description: "Conflict: terminated by other getUpdates request"}).refusal(), 0); wait < 5*time.Second {
			t.Errorf("a conflict is tried again after %v", wait)
		}
	}
	if n := w.log.count("another program polls"); n != 1 {
		t.Errorf("%d lines, want one", n)
	}
	if err := w.bot.Ready(w.ctx); err == nil || !w.bot.Health().Conflict {
		t.Error("a bot whose updates go elsewhere says it is ready")
	}
	w.bot.health.polled(time.Now())
	if err := w.bot.Ready(w.ctx); err != nil {
		t.Errorf("after the conflict: %v", err)
	}
}

// A token that Telegram no longer knows ends the run.
func TestPollingWithARefusedToken(t *testing.T) {
	for _, code := range []int{401, 404} {
		s := newScript(t, nil)
		client := s.dial(t)
		s.refuse = code
		b, err := New(s.options(t, client))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Run(t.Context()); !errors.Is(err, ErrToken) || strings.Contains(err.Error(), "a_token") {
			t.Errorf("%d: Run returns %v", code, err)
		}
		if n := s.calls.Load(); n > 2 { // who it is, and to end the webhook
			t.Errorf("%d: %d calls with a token that is refused", code, n)
		}
	}
}

// A batch too big to read is asked for in smaller pieces.
func TestPollingShrinksItsBatches(t *testing.T) {
	s := newScript(t, nil)
	b, err := New(s.options(t, s.dial(t)))
	if err != nil {
		t.Fatal(err)
	}
	p := newPoller(b)
	s.big = true
	var limits []int
	for range 3 {
		if _, err := p.fetch(t.Context()); !errors.Is(err, errTooLong) {
			t.Fatalf("more than %d bytes: %v", maxBatch, err)
		}
		limits = append(limits, p.limit)
	}
	if !slices.Equal(limits, []int{10, 1, 1}) {
		t.Errorf("asked for %v updates at once", limits)
	}
}

// An update that no decoder takes, because it is nested too deep, costs itself
// alone: the batches shrink until it stands alone, and its id is read off its
// beginning.
func TestPollingPassesAnUpdateThatIsTooDeep(t *testing.T) {
	deep := `[{"update_id":7,"zz":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}]`
	s := newScript(t, []string{deep, deep, deep, `[{"update_id":8,"message":` + textFrom(1, "next") + `}]`})
	b, err := New(s.options(t, s.dial(t)))
	if err != nil {
		t.Fatal(err)
	}
	p := newPoller(b)
	for range 2 {
		if batch, err := p.fetch(t.Context()); err == nil {
			t.Fatalf("the batch was decoded: %d", len(batch))
		}
	}
	batch, err := p.fetch(t.Context())
	if err != nil || len(batch) != 1 {
		t.Fatalf("alone: %d updates, %v", len(batch), err)
	}
	if a := decode(batch[0]); a.id != 7 || !a.named || a.err == nil {
		t.Errorf("it arrives as %d, named %v, %v", a.id, a.named, a.err)
	}
	if p.limit != batchSize {
		t.Errorf("afterwards %d are asked for at once", p.limit)
	}
}

// A too deep update among good ones costs itself, and the others are answered
// without a wait.
func TestPollingPassesATooDeepUpdateAmongOthers(t *testing.T) {
	deep := `{"update_id":8,"zz":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`
	before := `{"update_id":7,"message":` + textFrom(1, "before") + `}`
	after := `{"update_id":9,"message":` + textFrom(1, "after") + `}`
	all := "[" + before + "," + deep + "," + after + "]"
	rest := "[" + deep + "," + after + "]"
	s := newScript(t, []string{all, all, "[" + before + "]", rest, rest, "[" + deep + "]", "[" + after + "]"})
	s.finish(t)
	if got := s.sent(); !slices.Equal(got, []string{"echo before", "echo after"}) {
		t.Errorf("sent %q", got)
	}
	if n := len(s.journal.letters); n != 1 {
		t.Errorf("%d dead letters, want 1", n)
	}
}

// An answer that is no JSON and names no update passes nothing.
func TestPollingPassesNothingForRubbish(t *testing.T) {
	for _, answer := range []string{"", "<html>[{\"update_id\":7}]", `{"ok":true,"result":[{"x":1}]`, `{"ok":true,"result":[`} {
		if raw, ok := loneUpdate([]byte(answer)); ok {
			t.Errorf("%q gives %q", answer, raw)
		}
	}
}

// What is asked for again because it was still being handled, and is acknowledged
// while it is on its way, has come once.
func TestPolledAgainIsNoSecondDelivery(t *testing.T) {
	m := newTally()
	w := begin(t, answers(echo), settings{options: func(o *Options) { o.Meter = m }})
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	p := newPoller(w.bot)
	e, _ := w.bot.recent.begin(5)
	p.window = append(p.window, e)
	w.bot.recent.acknowledge(e)
	p.take(w.ctx, []json.RawMessage{json.RawMessage(`{"update_id":5,"message":{}}`)})
	if p.wait(w.ctx, time.Minute); p.offset != 6 || m.String() != "" {
		t.Errorf("the offset is %d, want 6; the meter heard %q", p.offset, m)
	}
}
