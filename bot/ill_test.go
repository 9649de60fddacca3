package bot

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/handlers"
)

const (
	patients = 24 // people who write to the bot while Telegram is ill
	illness  = time.Hour
)

// filing files what begins with "file" and answers everything else without an effect.
func filing(ctx context.Context, in handlers.Input) (handlers.Reply, error) {
	if strings.HasPrefix(in.Text, "file") {
		return saying("echo " + in.Text), nil
	}
	return echo(ctx, in)
}

// ward is a bubble with people in it and what each of them wrote, when.
type ward struct {
	*bubble
	people []*emulator.Person
	wrote  map[int64][]string // by person, in order
	at     map[string]time.Time
	random *rand.Rand
}

func admit(t *testing.T, b *bubble) *ward {
	w := &ward{bubble: b, wrote: map[int64][]string{}, at: map[string]time.Time{}, random: rand.New(rand.NewPCG(1, 2))}
	b.open(t, answers(filing))
	for range patients {
		w.people = append(w.people, b.api.NewPerson("Citizen", "ru"))
	}
	return w
}

// write has a person write something that nobody wrote before.
func (w *ward) write(p *emulator.Person) {
	text := fmt.Sprintf("check %d", len(w.at))
	if w.random.IntN(2) == 0 {
		text = fmt.Sprintf("file %d", len(w.at))
	}
	w.at[text] = time.Now()
	w.wrote[p.ID()] = append(w.wrote[p.ID()], text)
	p.Send(text)
}

// day has everybody write now and then for so long, three messages at once at times.
func (w *ward) day(long time.Duration) {
	times := time.Duration(60)
	if racing {
		times = 12
	}
	for range times {
		w.pass(long / times)
		for range 3 {
			p := w.people[w.random.IntN(len(w.people))]
			for range 1 + 2*w.random.IntN(2) {
				w.write(p)
			}
		}
	}
}

// chart is what became of the answers.
type chart struct {
	calls   int
	heard   map[string]int           // by text, the calls that took effect and were seen to
	shown   map[string]int           // by text, how often it stands in a chat
	delay   map[string]time.Duration // by text, until the answer was there
	doubles int                      // copies of answers beyond the first
	lost    int                      // calls that took effect while their answer was lost
}

func (w *ward) chart(applied bool) chart {
	c := chart{heard: map[string]int{}, shown: map[string]int{}, delay: map[string]time.Duration{}}
	for _, call := range w.api.CallsOf(methodSend) {
		c.calls++
		said, _ := call.Params["text"].(string)
		text := strings.TrimPrefix(said, "echo ")
		switch {
		case call.Fault == "" && call.OK():
			c.heard[text]++
		case applied && call.Fault != "":
			c.lost++
		default:
			continue
		}
		if _, known := c.delay[text]; !known {
			c.delay[text] = call.Time.Sub(w.at[text])
		}
	}
	for _, p := range w.people {
		for _, text := range texts(p) {
			c.shown[strings.TrimPrefix(text, "echo ")]++
		}
	}
	for _, n := range c.shown {
		c.doubles += n - 1
	}
	return c
}

// recovered waits until everything is acknowledged, sent and forgotten.
func (w *ward) recovered(t *testing.T) {
	t.Helper()
	w.until(t, "everything is sent", func() bool {
		h := w.bot.Health()
		return w.api.Pending() == 0 && h.Updates == 0 && h.Answers == 0 && w.journal.waiting() == 0
	})
}

// complete checks that a person has every answer to what they wrote, in order, and
// none more often than calls took effect.
func (w *ward) complete(t *testing.T, c chart, p *emulator.Person, missing ...string) {
	t.Helper()
	var want []string
	for _, text := range w.wrote[p.ID()] {
		if slices.Contains(missing, text) {
			continue
		}
		want = append(want, "echo "+text)
		if c.heard[text] != 1 {
			t.Errorf("the answer to %q was heard to arrive %d times, want 1", text, c.heard[text])
		}
	}
	if got := slices.Compact(texts(p)); !slices.Equal(got, want) {
		t.Errorf("a person reads\n%q, want\n%q", got, want)
	}
}

