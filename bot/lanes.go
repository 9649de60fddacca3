package bot

import (
	"context"
	"slices"
	"sync"
	"time"
)

// next says how a lane goes on after one run of its first item: done takes the
// item away; otherwise the same item is run again after wait, or earlier if the
// lane is woken.
type next struct {
	done bool
	wait time.Duration
}

// spare is how many goroutines without work wait for more: one that has grown its
// stack for a handler need not grow it again for the next.
const spare = 8

// lanes runs items in order within a key and in parallel across keys, on a
// bounded number of goroutines. A lane that waits holds no goroutine.
type lanes[T any] struct {
	run     func(key int64, item T) next
	emptied func(key int64) // told of each lane that has become empty; it must not ask back. nil tells nobody

	mu      sync.Mutex
	lanes   map[int64]*lane[T]
	ready   []*lane[T]
	size    int // items in all lanes
	workers int
	idle    int        // of the workers, those without work
	more    *sync.Cond // told when there is work for an idle one
	limit   int
	closed  bool
	empty   []chan struct{} // closed when size falls to 0
	working sync.WaitGroup
}

type lane[T any] struct {
	key    int64
	items  []T
	asleep *time.Timer // set while the lane waits
	woken  bool        // while it ran, somebody woke it
}

func newLanes[T any](limit int, run func(key int64, item T) next) *lanes[T] {
	l := &lanes[T]{run: run, lanes: map[int64]*lane[T]{}, limit: limit}
	l.more = sync.NewCond(&l.mu)
	return l
}

// put adds an item at the end of a key's lane.
func (l *lanes[T]) put(key int64, items ...T) {
	if len(items) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.size += len(items)
	if at, ok := l.lanes[key]; ok {
		at.items = append(at.items, items...)
		return
	}
	at := &lane[T]{key: key, items: slices.Clone(items)} // the slice is the caller's
	l.lanes[key] = at
	l.makeReady(at)
}

// wake runs a waiting lane at once.
func (l *lanes[T]) wake(key int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.lanes[key]; ok {
		l.rouse(at)
	}
}

// wakeAll runs every waiting lane at once.
func (l *lanes[T]) wakeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.lanes {
		l.rouse(at)
	}
}

// rouse ends a lane's wait, or the one it is about to begin. The caller holds mu.
func (l *lanes[T]) rouse(at *lane[T]) {
	switch {
	case at.asleep == nil:
		at.woken = true
	case at.asleep.Stop():
		at.asleep = nil
		l.makeReady(at)
	}
}

// has reports whether a key's lane holds anything.
func (l *lanes[T]) has(key int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.lanes[key]
	return ok
}

// alone reports whether a key's lane holds one item and no more.
func (l *lanes[T]) alone(key int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.lanes[key]
	return ok && len(at.items) == 1
}

// clear takes away everything behind the first item of a key's lane. It is for
// the function that runs that item.
func (l *lanes[T]) clear(key int64) []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.lanes[key]
	if !ok || len(at.items) < 2 {
		return nil
	}
	rest := at.items[1:]
	at.items = at.items[:1:1]
	l.size -= len(rest)
	return rest
}

// length is how many items wait or run.
func (l *lanes[T]) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// oldest is the earliest time of the items at the front, zero where nothing waits.
func (l *lanes[T]) oldest(since func(T) time.Time) (earliest time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.lanes {
		if when := since(at.items[0]); earliest.IsZero() || when.Before(earliest) {
			earliest = when
		}
	}
	return earliest
}

// drained waits until nothing is left.
func (l *lanes[T]) drained(ctx context.Context) error {
	l.mu.Lock()
	if l.size == 0 {
		l.mu.Unlock()
		return nil
	}
	empty := make(chan struct{})
	l.empty = append(l.empty, empty)
	l.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close stops: items that run are waited for, the others are left where they are.
func (l *lanes[T]) close() {
	l.mu.Lock()
	l.closed = true
	l.ready = nil
	l.more.Broadcast()
	for _, at := range l.lanes {
		if at.asleep != nil {
			at.asleep.Stop()
		}
	}
	l.mu.Unlock()
	l.working.Wait()
}

// makeReady hands a lane to the workers. The caller holds mu.
func (l *lanes[T]) makeReady(at *lane[T]) {
	if l.closed {
		return
	}
	l.ready = append(l.ready, at)
	switch {
	case l.idle >= len(l.ready):
		l.more.Signal()
	case l.workers < l.limit:
		l.workers++
		l.working.Go(l.work)
	}
}

func (l *lanes[T]) work() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.await() {
		at := l.ready[0]
		l.ready = l.ready[1:]
		item := at.items[0]
		at.woken = false
		l.mu.Unlock()
		after := l.run(at.key, item)
		l.mu.Lock()
		l.settle(at, after)
	}
	l.workers--
}

// await waits for a lane that is ready; it reports false where the worker is not
// needed any more. The caller holds mu.
func (l *lanes[T]) await() bool {
	for len(l.ready) == 0 {
		if l.closed || l.idle >= spare {
			return false
		}
		l.idle++
		l.more.Wait()
		l.idle--
	}
	return true
}

// settle decides what becomes of a lane after a run. The caller holds mu.
func (l *lanes[T]) settle(at *lane[T], after next) {
	if after.done {
		var none T
		at.items[0] = none
		at.items = at.items[1:]
		l.size--
		if l.size == 0 {
			for _, empty := range l.empty {
				close(empty)
			}
			l.empty = nil
		}
		if len(at.items) == 0 {
			delete(l.lanes, at.key)
			if l.emptied != nil {
				l.emptied(at.key)
			}
			return
		}
	}
	if l.closed {
		return
	}
	if after.done || after.wait <= 0 || at.woken {
		l.ready = append(l.ready, at) // this worker goes on
		return
	}
	at.asleep = time.AfterFunc(after.wait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		at.asleep = nil
		l.makeReady(at)
	})
}
