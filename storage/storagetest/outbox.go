package storagetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
)

// Outbox holds that answers wait in order until they are sent, and that an id is
// never used again.
func Outbox(t *testing.T, open Factory) {
	f := begin(t, open)
	if ids := f.commit(fraud.Change{Update: 1, Person: 1, Lang: fraud.Kazakh}); len(ids) != 0 {
		t.Errorf("ids %v for no answers", ids)
	}
	ids := f.commit(fraud.Change{Update: 2, Person: 1, Outgoing: []fraud.Outgoing{{Chat: 1, Payload: []byte("a")}, {Chat: -100500, Payload: []byte("b")}}})
	ids = append(ids, f.commit(fraud.Change{Update: 3, Person: 2, Outgoing: []fraud.Outgoing{{Chat: 2, Payload: []byte{}}}})...)
	if len(ids) != 3 || !slices.IsSorted(ids) || ids[0] == 0 {
		t.Fatalf("ids %v", ids)
	}
	waiting := func(want ...fraud.Outgoing) {
		t.Helper()
		if got := f.waiting(); !cmp.Equal(got, want) {
			t.Errorf("waiting: %s", cmp.Diff(want, got))
		}
	}
	b := fraud.Outgoing{ID: ids[1], Chat: -100500, Payload: []byte("b")}
	waiting(fraud.Outgoing{ID: ids[0], Chat: 1, Payload: []byte("a")}, b, fraud.Outgoing{ID: ids[2], Chat: 2, Payload: []byte{}})
	if err := f.Sent(f.ctx, []int64{ids[2], ids[0], 99}); err != nil {
		t.Fatal(err)
	}
	waiting(b)
	for _, sent := range [][]int64{nil, {ids[1]}} {
		if err := f.Sent(f.ctx, sent); err != nil {
			t.Fatal(err)
		}
	}
	next := f.commit(fraud.Change{Person: 3, Outgoing: []fraud.Outgoing{{Chat: 3, Payload: []byte("c")}}})
	if next[0] <= ids[2] {
		t.Errorf("id %d is used again", next[0])
	}
	if err := f.Sent(f.ctx, ids); err != nil {
		t.Fatal(err)
	}
	waiting(fraud.Outgoing{ID: next[0], Chat: 3, Payload: []byte("c")})
}

// Letters holds that an update that can't be handled is kept once and not tried again.
func Letters(t *testing.T, open Factory) {
	f := begin(t, open)
	letter := fraud.DeadLetter{Update: 5, Reason: "unknown origin", Raw: []byte(`{"update_id":5}`), At: Now()}
	unread := fraud.DeadLetter{Reason: "no JSON", Raw: []byte{0xff, 0}, At: Now()}
	for _, l := range []fraud.DeadLetter{letter, letter, unread, unread} {
		if err := f.DeadLetter(f.ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := f.letters(), []fraud.DeadLetter{unread, unread, letter}; !cmp.Equal(got, want) {
		t.Errorf("letters: %s", cmp.Diff(want, got))
	}
	if seen, err := f.Seen(f.ctx, 5); err != nil || !seen {
		t.Errorf("the update would be tried again: %v, %v", seen, err)
	}
	f.commit(fraud.Change{Update: 6, Person: 1, Lang: fraud.Kazakh})
	letter.Update = 6 // it failed after it was stored
	if err := f.DeadLetter(f.ctx, letter); err != nil {
		t.Error(err)
	}
	if got := f.letters(); len(got) != 4 {
		t.Errorf("%d letters", len(got))
	}
}

// Pruning holds that what is old goes and the rest stays.
func Pruning(t *testing.T, open Factory) {
	f := begin(t, open)
	const day = 24 * time.Hour
	before := Now().Add(-2 * day)
	for i, age := range []time.Duration{3 * day, 30 * time.Hour, time.Hour} {
		f.commit(fraud.Change{Update: int64(i + 1), Person: 1, Now: Now().Add(-age), File: Report(Code(i), Phone(i)),
			Outgoing: []fraud.Outgoing{{Chat: int64(i + 1)}}})
	}
	for i, age := range []time.Duration{31 * day, 29 * day} {
		if err := f.DeadLetter(f.ctx, fraud.DeadLetter{Update: int64(i + 10), At: Now().Add(-age)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := f.Prune(f.ctx, before); err != nil {
			t.Fatal(err)
		}
		var marks []int64
		for _, update := range []int64{1, 2, 3, 10, 11} {
			if seen, err := f.Seen(f.ctx, update); err != nil {
				t.Fatal(err)
			} else if seen {
				marks = append(marks, update)
			}
		}
		if !slices.Equal(marks, []int64{2, 3}) {
			t.Errorf("marks left: %v, want those younger than 48 hours", marks)
		}
		if waiting := f.waiting(); len(waiting) != 2 || waiting[0].Chat != 2 || waiting[1].Chat != 3 {
			t.Errorf("answers left: %+v; want those younger than two days", waiting)
		}
		if letters := f.letters(); len(letters) != 1 || letters[0].Update != 11 {
			t.Errorf("letters left: %+v; want the one younger than 30 days", letters)
		}
		if got := len(f.reports(1)); got != 3 {
			t.Errorf("%d reports left", got)
		}
	}
	if err := f.Ping(f.ctx); err != nil {
		t.Error(err)
	}
}
