package bot

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"saqbol/fraud"
)

// Delivered answers leave the outbox many at a time, and again later where the
// store can't be told now.
func TestSentRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := newMemory()
		journal.mute = errors.New("locked")
		for id := range int64(5) {
			journal.rows = append(journal.rows, fraud.Outgoing{ID: id + 1})
		}
		s := newSentRows(journal, slog.New(slog.DiscardHandler), time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			s.run(ctx)
			close(done)
		}()
		for id := range int64(4) {
			s.add(id + 1)
		}
		synctest.Wait()
		if journal.waiting() != 5 {
			t.Fatalf("%d rows are left of 5 while the store is locked", journal.waiting())
		}
		journal.mu.Lock()
		journal.mute = nil
		journal.mu.Unlock()
		time.Sleep(time.Minute) //nolint:forbidigo // fake time
		if journal.waiting() != 1 {
			t.Errorf("%d rows are left, want 1", journal.waiting())
		}
		s.add(5)
		cancel()
		<-done
		if !s.flush(t.Context()) || journal.waiting() != 0 {
			t.Errorf("%d rows are left after the last flush", journal.waiting())
		}
	})
}

// flushing takes delivered answers off the outbox while a test lasts, as Run does.
func flushing(t *testing.T, s *sender) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		s.sent.run(t.Context())
		close(done)
	}()
	t.Cleanup(func() { <-done })
}

// What stands behind an answer waits until that is off the outbox: where the
// program dies, one answer a chat comes twice, no more. A store that fails holds
// nobody up.
func TestOneAnswerAChatIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := newMemory()
		s := newSentRows(journal, slog.New(slog.DiscardHandler), time.Second)
		journal.rows = []fraud.Outgoing{{ID: 1}, {ID: 2}, {ID: 3}}
		first, second := s.add(1), s.add(2)
		synctest.Wait()
		select {
		case <-first:
			t.Fatal("the outbox has not been told yet")
		default:
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			s.run(ctx)
			close(done)
		}()
		<-first
		<-second // in the same transaction
		if journal.waiting() != 1 {
			t.Errorf("%d rows are left, want 1", journal.waiting())
		}
		journal.mu.Lock()
		journal.mute = errors.New("locked")
		journal.mu.Unlock()
		<-s.add(3)
		if told := s.add(4); told != nil {
			t.Error("somebody waits for a store that fails")
		}
		cancel()
		<-done
	})
}
