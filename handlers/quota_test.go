package handlers

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/fraud"
)

// fakeUsage is a UsageStore in memory.
type fakeUsage struct {
	mu    sync.Mutex
	day   map[int64]int64
	used  map[int64]fraud.Usage
	added int // batches
	read  int
	down  error // every call fails with it
	full  error // every write fails with it
}

func newFakeUsage() *fakeUsage {
	return &fakeUsage{day: map[int64]int64{}, used: map[int64]fraud.Usage{}}
}

func (s *fakeUsage) UsageOf(_ context.Context, person, day int64) (fraud.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	if s.down != nil {
		return fraud.Usage{}, s.down
	}
	if s.day[person] < day {
		return fraud.Usage{}, nil
	}
	return s.used[person], nil
}

func (s *fakeUsage) AddUsage(_ context.Context, day int64, used map[int64]fraud.Usage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.down, s.full); err != nil {
		return err
	}
	s.added++
	for person, u := range used {
		if s.day[person] < day {
			s.used[person] = fraud.Usage{}
		}
		s.day[person], s.used[person] = day, plus(s.used[person], u)
	}
	return nil
}

func (s *fakeUsage) BeginUsage(_ context.Context, day int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.used, func(person int64, _ fraud.Usage) bool { return s.day[person] < day })
	for person := range s.used {
		s.day[person] = day
	}
	return errors.Join(s.down, s.full)
}

func (s *fakeUsage) ForgetUsage(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.down, s.full); err != nil {
		return err
	}
	clear(s.day)
	clear(s.used)
	return nil
}

// setClock is a clock that tests put forward and back; running is what passes.
type setClock struct {
	mu      sync.Mutex
	wall    time.Time
	running time.Duration
}

// 14:00 in Kazakhstan.
func newSetClock() *setClock { return &setClock{wall: testNow} }

func (c *setClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

func (c *setClock) ran() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}

// pass lets time pass.
func (c *setClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.running = c.wall.Add(d), c.running+d
}

// jump puts the clock forward or back.
func (c *setClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

func testLimits() fraud.Limits {
	return fraud.Limits{ChecksPerHour: 40, ChecksPerDay: 100, ChecksAll: 1000, ChecksShare: 25, ReportsPerDay: 10, ReportsAll: 50, ReportsShare: 3}
}

func newTestQuota(store UsageStore, clock *setClock) *Quota {
	return NewQuota(QuotaOptions{Limits: testLimits(), Exempt: []int64{77}, Store: store, Clock: clock.now, Running: clock.ran,
		Log: slog.New(slog.DiscardHandler)})
}

// questions asks n single questions, two minutes apart so that no hour is full, and
// says how many were answered.
func questions(t *testing.T, q *Quota, clock *setClock, person int64, n int) (answered int) {
	t.Helper()
	for range n {
		if !q.check(t.Context(), person, 1).given() {
			answered++
		}
		clock.pass(2 * time.Minute)
	}
	return answered
}

func TestQuotaOfAnHour(t *testing.T) {
	clock := newSetClock()
	q := newTestQuota(newFakeUsage(), clock)
	for i := range 40 {
		if r := q.check(t.Context(), 1, 1); r.given() {
			t.Fatalf("question %d is refused: %+v", i+1, r)
		}
	}
	r := q.check(t.Context(), 1, 1)
	if r.why != fraud.ExcessHour || !r.until.Equal(testNow.Add(2*time.Minute)) {
		t.Errorf("one too many: %+v; want the hour's limit until a minute and a half from now, rounded up", r)
	}
	if q.check(t.Context(), 2, 1).given() {
		t.Error("somebody else has to wait too")
	}
	clock.pass(2 * time.Minute)
	if r := q.check(t.Context(), 1, 1); r.given() {
		t.Errorf("at the time that was named: %+v", r)
	}
	clock.pass(time.Hour)
	for i := range 4 { // messages of ten
		if r := q.check(t.Context(), 1, 10); r.given() {
			t.Errorf("message %d an hour later: %+v", i+1, r)
		}
	}
}

// A message that begins below the limit is answered whole; more than that nobody gets.
func TestQuotaAnswersAMessageWhole(t *testing.T) {
	clock := newSetClock()
	q := newTestQuota(newFakeUsage(), clock)
	if q.check(t.Context(), 1, 39).given() || q.check(t.Context(), 1, 10).given() {
		t.Fatal("a message that begins below the limit is refused")
	}
	r := q.check(t.Context(), 1, 1)
	if want := testNow.Add(15 * time.Minute); r.why != fraud.ExcessHour || r.until.Before(want) || r.until.After(want.Add(time.Minute)) {
		t.Errorf("%+v, want the hour's limit until about %v", r, want)
	}
}

func TestQuotaOfADay(t *testing.T) {
	clock := newSetClock()
	store := newFakeUsage()
	q := newTestQuota(store, clock)
	if n := questions(t, q, clock, 1, 150); n != 100 {
		t.Errorf("%d questions of one person were answered, want 100", n)
	}
	r := q.check(t.Context(), 1, 1)
	if midnight := time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC); r.why != fraud.ExcessDay || !r.until.Equal(midnight) {
		t.Errorf("%+v, want the day's limit until midnight in Kazakhstan", r)
	}
	clock.pass(r.until.Sub(clock.now()))
	if r := q.check(t.Context(), 1, 1); r.given() {
		t.Errorf("after midnight: %+v", r)
	}
}

