package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"saqbol/storage"
)

// Leases holds that a lease has one holder at a time, that it comes to whoever
// waits, and that its token only grows.
func Leases(t *testing.T, open Factory) {
	f := begin(t, open)
	const term = 2 * time.Second // short: whoever waits looks often
	take := func(name string, claim storage.Claim) *storage.Lease {
		t.Helper()
		lease, err := f.Lease(f.ctx, name, claim)
		if err != nil {
			t.Fatal(err)
		}
		return lease
	}
	release := func(lease *storage.Lease) {
		t.Helper()
		if err := lease.Release(f.ctx); err != nil {
			t.Error(err)
		}
	}
	sums, reminders := take("sums", storage.Claim{Holder: "one", Term: term}), take("reminders", storage.Claim{Holder: "one"})
	waiting, cancel := context.WithCancel(f.ctx)
	if _, err := f.Lease(waiting, "sums", storage.Claim{Waiting: func(holder string) {
		if holder != "one" {
			t.Errorf("the holder is %q", holder)
		}
		cancel()
	}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a second claim: %v, want to wait", err)
	}
	next := make(chan *storage.Lease, 1)
	began := make(chan struct{})
	go func() {
		lease, err := f.Lease(f.ctx, "sums", storage.Claim{Holder: "two", Term: term, Waiting: func(string) { close(began) }})
		if err != nil {
			t.Error(err)
		}
		next <- lease
	}()
	<-began
	release(sums)
	second := <-next
	if second == nil {
		t.FailNow()
	}
	if second.Token() <= sums.Token() {
		t.Errorf("token %d after %d", second.Token(), sums.Token())
	}
	release(sums) // not theirs any more
	select {
	case <-second.Lost():
		t.Error("lost to a release of its former holder")
	default:
	}
	release(second)
	third := take("sums", storage.Claim{})
	if third.Token() <= second.Token() {
		t.Errorf("token %d after %d", third.Token(), second.Token())
	}
	release(third)
	release(reminders)
}
