package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"saqbol/emulator"
)

// TestStopUnderLoad: stopped while people write, the program ends well and leaves
// no goroutine behind.
func TestStopUnderLoad(t *testing.T) {
	for _, mode := range []string{"polling", "webhook"} {
		t.Run(mode, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Run("run", func(t *testing.T) { // its end closes the emulator
				s := startRun(t, mode)
				s.citizen(t, "ru").says("102")
				var crowd sync.WaitGroup
				answered := make(chan struct{}, 1)
				for i := range 30 {
					person := s.api.NewPerson(fmt.Sprintf("Тұрғын %d", i), "kk")
					crowd.Go(func() {
						for k := range 10 {
							person.Send(fmt.Sprintf("8 701 123 %02d %02d", i, k))
						}
						if _, err := person.Wait(t.Context(), func(m []emulator.Message) bool { return len(m) > 10 }); err == nil {
							select {
							case answered <- struct{}{}:
							default:
							}
						}
					})
				}
				<-answered // in the midst of it
				if status := s.stop(); status != exitDone {
					t.Errorf("it ended with %d:\n%s", status, s.stderr)
				}
				s.api.Close()
				crowd.Wait()
			})
			http.DefaultClient.CloseIdleConnections()
			if err := goleak.Find(before); err != nil {
				t.Errorf("left behind: %v", err)
			}
		})
	}
}

// TestStopWhileAnotherHoldsTheLock: what is still to be written at the stop waits for
// the lock, but not so long, one after another, that the program would be killed.
func TestStopWhileAnotherHoldsTheLock(t *testing.T) {
	t.Parallel() // most of the time goes by waiting for the lock
	s := startRun(t, "polling")
	first, second := s.citizen(t, "ru"), s.citizen(t, "ru")
	first.says("102")
	shown := second.says("8 701 123 45 67")
	mend := s.api.Fail(emulator.Fault{Method: "sendMessage", Kind: emulator.FaultTooMany, RetryAfter: 1})
	first.Send("/report") // what it changes is stored, and its answer waits
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := s.api.WaitCall(ctx, func(c emulator.Call) bool { return c.Fault != "" }); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", s.file()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	mend()
	if _, err := first.Wait(ctx, func(now []emulator.Message) bool { return len(now) == 4 }); err != nil {
		t.Fatal(err)
	}
	if err := second.Press(shown.ID, shown.Buttons[0][0].Data); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if status := s.stop(); status == -1 {
		t.Errorf("it ended with %d:\n%s", status, s.stderr)
	}
	if took := time.Since(begun); took > 15*time.Second { // it needs less than ten, and ops/saqbol.service kills it then
		t.Errorf("the stop took %v:\n%s", took, s.stderr)
	}
}
