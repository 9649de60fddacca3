package storage

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"saqbol/fraud"
)

// measured is a Meter that remembers what it was told last of each operation.
type measured struct {
	mu     sync.Mutex
	faults map[Op]Fault
	times  map[Op]time.Duration
}

func newMeasured() *measured {
	return &measured{faults: map[Op]Fault{}, times: map[Op]time.Duration{}}
}

func (m *measured) Operation(op Op, took time.Duration, fault Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults[op], m.times[op] = fault, took
}

func (m *measured) faultOf(op Op) (Fault, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fault, told := m.faults[op]
	return fault, told
}

// use calls every operation that is measured once, and forgets the errors: it is
// the meter that must be told.
func use(ctx context.Context, s *Store) {
	now := time.UnixMilli(1)
	subject := fraud.Ref{Kind: fraud.KindPhone, Key: fraud.Key{1}, Value: "+77011234567"}
	_, _ = s.Commit(ctx, fraud.Change{Update: 1, Person: 1, Now: now, Lang: fraud.Kazakh,
		Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("{}")}}})
	_, _, _ = s.Turn(ctx, 1)
	_, _ = s.Standings(ctx, []fraud.Key{{1}})
	_, _ = s.Disputed(ctx, 1, fraud.Key{1})
	_, _ = s.ReportsOf(ctx, 1)
	_, _, _ = s.Overlapping(ctx, 1, []fraud.Key{{1}})
	_, _ = s.Totals(ctx, now)
	_, _ = s.Seen(ctx, 1)
	_ = s.Anchor(ctx, 1, 1)
	_, _ = s.Unsent(ctx, 0, 10)
	_ = s.Sent(ctx, []int64{99})
	_ = s.DeadLetter(ctx, fraud.DeadLetter{Update: 2, Reason: "sample", At: now})
	_ = s.Confirm(ctx, subject, "sample")
	_ = s.GiveTurns(ctx, nil, nil)
	_, _ = s.Notify(ctx, nil)
	_, _ = s.Notices(ctx, now, 10)
	_, _ = s.Letter(ctx, 1)
	_ = s.Prune(ctx, time.UnixMilli(0))
	_, _ = s.Check(ctx)
}

// TestMeterHearsOfEveryOperation: one that is added and not measured fails here.
func TestMeterHearsOfEveryOperation(t *testing.T) {
	m := newMeasured()
	store, _ := openForTest(t, WithMeter(m))
	use(t.Context(), store)
	for _, op := range Ops() {
		if fault, told := m.faultOf(op); !told || fault != FaultNone || m.times[op] <= 0 {
			t.Errorf("%s: told %v, fault %s, took %s; want told, none, some time", op, told, fault, m.times[op])
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	use(over, store)
	for _, op := range Ops() {
		if fault, _ := m.faultOf(op); fault != FaultCanceled {
			t.Errorf("%s with its time up: fault %s, want canceled", op, fault)
		}
	}
}

func TestMeterHearsWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name   string
		refuse func(*testing.T, *Store, string)
		want   Fault
	}{
		{"full", func(t *testing.T, s *Store, _ string) { pragma(t, s.write.db, "max_page_count = 1") }, FaultFull},
		{"read-only", func(t *testing.T, s *Store, _ string) { pragma(t, s.write.db, "query_only = 1") }, FaultReadOnly},
		{"locked", func(t *testing.T, _ *Store, path string) { lock(t, path) }, FaultBusy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeasured()
			store, path := openForTest(t, WithMeter(m), WithLockWait(time.Millisecond))
			tt.refuse(t, store, path)
			_, err := store.Commit(t.Context(), fraud.Change{Update: 1, Person: 1, Now: time.UnixMilli(1),
				Session: &fraud.Session{Flow: "report", Draft: make([]byte, 100_000)}})
			if fault, _ := m.faultOf(OpCommit); err == nil || fault != tt.want {
				t.Errorf("the meter is told of %s (%v), want %s", fault, err, tt.want)
			}
		})
	}
	// What was handled before is no fault.
	m := newMeasured()
	store, _ := openForTest(t, WithMeter(m))
	for range 2 {
		_, _ = store.Commit(t.Context(), fraud.Change{Update: 1, Person: 1, Lang: fraud.Kazakh})
	}
	if fault, told := m.faultOf(OpCommit); !told || fault != FaultNone {
		t.Errorf("a second delivery is told as %s", fault)
	}
}

// lock holds the database as another program could.
func lock(t *testing.T, path string) {
	t.Helper()
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	other.SetMaxOpenConns(1)
	pragma(t, other, "journal_mode = WAL")
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
}

// TestMeterIsFree: telling it allocates nothing, with a meter or without.
func TestMeterIsFree(t *testing.T) {
	m := newMeasured()
	for name, s := range map[string]*Store{"without": {}, "with": {meter: m}} {
		measure := func() (err error) {
			defer s.measure(OpTurn, s.begun(), &err)
			return nil
		}
		if n := testing.AllocsPerRun(100, func() { _ = measure() }); n != 0 {
			t.Errorf("%s a meter an operation allocates %v times", name, n)
		}
	}
}

func TestNamesForMetrics(t *testing.T) {
	names := map[string]bool{}
	for _, op := range Ops() {
		names[op.String()] = true
	}
	for _, fault := range Faults() {
		names[fault.String()] = true
	}
	if want := len(Ops()) + len(Faults()); len(names) != want || names[""] {
		t.Errorf("%d names, want %d, each its own: %v", len(names), want, slices.Sorted(maps.Keys(names)))
	}
}

func TestBacklog(t *testing.T) {
	store, _ := openForTest(t)
	if b, err := store.Backlog(t.Context()); err != nil || b != (Backlog{}) {
		t.Errorf("an empty database has %+v, %v", b, err)
	}
	for i, at := range []int64{5000, 3000, 9000} {
		if _, err := store.Commit(t.Context(), fraud.Change{Update: int64(i + 1), Person: 1, Now: time.UnixMilli(at),
			Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("{}")}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.write.db.ExecContext(t.Context(), `UPDATE outbox SET aside = 1 WHERE at = 9000`); err != nil {
		t.Fatal(err)
	}
	if err := store.DeadLetter(t.Context(), fraud.DeadLetter{Update: 9, Reason: "sample", At: time.UnixMilli(1)}); err != nil {
		t.Fatal(err)
	}
	b, err := store.Backlog(t.Context())
	if want := (Backlog{Unsent: 2, Oldest: time.UnixMilli(3000).UTC(), Letters: 1, Aside: 1}); err != nil || b != want {
		t.Errorf("the backlog is %+v, %v; want %+v", b, err, want)
	}
}
