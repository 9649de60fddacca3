package storagetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

// Once holds that an update's effect comes once, however often it is delivered.
func Once(t *testing.T, open Factory) {
	f := begin(t, open)
	change := fraud.Change{Update: 7, Person: 1, Lang: fraud.Kazakh, File: Report(Code(1), Phone(1)),
		Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("answer")}}}
	if seen, err := f.Seen(f.ctx, 7); err != nil || seen {
		t.Errorf("before: Seen = %v, %v", seen, err)
	}
	if ids := f.commit(change); len(ids) != 1 {
		t.Errorf("Commit gave ids %v for one answer", ids)
	}
	if seen, err := f.Seen(f.ctx, 7); err != nil || !seen {
		t.Errorf("after: Seen = %v, %v", seen, err)
	}
	change.Lang, change.File = fraud.Russian, Report(Code(2), Phone(2))
	if ids, err := f.Commit(f.ctx, change); !errors.Is(err, fraud.ErrSeen) || ids != nil {
		t.Errorf("second delivery: %v, %v; want ErrSeen", ids, err)
	}
	if p, _ := f.turn(1); p.Lang != fraud.Kazakh || len(f.reports(1)) != 1 {
		t.Errorf("the second delivery had an effect: %+v, %d reports", p, len(f.reports(1)))
	}
	if waiting := f.waiting(); len(waiting) != 1 {
		t.Errorf("%d answers wait", len(waiting))
	}
	f.commit(fraud.Change{Person: 1, Lang: fraud.Russian})
	f.commit(fraud.Change{Person: 1, Lang: fraud.Kazakh}) // without an update, nothing is marked
}

// People holds who is known, and that nothing is stored of others.
func People(t *testing.T, open Factory) {
	f := begin(t, open)
	on, off := true, false
	steps := []struct {
		name   string
		change fraud.Change
		want   fraud.Person
	}{
		{"nothing", fraud.Change{Update: 1}, fraud.Person{}},
		{"only an answer", fraud.Change{Outgoing: []fraud.Outgoing{{Chat: 5}}}, fraud.Person{}},
		{"a stranger blocks the bot", fraud.Change{Gone: &on}, fraud.Person{}},
		{"a conversation opens", fraud.Change{Session: &fraud.Session{Flow: "report"}}, fraud.Person{Known: true}},
		{"and is dropped", fraud.Change{Session: &fraud.Session{}}, fraud.Person{}},
		{"a dispute", fraud.Change{Dispute: &fraud.Dispute{Subject: Phone(1), On: true}}, fraud.Person{Known: true}},
		{"and back", fraud.Change{Dispute: &fraud.Dispute{Subject: Phone(1)}}, fraud.Person{}},
		{"a language", fraud.Change{Lang: fraud.Kazakh}, fraud.Person{Known: true, Lang: fraud.Kazakh}},
		{"closing what is not open", fraud.Change{Session: &fraud.Session{}}, fraud.Person{Known: true, Lang: fraud.Kazakh}},
		{"gone", fraud.Change{Gone: &on}, fraud.Person{Known: true, Lang: fraud.Kazakh, Gone: true}},
		{"another language", fraud.Change{Lang: fraud.Russian}, fraud.Person{Known: true, Lang: fraud.Russian, Gone: true}},
		{"back", fraud.Change{Gone: &off}, fraud.Person{Known: true, Lang: fraud.Russian}},
		{"erased", fraud.Change{Erase: true}, fraud.Person{}},
	}
	for _, step := range steps {
		step.change.Person, step.want.ID = 5, 5
		f.commit(step.change)
		if got, _ := f.turn(5); got != step.want {
			t.Errorf("%s: %+v, want %+v", step.name, got, step.want)
		}
	}
	if got, _ := f.turn(6); got != (fraud.Person{ID: 6}) {
		t.Errorf("somebody else: %+v", got)
	}
}

