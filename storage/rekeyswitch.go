package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"saqbol/storage/seal"
)

// ErrKeyUnknown is returned by SealUnder while the running instance lacks the key.
var ErrKeyUnknown = errors.New("the running SaqBol does not know the new key yet")

// knownEvery is how often SealUnder looks whether the instance knows the key.
const knownEvery = 200 * time.Millisecond

// SealUnder makes the newest key of next the one that seals, for everybody who
// writes to the database, in one transaction. While an instance runs that lacks
// the key it waits, tells waiting once, and returns ErrKeyUnknown, with nothing
// changed, when ctx ends; an instance that has died keeps nobody waiting for longer
// than its lease. next must be saved before: without it nothing can be stored then.
func (s *Store) SealUnder(ctx context.Context, next *seal.Keys, waiting func()) error {
	if err := s.keys.Adopt(next); err != nil {
		return err
	}
	var seen leaseRow
	var since time.Time
	for first := true; ; first = false {
		dead := !first && time.Since(since) >= leaseTerm
		row, err := s.sealUnder(ctx, next, dead, seen)
		if !first && errors.Is(err, context.DeadlineExceeded) {
			return ErrKeyUnknown // the time was up in the middle of a try, not in a pause
		}
		if !errors.Is(err, ErrKeyUnknown) {
			return err
		}
		if first && waiting != nil {
			waiting()
		}
		if first || row != seen {
			seen, since = row, time.Now()
		}
		if pause(ctx, knownEvery) != nil {
			return err
		}
	}
}

// sealUnder is one try of SealUnder. It returns the lease it met; one that still
// stands as seen is taken for a dead instance's if dead says so.
func (s *Store) sealUnder(ctx context.Context, next *seal.Keys, dead bool, seen leaseRow) (row leaseRow, err error) {
	promoted, err := next.Promote()
	if err != nil {
		return row, err
	}
	sealed, err := promoted.Seal([]byte(probe), metaPlace())
	if err != nil {
		return row, err
	}
	err = s.updateAlone(ctx, "choosing the key that seals", func(ctx context.Context, t *tx) error {
		row = leaseRow{}
		if err := s.follow(ctx, t); err != nil {
			return err
		}
		rows := keyRows{}
		if err := t.query(ctx, rows.scan, keyRowsQuery); err != nil {
			return err
		}
		if err := row.scan(t.row(ctx, leaseQuery, instanceLease)); err != nil {
			return fmt.Errorf("reading the instance's lease: %w", err)
		}
		if row.holder != "" && !knows(rows[metaKnown], next) && (!dead || row != seen) {
			return ErrKeyUnknown
		}
		return setMeta(ctx, t, metaSealing, sealed)
	})
	return row, err
}

// knows reports whether an instance that noted these names holds all keys of a set.
func knows(noted []byte, keys *seal.Keys) bool {
	held := strings.Fields(string(noted))
	for _, name := range keys.Known() {
		if !slices.Contains(held, name) {
			return false
		}
	}
	return true
}
