package main

import (
	"sync"
	"sync/atomic"

	"saqbol/fraud"
)

// standing is what a person knows of something they asked for.
type standing int

const (
	unasked standing = iota
	asked            // the button is pressed, the answer not seen: it may be so or not
	told             // the answer says that it is so: a promise
)

// promise is a report as its person knows it.
type promise struct {
	person   int64
	code     string
	subjects []string // E.164
	details  fraud.Details
	diary    string // what the person had done lately

	filed, withdrawn, erased standing
}

// ledger is the people's own record of what the program told them. It is never
// taken from the database.
type ledger struct {
	mu      sync.Mutex
	reports []*promise

	checks, steps, lists atomic.Int64 // answers seen besides
}

// note changes a promise, or adds it.
func (l *ledger) note(p *promise, change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.filed == unasked {
		l.reports = append(l.reports, p)
	}
	change()
}

// of lists a person's reports that were told to stand, the newest last.
func (l *ledger) of(person int64) []*promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	var own []*promise
	for _, p := range l.reports {
		if p.person == person && p.filed == told && p.withdrawn == unasked && p.erased == unasked {
			own = append(own, p)
		}
	}
	return own
}

// copies are the promises as they stand at this moment.
func (l *ledger) copies() []promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]promise, len(l.reports))
	for i, p := range l.reports {
		all[i] = *p
	}
	return all
}

// promised counts the reports whose code somebody has read.
func (l *ledger) promised() int {
	n := 0
	for _, p := range l.copies() {
		if p.filed == told {
			n++
		}
	}
	return n
}
