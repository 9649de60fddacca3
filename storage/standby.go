package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// ErrStandby is a DATABASE_READ_URL that is no standby of this database, or one that
// can't answer now; the database itself answers meanwhile.
var (
	ErrStandby     = errors.New("it does not follow the database: DATABASE_READ_URL must be a streaming standby of DATABASE_URL, with the same tables and keys")
	errStandbyLate = errors.New("it is too far behind the database")
	errStandbyFile = errors.New("DATABASE_READ_URL is for PostgreSQL: a file has no standby")
)

// How the standby is watched: every second a beat is stored in the database, and
// looked for there. It may answer as long as a beat that is at most standbyLag old
// has arrived. A lookup waits for it no longer than standbyPatience.
const (
	standbyEvery    = time.Second
	standbyLag      = 10 * time.Second
	standbyLook     = 5 * time.Second // how long one look may take
	standbyPatience = 500 * time.Millisecond
)

// WithStandby has lookups of those who have told nothing themselves go to a
// streaming standby of the database (docs/adr/0023).
func WithStandby(url string) Option { return func(c *config) { c.standby = url } }

// standby is a copy of the database that follows it. It is asked only while it is
// known to follow closely.
type standby struct {
	place  string
	read   *pool
	engine engine
	keys   *seal.Keys
	terms  standbyTerms

	follows atomic.Bool
	looks   atomic.Int64 // how often it was looked at
	stop    context.CancelFunc
	done    sync.WaitGroup

	of     int64     // the database whose beats they are
	beats  []beat    // that have not arrived yet, oldest first
	latest time.Time // when the last one was stored that has arrived

	mu  sync.Mutex
	why error // it does not follow
}

// standbyTerms are how often a standby is looked at, and how far behind it may be.
type standbyTerms struct{ every, lag time.Duration }

// beat is a number that was stored in the database at a moment of the monotonic clock.
type beat struct {
	n  int64
	at time.Time
}

// standbyLease is the row that beats. It is nobody's lease: whoever has a standby
// counts in it, and each knows its own numbers.
const standbyLease = "standby"

// openStandby begins to watch a standby, without waiting for it.
func (s *Store) openStandby(url string, terms standbyTerms) error {
	if url == "" {
		return nil
	}
	if s.engine.single() {
		return errStandbyFile
	}
	e, err := engineOf(url, lockWait)
	if err != nil {
		return fmt.Errorf("DATABASE_READ_URL: %w", err)
	}
	if e.single() {
		return errStandbyFile
	}
	write, read, err := e.pools()
	if err != nil {
		return err
	}
	if err := write.close(); err != nil { // nothing is written there
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.standby = &standby{place: e.place(), read: read, engine: e, keys: s.keys, terms: terms, stop: stop, why: errStandbyLate}
	s.standby.done.Go(func() { s.watchStandby(ctx) })
	return nil
}

func (b *standby) close() error {
	if b == nil {
		return nil
	}
	b.stop()
	b.done.Wait()
	return b.read.close()
}

// Standby returns why lookups do not go to the standby now: nil where they do, or
// where there is none.
func (s *Store) Standby() error {
	if s.standby == nil {
		return nil
	}
	s.standby.mu.Lock()
	defer s.standby.mu.Unlock()
	if s.standby.why == nil {
		return nil
	}
	return fmt.Errorf("the standby %s: %w", s.standby.place, s.standby.why)
}

// AwaitStandby is Standby, once the standby had the time to show that it follows.
func (s *Store) AwaitStandby(ctx context.Context) error {
	for begun := time.Now(); s.Standby() != nil && time.Since(begun) < s.standby.terms.lag; {
		if err := pause(ctx, standbyLook/100); err != nil {
			return err
		}
	}
	return s.Standby()
}

func (s *Store) watchStandby(ctx context.Context) {
	for {
		s.lookAtStandby(ctx)
		if pause(ctx, s.standby.terms.every) != nil {
			return
		}
	}
}

// lookAtStandby stores a beat, and sees which has arrived.
func (s *Store) lookAtStandby(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, standbyLook)
	defer cancel()
	b := s.standby
	at := time.Now() // before it is stored: it may be older than we say, never younger
	if of, n, err := s.beat(ctx); err == nil {
		b.of, b.beats = of, append(b.beats, beat{n, at})
	}
	arrived, err := b.arrived(ctx)
	for len(b.beats) > 0 && (b.beats[0].n <= arrived || time.Since(b.beats[0].at) > b.terms.lag) { // arrived, or no help any more
		if b.beats[0].n <= arrived {
			b.latest = b.beats[0].at
		}
		b.beats = b.beats[1:]
	}
	if err == nil && (b.latest.IsZero() || time.Since(b.latest) > b.terms.lag) {
		err = errStandbyLate
	}
	b.seen(err)
	b.looks.Add(1)
}