// When everybody asks, those who have had their share wait, and nobody else.
func TestQuotaOfEverybody(t *testing.T) {
	clock := newSetClock()
	q := newTestQuota(newFakeUsage(), clock)
	for person := range int64(40) {
		if q.check(t.Context(), person+1, 25).given() {
			t.Fatalf("person %d is refused on a quiet day", person+1)
		}
	}
	if r := q.check(t.Context(), 1, 1); r.why != fraud.ExcessBusy {
		t.Errorf("somebody who has had their share: %+v", r)
	}
	for range 25 {
		if r := q.check(t.Context(), 1001, 1); r.given() {
			t.Fatalf("somebody's first questions on a busy day: %+v", r)
		}
	}
	if r := q.check(t.Context(), 1001, 1); r.why != fraud.ExcessBusy {
		t.Errorf("their 26th: %+v", r)
	}
}

func TestQuotaExempt(t *testing.T) {
	clock := newSetClock()
	store := newFakeUsage()
	q := newTestQuota(store, clock)
	if n := questions(t, q, clock, 77, 500); n != 500 || store.read > 0 {
		t.Errorf("%d of 500 were answered, %d reads", n, store.read)
	}
	var none *Quota
	if none.check(t.Context(), 1, 1e6).given() || none.report(t.Context(), 1).given() || none.today() != 0 || none.Flush(t.Context()) != nil {
		t.Error("no quota is a limit")
	}
}

// Whoever floods the bot is told a few times, then once a minute.
func TestQuotaIsToldWithMeasure(t *testing.T) {
	clock := newSetClock()
	q := newTestQuota(newFakeUsage(), clock)
	q.check(t.Context(), 1, 40)
	told := func() (n int) {
		for range 100 {
			if !q.check(t.Context(), 1, 1).quiet {
				n++
			}
		}
		return n
	}
	if n := told(); n != tellBurst {
		t.Errorf("told %d times at once, want %d", n, tellBurst)
	}
	clock.pass(time.Minute)
	if n := told(); n != 1 {
		t.Errorf("told %d times a minute later, want once", n)
	}
}

