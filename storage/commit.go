package storage

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"saqbol/fraud"
)

// Commit applies everything that one update changes, in one transaction together
// with the mark that the update was handled, and returns the ids of its Outgoing
// rows, in order. It returns fraud.ErrSeen, and changes nothing, where the update
// was handled before or the dead letter that it settles is gone; a fraud.Error of
// CodeUnavailable where the disk or a lock kept it from being saved.
//
// The parts are applied in the order of fraud.Change's fields. Where there is
// nothing to change it is not an error: withdrawing what is not theirs or is
// withdrawn, closing what is not open, somebody unknown blocking the bot.
func (s *Store) Commit(ctx context.Context, c fraud.Change) (ids []int64, err error) {
	defer s.measure(OpCommit, s.begun(), &err)
	forgotten := false
	s.handled.raise(c.Update)
	err = s.update(ctx, "storing an update's effect", func(ctx context.Context, t *tx) error {
		a := &applying{tx: t, store: s, change: c, who: s.person(c.Person), touched: map[fraud.Key]shift{}}
		var err error
		ids, err = a.all(ctx)
		forgotten = a.forgotten
		return err
	})
	if err == nil && forgotten {
		err = fraud.ErrSeen
	}
	if err != nil {
		return nil, err
	}
	if c.Erase {
		// The person is forgotten whether this works or not; where it does not,
		// Prune and Close empty the log.
		_ = s.engine.scrub(ctx, s.write)
	}
	return ids, nil
}

// applying is one change under way.
type applying struct {
	*tx
	store   *Store
	change  fraud.Change
	who     fraud.Key           // the person's
	has     bool                // the person has a row, as far as is known
	touched map[fraud.Key]shift // subjects whose sums are to be made anew
	// forgotten is set where the change must have no effect, because it settles the
	// letter of somebody who may have been forgotten.
	forgotten bool
}

func (a *applying) all(ctx context.Context) ([]int64, error) {
	if err := a.turn(ctx); err != nil {
		return nil, err
	}
	if err := a.begin(ctx); err != nil || a.forgotten {
		return nil, err
	}
	for _, step := range []func(context.Context) error{
		a.language, a.session, a.file, a.withdraw, a.dispute, a.gone, a.forgetIdle, a.erase, a.quota,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	byKey := func(x, y fraud.Key) int { return bytes.Compare(x[:], y[:]) }
	for _, subject := range slices.SortedFunc(maps.Keys(a.touched), byKey) {
		if err := a.store.sumUp(ctx, a.tx, subject, a.touched[subject]); err != nil {
			return nil, err
		}
	}
	return a.outgoing(ctx)
}

// begin makes sure that the change comes once.
func (a *applying) begin(ctx context.Context) error {
	if a.change.Letter != 0 {
		return a.settle(ctx)
	}
	return markHandled(ctx, a.tx, a.change.Update, millis(a.change.Now))
}

// markHandled notes that an update was handled, ErrSeen where it was before.
// Update 0 is none.
func markHandled(ctx context.Context, t *tx, update, now int64) error {
	if update == 0 {
		return nil
	}
	n, err := t.exec(ctx, `INSERT INTO handled (update_id, at) VALUES ($1, $2) ON CONFLICT (update_id) DO NOTHING`, update, now)
	if err != nil {
		return fmt.Errorf("marking the update as handled: %w", err)
	}
	if n == 0 {
		return fraud.ErrSeen
	}
	return nil
}
