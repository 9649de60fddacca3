package main

import (
	"sync"
	"time"
)

// tally is what became of the questions of one turn.
type tally struct {
	n        int
	together bool

	mu         sync.Mutex
	answered   []bool
	latest     map[int]int // by chat, the question answered last
	answers    int
	twice      int
	disordered int
	acked      int       // deliveries that were answered with 200
	refused    int       // deliveries that were answered with something else, and came again
	last       time.Time // of the last progress
	enough     int       // answers, or acknowledgements, that end the turn
	byAck      bool      // nothing is answered: acknowledgements count
	done       chan struct{}
}

func newTally(n, enough int, byAck, together bool) *tally {
	return &tally{n: n, together: together, answered: make([]bool, n), latest: map[int]int{}, enough: enough, byAck: byAck, done: make(chan struct{}), last: time.Now()}
}

// answer notes an answer to the question about a number.
func (t *tally) answer(body []byte) {
	i := asked(body) - firstNumber
	t.mu.Lock()
	defer t.mu.Unlock()
	if i < 0 || i >= t.n {
		return
	}
	if t.answered[i] {
		t.twice++
		return
	}
	t.answered[i] = true
	chat := chatOf(i, t.n, t.together)
	if before, ok := t.latest[chat]; ok && before > i {
		t.disordered++
	}
	t.latest[chat] = max(i, t.latest[chat])
	t.answers++
	t.progress(t.answers, !t.byAck)
}

// ack notes that a delivery was taken.
func (t *tally) ack() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acked++
	t.progress(t.acked, t.byAck)
}

func (t *tally) refuse() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused++
}

// progress ends the turn once there is enough. The caller holds mu.
func (t *tally) progress(count int, counts bool) {
	t.last = time.Now()
	if counts && count == t.enough {
		close(t.done)
	}
}

// patience is how long nothing may come before the rest counts as lost, and
// warmPatience how long a program that has just started may take for its first.
const (
	patience     = 3 * time.Second
	warmPatience = 20 * time.Second
)

// wait waits for the end of the turn and returns when the last thing came.
func (t *tally) wait(patience time.Duration) time.Time {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-t.done:
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.last
		case <-tick.C:
			t.mu.Lock()
			last := t.last
			t.mu.Unlock()
			if time.Since(last) > patience {
				return last
			}
		}
	}
}
