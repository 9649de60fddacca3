package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

// Reports holds that a report comes back as it was filed, and that filing it
// again changes it without counting twice.
func Reports(t *testing.T, open Factory) {
	f := begin(t, open)
	first := Report(Code(1), Phone(1), Card(2))
	f.commit(fraud.Change{Person: 1, File: first})
	later := About(Code(2), fraud.ScenarioCourier, Now().Add(time.Hour), Phone(3))
	f.commit(fraud.Change{Person: 1, File: later})
	if got, want := f.reports(1), []fraud.Report{*later, *first}; !cmp.Equal(got, want) {
		t.Errorf("not as filed, newest first: %s", cmp.Diff(want, got))
	}

	again := *first
	again.Subjects = []fraud.Ref{Card(2), Phone(4), Card(2)}
	again.Created, again.Updated = Now().Add(2*time.Hour), Now().Add(2*time.Hour)
	again.Details.Scenario = fraud.ScenarioCode
	f.commit(fraud.Change{Person: 1, File: &again})
	want := again
	want.Subjects, want.Created = []fraud.Ref{Card(2), Phone(4)}, first.Created
	if got := f.reports(1); len(got) != 2 || !cmp.Equal(got[1], want) {
		t.Errorf("filed again: %s", cmp.Diff([]fraud.Report{*later, want}, got))
	}
	for ref, reporters := range map[fraud.Ref]int{Phone(1): 0, Card(2): 1, Phone(4): 1, Phone(3): 1} {
		if got := f.standing(ref).Reporters; got != reporters {
			t.Errorf("%s: %d reporters, want %d", ref.Shown, got, reporters)
		}
	}

	bare := &fraud.Report{Code: Code(3), Subjects: []fraud.Ref{Phone(5)}}
	f.commit(fraud.Change{Person: 2, File: bare})
	if got := f.reports(2); len(got) != 1 || got[0].Status != fraud.StatusReceived || got[0].Created != Now() || got[0].Updated != Now() {
		t.Errorf("filed without state and times: %+v", got)
	}
	var refusal *fraud.Error
	if _, err := f.Commit(f.ctx, fraud.Change{Update: 3, Person: 2, Now: Now(), Lang: fraud.Kazakh, File: Report(Code(1), Phone(9))}); !errors.As(err, &refusal) || refusal.Code != fraud.CodeUnavailable {
		t.Errorf("a code of another person's report: %v", err)
	}
	if seen, _ := f.Seen(f.ctx, 3); seen || f.standing(Phone(9)) != (fraud.Standing{}) || len(f.reports(1)) != 2 {
		t.Error("a refused change left something behind")
	}
	if got := f.reports(3); len(got) != 0 {
		t.Errorf("somebody else has %d reports", len(got))
	}
}

// Moves holds that a subject has one voice per person: reported again in another
// report it leaves the earlier one.
func Moves(t *testing.T, open Factory) {
	f := begin(t, open)
	f.commit(fraud.Change{Person: 1, File: Report(Code(1), Phone(1), Phone(2))})
	f.commit(fraud.Change{Person: 1, File: Report(Code(2), Phone(3))})
	f.commit(fraud.Change{Person: 1, File: About(Code(3), fraud.ScenarioCode, Now().Add(time.Hour), Phone(2), Phone(3), Phone(4))})

	got := map[string]fraud.Report{}
	for _, r := range f.reports(1) {
		got[r.Code] = r
	}
	if r := got[Code(1)]; r.Status != fraud.StatusReceived || !cmp.Equal(r.Subjects, []fraud.Ref{Phone(1)}) {
		t.Errorf("the report that lost one of two: %+v", r)
	}
	if r := got[Code(2)]; r.Status != fraud.StatusWithdrawn || !cmp.Equal(r.Subjects, []fraud.Ref{Phone(3)}) || r.Details.Words == "" {
		t.Errorf("the report that lost all: %+v", r)
	}
	for n := 1; n <= 4; n++ {
		if s := f.standing(Phone(n)); s.Reporters != 1 {
			t.Errorf("%s: %d reporters", Phone(n).Shown, s.Reporters)
		}
	}
	if s := f.standing(Phone(3)); s.Top != fraud.ScenarioCode || s.Last != Now().Add(time.Hour) {
		t.Errorf("a moved subject: %+v", s)
	}
	overlap := func(name, want string, refs ...fraud.Ref) {
		t.Helper()
		var keys []fraud.Key
		for _, ref := range refs {
			keys = append(keys, ref.Key)
		}
		r, ok, err := f.Overlapping(f.ctx, 1, keys)
		if err != nil || ok != (want != "") || r.Code != want {
			t.Errorf("%s: %q, %v, %v; want %q", name, r.Code, ok, err, want)
		}
	}
	overlap("none", "", Phone(8), Phone(9))
	overlap("no keys", "")
	overlap("one", Code(1), Phone(8), Phone(1))
	overlap("the latest of two", Code(3), Phone(1), Phone(4))
	if _, ok, err := f.Overlapping(f.ctx, 2, []fraud.Key{Phone(1).Key}); ok || err != nil {
		t.Errorf("another person's report: %v, %v", ok, err)
	}
}

