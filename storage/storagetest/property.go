package storagetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"saqbol/fraud"
)

// How small the model's world is: small enough for people, subjects, codes and
// updates to meet again and again.
const (
	modelPeople   = 3
	modelSubjects = 5
	modelCodes    = 6
	modelUpdates  = 60
)

// Model holds that after any changes a store says what a simple model says: that
// no sum has drifted, nothing came twice and nobody's data mixed.
func Model(t *testing.T, open Factory) {
	rapid.Check(t, func(r *rapid.T) {
		store := open(t)
		defer func() {
			if err := store.Close(); err != nil {
				r.Errorf("closing: %v", err)
			}
		}()
		m := newModel()
		for i := range rapid.IntRange(1, 25).Draw(r, "changes") {
			c := change(r, Now().Add(time.Duration(i)*time.Minute))
			ids, err := store.Commit(t.Context(), c)
			want := m.apply(c, ids)
			var refusal *fraud.Error
			switch {
			case want == nil && err == nil, errors.Is(want, fraud.ErrSeen) && errors.Is(err, fraud.ErrSeen):
			case errors.Is(want, errTaken) && errors.As(err, &refusal) && refusal.Code == fraud.CodeUnavailable:
			default:
				r.Fatalf("Commit: %v, want %v", err, want)
			}
			if rapid.IntRange(0, 9).Draw(r, "confirm") == 0 {
				ref := subject(r)
				if err := store.Confirm(t.Context(), ref, "dispatcher"); err != nil {
					r.Fatal(err)
				}
				m.confirmed[ref.Key] = true
			}
			compareSums(t, r, store, m)
		}
		comparePeople(t, r, store, m)
	})
}

func subject(r *rapid.T) fraud.Ref {
	return Phone(rapid.IntRange(1, modelSubjects).Draw(r, "subject"))
}

// change draws a change in which each part is there now and then.
func change(r *rapid.T, now time.Time) fraud.Change {
	c := fraud.Change{
		Update: rapid.Int64Range(0, modelUpdates).Draw(r, "update"),
		Person: rapid.Int64Range(1, modelPeople).Draw(r, "person"),
		Now:    now,
	}
	sometimes := func(part string, oneIn int) bool { return rapid.IntRange(1, oneIn).Draw(r, part) == 1 }
	if sometimes("lang", 6) {
		c.Lang = rapid.SampledFrom([]fraud.Lang{fraud.Kazakh, fraud.Russian}).Draw(r, "language")
	}
	if sometimes("session", 4) {
		c.Session = &fraud.Session{}
		if rapid.Bool().Draw(r, "open") {
			c.Session = &fraud.Session{Flow: "report", Step: rapid.StringMatching(`[a-z]{1,3}`).Draw(r, "step"), Draft: []byte("{}")}
		}
	}
	if sometimes("file", 2) {
		c.File = About(Code(rapid.IntRange(1, modelCodes).Draw(r, "code")),
			rapid.SampledFrom([]fraud.Scenario{"", fraud.ScenarioCode, fraud.ScenarioLoan, fraud.ScenarioOther}).Draw(r, "scenario"), now)
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, modelSubjects), 0, 3, rapid.ID).Draw(r, "subjects") {
			c.File.Subjects = append(c.File.Subjects, Phone(n))
		}
		c.File.Details.Words = rapid.String().Draw(r, "words")
	}
	if sometimes("withdraw", 5) {
		c.Withdraw = Code(rapid.IntRange(1, modelCodes).Draw(r, "withdrawn"))
	}
	if sometimes("dispute", 5) {
		c.Dispute = &fraud.Dispute{Subject: subject(r), On: rapid.Bool().Draw(r, "on")}
	}
	if sometimes("gone", 10) {
		gone := rapid.Bool().Draw(r, "blocked")
		c.Gone = &gone
	}
	c.Erase = sometimes("erase", 12)
	for range rapid.IntRange(0, 2).Draw(r, "answers") {
		c.Outgoing = append(c.Outgoing, fraud.Outgoing{Chat: c.Person, Payload: []byte(rapid.String().Draw(r, "payload"))})
	}
	return c
}

func compareSums(t *testing.T, r *rapid.T, store Store, m *model) {
	var keys []fraud.Key
	var want []fraud.Standing
	for n := 1; n <= modelSubjects; n++ {
		keys = append(keys, Phone(n).Key)
		want = append(want, m.standing(Phone(n).Key))
	}
	got, err := store.Standings(t.Context(), keys)
	if err != nil || !cmp.Equal(got, want) {
		r.Fatalf("Standings: %s, %v", cmp.Diff(want, got), err)
	}
	since := Now().Add(5 * time.Minute)
	totals, err := store.Totals(t.Context(), since)
	if err != nil || !cmp.Equal(totals, m.totals(since)) {
		r.Fatalf("Totals: %s, %v", cmp.Diff(m.totals(since), totals), err)
	}
}

func comparePeople(t *testing.T, r *rapid.T, store Store, m *model) {
	for id := int64(1); id <= modelPeople; id++ {
		want := fraud.Portrait{Person: fraud.Person{ID: id}, Reports: m.reportsOf(id), Disputes: m.disputesOf(id)}
		if p := m.people[id]; p != nil {
			want.Person, want.Session = p.Person, p.session
		}
		got, err := store.Portrait(t.Context(), id)
		if err != nil || !cmp.Equal(got, want) {
			r.Fatalf("Portrait: %s, %v", cmp.Diff(want, got), err)
		}
	}
	var want []fraud.Outgoing
	for _, out := range m.outbox {
		want = append(want, out.Outgoing)
	}
	got, err := store.Unsent(t.Context(), 0, 1000)
	if err != nil || !cmp.Equal(got.Rows, want) {
		r.Fatalf("Unsent: %s, %v", cmp.Diff(want, got.Rows), err)
	}
}
