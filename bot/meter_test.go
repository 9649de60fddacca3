package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/fraud"
	"saqbol/handlers"
)

// tally is a Meter that writes down what it is told.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func newTally() *tally { return &tally{counts: map[string]int{}} }

func (m *tally) add(n int, format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[fmt.Sprintf(format, args...)] += n
}

func (m *tally) Update(kind Kind, result Result, took time.Duration) {
	m.add(1, "update %s %s", kind, result)
	if took < 0 {
		m.add(1, "a negative time")
	}
}

func (m *tally) Verdicts(given fraud.Verdicts) {
	for level, n := range given {
		if n > 0 {
			m.add(int(n), "verdict %s", fraud.Level(level))
		}
	}
}

func (m *tally) Limited(by fraud.Excess)  { m.add(1, "limited %s", by) }
func (m *tally) Report(event ReportEvent) { m.add(1, "report %s", event) }
func (m *tally) Turn(time.Duration)       { m.add(1, "turn") }
func (m *tally) DeadLetter(kept bool)     { m.add(1, "letter %v", kept) }
func (m *tally) Call(method Method, delivery Delivery, _ time.Duration) {
	m.add(1, "call %s %s", method, delivery)
}

// of is how often it was told of something.
func (m *tally) of(what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[what]
}

// String is every count, in order.
func (m *tally) String() string { return m.without("no such count") }

// without is every count but those that begin so.
func (m *tally) without(prefix string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.counts)) {
		if !strings.HasPrefix(name, prefix) {
			out = append(out, fmt.Sprintf("%s: %d", name, m.counts[name]))
		}
	}
	return strings.Join(out, ", ")
}

// TestMeterHearsOfUpdates: what becomes of an update is counted once, whatever it is.
func TestMeterHearsOfUpdates(t *testing.T) {
	filed := time.UnixMilli(1000)
	told := say("told")
	told.Verdicts[fraud.LevelNone], told.Verdicts[fraud.LevelReported] = 2, 1
	limited := say("limited")
	limited.Limited = fraud.ExcessHour
	file := saying("filed")
	file.Change.File = &fraud.Report{Created: filed, Updated: filed}
	changed := saying("changed")
	changed.Change.File = &fraud.Report{Created: filed, Updated: filed.Add(time.Hour)}
	changed.Change.Withdraw = "SB-0000-0000"
	down := &fraud.Error{Code: fraud.CodeUnavailable, Key: "common.not_saved"}
	for name, tt := range map[string]struct {
		reply handlers.Reply
		err   error // of the handler
		fail  error // of the store
		want  string
	}{
		"a check":           {reply: told, want: "update message answered: 1, verdict none: 2, verdict reported: 1"},
		"a limit":           {reply: limited, want: "limited hour: 1, update message answered: 1"},
		"a report":          {reply: file, want: "report filed: 1, update message stored: 1"},
		"a change":          {reply: changed, want: "report changed: 1, report withdrawn: 1, update message stored: 1"},
		"a refusal":         {err: &fraud.Error{Code: fraud.CodeInvalid, Key: "common.stale"}, want: "update message refused: 1"},
		"the store is away": {err: down, want: "update message unsaved: 1"},
		"nothing is saved":  {reply: file, fail: down, want: "update message unsaved: 1"},
		"a bug":             {err: errors.New("a bug"), want: "update message failed: 1"},
		"handled before":    {reply: file, fail: fraud.ErrSeen, want: "update message seen: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			m, journal := newTally(), newMemory()
			journal.fail = tt.fail
			w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) { return tt.reply, tt.err }),
				settings{journal: journal, options: func(o *Options) { o.Meter = m }})
			w.api.NewPerson("Citizen", "ru").Send("x")
			w.drained(t)
			if err := w.stop(); err != nil {
				t.Fatal(err)
			}
			if got := m.without("call "); got != tt.want { // calls have a test of their own
				t.Errorf("the meter heard\n%s, want\n%s", got, tt.want)
			}
		})
	}
}

