package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"saqbol/fraud"
)

// filter answers for subjects and people of whom nothing is stored, without the
// database (docs/flows/filter.md). The zero value is none: every question goes to
// the database.
//
// What keeps it true: whoever writes a row of subjects or people through this Store
// puts its key in before, so what is acknowledged here is never answered with
// nothing; what another program writes is noticed by looking every othersEvery, and
// ends it.
type filter struct {
	answers atomic.Pointer[bloom] // asked by lookups; nil: the database is
	takes   atomic.Pointer[bloom] // told of new keys; the same one, or one that is being built

	answered, passed atomic.Int64 // questions, while it stood
}

// add puts a key in. It comes before the row is written: a key too many costs a
// lookup, one too few would hide a report.
func (f *filter) add(key fraud.Key) {
	if b := f.takes.Load(); b != nil {
		b.add(key)
	}
}

// lacks reports that nothing is stored of a subject or a person. false says nothing.
func (f *filter) lacks(key fraud.Key) bool {
	b := f.answers.Load()
	switch {
	case b == nil:
		return false
	case b.has(key):
		f.passed.Add(1)
		return false
	}
	f.answered.Add(1)
	return true
}

func (f *filter) drop() {
	f.answers.Store(nil)
	f.takes.Store(nil)
}

// FilterState is how the filter of subjects' and people's keys stands.
type FilterState struct {
	Stands           bool  // it answers
	Keys             int   // about how many it holds
	Bytes            int   // what it takes in memory
	Answered, Passed int64 // subjects and people asked for since the start: by it alone, and by the database after it
}

// Filter tells how the filter stands.
func (s *Store) Filter() FilterState {
	state := FilterState{Answered: s.filter.answered.Load(), Passed: s.filter.passed.Load(), Stands: s.filter.answers.Load() != nil}
	if b := s.filter.takes.Load(); b != nil {
		state.Keys, state.Bytes = int(b.keys.Load()), b.bytes()
	}
	return state
}

// ErrFilterBegun is why a filter does not stand yet: it is being built, and has its
// memory.
var ErrFilterBegun = errors.New("the filter is being built")

// ErrOthersWrote is why a filter was given up: it can't know what another program
// stored.
var ErrOthersWrote = errors.New("another program wrote to the database")

// ErrFilterFull is why a filter was given up: too many keys came after it was made.
var ErrFilterFull = errors.New("the filter is too full")

const (
	// othersEvery is how often it is asked whether another program wrote: what it
	// stored is found after twice that at the most.
	othersEvery = 400 * time.Millisecond
	// calm is how long nobody else must have written before a new filter is begun.
	calm = 3 * time.Second
	// filterAgain is when it is tried anew where the database could not be read.
	filterAgain = time.Minute
)

// KeepFilter builds the filter of subjects' and people's keys, looks after it and
// builds it anew, until ctx ends or the database is found damaged. Building reads
// every row of both, share as in Examine. told hears of each change: nil when the filter
// stands, else why it does not (any more). Where replicas write beside this Store
// there is none, and it returns at once.
func (s *Store) KeepFilter(ctx context.Context, share int, told func(FilterState, error)) {
	if !s.engine.single() {
		return
	}
	defer s.filter.drop()
	counted := 0
	for {
		mark, err := s.buildFilter(ctx, share, counted, told)
		if err == nil {
			counted = s.Filter().Keys
			told(s.Filter(), nil)
			err = s.holdFilter(ctx, mark)
			counted = max(counted, s.Filter().Keys)
		}
		s.filter.drop()
		if ctx.Err() != nil || s.damage.seen() != nil {
			return
		}
		told(s.Filter(), err)
		if errors.Is(err, ErrOthersWrote) {
			err = s.awaitCalm(ctx)
		}
		if err != nil && !errors.Is(err, ErrFilterFull) && rest(ctx, filterAgain) != nil {
			return
		}
	}
}

