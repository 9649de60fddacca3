package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"saqbol/fraud"
)

// ErrFenced is returned by every write of a Store whose place another instance
// has taken, or that never had it while an instance holds the database. Nothing
// of such a write is stored.
var ErrFenced = fraud.ErrFenced

// instanceLease is the lease of the one process that serves people.
const instanceLease = "instance"

// leaseTerm is how long a lease must stand unchanged before it counts as dead,
// and beatsATerm how often its holder renews it within that time.
const (
	leaseTerm  = 20 * time.Second
	beatsATerm = 4
	looksATerm = 10 // how often somebody who waits looks
)

// Claim says who wants a lease. The zero value is somebody unknown, who waits out
// the full term of a holder that has died.
type Claim struct {
	Holder string // for people: host and process, say; "" means "somebody"
	// Machine names the running system; "" means that it is not known. With Alone
	// the claimant has a lock that nobody else on this machine can have (a flock),
	// so that a lease from this machine is a dead process's and is taken at once.
	Machine string
	Alone   bool
	Term    time.Duration // 0 means 20 s; all claimants of a lease must agree on it
	// Waiting is told once, with the holder, when the claimant begins to wait; nil
	// tells nobody.
	Waiting func(holder string)
}

// Lease is the right to do something that one process at a time may do. It is
// renewed until it is released or lost.
type Lease struct {
	store *Store
	name  string
	token int64
	term  time.Duration
	guard guard // of renewals; nil for the instance's own lease
	lost  chan struct{}
	lose  func()
	stop  context.CancelFunc
	done  chan struct{}
}

// Lease takes the lease called name, waiting for as long as another holds it and
// ctx lasts. A holder is dead when its lease has not changed for a whole term by
// this process's monotonic clock: wall clocks, theirs or ours, decide nothing.
func (s *Store) Lease(ctx context.Context, name string, c Claim) (*Lease, error) {
	return s.lease(ctx, name, c, s.fence)
}

func (s *Store) lease(ctx context.Context, name string, c Claim, guard guard) (*Lease, error) {
	if c.Term <= 0 {
		c.Term = leaseTerm
	}
	if c.Holder == "" {
		c.Holder = "somebody"
	}
	token, err := s.await(ctx, name, c, guard)
	if err != nil {
		return nil, fmt.Errorf("taking the lease %q: %w", name, err)
	}
	keeping, stop := context.WithCancel(context.Background())
	l := &Lease{store: s, name: name, token: token, term: c.Term, guard: guard, lost: make(chan struct{}), stop: stop, done: make(chan struct{})}
	l.lose = sync.OnceFunc(func() { close(l.lost) })
	go l.keep(keeping)
	return l, nil
}

// Token is greater than that of every earlier holder of this lease.
func (l *Lease) Token() int64 { return l.token }

// leaseKey finds a lease in a context.
type leaseKey struct{}

// Context is ctx for what may be done under the lease only: every write with it
// proves that the lease is still this holder's, and fails with ErrFenced where it
// is not.
func (l *Lease) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, leaseKey{}, l)
}

