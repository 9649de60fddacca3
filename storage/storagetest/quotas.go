package storagetest

import (
	"errors"
	"testing"

	"saqbol/fraud"
)

// today is the day of the tests' quotas.
const today = 20_779

// Quotas holds that what people use up is counted for the day and no longer.
func Quotas(t *testing.T, open Factory) {
	f := begin(t, open)
	add := func(day int64, used map[int64]fraud.Usage) {
		t.Helper()
		if err := f.AddUsage(f.ctx, day, used); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string, person, day int64, want fraud.Usage) {
		t.Helper()
		if got, err := f.UsageOf(f.ctx, person, day); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	want("a stranger", 1, today, fraud.Usage{})
	add(today, map[int64]fraud.Usage{1: {Checks: 3}, 2: {Checks: 1, Reports: 1}, 0: {Checks: 4}})
	add(today, map[int64]fraud.Usage{1: {Checks: 2}})
	want("added up", 1, today, fraud.Usage{Checks: 5})
	want("another's", 2, today, fraud.Usage{Checks: 1, Reports: 1})
	want("everybody's", 0, today, fraud.Usage{Checks: 4})
	want("the day after", 1, today+1, fraud.Usage{})
	add(today+1, map[int64]fraud.Usage{1: {Checks: 1}})
	want("a new day begins at nothing", 1, today+1, fraud.Usage{Checks: 1})
	if p, _ := f.turn(1); p.Known {
		t.Error("counting made somebody known")
	}

	// The clock is put back: what was counted before stays counted, for that day only.
	want("put back", 1, today, fraud.Usage{Checks: 1})
	add(today, map[int64]fraud.Usage{1: {Checks: 1}})
	want("put back and asked again", 1, today, fraud.Usage{Checks: 2})
	want("the true day after", 1, today+1, fraud.Usage{})
	add(today+1, map[int64]fraud.Usage{2: {Checks: 7}})
	if err := f.BeginUsage(f.ctx, today); err != nil {
		t.Fatal(err)
	}
	want("put back and begun", 2, today, fraud.Usage{Checks: 7})
	want("and over with that day", 2, today+1, fraud.Usage{})
	if err := f.BeginUsage(f.ctx, today+1); err != nil {
		t.Fatal(err)
	}
	want("what is over is gone", 2, today, fraud.Usage{})

	many := map[int64]fraud.Usage{}
	for person := range int64(5000) {
		many[person] = fraud.Usage{Checks: 1}
	}
	add(today, many)
	if err := f.ForgetUsage(f.ctx); err != nil {
		t.Fatal(err)
	}
	want("forgotten", 4999, today, fraud.Usage{})
}

// QuotasOfReports holds that a report and an erasure count with their commit, once,
// and that erasing oneself takes no count away.
func QuotasOfReports(t *testing.T, open Factory) {
	f := begin(t, open)
	want := func(name string, want fraud.Usage) {
		t.Helper()
		if got, err := f.UsageOf(f.ctx, 1, today); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	filing := fraud.Change{Update: 1, Person: 1, File: Report(Code(1), Phone(1)), QuotaDay: today}
	f.commit(filing)
	filing.Now = Now()
	if _, err := f.Commit(f.ctx, filing); !errors.Is(err, fraud.ErrSeen) {
		t.Fatalf("the second delivery: %v", err)
	}
	want("filed, delivered twice", fraud.Usage{Reports: 1})
	f.commit(fraud.Change{Person: 1, File: Report(Code(2), Phone(2))})
	f.commit(fraud.Change{Person: 1, Withdraw: Code(1), QuotaDay: today})
	want("what is no matter of quotas", fraud.Usage{Reports: 1})
	f.commit(fraud.Change{Person: 9, File: Report(Code(9), Phone(9))})
	if _, err := f.Commit(f.ctx, fraud.Change{Person: 1, Now: Now(), File: Report(Code(9), Phone(1)), QuotaDay: today}); err == nil {
		t.Error("another's code was taken")
	}
	want("a report that was not stored", fraud.Usage{Reports: 1})
	if err := f.AddUsage(f.ctx, today, map[int64]fraud.Usage{1: {Checks: 8}}); err != nil {
		t.Fatal(err)
	}
	f.commit(fraud.Change{Person: 1, Erase: true, QuotaDay: today})
	want("erased", fraud.Usage{Checks: 8, Reports: 1, Erasures: 1})
	if got, err := f.Portrait(f.ctx, 1); err != nil || got.Person.Known {
		t.Errorf("the counts made the erased person known: %+v, %v", got, err)
	}
}