// buildFilter makes a filter of what is stored and has it answer. Each of its
// steps stands on the one before:
//
//  1. The new filter is told of what is written from now on.
//  2. The writer's only connection is had: transactions from before have ended,
//     so that what they wrote is read below. It says how often others wrote.
//  3. The chain is read with its marks, to its end; then the people.
//  4. Nobody else wrote meanwhile: what is not in the filter is not stored.
func (s *Store) buildFilter(ctx context.Context, share, counted int, told func(FilterState, error)) (mark othersMark, err error) {
	db, err := s.engine.looking()
	if err != nil {
		return mark, fmt.Errorf("opening the database for the filter: %w", err)
	}
	defer func() { err = errors.Join(err, db.close()) }()
	l := &look{Store: s, db: db, share: share}
	room, err := l.keysAbout(ctx)
	if err != nil {
		return mark, s.checked(ctx, fmt.Errorf("counting the subjects and people: %w", err))
	}
	b := newBloom(max(room, counted))
	s.filter.takes.Store(b)
	told(s.Filter(), ErrFilterBegun)
	if mark, err = s.othersMark(ctx); err != nil {
		return mark, err
	}
	var others error
	looked := time.Now()
	err = l.everyKey(ctx, b.add, func() error {
		if time.Since(looked) >= othersEvery {
			others, looked = s.othersWrote(ctx, mark), time.Now()
		}
		return others
	})
	switch {
	case others != nil:
		return mark, others
	case err != nil:
		return mark, s.checked(ctx, fmt.Errorf("reading the keys of subjects and people: %w", err))
	}
	if err := s.othersWrote(ctx, mark); err != nil {
		return mark, err
	}
	s.filter.answers.Store(b)
	return mark, nil
}

// everyKey gives every key that the filter holds, and asks after each step whether
// to go on.
func (l *look) everyKey(ctx context.Context, add func(fraud.Key), goOn func() error) error {
	err := l.chain(ctx, func(_ *tx, _, _ fraud.Key, rows []link) error {
		for i := range rows {
			add(rows[i].key)
		}
		return goOn()
	})
	if err != nil {
		return err
	}
	var last fraud.Key
	return l.step(ctx, func(t *tx) (bool, error) {
		keys, err := keysOf(ctx, t, `SELECT person FROM people WHERE person > $1 ORDER BY person LIMIT $2`, last[:], lookedAtOnce)
		if err != nil {
			return false, err
		}
		for _, key := range keys {
			add(key)
			last = key
		}
		return len(keys) == lookedAtOnce, goOn()
	})
}

// keysAbout says about how many keys there are.
func (l *look) keysAbout(ctx context.Context) (n int, err error) {
	for _, query := range []string{
		`SELECT subject FROM subjects ORDER BY subject LIMIT 1 OFFSET $1`,
		`SELECT person FROM people ORDER BY person LIMIT 1 OFFSET $1`,
	} {
		rows, err := l.rowsAbout(ctx, query)
		if err != nil {
			return n, err
		}
		n += rows
	}
	return n, nil
}

// smallestRow is what a row of subjects or people takes in the file at the least.
const smallestRow = 40

// rowsAbout says about how many rows a table has. Their keys are hashes and so
// evenly spread: the key of one row far enough from the first, which the query
// gives, says how close they stand. Where there is none there are few: 0.
func (l *look) rowsAbout(ctx context.Context, query string) (n int, err error) {
	const far = fewestKeys / 2 // right within a percent
	err = l.step(ctx, func(t *tx) (bool, error) {
		keys, err := keysOf(ctx, t, query, far)
		if err != nil || len(keys) == 0 {
			return false, err
		}
		var size int64
		err = t.row(ctx, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size)
		about := far / (float64(max(1, binary.BigEndian.Uint64(keys[0][:8]))) / (1 << 64))
		n = int(min(about, float64(size/smallestRow)))
		return false, err
	})
	return n, err
}

// holdFilter looks after a filter that stands, and returns why it must go.
func (s *Store) holdFilter(ctx context.Context, mark othersMark) error {
	ticker := time.NewTicker(othersEvery)
	defer ticker.Stop()
	b := s.filter.takes.Load()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.damage.found:
			return s.damage.seen()
		case <-ticker.C:
		}
		if b.full() {
			return ErrFilterFull
		}
		if err := s.othersStill(ctx, mark, b); err != nil {
			return err
		}
	}
}
