package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// errStored ends a try that finds the receipt of an earlier one.
var errStored = errors.New("an earlier try was stored")

// The pause before a transaction is tried again: up to shortest before the second
// try, twice that before each further one, at most longest.
const (
	shortestPause = 4 * time.Millisecond
	longestPause  = time.Second
)

// patience bounds the tries where ctx does not: a person waits no longer.
const patience = 20 * time.Second

// backOff is a part of the pause drawn at random, so that those who were in each
// other's way do not meet again.
func backOff(try int) time.Duration {
	return rand.N(min(longestPause, shortestPause<<min(try, 10))) + time.Millisecond
}

// repeated runs fn in a transaction, and all of it again where the server ended
// it or the connection was lost, for as long as ctx lasts. What fn leaves behind in
// its variables is that of its last run.
//
// Whether a commit without an answer was stored nobody can say at that moment, and
// it may even be stored a little later. So each transaction, unless it may be stored
// twice, ends with a row that says which it is, its receipt. The next try begins with
// the same row, waits if the one before is still under way, and learns what became
// of that.
func (p *pool) repeated(ctx context.Context, pass guard, fn func(ctx context.Context, t *tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	receipt := -p.ids.next()
	for try := 1; ; try++ {
		err := p.once(ctx, pass, func(ctx context.Context, t *tx) error {
			if try > 1 {
				if err := p.leave(ctx, t, receipt); err != nil {
					return err
				}
			}
			if err := fn(ctx, t); err != nil || try > 1 || t.twice {
				return err
			}
			return p.leave(ctx, t, receipt)
		})
		switch {
		case errors.Is(err, errStored):
			return nil
		case err == nil || !p.again(err):
			return err
		}
		if pause(ctx, backOff(try)) != nil {
			return err
		}
	}
}

// leave leaves a transaction's receipt; errStored where it is there already.
func (p *pool) leave(ctx context.Context, t *tx, receipt int64) error {
	n, err := t.exec(ctx, `INSERT INTO handled (update_id, at) VALUES ($1, $2) ON CONFLICT (update_id) DO NOTHING`,
		receipt, p.ids.clock().UnixMilli())
	switch {
	case err != nil:
		return fmt.Errorf("writing the receipt: %w", err)
	case n == 0:
		return errStored
	}
	return nil
}

// answered asks the server something that changes nothing, and asks again where
// the connection was lost: a server that was started anew has ended all of them. Each
// that is found to be lost is given up, and the last try makes a new one.
func answered[T any](ctx context.Context, p *pool, ask func() (T, error)) (T, error) {
	for tries := p.db.Stats().OpenConnections; ; tries-- {
		answer, err := ask()
		if tries == 0 || !passing(err) || unreached(err) || ctx.Err() != nil {
			return answer, err
		}
	}
}

// again reports whether a transaction that failed may be stored if it is tried
// again: it was in another's way, or the connection was lost.
func (p *pool) again(err error) bool {
	if drawnTwice(err) && p.ids.draw() == nil {
		return true
	}
	return passing(err)
}