// sickness is a way in which Telegram is ill for an hour, or for some calls of each
// chat.
type sickness struct {
	fault  emulator.Fault
	spells int // how many calls of each chat fail; 0 = all in the hour

}

// sicknesses are what can be wrong. The calls that take effect while their answer
// is lost come in spells: a bot that hears nothing can't but say it again.
func sicknesses() map[string]sickness {
	return map[string]sickness{
		"429 half a minute":   {fault: emulator.Fault{Kind: emulator.FaultTooMany, RetryAfter: 30}},
		"429 an hour":         {fault: emulator.Fault{Kind: emulator.FaultTooMany, RetryAfter: 3600}, spells: 1},
		"500":                 {fault: emulator.Fault{Kind: emulator.FaultInternal}},
		"502 with a page":     {fault: emulator.Fault{Kind: emulator.FaultBadGateway}},
		"hangs":               {fault: emulator.Fault{Kind: emulator.FaultHang}},
		"cut before":          {fault: emulator.Fault{Kind: emulator.FaultCut}},
		"cut after":           {fault: emulator.Fault{Kind: emulator.FaultCut, Applied: true}, spells: 2},
		"hangs after":         {fault: emulator.Fault{Kind: emulator.FaultHang, Applied: true}, spells: 2},
		"500 after":           {fault: emulator.Fault{Kind: emulator.FaultInternal, Applied: true}, spells: 2},
		"bad JSON":            {fault: emulator.Fault{Kind: emulator.FaultBadJSON}},
		"bad JSON afterwards": {fault: emulator.Fault{Kind: emulator.FaultBadJSON, Applied: true}, spells: 2},
	}
}

// round is what several runs of a test come to.
type round struct {
	runs, calls, asked, answered, doubles, lost int
	worst                                       time.Duration
}

func (r *round) add(c chart, asked int, worst time.Duration) {
	r.runs, r.calls, r.asked, r.answered = r.runs+1, r.calls+c.calls, r.asked+asked, r.answered+len(c.shown)
	r.doubles, r.lost, r.worst = r.doubles+c.doubles, r.lost+c.lost, max(r.worst, worst)
}

// String is what a run, or several, came to.
func (r *round) String() string {
	return fmt.Sprintf("%d hours of illness, %d calls, %d of %d answers arrived in order, %d twice where %d replies were lost",
		r.runs, r.calls, r.answered, r.asked, r.doubles, r.lost)
}

// everySickness runs a test for each of them.
func everySickness(t *testing.T, test func(t *testing.T, w *ward, s sickness, sum *round)) {
	sum := &round{}
	for _, name := range slices.Sorted(maps.Keys(sicknesses())) {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) { test(t, admit(t, b), sicknesses()[name], sum) })
		})
	}
	who := "everybody"
	if sum.worst > 0 {
		who = fmt.Sprintf("one chat (others waited %v at most)", sum.worst.Round(100*time.Millisecond))
	}
	t.Logf("measured: ill for %s: %v", who, sum)
}

// While Telegram is ill for one chat, nobody else waits, and that chat has every
// answer in the end.
func TestIllForOneChat(t *testing.T) {
	everySickness(t, func(t *testing.T, w *ward, s sickness, sum *round) {
		w.day(time.Minute)
		ill := w.people[0]
		s.fault.Chat, s.fault.Times = ill.ID(), s.spells
		heal := w.api.Fail(s.fault)
		w.write(ill)
		w.day(illness)
		heal()
		w.day(time.Minute)
		w.recovered(t)
		c := w.chart(s.fault.Applied)
		var worst time.Duration
		for _, p := range w.people {
			w.complete(t, c, p)
			for _, text := range w.wrote[p.ID()] {
				if p != ill {
					worst = max(worst, c.delay[text])
				}
			}
		}
		if worst > 5*time.Second {
			t.Errorf("somebody else waited %v", worst)
		}
		if c.doubles > c.lost {
			t.Errorf("%d answers came twice, %d calls took effect unheard", c.doubles, c.lost)
		}
		sum.add(c, len(w.at), worst)
	})
}