// Sessions holds that a conversation is kept, changed, anchored and closed.
func Sessions(t *testing.T, open Factory) {
	f := begin(t, open)
	want := fraud.Session{Flow: "report", Step: "words", Draft: []byte(`{"subjects":["+7 701 123 45 67"]}`), Anchor: 41}
	f.commit(fraud.Change{Person: 1, Session: &want})
	check := func(name string) {
		t.Helper()
		if _, got := f.turn(1); !cmp.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	check("opened")
	f.commit(fraud.Change{Person: 1, Lang: fraud.Kazakh})
	check("untouched by another change")
	want.Step, want.Anchor = "summary", 0
	f.commit(fraud.Change{Person: 1, Session: &want})
	check("next step")
	want.Anchor = 77
	for range 2 {
		if err := f.Anchor(f.ctx, 1, 77); err != nil {
			t.Fatal(err)
		}
		check("anchored")
	}
	want = fraud.Session{}
	f.commit(fraud.Change{Person: 1, Session: &fraud.Session{}})
	check("closed")
	for _, person := range []int64{1, 2} {
		if err := f.Anchor(f.ctx, person, 78); err != nil {
			t.Errorf("anchoring where nothing is open: %v", err)
		}
	}
	check("still closed")
	if p, _ := f.turn(2); p.Known {
		t.Error("anchoring stored something of a stranger")
	}
}

// Erasure holds that a forgotten person leaves no trace, while what they
// reported still counts, once.
func Erasure(t *testing.T, open Factory) {
	f := begin(t, open)
	f.commit(fraud.Change{Person: 1, Lang: fraud.Kazakh, Session: &fraud.Session{Flow: "report"}, File: Report(Code(1), Phone(1), Phone(2)),
		Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("old answer")}}})
	f.commit(fraud.Change{Person: 1, File: Report(Code(2), Phone(3)), Dispute: &fraud.Dispute{Subject: Phone(4), On: true}})
	f.commit(fraud.Change{Person: 2, File: Report(Code(3), Phone(1)), Outgoing: []fraud.Outgoing{{Chat: 2, Payload: []byte("theirs")}}})
	for update, person := range []int64{0, 1, 2} {
		if err := f.DeadLetter(f.ctx, fraud.DeadLetter{Update: int64(update) + 1, Person: person, At: Now()}); err != nil {
			t.Fatal(err)
		}
	}
	before := []fraud.Standing{f.standing(Phone(1)), f.standing(Phone(2)), f.standing(Phone(3)), f.standing(Phone(4))}

	f.commit(fraud.Change{Person: 1, Erase: true, Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("goodbye")}}})
	if got, err := f.Portrait(f.ctx, 1); err != nil || !cmp.Equal(got, fraud.Portrait{Person: fraud.Person{ID: 1}}) {
		t.Errorf("something is left of the person: %+v, %v", got, err)
	}
	after := []fraud.Standing{f.standing(Phone(1)), f.standing(Phone(2)), f.standing(Phone(3)), f.standing(Phone(4))}
	if !cmp.Equal(before, after) {
		t.Errorf("what others see has changed: %s", cmp.Diff(before, after))
	}
	waiting := f.waiting()
	if len(waiting) != 2 || string(waiting[0].Payload) != "theirs" || string(waiting[1].Payload) != "goodbye" {
		t.Errorf("waiting: %+v; want the other's answer and the goodbye", waiting)
	}
	if got := f.letters(); len(got) != 2 || got[0].Update != 3 || got[1].Update != 1 {
		t.Errorf("dead letters: %+v; want the other's and the one of nobody known", got)
	}
	if got := f.reports(2); len(got) != 1 || got[0].Details.Words == "" {
		t.Errorf("the other person's report was touched: %+v", got)
	}
	if disputed, err := f.Disputed(f.ctx, 1, Phone(4).Key); err != nil || disputed {
		t.Errorf("the dispute still leads to the person: %v, %v", disputed, err)
	}
	f.commit(fraud.Change{Person: 1, Withdraw: Code(1)})
	f.commit(fraud.Change{Person: 1, File: Report(Code(4), Phone(1))})
	if got := f.standing(Phone(1)).Reporters; got != 3 {
		t.Errorf("%d reporters; somebody who was forgotten is a new person", got)
	}
	f.commit(fraud.Change{Person: 9, Erase: true}) // a stranger: nothing to forget
}
