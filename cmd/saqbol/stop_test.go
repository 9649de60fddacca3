package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

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
