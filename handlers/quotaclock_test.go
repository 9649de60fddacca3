package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"saqbol/fraud"
)

const oneDay = 24 * time.Hour

// A clock that is put forward or back while the program runs changes nobody's limit:
// nobody gets a second day, nobody waits longer than they were told.
func TestClockQuotaWhileRunning(t *testing.T) {
	for _, jump := range []time.Duration{oneDay, -oneDay, 12 * time.Hour, -12 * time.Hour, 400 * oneDay, -400 * oneDay} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			clock, store := newSetClock(), newFakeUsage()
			q := newTestQuota(store, clock)
			if n := questions(t, q, clock, 1, 110); n != 100 {
				t.Fatalf("%d answered before the jump", n)
			}
			if err := q.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			left := q.check(t.Context(), 1, 1).until.Sub(clock.now())
			clock.jump(jump)
			free := 0
			for range 10 {
				if r := q.check(t.Context(), 1, 1); !r.given() {
					free++
				} else if wait := r.until.Sub(clock.now()); wait != left {
					t.Errorf("the wait was %v and is %v after the jump", left, wait)
				}
			}
			if free > 0 {
				t.Errorf("%d questions for nothing", free)
			}
			if r := q.check(t.Context(), 2, 1); r.given() {
				t.Errorf("somebody new after the jump: %+v", r)
			}
			clock.pass(left)
			next := questions(t, q, clock, 1, 110)
			if next != 100 {
				t.Errorf("%d answered on the day after, want 100", next)
			}
			t.Logf("measured: clock put %v: %d questions answered for nothing, %d of 100 on the next day, which came after %v as told", jump, free, next, left)
		})
	}
}

// The clock is always read a moment later than the running time, and the day ends at
// midnight all the same.
func TestClockQuotaEndsAtMidnight(t *testing.T) {
	clock, store := newSetClock(), newFakeUsage()
	q := newTestQuota(store, clock)
	q.options.Clock = func() time.Time {
		clock.jump(time.Millisecond)
		return clock.now()
	}
	store.used[1], store.day[1] = fraud.Usage{Checks: 100, Reports: 10}, q.today()
	for what, r := range map[string]refusal{"report": q.report(t.Context(), 1), "check": q.check(t.Context(), 1, 1)} {
		if got := r.until.In(almaty()).Format("15:04"); r.why != fraud.ExcessDay || got != "00:00" {
			t.Errorf("a %s is refused for the %s until %s, want until 00:00", what, r.why, got)
		}
	}
}

// The hour's limit is the same hour, whatever the clock says.
func TestClockQuotaOfAnHour(t *testing.T) {
	for _, jump := range []time.Duration{oneDay, -oneDay} {
		clock := newSetClock()
		q := newTestQuota(newFakeUsage(), clock)
		q.check(t.Context(), 1, 40)
		clock.jump(jump)
		if r := q.check(t.Context(), 1, 1); r.why != fraud.ExcessHour {
			t.Errorf("%v: %+v, want the hour's limit", jump, r)
		}
		clock.pass(90 * time.Second)
		if r := q.check(t.Context(), 1, 1); r.given() {
			t.Errorf("%v: a minute and a half later: %+v", jump, r)
		}
	}
}

// A clock that was put back, or forward, and then right again while the program runs.
func TestClockQuotaThereAndBack(t *testing.T) {
	for _, jump := range []time.Duration{oneDay, -oneDay} {
		clock, store := newSetClock(), newFakeUsage()
		q := newTestQuota(store, clock)
		answered := questions(t, q, clock, 1, 60)
		clock.jump(jump)
		answered += questions(t, q, clock, 1, 60)
		clock.jump(-jump)
		answered += questions(t, q, clock, 1, 60)
		if answered != 100 {
			t.Errorf("%v and back: %d answered in a day, want 100", jump, answered)
		}
	}
}

