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

// Open opens the database that url names, "sqlite:" and a path, creating it (and
// its folder) where it is missing and bringing its schema up to date. Without
// WithInstance or WithoutLease the Store can write only while no instance serves
// people with it. keys must be the set it was made with, or one rotated from
// that. The errors are the Err… values of this package, with the path before them.
func Open(ctx context.Context, url string, keys *seal.Keys, options ...Option) (*Store, error) {
	path, err := pathOf(url)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		return nil, errors.New("opening the database: there are no keys")
	}
	c := config{random: rand.Reader, clock: time.Now, lockWait: lockWait}
	for _, option := range options {
		option(&c)
	}
	store, err := open(ctx, path, keys, c)
	if err != nil {
		return nil, fmt.Errorf("the database %s: %w", path, explained(err))
	}
	return store, nil
}

func pathOf(url string) (string, error) {
	if url == "" {
		url = DefaultURL
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return "", ErrNoPostgres
	}
	path, ok := strings.CutPrefix(url, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	// An in-memory database would forget everything, silently.
	if !ok || path == "" || strings.HasPrefix(path, ":memory:") || strings.ContainsRune(path, 0) {
		return "", ErrURL
	}
	return path, nil
}

func open(ctx context.Context, path string, keys *seal.Keys, c config) (_ *Store, err error) {
	if err := prepareFile(ctx, path, c.lockWait); err != nil {
		return nil, err
	}
	s := &Store{keys: keys, random: c.random, clock: c.clock, meter: c.meter, apart: c.apart, news: make(chan struct{}, 1),
		path: path, wait: c.lockWait, damage: newDamage(), witness: readWitness(path, keys)}
	s.group = newGroup(s)
	if s.write, s.read, err = openSQLite(path, c.lockWait); err != nil {
		return nil, errors.Join(err, s.witness.close())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// Taking the writer's lock shows now, not at the first report, that another
	// program holds it or that the file can't be written.
	if err := s.write.transact(ctx, func(context.Context, *tx) error { return nil }); err != nil {
		return nil, err
	}
	// Before anything is stored: a log that was left behind can still be put back.
	if err := s.complete(ctx); err != nil {
		return nil, err
	}
	if err := s.claim(ctx, c); err != nil {
		return nil, err
	}
	s.write.guard = s.fence
	if err := s.checkKey(ctx); err != nil {
		return nil, err
	}
	if err := s.ensureMarked(ctx); err != nil {
		return nil, err
	}
	return s, nil
}
