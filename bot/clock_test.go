package bot

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
)

const clockJump = 24 * time.Hour

// setClock is a clock that tests put forward and back; waits are not measured by it.
type setClock struct{ off atomic.Int64 }

func (c *setClock) now() time.Time       { return time.Now().Round(0).Add(time.Duration(c.off.Load())) }
func (c *setClock) jump(d time.Duration) { c.off.Add(int64(d)) }

// An answer that waits for Telegram to come back is given, whatever the clock says
// meanwhile, and so is a press; the bot stays ready.
func TestClockAnswersOutliveAJump(t *testing.T) {
	for _, jump := range []time.Duration{clockJump, -clockJump, 25 * clockJump} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			var clock setClock
			w := begin(t, answers(echo), settings{options: func(o *Options) { o.Clock = clock.now }})
			p := w.api.NewPerson("Citizen", "ru")
			p.Send("hello")
			w.shown(t, p, 1)
			ill := w.api.Fail(emulator.Fault{Kind: emulator.FaultInternal, Chat: p.ID()})
			p.Send("still there?")
			if _, err := w.api.WaitCall(w.ctx, func(c emulator.Call) bool { return c.Method == methodSend && c.Fault == "500" }); err != nil {
				t.Fatal(err)
			}
			clock.jump(jump)
			if err := w.bot.Ready(w.ctx); err != nil {
				t.Errorf("after the jump: %v", err)
			}
			if wait := w.bot.Waiting().AnswerWait; wait > time.Minute {
				t.Errorf("after the jump an answer seems to have waited %v", wait)
			}
			ill()
			got := w.shown(t, p, 2)
			if got[1] != "echo still there?" {
				t.Errorf("the person reads %q", got)
			}
			t.Logf("measured: clock put %v while an answer waited: %d of 2 answers given", jump, len(got))
		})
	}
}

// How old an answer of an earlier run is only the clock can tell: it is given as long
// as it may be younger than a day, and dropped when it can't be.
func TestClockAnswersOfAnEarlierRun(t *testing.T) {
	journal := newMemory()
	for _, row := range []struct {
		text string
		age  time.Duration
	}{
		{"an hour old, the clock a day ahead", time.Hour + clockJump},
		{"an hour old, the clock a day behind", time.Hour - clockJump},
		{"an hour old", time.Hour},
		{"three days old", 3 * clockJump},
	} {
		payload, err := call{Method: methodSend, Chat: 1, Person: 1, Text: row.text, Born: time.Now().Add(-row.age)}.encode()
		if err != nil {
			t.Fatal(err)
		}
		journal.lastRow++
		journal.rows = append(journal.rows, fraud.Outgoing{ID: journal.lastRow, Chat: 1, Payload: payload})
	}
	s := newScript(t, nil)
	snd := newSender(t.Context(), s.options(t, s.dial(t)))
	flushing(t, snd)
	b := newBacklog(journal, snd.log, snd.put)
	if err := b.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := snd.lanes.drained(t.Context()); err != nil {
		t.Fatal(err)
	}
	snd.lanes.close()
	got := s.sent()
	old := slices.ContainsFunc(got, func(text string) bool { return strings.HasPrefix(text, "three") })
	if len(got) != 3 || old {
		t.Errorf("sent %q", got)
	}
	t.Logf("measured: a restart with the clock a day ahead or behind: %d of 3 answers given, one of three days among them: %v", len(got), old)
}

// The limits let nobody wait longer, and no more calls out, when the time they are
// given goes back or ahead. Only a time without a monotonic part could do that.
func TestClockPacer(t *testing.T) {
	for _, jump := range []time.Duration{clockJump, -clockJump} {
		p := newPacer(Limits{})
		now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		k := call{Method: methodSend, Chat: 1}
		longest := waits(p, 8, k, now) // the burst of five, and three that wait
		now = now.Add(jump)
		if wait := p.reserve(call{Method: methodSend, Chat: 2}, now); wait > 0 {
			t.Errorf("%v: another chat waits %v", jump, wait)
		}
		wait := p.reserve(k, now)
		if wait > longest+time.Second {
			t.Errorf("%v: the chat waited %v at most and now %v", jump, longest, wait)
		}
		if sent := 30; waits(p, 3*sent, call{Method: methodQuery, Chat: 3}, now) < time.Second {
			t.Errorf("%v: %d calls go out at once", jump, 3*sent)
		}
		t.Logf("measured: the limits given a time %v away: the longest wait %v, before %v", jump, wait, longest)
	}
}