// After a restart the day is the clock's. What was counted under a later day, before
// the clock was put right, counts for this day and is over with it; a clock that is a
// day ahead gives one day, and takes it back with nothing owed.
func TestClockQuotaAcrossARestart(t *testing.T) {
	run := func(clock *setClock, store *fakeUsage, n int) int {
		q := newTestQuota(store, clock)
		answered := questions(t, q, clock, 1, n)
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return answered
	}
	t.Run("put back", func(t *testing.T) {
		clock, store := newSetClock(), newFakeUsage()
		clock.jump(oneDay) // the clock is wrong at first
		if n := run(clock, store, 110); n != 100 {
			t.Fatalf("%d answered", n)
		}
		clock.jump(-oneDay)
		if n := run(clock, store, 10); n != 0 {
			t.Errorf("%d answered after the clock was put back: not the day's", n)
		}
		clock.pass(oneDay)
		if n := run(clock, store, 110); n != 100 {
			t.Errorf("%d answered on the next day, want 100: a debt", n)
		}
	})
	t.Run("put forward", func(t *testing.T) {
		clock, store := newSetClock(), newFakeUsage()
		if n := run(clock, store, 110); n != 100 {
			t.Fatalf("%d answered", n)
		}
		clock.jump(oneDay)
		if n := run(clock, store, 10); n != 10 {
			t.Errorf("%d of 10 answered on what is a new day by the clock", n)
		}
		clock.jump(-oneDay)
		clock.pass(oneDay)
		if n := run(clock, store, 110); n > 100 || n < 90 {
			t.Errorf("%d answered on the true next day", n)
		}
	})
}

// A day that begins in this run begins at nothing, whatever number the clock gives it,
// and reports count for it.
func TestClockQuotaDayTurnsWhileTheClockIsBehind(t *testing.T) {
	clock, store := newSetClock(), newFakeUsage()
	q := newTestQuota(store, clock)
	questions(t, q, clock, 1, 110)
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := q.today()
	clock.jump(-oneDay)
	clock.pass(q.left())
	if q.today() != first {
		t.Fatalf("the day's number went from %d to %d: the test shows nothing", first, q.today())
	}
	if used := q.Used(t.Context(), 1); used != (fraud.Usage{}) {
		t.Errorf("the new day begins with %+v", used)
	}
	if n := questions(t, q, clock, 1, 30); n != 30 {
		t.Errorf("%d of 30 answered before the store was tidied up", n)
	}
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := store.used[1]; got != (fraud.Usage{Checks: 30}) {
		t.Errorf("kept: %+v, want the new day's", got)
	}
	if n := questions(t, newTestQuota(store, clock), clock, 1, 110); n != 70 {
		t.Errorf("%d more after a restart, want 70", n)
	}
}

// What a report says of when it happened, and what is shown of the last report,
// never lies in the future, though a clock may have been ahead when it was written.
func TestClockOfReports(t *testing.T) {
	for jump, day := range map[time.Duration]string{oneDay: "22 ноября 2026", -oneDay: "21 ноября 2026"} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			clock := newSetClock()
			c := newChat(t, "ru")
			c.deps.Clock = clock.now
			c.router = New(c.deps)
			c.say("/report 87011234567")
			for c.store.sessions[c.person].Step != stepWhen {
				c.press("Пропустить")
			}
			clock.jump(jump)
			c.press("Сегодня")
			clock.jump(-jump)
			for c.store.sessions[c.person].Step != stepSummary {
				c.press("Пропустить")
			}
			if text := c.read(c.last); !strings.Contains(text, "Когда: "+day) {
				t.Errorf("the summary does not say %s:\n%s", day, text)
			}
			reply := c.press("Отправить")
			if when := reply.Change.File.Details.When; when.After(clock.now()) || when.IsZero() {
				t.Errorf("it happened at %v, filed at %v", when, clock.now())
			}
		})
	}
	t.Run("shown", func(t *testing.T) {
		c := newChat(t, "ru")
		c.store.standings[c.ref("87011234567").Key] = fraud.Standing{Reporters: 1, Last: testNow.Add(oneDay)}
		if text := c.read(c.say("87011234567")); strings.Contains(text, "23 ноября") || !strings.Contains(text, "22 ноября 2026") {
			t.Errorf("the last report is shown in the future:\n%s", text)
		}
	})
}
