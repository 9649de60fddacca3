package bot

import (
	"sync"
	"time"
)

// remembered is how many handled updates are known without asking the store.
const remembered = 32768

// entry is one update that was taken in and is not yet acknowledged.
type entry struct {
	id    int64
	taken time.Time     // when it came in
	done  chan struct{} // closed when the update is acknowledged, or refused

	mu      sync.Mutex
	waiters int           // deliveries whose response can still carry a call
	answer  *parcel       // to be carried by one of them
	offered chan struct{} // closed when there is one
	refused bool          // it is to come again; not written once done is closed
}

// offer hands a lone answer to a waiting delivery, once; it reports false where
// none waits.
func (e *entry) offer(p *parcel) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiters == 0 {
		return false
	}
	e.answer = p
	close(e.offered)
	return true
}

// join counts a delivery that can carry an answer.
func (e *entry) join() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiters++
}

// leave is join's end; the answer, if there is one, goes to the first to leave.
func (e *entry) leave() *parcel {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiters--
	p := e.answer
	e.answer = nil
	return p
}

// recent knows the updates that are being handled and the last ones that were, so
// that a second delivery, at the same time or later, has no second effect.
type recent struct {
	mu       sync.Mutex
	handling map[int64]*entry
	handled  map[int64]struct{}
	ring     []int64 // of handled, for forgetting the oldest
	at       int
}

func newRecent() *recent {
	return &recent{handling: map[int64]*entry{}, handled: map[int64]struct{}{}}
}

// begin takes an update in. fresh is false where it was before; its entry is nil
// then if it is acknowledged already.
func (r *recent) begin(id int64) (e *entry, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.handling[id]; ok {
		return e, false
	}
	if _, ok := r.handled[id]; ok {
		return nil, false
	}
	e = &entry{id: id, taken: time.Now(), done: make(chan struct{}), offered: make(chan struct{})}
	r.handling[id] = e
	return e, true
}

// acknowledge marks an update as handled and lets go everybody who waits for it.
func (r *recent) acknowledge(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handling[e.id] != e {
		return
	}
	delete(r.handling, e.id)
	r.handled[e.id] = struct{}{}
	if len(r.ring) < remembered {
		r.ring = append(r.ring, e.id)
	} else {
		delete(r.handled, r.ring[r.at])
		r.ring[r.at] = e.id
		r.at = (r.at + 1) % remembered
	}
	close(e.done)
}

// refuse forgets an update that was not handled: the next delivery is as good as
// the first.
func (r *recent) refuse(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handling[e.id] != e {
		return
	}
	delete(r.handling, e.id)
	e.refused = true
	close(e.done)
}

// oldest is when the update came in that has waited longest to be acknowledged,
// zero where none waits. By polling it is the one that holds the offset.
func (r *recent) oldest() (taken time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.handling {
		if taken.IsZero() || e.taken.Before(taken) {
			taken = e.taken
		}
	}
	return taken
}