// While Telegram is ill for everybody, calls for updates too, nothing is lost.
func TestIllForEverybody(t *testing.T) {
	everySickness(t, func(t *testing.T, w *ward, s sickness, sum *round) {
		w.day(time.Minute)
		var heal []func()
		if s.spells == 0 {
			heal = append(heal, w.api.Fail(s.fault))
		} else {
			for _, p := range w.people {
				s.fault.Chat, s.fault.Times = p.ID(), s.spells
				heal = append(heal, w.api.Fail(s.fault))
			}
		}
		w.day(illness)
		for _, well := range heal {
			well()
		}
		w.day(time.Minute)
		w.recovered(t)
		c := w.chart(s.fault.Applied)
		for _, p := range w.people {
			w.complete(t, c, p)
		}
		if c.doubles > c.lost {
			t.Errorf("%d answers came twice, %d calls took effect unheard", c.doubles, c.lost)
		}
		sum.add(c, len(w.at), 0)
	})
}

// Somebody who can't be reached for an hour costs one call for each thing they ask,
// and is answered again as soon as they can be.
func TestIllForbidden(t *testing.T) {
	for name, all := range map[string]bool{"one chat": false, "everybody": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				w := admit(t, b)
				gone := w.people[:1]
				if all {
					gone = w.people
				}
				w.day(time.Minute)
				w.recovered(t)
				var heal []func()
				for _, p := range gone {
					heal = append(heal, w.api.Fail(emulator.Fault{Method: methodSend, Chat: p.ID(), Kind: emulator.FaultForbidden}))
				}
				before := map[int64]int{}
				for _, p := range gone {
					w.write(p)
					before[p.ID()] = len(w.wrote[p.ID()]) - 1
				}
				w.day(illness)
				w.recovered(t)
				missing, asked := map[int64][]string{}, 0
				for _, p := range gone {
					missing[p.ID()] = slices.Clone(w.wrote[p.ID()][before[p.ID()]:])
					asked += len(missing[p.ID()])
				}
				refused := 0
				for _, call := range w.api.CallsOf(methodSend) {
					if call.Code == 403 {
						refused++
					}
				}
				for _, well := range heal {
					well()
				}
				w.day(time.Minute)
				w.recovered(t)
				c := w.chart(false)
				for _, p := range w.people {
					w.complete(t, c, p, missing[p.ID()]...)
				}
				if refused > asked || refused < len(gone) || c.doubles > 0 {
					t.Errorf("%d calls to people who can't be reached, who asked %d times; %d doubles", refused, asked, c.doubles)
				}
				marked := map[int64]bool{}
				for _, change := range w.journal.changes {
					if change.Gone != nil && *change.Gone {
						marked[change.Person] = true
					}
				}
				if len(marked) != len(gone) {
					t.Errorf("%d people are marked as gone, want %d", len(marked), len(gone))
				}
				t.Logf("measured: 403 for an hour, %s: %d calls refused for %d things asked, all %d answers after it and to others, %d twice", name, refused, asked, len(c.shown), c.doubles)
			})
		})
	}
}

