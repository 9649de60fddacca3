package handlers

import (
	"log/slog"
	"testing"

	"saqbol/fraud"
)

// TestQuotaSharedByReplicas: whoever asks one replica and then another gets no more
// than a limit allows, but for what is asked between two batches.
func TestQuotaSharedByReplicas(t *testing.T) {
	const person, perRound = 1000001, 4
	for _, c := range []struct {
		name   string
		limits fraud.Limits
		most   int
	}{
		{"day", fraud.Limits{ChecksPerDay: 20}, 20},
		{"hour", fraud.Limits{ChecksPerHour: 20}, 20},
		{"everybody", fraud.Limits{ChecksAll: 20}, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, clock := newFakeUsage(), newSetClock()
			var replicas []*Quota
			for range 3 {
				replicas = append(replicas, NewQuota(QuotaOptions{Limits: c.limits, Store: store, Clock: clock.now, Running: clock.ran,
					Shared: true, Log: slog.New(slog.DiscardHandler)}))
			}
			answered := 0
			for range 40 {
				for _, q := range replicas {
					for range perRound {
						if !q.check(t.Context(), person, 1).given() {
							answered++
						}
					}
				}
				for _, q := range append(replicas, replicas...) { // the second time each learns of the others
					q.check(t.Context(), person+1, 0)
					if err := q.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if least, most := c.most, c.most+len(replicas)*perRound; answered < least || answered > most {
				t.Errorf("%d questions were answered, %d to %d may be", answered, least, most)
			}
		})
	}
}

// TestQuotaSharedDay: the replica whose day turns last takes away nothing of what
// the others have counted in the new one.
func TestQuotaSharedDay(t *testing.T) {
	store, clock := newFakeUsage(), newSetClock()
	build := func() *Quota {
		return NewQuota(QuotaOptions{Limits: fraud.Limits{ChecksPerDay: 100}, Store: store, Clock: clock.now, Running: clock.ran,
			Shared: true, Log: slog.New(slog.DiscardHandler)})
	}
	early, late := build(), build()
	for _, q := range []*Quota{early, late} {
		q.check(t.Context(), 1, 1)
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	clock.pass(early.left())
	early.check(t.Context(), 1, 7)
	if err := early.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	late.check(t.Context(), 1, 1)
	if err := late.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if used := late.Used(t.Context(), 1); used.Checks != 8 {
		t.Errorf("%d questions are counted, want 8", used.Checks)
	}
}
