package storage

import (
	"testing"
	"time"

	"saqbol/fraud"
)

// Marks are found whether this Store made them, as an effect or a dead letter, or
// one before it; whatever is above all of them was not seen.
func TestSeenKnowsEveryMark(t *testing.T) {
	h := newHouse(t)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	check := func(store *Store, update int64, want bool) {
		t.Helper()
		if seen, err := store.Seen(t.Context(), update); err != nil || seen != want {
			t.Errorf("Seen(%d) = %v, %v; want %v", update, seen, err, want)
		}
	}
	first := h.open(WithInstance(Claim{}))
	check(first, 7, false)
	stores(t, first, fraud.Change{Update: 7, Person: 1, Now: now, Lang: fraud.Kazakh})
	check(first, 6, false)
	check(first, 7, true)
	check(first, 8, false)
	if err := first.DeadLetter(t.Context(), fraud.DeadLetter{Update: 9, Reason: "x", At: now}); err != nil {
		t.Fatal(err)
	}
	check(first, 8, false)
	check(first, 9, true)
	h.shut(first)

	second := h.open(WithInstance(Claim{}))
	defer h.shut(second)
	for update, want := range map[int64]bool{6: false, 7: true, 8: false, 9: true, 10: false} {
		check(second, update, want)
	}
}