// Chats in parallel get no more than one after another.
func TestQuotaUnderParallelQuestions(t *testing.T) {
	q := newTestQuota(newFakeUsage(), newSetClock())
	var granted sync.Map
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if !q.check(context.Background(), 1, 1).given() {
				granted.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	granted.Range(func(any, any) bool { n++; return true })
	if n != 40 {
		t.Errorf("%d of 200 parallel questions were answered, want 40", n)
	}
}

func TestQuotaOutlivesARestart(t *testing.T) {
	clock := newSetClock()
	store := newFakeUsage()
	q := newTestQuota(store, clock)
	questions(t, q, clock, 1, 60)
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := store.used[1]; got != (fraud.Usage{Checks: 60}) || store.used[0] != got {
		t.Errorf("kept: %+v of the person, %+v of everybody", got, store.used[0])
	}
	questions(t, q, clock, 1, 3) // a crash loses what came after the last batch, no more
	q = newTestQuota(store, clock)
	if n := questions(t, q, clock, 1, 100); n != 40 {
		t.Errorf("%d more questions were answered after the restart, want 40", n)
	}
}

// A store that fails costs nobody an answer and no count twice.
func TestQuotaWhileTheStoreFails(t *testing.T) {
	clock := newSetClock()
	store := newFakeUsage()
	q := newTestQuota(store, clock)
	store.used[1], store.day[1] = fraud.Usage{Checks: 30}, q.today()
	store.down = errors.New("the disk is gone")
	if n := questions(t, q, clock, 1, 10); n != 10 {
		t.Errorf("%d of 10 were answered", n)
	}
	if err := q.Flush(t.Context()); err == nil {
		t.Error("keeping did not fail")
	}
	store.down, store.full = nil, errors.New("the disk is full")
	if n := questions(t, q, clock, 1, 10); n != 10 {
		t.Errorf("%d of 10 were answered while the disk is full", n)
	}
	if err := q.Flush(t.Context()); err == nil {
		t.Error("keeping did not fail")
	}
	store.full = nil
	for range 2 {
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := store.used[1].Checks; got != 50 {
		t.Errorf("%d checks are kept, want 30 and the 20", got)
	}
	if n := questions(t, q, clock, 1, 60); n != 50 {
		t.Errorf("%d more were answered, want 50", n)
	}
}

// A batch that could not be written goes with the next.
func TestQuotaTriesABatchAgain(t *testing.T) {
	clock, store := newSetClock(), newFakeUsage()
	q := newTestQuota(store, clock)
	questions(t, q, clock, 1, 5)
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	questions(t, q, clock, 1, 7)
	store.full = errors.New("the disk is full")
	if err := q.Flush(t.Context()); err == nil {
		t.Fatal("keeping did not fail")
	}
	questions(t, q, clock, 1, 1)
	store.full = nil
	for range 2 {
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := store.used[1].Checks; got != 13 || store.used[0].Checks != 13 {
		t.Errorf("%d of the person's checks are kept, %d of everybody's, want 13", got, store.used[0].Checks)
	}
}

// What could not be answered is given back.
func TestQuotaGivesBack(t *testing.T) {
	q := newTestQuota(newFakeUsage(), newSetClock())
	for i := range 100 {
		if r := q.check(t.Context(), 1, 1); r.given() {
			t.Fatalf("try %d: %+v", i+1, r)
		}
		q.giveBack(1, 1)
	}
	if used := q.Used(t.Context(), 1); used != (fraud.Usage{}) {
		t.Errorf("used up: %+v", used)
	}
}

// Memory is bounded, and whoever is forgotten in it is read again.
func TestQuotaForgetsInMemoryOnly(t *testing.T) {
	clock := newSetClock()
	store := newFakeUsage()
	q := newTestQuota(store, clock)
	questions(t, q, clock, 1, 100)
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.pass(2 * time.Hour)
	for person := range int64(maxAskers + 10) {
		q.check(t.Context(), person+10, 1)
	}
	if n := len(q.people); n > maxAskers {
		t.Errorf("%d people are in memory, at most %d may be", n, maxAskers)
	}
	if q.people[1] != nil {
		t.Error("somebody long silent is still in memory: the test shows nothing")
	}
	if r := q.check(t.Context(), 1, 1); r.why != fraud.ExcessDay {
		t.Errorf("somebody forgotten in memory: %+v, want the day's limit", r)
	}
}

// Batches come every few seconds while somebody asks, and not at all while nobody does.
func TestQuotaKeepsInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, start := newFakeUsage(), time.Now()
		q := NewQuota(QuotaOptions{Limits: testLimits(), Store: store, Clock: time.Now,
			Running: func() time.Duration { return time.Since(start) }, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); q.Run(ctx) }()
		for range 30 {
			q.check(ctx, 1, 1)
			<-time.After(time.Second)
		}
		<-time.After(keepEvery)
		synctest.Wait()
		store.mu.Lock()
		added, kept := store.added, store.used[1].Checks
		store.mu.Unlock()
		if added < 5 || added > 7 || kept != 30 {
			t.Errorf("%d batches for 30 questions in 30 seconds, %d kept", added, kept)
		}
		<-time.After(24 * time.Hour) // past midnight
		synctest.Wait()
		store.mu.Lock()
		if store.added != added || len(store.used) != 0 {
			t.Errorf("a day later: %d batches more, %d rows left", store.added-added, len(store.used))
		}
		store.mu.Unlock()
		stop()
		<-done
	})
}

// The log hears once of a store that fails, and nothing of whose counts.
func TestQuotaLogsOnce(t *testing.T) {
	var out strings.Builder
	clock, store := newSetClock(), newFakeUsage()
	store.down = errors.New("the disk is gone")
	q := newTestQuota(store, clock)
	q.options.Log = slog.New(slog.NewTextHandler(&out, nil))
	questions(t, q, clock, 987654321, 20)
	if n := strings.Count(out.String(), "\n"); n != 1 || strings.Contains(out.String(), "987654321") {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// BenchmarkQuota is what limits cost a check.
func BenchmarkQuota(b *testing.B) {
	q := newTestQuota(newFakeUsage(), newSetClock())
	q.options.Limits = fraud.Limits{ChecksPerHour: 1e9, ChecksPerDay: 1e9}
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		i = (i + 1) % 1000
		if q.check(b.Context(), i+1, 1).given() {
			b.Fatal("refused")
		}
	}
}