// proving is fn, under the lease that outer names if it names one: fn comes after the
// proof that the lease is still held. The row is written, so that nobody takes the
// lease before the write is over.
func proving(outer context.Context, fn func(ctx context.Context, t *tx) error) func(context.Context, *tx) error {
	l, under := outer.Value(leaseKey{}).(*Lease)
	if !under {
		return fn
	}
	return func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE leases SET beat = beat + 1 WHERE name = $1 AND token = $2`, l.name, l.token)
		if err != nil {
			return fmt.Errorf("proving the lease %q: %w", l.name, err)
		}
		if n == 0 {
			l.lose()
			return ErrFenced
		}
		return fn(ctx, t)
	}
}

// Lost is closed once another has taken the lease.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Release gives the lease back, so that the next claimant need not wait. A lease
// that was lost is left to its new holder.
func (l *Lease) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	err := l.store.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		t.twice = true
		_, err := t.exec(ctx, `UPDATE leases SET holder = '', until = 0 WHERE name = $1 AND token = $2`, l.name, l.token)
		return err
	})
	if err != nil {
		return fmt.Errorf("releasing the lease %q: %w", l.name, err)
	}
	return nil
}

// keep renews the lease. What keeps a renewal from being stored (a full disk, a
// lock) is no reason to give up: nobody else can take the lease then either, and
// if somebody did, the next write would be fenced.
func (l *Lease) keep(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(l.term / beatsATerm)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if l.renew(ctx) {
			l.lose()
			return
		}
	}
}

// renew reports true where the lease is another's.
func (l *Lease) renew(ctx context.Context) (lost bool) {
	ctx, cancel := context.WithTimeout(ctx, l.term)
	defer cancel()
	s := l.store
	err := s.write.transactAs(ctx, l.guard, func(ctx context.Context, t *tx) error {
		t.twice = true
		n, err := t.exec(ctx, `UPDATE leases SET beat = beat + 1, until = $1 WHERE name = $2 AND token = $3`,
			millis(s.clock().Add(l.term)), l.name, l.token)
		if err == nil && n == 0 {
			err = ErrFenced
		}
		return err
	})
	return errors.Is(err, ErrFenced)
}

// leaseRow is a lease as it stands; the zero row is that of a new one.
type leaseRow struct {
	holder, machine string
	token, beat     int64
}

const leaseQuery = `SELECT holder, machine, token, beat FROM leases WHERE name = $1`

func (r *leaseRow) scan(row *sql.Row) error {
	err := row.Scan(&r.holder, &r.machine, &r.token, &r.beat)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// free reports whether c may take the lease without watching it first.
func (r *leaseRow) free(c Claim) bool {
	return r.holder == "" || c.Alone && c.Machine != "" && c.Machine == r.machine
}

// await takes the lease as soon as it is free or has not changed for a term.
func (s *Store) await(ctx context.Context, name string, c Claim, guard guard) (int64, error) {
	ticker := time.NewTicker(max(c.Term/looksATerm, time.Millisecond))
	defer ticker.Stop()
	var seen leaseRow
	var since time.Time
	for first := true; ; first = false {
		row, err := s.leaseRow(ctx, name)
		if err == nil && (first || row != seen) {
			seen, since = row, time.Now()
		}
		if err == nil && (row.free(c) || time.Since(since) >= c.Term) {
			var token int64
			if token, err = s.take(ctx, name, c, row, guard); token != 0 {
				return token, nil
			}
		}
		if err != nil && (first || !refused(err)) { // what the disk or a lock refuses now may work later
			return 0, err
		}
		if first && c.Waiting != nil {
			c.Waiting(row.holder)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ticker.C:
		}
	}
}

func (s *Store) leaseRow(ctx context.Context, name string) (row leaseRow, err error) {
	found, err := s.read.row(ctx, leaseQuery, name)
	if err == nil {
		err = row.scan(found)
	}
	return row, err
}

// take makes c the holder, if the lease still stands as it was seen; the token is
// 0 if it does not.
func (s *Store) take(ctx context.Context, name string, c Claim, seen leaseRow, guard guard) (token int64, err error) {
	err = s.write.transactAs(ctx, guard, func(ctx context.Context, t *tx) error {
		token = 0
		var row leaseRow
		if err := row.scan(t.row(ctx, leaseQuery, name)); err != nil || row != seen {
			return err
		}
		token = row.token + 1
		_, err := t.exec(ctx, `INSERT INTO leases (name, holder, machine, token, beat, until) VALUES ($1, $2, $3, $4, 0, $5)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, machine = excluded.machine,
				token = excluded.token, beat = excluded.beat, until = excluded.until`,
			name, c.Holder, c.Machine, token, millis(s.clock().Add(c.Term)))
		return err
	})
	if err != nil {
		return 0, err
	}
	return token, nil
}

// fence stands at the beginning of every transaction that writes: it proves, under
// the writer's lock, that nobody has taken this Store's place.
func (s *Store) fence(ctx context.Context, t *tx) error {
	if s.apart || !s.engine.single() {
		return nil
	}
	var row leaseRow
	if err := row.scan(t.row(ctx, leaseQuery, instanceLease)); err != nil {
		return fmt.Errorf("reading the instance's lease: %w", err)
	}
	switch {
	case s.instance == nil && row.holder == "":
		return nil // nobody serves people
	case s.instance == nil:
		return ErrFenced
	case row.token != s.instance.token:
		s.instance.lose()
		return ErrFenced
	}
	return nil
}

// Lost is closed once another instance has taken this one's place; nil where the
// Store was opened without WithInstance.
func (s *Store) Lost() <-chan struct{} {
	if s.instance == nil {
		return nil
	}
	return s.instance.Lost()
}

// claim makes the Store the instance where the options ask for it, before the
// schema is touched: a second program, perhaps a newer one, must not change it
// under the feet of the first.
func (s *Store) claim(ctx context.Context, c config) error {
	schema := s.engine.schema()
	version, err := schema.version(ctx, s.read.db)
	if err != nil {
		return err
	}
	wants, err := schema.wanted()
	if err != nil {
		return err
	}
	if version > wants {
		return newer(version, wants)
	}
	if !s.engine.single() {
		return s.claimShared(ctx, schema, c, version, wants)
	}
	if version > 0 && version < leasesSince && c.instance == nil {
		// Who serves people with it, if anybody, can't be told; a SaqBol from before
		// there were marks would go on storing rows without them.
		return ErrOlder
	}
	if version < leasesSince {
		if err := schema.migrate(ctx, s.write.db); err != nil {
			return err
		}
		version = wants
	}
	if c.instance != nil {
		if s.instance, err = s.lease(ctx, instanceLease, *c.instance, nil); err != nil {
			return err
		}
	}
	if version == wants {
		return nil
	}
	row, err := s.leaseRow(ctx, instanceLease)
	switch {
	case err != nil:
		return fmt.Errorf("reading the instance's lease: %w", err)
	case s.instance == nil && row.holder != "":
		return ErrOlder
	}
	return schema.migrate(ctx, s.write.db)
}

// claimShared is claim where any number of replicas serve people: nobody is the
// instance. The schema is a replica's to change; each change leaves those of the
// version before working, so that they can be replaced one by one.
func (s *Store) claimShared(ctx context.Context, schema schema, c config, version, wants int64) error {
	if version == 0 && c.there {
		return ErrNoDatabase
	}
	if version > 0 && version < wants && c.instance == nil {
		return ErrOlder
	}
	if version == wants {
		return nil
	}
	return schema.migrate(ctx, s.write.db)
}

// leasesSince is the schema's version that brought the leases.
const leasesSince = 4
