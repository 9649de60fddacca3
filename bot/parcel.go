package bot

import (
	"sync"
	"time"

	"saqbol/fraud"
)

// parcel is a call on its way, with what is known of its delivery.
type parcel struct {
	// Of the worker that runs the chat's lane:
	tries    int
	after    time.Time // not to be tried before: Telegram said so, or it failed
	reserved bool      // its next try has a place in the limits, which is at
	at       time.Time
	since    time.Time     // when it was queued, by time.Now, whose differences no clock that is set can change
	before   time.Duration // how old it was then

	mu       sync.Mutex
	content  call
	row      int64 // in the outbox, 0 = not there
	finished bool
	slow     bool   // will not be delivered soon
	notify   func() // told when it finishes or turns slow
}

// begin notes how old the parcel is when it is queued first. How old an answer of an
// earlier run is only the clock can tell, and the clock may have been set since: it
// gets the benefit of the doubt.
func (p *parcel) begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.since.IsZero() {
		return
	}
	p.since, p.before = time.Now(), now.Sub(p.content.Born)
	if p.row != 0 {
		p.before -= clockDoubt
	}
	p.before = max(0, p.before)
}

// age is how old the parcel is.
func (p *parcel) age(now time.Time) time.Duration { return p.before + now.Sub(p.since) }

// call is what is to be called, as it stands after what was learned on the way.
func (p *parcel) call() call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.content
}

// change puts another call in its place.
func (p *parcel) change(k call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.content = k
}

// state is what the dispatcher asks.
func (p *parcel) state() (finished, slow bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.finished, p.slow
}

// finish marks the end, whatever it was, and returns the row that may go.
func (p *parcel) finish() (row int64) {
	p.mu.Lock()
	p.finished = true
	row = p.row
	notify := p.notify
	p.mu.Unlock()
	if notify != nil {
		notify()
	}
	return row
}

// delay says that the parcel waits for something that takes long.
func (p *parcel) delay() {
	p.mu.Lock()
	p.slow = true
	notify := p.notify
	p.mu.Unlock()
	if notify != nil {
		notify()
	}
}

// saved notes the parcel's row; it reports true where the parcel had finished
// before, and the row may go at once.
func (p *parcel) saved(row int64) (finished bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.row = row
	return p.finished
}

// outgoing are the rows of the parcels that must not be lost, and these parcels
// in the same order.
func outgoing(parcels []*parcel) ([]fraud.Outgoing, []*parcel, error) {
	var rows []fraud.Outgoing
	var kept []*parcel
	for _, p := range parcels {
		k := p.call()
		if finished, _ := p.state(); finished || !k.lasting() {
			continue
		}
		payload, err := k.encode()
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, fraud.Outgoing{Chat: k.Chat, Payload: payload})
		kept = append(kept, p)
	}
	return rows, kept, nil
}
