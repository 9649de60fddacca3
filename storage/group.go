package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"saqbol/fraud"
)

// most is how many jobs may share a transaction, and longest how long it may go on
// taking new ones: the first of them wait for the last.
const (
	most    = 1024
	longest = 50 * time.Millisecond
)

// group gathers writes that come at the same time into one transaction, because
// all of it waits for the disk once. Whoever finds the writer free leads: theirs
// is the first job, and whatever waits by then, or comes until there is nothing
// more to do, joins it. Nobody waits for others to come, and no goroutine is
// needed: the next leader is the first of those who came too late.
type group struct {
	store *Store

	mu      sync.Mutex
	waiting []*job
	led     bool
	closed  bool
	quiet   sync.Cond // nobody leads
}

// job is one write. fn may run several times, and what counts is the last.
type job struct {
	fn    func(ctx context.Context, t *tx) error
	turn  chan struct{} // closed when the job is done, or is to lead
	leads bool          // it is to lead
	err   error
	// panicked is what fn panicked with; it goes on in its caller's goroutine.
	panicked *panicking
}

// panicking is a panic on its way to where it belongs.
type panicking struct {
	value any
	stack []byte
}

func (p *panicking) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

// errClosed is what a write finds that comes too late.
var errClosed = errors.New("the database is closed")

// errUnknown is for those who shared a transaction that broke down.
var errUnknown = errors.New("the transaction broke down")

// errNothing ends a transaction in which nothing was changed.
var errNothing = errors.New("there is nothing to store")

func newGroup(s *Store) *group {
	g := &group{store: s}
	g.quiet.L = &g.mu
	return g
}

// do has fn run in a transaction and returns when that is stored, or is not: with
// fn's error, or with why the transaction failed. If ctx ends before fn's turn has
// come fn is not run; what is under way goes on, and its true end is told.
func (g *group) do(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	j := &job{fn: fn, turn: make(chan struct{})}
	if err := g.enter(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.turn:
	case <-ctx.Done():
		if g.leave(j) {
			return ctx.Err()
		}
		<-j.turn
	}
	if j.leads {
		g.leadFrom(ctx, j)
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

// enter makes a job lead, or wait.
func (g *group) enter(ctx context.Context, j *job) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case g.closed:
		return errClosed
	case g.led:
		g.waiting = append(g.waiting, j)
	default:
		g.led = true
		j.lead()
	}
	return nil
}

// leave reports whether a job waited still, and does no more.
func (g *group) leave(j *job) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.Index(g.waiting, j)
	if at < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, at, at+1)
	return true
}

// next is the job that has waited longest, nil where none does.
func (g *group) next() *job {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.first()
}

func (g *group) first() *job {
	if len(g.waiting) == 0 {
		return nil
	}
	j := g.waiting[0]
	g.waiting[0] = nil
	g.waiting = g.waiting[1:]
	return j
}

// leadFrom stores a job and those that join it.
func (g *group) leadFrom(ctx context.Context, j *job) {
	b := &batch{group: g, jobs: []*job{j}, open: true}
	over := false
	defer func() {
		g.pass()
		for _, j := range b.jobs[1:] {
			if !over { // this goroutine panics: nobody knows what is stored
				j.err = errUnknown
			}
			close(j.turn)
		}
	}()
	b.store(ctx)
	over = true
}

// pass lets the first of those who wait lead.
func (g *group) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if j := g.first(); j != nil {
		j.lead()
		return
	}
	g.led = false
	g.quiet.Broadcast()
}

// close refuses what comes from now on, and waits for what has come.
func (g *group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for g.led {
		g.quiet.Wait()
	}
}

// batch is one transaction's jobs.
type batch struct {
	group *group
	jobs  []*job
	open  bool // others may join
	since time.Time
	blame bool  // one of the jobs is why it failed
	n     int64 // what the transaction counted
}

// store runs the jobs in one transaction. Where one of them fails, nothing of it is
// stored and each half is tried by itself, until what fails stands alone. Where
// the transaction itself fails, or the connection is lost, the others who wait would
// fare no better.
func (b *batch) store(ctx context.Context) {
	s := b.group.store
	err := s.damage.seen()
	if err == nil {
		err = s.write.transact(ctx, b.run)
	}
	half := len(b.jobs) / 2
	switch {
	case err == nil:
		s.witness.note(b.n)
	case errors.Is(err, errNothing): // each has its own answer
	case b.blame && half > 0 && !passing(err) && !s.noticed(err):
		ctx = context.WithoutCancel(ctx)
		(&batch{group: b.group, jobs: b.jobs[:half]}).store(ctx)
		(&batch{group: b.group, jobs: b.jobs[half:]}).store(ctx)
	default:
		if b.since.IsZero() && ctx.Err() == nil { // it did not even begin
			b.all()
		}
		for _, j := range b.jobs {
			j.err = err
		}
	}
}

// run is what the transaction does.
func (b *batch) run(ctx context.Context, t *tx) error {
	s := b.group.store
	if err := s.follow(ctx, t); err != nil {
		return err
	}
	b.since, b.blame = time.Now(), false
	changed, twice := false, true
	for i := 0; b.has(i); i++ {
		j := b.jobs[i]
		t.outdated, t.spoiled, t.wrote, t.twice = s.keys.Outdated, nil, false, false
		if j.run(ctx, t); j.err != nil && (t.wrote || !answers(j.err)) {
			b.blame = true
			return j.err
		}
		changed, twice = changed || t.wrote, twice && t.twice
	}
	t.twice = twice
	if !changed {
		return errNothing
	}
	var err error
	b.n, err = s.counted(ctx, t)
	return err
}

// has reports whether there is an i-th job, which may join at this moment.
func (b *batch) has(i int) bool {
	if i < len(b.jobs) {
		return true
	}
	if !b.open || i >= most || time.Since(b.since) >= longest {
		return false
	}
	j := b.group.next()
	if j != nil {
		b.jobs = append(b.jobs, j)
	}
	return j != nil
}

// all takes in everybody who waits.
func (b *batch) all() {
	for b.open && len(b.jobs) < most {
		j := b.group.next()
		if j == nil {
			return
		}
		b.jobs = append(b.jobs, j)
	}
}

func (j *job) lead() {
	j.leads = true
	close(j.turn)
}

func (j *job) run(ctx context.Context, t *tx) {
	j.panicked = nil
	defer func() {
		if value := recover(); value != nil {
			j.panicked = &panicking{value, debug.Stack()}
			j.err = j.panicked
		}
	}()
	if j.err = j.fn(ctx, t); j.err == nil {
		j.err = t.spoiled
	}
}

// answers tells errors that say how things stand from those that something failed.
func answers(err error) bool {
	return errors.Is(err, fraud.ErrSeen) || errors.Is(err, fraud.ErrNoLetter)
}