// seen notes why the standby does not follow; nil where it does.
func (b *standby) seen(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.why = why
	b.follows.Store(why == nil)
}

// beat counts on, and says of which database: the row's token is drawn when the row
// is made, and stays. What stood by another database has a row of its own, and may
// have counted further long ago. It needs no receipt: a beat that was stored
// unnoticed is one more.
func (s *Store) beat(ctx context.Context) (of, n int64, err error) {
	err = s.write.once(ctx, nil, func(ctx context.Context, t *tx) error {
		return t.row(ctx, `INSERT INTO leases (name, holder, machine, token, beat, until) VALUES ($1, '', '', $2, 1, 0)
			ON CONFLICT (name) DO UPDATE SET beat = leases.beat + 1 RETURNING token, beat`, standbyLease, s.ids.next()).Scan(&of, &n)
	})
	return of, n, err
}

// arrived is the latest beat that the standby has, if it is one of this database.
func (b *standby) arrived(ctx context.Context) (n int64, err error) {
	version, err := b.engine.schema().version(ctx, b.read.db)
	if err != nil {
		return 0, explained(err)
	}
	wants, err := b.engine.schema().wanted()
	if err != nil {
		return 0, err
	}
	of := keyRows{}
	if version == wants {
		if err := b.read.query(ctx, of.scan, keyRowsQuery); err != nil {
			return 0, explained(err)
		}
	}
	if version != wants || of.fit(b.keys) != nil {
		return 0, ErrStandby
	}
	return b.beatOf(ctx)
}

// beatOf is the latest beat that the standby has of the database, 0 for none.
func (b *standby) beatOf(ctx context.Context) (n int64, err error) {
	var of int64
	err = b.read.db.QueryRowContext(ctx, `SELECT token, beat FROM leases WHERE name = $1`, standbyLease).Scan(&of, &n)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err == nil && b.of != of:
		return 0, ErrStandby
	}
	return n, explained(err)
}

// StandingsFor is Standings for somebody who asks. Who has told nothing themselves
// may be shown what is some seconds old; asker must come from Turn.
func (s *Store) StandingsFor(ctx context.Context, asker fraud.Person, keys []fraud.Key) ([]fraud.Standing, error) {
	if s.standby == nil || !asker.MayLag || !s.standby.follows.Load() || s.damage.seen() != nil {
		return s.Standings(ctx, keys)
	}
	out, err := s.standingsThere(ctx, keys)
	if err == nil {
		return out, nil
	}
	if ctx.Err() == nil {
		s.standby.seen(err) // until it is looked at again
	}
	return s.Standings(ctx, keys)
}

func (s *Store) standingsThere(ctx context.Context, keys []fraud.Key) ([]fraud.Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, standbyPatience)
	defer cancel()
	out := make([]fraud.Standing, len(keys))
	for i, key := range keys {
		var err error
		if out[i], err = s.standingIn(ctx, s.standby.read, key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mayLag reports whether somebody has told nothing, so that what they are shown may
// be the standby's. Who has reported or disputed anything sees what the database
// itself says, and so their own. Who erased themselves today is known by what they
// have used up; of others nothing is left that could be theirs.
func (s *Store) mayLag(ctx context.Context, who fraud.Key) (bool, error) {
	if s.standby == nil {
		return false, nil
	}
	n, err := s.count(ctx, `SELECT (SELECT COUNT(*) FROM reports WHERE person = $1) + (SELECT COUNT(*) FROM disputes WHERE person = $1) +
		(SELECT COUNT(*) FROM quotas WHERE person = $1 AND reports + erasures > 0)`, who[:])
	if err != nil {
		return false, s.unreadable("reading whether somebody has told something", err)
	}
	return n == 0, nil
}
