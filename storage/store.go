package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	keys   *seal.Keys
	write  *pool
	read   *pool
	random io.Reader
	clock  func() time.Time
	meter  Meter         // nil = nothing is measured
	news   chan struct{} // holds something when notices were stored

	group   *group // of writes that come at the same time
	handled newestMark

	instance *Lease // nil for a tool; of a replica, the one by which it shows that it lives
	unwatch  func() // a replica looks after the others no more
	apart    bool   // a tool that may write beside the instance

	engine  engine
	ids     *ids
	slot    int64 // of this Store in the sums that all add to (docs/adr/0016)
	damage  *damage
	standby *standby // nil = there is none
	witness *witness
	filter  filter
}

// releaseWait is how long giving the lease back may take: another program's lock
// must not keep this one from ending, and a lease that nobody renews ends by itself.
const releaseWait = 1500 * time.Millisecond

// Close waits for what runs, gives the instance's lease back and closes the
// database.
func (s *Store) Close() error {
	s.group.close()
	var released error
	if s.instance != nil {
		ctx, cancel := context.WithTimeout(context.Background(), releaseWait)
		released = errors.Join(s.part(ctx), s.instance.Release(ctx))
		cancel()
	}
	return errors.Join(released, s.standby.close(), s.read.close(), s.write.close(), s.witness.close())
}

// Ping reports whether the database answers, and no damage was found in it.
func (s *Store) Ping(ctx context.Context) error {
	if sign := s.damage.seen(); sign != nil {
		return sign
	}
	if _, err := s.count(ctx, `SELECT COUNT(*) FROM meta`); err != nil {
		return fmt.Errorf("asking the database: %w", err)
	}
	return nil
}

func (s *Store) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	row, err := s.read.row(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return n, row.Scan(&n)
}

// update runs fn in a transaction, which others may share. doing says what for, in
// the error's words. An error of the disk or of a lock becomes a fraud.Error that
// people can be told. fn may be run several times: what it sets outside must not
// depend on how often.
func (s *Store) update(ctx context.Context, doing string, fn func(ctx context.Context, t *tx) error) error {
	if sign := s.damage.seen(); sign != nil {
		return s.unsaved(ctx, doing, sign)
	}
	return s.unsaved(ctx, doing, s.group.do(ctx, proving(ctx, fn)))
}

// updateAlone is update in a transaction of its own, for those who change which
// key seals: values that others seal must not share it.
func (s *Store) updateAlone(ctx context.Context, doing string, fn func(ctx context.Context, t *tx) error) error {
	if sign := s.damage.seen(); sign != nil {
		return s.unsaved(ctx, doing, sign)
	}
	var n int64
	err := s.write.transact(ctx, func(ctx context.Context, t *tx) (err error) {
		if err = fn(ctx, t); err == nil {
			n, err = s.counted(ctx, t)
		}
		return err
	})
	if err == nil {
		s.witness.note(n)
	}
	return s.unsaved(ctx, doing, err)
}

// person is the key under which a person's rows are found.
func (s *Store) person(id int64) fraud.Key {
	return s.keys.Index("person", fmt.Sprint(id))
}

// sealJSON seals a row's own form of a value.
func (s *Store) sealJSON(value any, at seal.Place) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding %s.%s: %w", at.Table, at.Column, err)
	}
	return s.keys.Seal(plain, at)
}

// openJSON opens what sealJSON sealed.
func (s *Store) openJSON(sealed []byte, at seal.Place, into any) error {
	plain, err := s.unseal(sealed, at)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		// The decoder's words may repeat a piece of the value.
		return fmt.Errorf("decoding %s.%s failed", at.Table, at.Column)
	}
	return nil
}

// millis is how a time is stored: Unix milliseconds, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment reads what millis wrote.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