// Withdrawals holds that people take back only what is theirs.
func Withdrawals(t *testing.T, open Factory) {
	f := begin(t, open)
	f.commit(fraud.Change{Person: 1, File: Report(Code(1), Phone(1))})
	f.commit(fraud.Change{Person: 2, File: About(Code(2), fraud.ScenarioCode, Now().Add(-time.Hour), Phone(1))})
	for _, c := range []fraud.Change{{Person: 2, Withdraw: Code(1)}, {Person: 1, Withdraw: Code(9)}} {
		f.commit(c)
		if got := f.standing(Phone(1)).Reporters; got != 2 {
			t.Errorf("%d reporters after withdrawing what is not theirs", got)
		}
	}
	at := Now().Add(time.Hour)
	for range 2 {
		f.commit(fraud.Change{Person: 1, Withdraw: Code(1), Now: at})
		want := fraud.Standing{Reporters: 1, Top: fraud.ScenarioCode, Last: Now().Add(-time.Hour)}
		if got := f.standing(Phone(1)); got != want {
			t.Errorf("standing %+v, want %+v", got, want)
		}
		r := f.reports(1)[0]
		if r.Status != fraud.StatusWithdrawn || r.Updated != at || len(r.Subjects) != 1 || r.Details.Words != "" || r.Details.Files != nil {
			t.Errorf("withdrawn: %+v", r)
		}
	}
	if _, ok, err := f.Overlapping(f.ctx, 1, []fraud.Key{Phone(1).Key}); ok || err != nil {
		t.Errorf("a withdrawn report overlaps: %v, %v", ok, err)
	}
	f.commit(fraud.Change{Person: 1, File: Report(Code(1), Phone(1))})
	if got := f.standing(Phone(1)); got.Reporters != 2 {
		t.Errorf("filed again after withdrawing: %+v", got)
	}
	f.commit(fraud.Change{Person: 1, Withdraw: Code(1)})
	f.commit(fraud.Change{Person: 2, Withdraw: Code(2)})
	if got := f.standing(Phone(1)); got != (fraud.Standing{}) {
		t.Errorf("all withdrawn: %+v", got)
	}
}

// Together holds that people who report at the same time are all counted.
func Together(t *testing.T, open Factory) {
	f := begin(t, open)
	const people, each = 8, 5
	var group sync.WaitGroup
	errs := make(chan error, people)
	for person := range int64(people) {
		group.Go(func() {
			for n := range each {
				update := person*each + int64(n) + 1
				_, err := f.Commit(f.ctx, fraud.Change{Update: update, Person: person + 1, Now: Now(),
					File: Report(Code(int(update)), Phone(n)), Outgoing: []fraud.Outgoing{{Chat: person + 1}}})
				if err == nil {
					_, err = f.Standings(f.ctx, []fraud.Key{Phone(n).Key})
				}
				if err != nil {
					errs <- fmt.Errorf("update %d: %w", update, err)
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	for n := range each {
		if got := f.standing(Phone(n)).Reporters; got != people {
			t.Errorf("%s: %d reporters, want %d", Phone(n).Shown, got, people)
		}
	}
}