// Three chats that are told to wait an hour don't silence the others: they wait
// seconds, until a look shows that Telegram takes calls.
func TestIllThreeChatsAreNotEverybody(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		w := admit(t, b)
		w.pass(time.Minute)
		limited := w.people[:floodChats]
		for _, p := range limited {
			w.api.Fail(emulator.Fault{Method: methodSend, Chat: p.ID(), Times: 1, Kind: emulator.FaultTooMany, RetryAfter: 3600})
			w.write(p)
		}
		w.pass(time.Second)
		for _, p := range w.people[floodChats:] {
			w.write(p)
		}
		w.day(illness)
		w.recovered(t)
		c := w.chart(false)
		var worst time.Duration
		for i, p := range w.people {
			w.complete(t, c, p)
			for _, text := range w.wrote[p.ID()] {
				if i >= floodChats {
					worst = max(worst, c.delay[text])
				}
			}
		}
		if worst > floodLook+5*time.Second {
			t.Errorf("somebody who was told nothing waited %v", worst)
		}
		if first := c.delay[w.wrote[limited[0].ID()][0]]; first < time.Hour {
			t.Errorf("a chat that was told to wait an hour was written to after %v", first)
		}
		t.Logf("measured: 429 of an hour to three chats: %d of %d answers, %d twice, others waited %v at most", len(c.shown), len(w.at), c.doubles, worst.Round(100*time.Millisecond))
	})
}

// A limit of the whole bot is kept by everybody: one look every few seconds is all
// that Telegram sees of us.
func TestIllFloodOfTheBot(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		w := admit(t, b)
		w.pass(time.Minute)
		heal := w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultTooMany, RetryAfter: 600})
		for range 2 {
			for _, p := range w.people {
				w.write(p)
			}
		}
		const long = 2 * time.Minute
		w.pass(long)
		// Those of the first moment were under way when the limit became known.
		if n, most := len(w.api.CallsOf(methodSend)), 30+int(long/floodLook)+1; n > most {
			t.Errorf("%d calls under a limit of the whole bot, want %d at most", n, most)
		}
		heal()
		w.recovered(t)
		c := w.chart(false)
		for _, p := range w.people {
			w.complete(t, c, p)
		}
		t.Logf("measured: 429 to the whole bot: %d calls in vain, %d of %d answers, %d twice", c.calls-len(c.shown), len(c.shown), len(w.at), c.doubles)
	})
}

// Updates that were taken in while Telegram takes no answers survive a stop, and a
// start while it is still down: each answer arrives, once, in order.
func TestIllThroughARestart(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		w := admit(t, b)
		w.day(time.Minute)
		w.recovered(t)
		heal := w.api.Fail(emulator.Fault{Method: methodSend, Kind: emulator.FaultBadGateway})
		w.day(time.Minute)
		for _, p := range w.people { // in the very moment of the stop
			w.write(p)
		}
		down := w.api.Fail(emulator.Fault{Kind: emulator.FaultCut})
		heal()
		stopping := time.Now()
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		stopped := time.Since(stopping)
		if stopped > 10*time.Second {
			t.Errorf("the stop took %v", stopped)
		}
		kept := w.journal.waiting()
		if kept == 0 {
			t.Error("no answer waits in the outbox")
		}
		w.restart(t, answers(filing))
		w.pass(10 * time.Minute)
		down()
		w.recovered(t)
		w.day(time.Minute)
		w.recovered(t)
		c := w.chart(false)
		for _, p := range w.people {
			w.complete(t, c, p)
		}
		if c.doubles > 0 {
			t.Errorf("%d answers came twice", c.doubles)
		}
		t.Logf("measured: restart while Telegram is down: %d answers waited through it, %d of %d arrived, %d twice", kept, len(c.shown), len(w.at), c.doubles)
	})
}

// An hour in which the long poll, or the webhook's registration, hangs costs no
// update.
func TestIllNoUpdates(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.FaultHang, emulator.FaultCut, emulator.FaultBadGateway, emulator.FaultTooMany} {
		t.Run(kind.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				w := admit(t, b)
				heal := w.api.Fail(emulator.Fault{Method: "getUpdates", Kind: kind, RetryAfter: 5})
				w.day(illness)
				heal()
				w.recovered(t)
				c := w.chart(false)
				for _, p := range w.people {
					w.complete(t, c, p)
				}
				polls := len(w.api.CallsOf("getUpdates"))
				if polls > 2000 {
					t.Errorf("%d requests for updates in an hour", polls)
				}
				t.Logf("measured: no updates for an hour: %d requests, %d of %d answers, %d twice", polls, len(c.shown), len(w.at), c.doubles)
			})
		})
	}
}
