package storagetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"saqbol/fraud"
)

// Gathered holds that changes which come at the same time, and may share what
// stores them, are each stored wholly or not at all: those of one person in their
// order, an update that comes twice once, and one that fails alone.
func Gathered(t *testing.T, open Factory) {
	f := begin(t, open)
	const people, steps, taken = 12, 4, 999
	f.commit(fraud.Change{Update: 1, Person: taken, File: Report(Code(taken), Phone(taken))})
	var together sync.WaitGroup
	var mu sync.Mutex
	twice := 0
	var unsent []fraud.Outgoing
	commit := func(c fraud.Change) error {
		c.Now = Now()
		ids, err := f.Commit(f.ctx, c)
		mu.Lock()
		defer mu.Unlock()
		for i, id := range ids {
			c.Outgoing[i].ID = id
			unsent = append(unsent, c.Outgoing[i])
		}
		if errors.Is(err, fraud.ErrSeen) {
			twice++
			return nil
		}
		return err
	}
	for person := range int64(people) {
		together.Go(func() {
			for step := range int64(steps) {
				c := fraud.Change{Update: 100 + person*steps + step, Person: person + 1,
					Session:  &fraud.Session{Flow: "report", Step: fmt.Sprint(step)},
					File:     Report(Code(int(person*steps+step)), Phone(int(step))),
					Outgoing: []fraud.Outgoing{{Chat: person + 1, Payload: []byte{byte(person), byte(step)}}}}
				if err := commit(c); err != nil {
					t.Errorf("person %d, step %d: %v", person, step, err)
				}
			}
		})
		together.Go(func() { // two that are one
			for range 2 {
				together.Go(func() {
					if err := commit(fraud.Change{Update: 1000 + person, Person: 100 + person, Lang: fraud.Kazakh}); err != nil {
						t.Errorf("update %d: %v", 1000+person, err)
					}
				})
			}
		})
		together.Go(func() { // one that fails when it has done much
			if commit(fraud.Change{Update: 2000 + person, Person: 200 + person, Lang: fraud.Kazakh,
				Session: &fraud.Session{Flow: "report"}, File: Report(Code(taken), Phone(5000+int(person)))}) == nil {
				t.Errorf("person %d has another's report", 200+person)
			}
		})
	}
	together.Wait()
	if twice != people {
		t.Errorf("%d of %d updates that came twice were seen", twice, people)
	}
	f.gathered(people, steps, unsent)
}

// gathered looks at what is stored of all that.
func (f *fixture) gathered(people, steps int, unsent []fraud.Outgoing) {
	f.t.Helper()
	for person := range people {
		if _, session := f.turn(int64(person) + 1); session.Step != fmt.Sprint(steps-1) {
			f.t.Errorf("person %d stands at step %q", person, session.Step)
		}
		if got := len(f.reports(int64(person) + 1)); got != steps {
			f.t.Errorf("person %d has %d reports", person, got)
		}
		if p, _ := f.turn(100 + int64(person)); p.Lang != fraud.Kazakh {
			f.t.Errorf("the update that came twice is lost: %+v", p)
		}
		if p, _ := f.turn(200 + int64(person)); p.Known {
			f.t.Error("something is stored of one that failed")
		}
		if seen, err := f.Seen(f.ctx, 2000+int64(person)); err != nil || seen {
			f.t.Errorf("one that failed is marked as handled: %v, %v", seen, err)
		}
		if f.standing(Phone(5000+person)).Reporters != 0 {
			f.t.Error("a report that failed counts")
		}
	}
	for step := range steps {
		if got := f.standing(Phone(step)).Reporters; got != people {
			f.t.Errorf("%s: %d reporters, want %d", Phone(step).Shown, got, people)
		}
	}
	byID := func(a, b fraud.Outgoing) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(unsent, byID)
	waiting := f.waiting()
	if !slices.EqualFunc(waiting, unsent, func(a, b fraud.Outgoing) bool {
		return a.ID == b.ID && a.Chat == b.Chat && string(a.Payload) == string(b.Payload)
	}) {
		f.t.Errorf("%d answers wait, %d were stored, or they are others", len(waiting), len(unsent))
	}
	last := map[int64]byte{}
	for _, out := range waiting {
		if before, ok := last[out.Chat]; ok && out.Payload[1] != before+1 {
			f.t.Errorf("chat %d: answer %d comes after %d", out.Chat, out.Payload[1], before)
		}
		last[out.Chat] = out.Payload[1]
	}
}
