package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"saqbol/storage/seal"
)

// DefaultURL is where the database stands unless DATABASE_URL says otherwise.
const DefaultURL = "sqlite:data/saqbol.db"

// lockWait is how long a transaction waits for another program's lock.
const lockWait = 5 * time.Second

type config struct {
	random   io.Reader
	clock    func() time.Time
	lockWait time.Duration
	meter    Meter
	instance *Claim
	apart    bool
	closed   bool // opens what a move has closed
	there    bool
	standby  string // a URL, "" = there is none

	standbyTerms standbyTerms
}

// Option changes how a Store works.
type Option func(*config)

// WithRandom sets the source of the keys that replace forgotten people;
// crypto/rand without it.
func WithRandom(r io.Reader) Option { return func(c *config) { c.random = r } }

// WithClock sets the clock that stamps confirmations; time.Now without it.
func WithClock(now func() time.Time) Option { return func(c *config) { c.clock = now } }

// WithLockWait sets how long to wait for another program's lock; 5 s without it.
func WithLockWait(d time.Duration) Option { return func(c *config) { c.lockWait = d } }

// WithInstance makes the Store the one instance that serves people: Open waits
// for the lease, every write proves that it still is the holder, Lost tells of its
// loss, and Close gives it back.
func WithInstance(claim Claim) Option { return func(c *config) { c.instance = &claim } }

// WithoutLease lets the Store write beside a running instance. It is for tools of
// which each write is right whoever else writes (docs/adr/0009 says which).
func WithoutLease() Option { return func(c *config) { c.apart = true } }

// MustExist has Open return ErrNoDatabase for a database on a server that has no
// tables yet, or tables that no keys were given to, instead of making it ours.
func MustExist() Option { return func(c *config) { c.there = true } }

// Open opens the database that url names and brings its schema up to date. "sqlite:"
// and a path is a file, which is made (and its folder) where it is missing; without
// WithInstance or WithoutLease the Store can write only while no instance serves
// people with it. "postgres://" is a database on a server, with which any number of
// replicas serve people, so that neither option changes anything there. keys must
// be the set it was made with, or one rotated from that. The errors are the Err…
// values of this package, with the path or the server before them.
func Open(ctx context.Context, url string, keys *seal.Keys, options ...Option) (*Store, error) {
	if keys == nil {
		return nil, errors.New("opening the database: there are no keys")
	}
	c := config{random: rand.Reader, clock: time.Now, lockWait: lockWait, standbyTerms: standbyTerms{standbyEvery, standbyLag}}
	for _, option := range options {
		option(&c)
	}
	e, err := engineOf(url, c.lockWait)
	if err != nil {
		return nil, err
	}
	store, err := open(ctx, e, keys, c)
	if err != nil {
		return nil, fmt.Errorf("the database %s: %w", e.place(), explained(err))
	}
	return store, nil
}

// pathOf is the file that a DATABASE_URL names.
func pathOf(url string) (string, error) {
	if url == "" {
		url = DefaultURL
	}
	if onPostgres(url) {
		return "", ErrNotAFile
	}
	path, ok := strings.CutPrefix(url, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	// An in-memory database would forget everything, silently.
	if !ok || path == "" || strings.HasPrefix(path, ":memory:") || strings.ContainsRune(path, 0) {
		return "", ErrURL
	}
	return path, nil
}

func open(ctx context.Context, e engine, keys *seal.Keys, c config) (_ *Store, err error) {
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	s := &Store{keys: keys, random: c.random, clock: c.clock, meter: c.meter, apart: c.apart, news: make(chan struct{}, 1),
		engine: e, damage: newDamage()}
	s.group = newGroup(s)
	if s.ids, err = newIDs(c.clock, c.random); err != nil {
		return nil, err
	}
	if s.slot, err = e.slot(c.random); err != nil {
		return nil, err
	}
	s.witness = e.witness(keys)
	if s.write, s.read, err = e.pools(); err != nil {
		return nil, errors.Join(err, s.witness.close())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// Taking the writer's lock shows now, not at the first report, that another
	// program holds it or that the file can't be written.
	if err := s.write.once(ctx, nil, func(context.Context, *tx) error { return nil }); err != nil {
		return nil, err
	}
	// Before anything is stored: a log that was left behind can still be put back.
	if err := s.complete(ctx); err != nil {
		return nil, err
	}
	if err := s.claim(ctx, c); err != nil {
		return nil, err
	}
	s.write.guard, s.write.ids = s.fence, s.ids
	if err := s.checkKey(ctx, c); err != nil {
		return nil, err
	}
	if err := s.ensureMarked(ctx); err != nil {
		return nil, err
	}
	if err := s.seeIDs(ctx); err != nil {
		return nil, err
	}
	if err := s.openStandby(c.standby, c.standbyTerms); err != nil {
		return nil, err
	}
	if c.instance != nil && !e.single() {
		if err := s.join(ctx, *c.instance); err != nil {
			return nil, err
		}
	}
	return s, nil
}