// TestMeterHearsOfDeadLetters: a panic and an update that can't be read.
func TestMeterHearsOfDeadLetters(t *testing.T) {
	m := newTally()
	w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) { panic("sample") }),
		settings{webhook: true, options: func(o *Options) { o.Meter = m }})
	w.post(t, testSecret, `{"update_id":7,"message":{"message_id":"not a number"}}`)
	w.post(t, testSecret, `{"update_id":7,"message":{"message_id":"not a number"}}`)
	w.api.NewPerson("Citizen", "ru").Send("x")
	w.drained(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"letter true: 2", "update message dead: 1", "update unreadable dead: 1", "update unreadable seen: 1"} {
		if !strings.Contains(m.String(), want) {
			t.Errorf("the meter heard %s, want %s among it", m, want)
		}
	}
}

// TestMeterHearsOfCalls: each try is counted with what the server said to it.
func TestMeterHearsOfCalls(t *testing.T) {
	for name, tt := range map[string]struct {
		fault emulator.Fault
		want  string
	}{
		"delivered": {emulator.Fault{}, "call sendMessage delivered: 1, update"},
		"limited":   {emulator.Fault{Method: methodSend, Times: 1, Kind: emulator.FaultTooMany, RetryAfter: 1}, "call sendMessage delivered: 1, call sendMessage limited: 1"},
		"failing":   {emulator.Fault{Method: methodSend, Times: 1, Kind: emulator.FaultInternal}, "call sendMessage delivered: 1, call sendMessage failed: 1"},
		"refused":   {emulator.Fault{Method: methodSend, Times: 1, Kind: emulator.FaultBadRequest, Description: "message text is empty"}, "call sendMessage refused: 1, update"},
		"gone":      {emulator.Fault{Method: methodSend, Times: 1, Kind: emulator.FaultForbidden}, "call sendMessage gone: 1, update"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time goes by waiting as the server says
			m := newTally()
			w := begin(t, answers(echo), settings{options: func(o *Options) { o.Meter = m }})
			if tt.fault.Method != "" {
				w.api.Fail(tt.fault)
			}
			w.api.NewPerson("Citizen", "ru").Send("x")
			w.drained(t)
			if err := w.stop(); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(m.String(), tt.want) {
				t.Errorf("the meter heard %s, want %s", m, tt.want)
			}
		})
	}
}

// TestNamesForMetrics: each value has a name of its own.
func TestNamesForMetrics(t *testing.T) {
	for what, names := range map[string][]string{"kinds": named(Kinds()), "results": named(Results()), "events": named(ReportEvents()),
		"methods": named(Methods()), "deliveries": named(Deliveries())} {
		if compact := slices.Compact(slices.Sorted(slices.Values(names))); len(compact) != len(names) || compact[0] == "" {
			t.Errorf("the names of %s are %q", what, names)
		}
	}
	if methodOf(methodDelete) != MethodDelete || methodOf("sendDice") != MethodOther {
		t.Error("a method is not found by its name")
	}
}

func named[T fmt.Stringer](values []T) (names []string) {
	for _, v := range values {
		names = append(names, v.String())
	}
	return names
}

// TestWaiting: what waits is seen while it waits, with its age.
func TestWaiting(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	w := begin(t, answers(func(context.Context, handlers.Input) (handlers.Reply, error) {
		close(entered)
		<-release
		return say("done"), nil
	}), settings{})
	if h := w.bot.Waiting(); h.UpdateWait != 0 || h.OffsetWait != 0 || h.AnswerWait != 0 || !h.LastUpdate.IsZero() {
		t.Errorf("before the first update: %+v", h)
	}
	w.api.NewPerson("Citizen", "ru").Send("x")
	select {
	case <-entered:
	case <-w.ctx.Done():
		t.Fatal("the update never came")
	}
	if h := w.bot.Waiting(); h.Updates != 1 || h.UpdateWait <= 0 || h.OffsetWait <= 0 || h.LastUpdate.IsZero() {
		t.Errorf("while one is handled: %+v", h)
	}
	close(release)
	w.drained(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if h := w.bot.Waiting(); h.Updates != 0 || h.UpdateWait != 0 || h.OffsetWait != 0 || h.AnswerWait != 0 {
		t.Errorf("after it: %+v", h)
	}
}
