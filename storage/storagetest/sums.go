package storagetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

// Disputes holds that a person's "not a scam" counts once and can be taken back.
func Disputes(t *testing.T, open Factory) {
	f := begin(t, open)
	steps := []struct {
		person int64
		on     bool
		want   int
	}{{1, true, 1}, {1, true, 1}, {2, true, 2}, {1, false, 1}, {1, false, 1}, {3, false, 1}, {2, false, 0}}
	for i, step := range steps {
		f.commit(fraud.Change{Person: step.person, Now: Now().Add(time.Duration(i) * time.Second),
			Dispute: &fraud.Dispute{Subject: Phone(1), On: step.on}})
		if got := f.standing(Phone(1)).Disputes; got != step.want {
			t.Errorf("step %d: %d disputes, want %d", i, got, step.want)
		}
		if got, err := f.Disputed(f.ctx, step.person, Phone(1).Key); err != nil || got != step.on {
			t.Errorf("step %d: Disputed = %v, %v", i, got, err)
		}
	}
	f.commit(fraud.Change{Person: 4, Dispute: &fraud.Dispute{Subject: Card(1), On: true}})
	f.commit(fraud.Change{Person: 4, Now: Now().Add(time.Minute), Dispute: &fraud.Dispute{Subject: Phone(2), On: true}})
	if p, err := f.Portrait(f.ctx, 4); err != nil || !cmp.Equal(p.Disputes, []fraud.Ref{Card(1), Phone(2)}) {
		t.Errorf("Portrait: %+v, %v", p.Disputes, err)
	}
}

// Confirmations holds that a human decision stays, whatever becomes of the reports.
func Confirmations(t *testing.T, open Factory) {
	f := begin(t, open)
	for range 2 {
		if err := f.Confirm(f.ctx, Phone(1), "dispatcher"); err != nil {
			t.Fatal(err)
		}
		if got := f.standing(Phone(1)); got != (fraud.Standing{Confirmed: true}) {
			t.Errorf("confirmed without reports: %+v", got)
		}
	}
	f.commit(fraud.Change{Person: 1, File: Report(Code(1), Phone(1))})
	if got := f.standing(Phone(1)); !got.Confirmed || got.Reporters != 1 {
		t.Errorf("and reported: %+v", got)
	}
	f.commit(fraud.Change{Person: 1, Withdraw: Code(1)})
	if got := f.standing(Phone(1)); got != (fraud.Standing{Confirmed: true}) {
		t.Errorf("and withdrawn: %+v", got)
	}
}

// Sums holds what the reports of a subject, and of everybody, add up to.
func Sums(t *testing.T, open Factory) {
	f := begin(t, open)
	if got, err := f.Totals(f.ctx, Now()); err != nil || !cmp.Equal(got, fraud.Totals{}) {
		t.Errorf("Totals of an empty store: %+v, %v", got, err)
	}
	for i, scenario := range []fraud.Scenario{fraud.ScenarioCode, fraud.ScenarioLoan, fraud.ScenarioCode, fraud.ScenarioLoan, ""} {
		at := Now().Add(time.Duration(i) * time.Hour)
		f.commit(fraud.Change{Person: int64(i + 1), File: About(Code(i), scenario, at, Phone(1))})
	}
	f.commit(fraud.Change{Person: 1, File: About(Code(10), fraud.ScenarioCourier, Now().Add(-time.Hour), Phone(2), Phone(3))})
	f.commit(fraud.Change{Person: 2, File: About(Code(11), fraud.ScenarioCourier, Now().Add(-time.Hour))})
	want := fraud.Standing{Reporters: 5, Top: fraud.ScenarioLoan, Last: Now().Add(4 * time.Hour)}
	if got := f.standing(Phone(1)); got != want {
		t.Errorf("two scenarios as often: %+v, want %+v (the one named last)", got, want)
	}
	totals := fraud.Totals{Reports: 7, Recent: 4, Subjects: 3, Top: []fraud.ScenarioCount{
		{Scenario: fraud.ScenarioCode, Count: 2}, {Scenario: fraud.ScenarioLoan, Count: 2}, {Scenario: fraud.ScenarioCourier, Count: 2}}}
	if got, err := f.Totals(f.ctx, Now().Add(time.Hour)); err != nil || !cmp.Equal(got, totals) {
		t.Errorf("Totals: %s, %v", cmp.Diff(totals, got), err)
	}
	f.commit(fraud.Change{Person: 1, Withdraw: Code(10)})
	f.commit(fraud.Change{Person: 4, Withdraw: Code(3)})
	totals = fraud.Totals{Reports: 5, Recent: 3, Subjects: 1, Top: []fraud.ScenarioCount{
		{Scenario: fraud.ScenarioCode, Count: 2}, {Scenario: fraud.ScenarioLoan, Count: 1}, {Scenario: fraud.ScenarioCourier, Count: 1}}}
	if got, err := f.Totals(f.ctx, Now().Add(time.Hour)); err != nil || !cmp.Equal(got, totals) {
		t.Errorf("Totals after two withdrawals: %s, %v", cmp.Diff(totals, got), err)
	}
	got, err := f.Standings(f.ctx, []fraud.Key{Phone(9).Key, Phone(1).Key, Phone(9).Key, Phone(2).Key})
	if err != nil || len(got) != 4 || got[0] != (fraud.Standing{}) || got[1].Reporters != 4 || got[3] != (fraud.Standing{}) {
		t.Errorf("Standings: %+v, %v; want the order of the keys", got, err)
	}
	if none, err := f.Standings(f.ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("Standings of nothing: %v, %v", none, err)
	}
}
