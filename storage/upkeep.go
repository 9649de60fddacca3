package storage

import (
	"context"
	"time"
)

// How long things are kept besides the marks, whose age Prune is given: an answer
// that could not be sent for two days interests nobody (after one it is not sent any
// more; the other is for a clock that was wrong), developers look at dead
// letters and at rows set aside for a month, and a producer of notices that is
// repeated is recognised for three. All are counted from the marks' 48 hours.
const (
	lettersLonger = 28 * 24 * time.Hour
	namesLonger   = 88 * 24 * time.Hour
)

// receiptsKept is how long a transaction's receipt (again.go) is kept. It is looked
// for while the transaction is tried, and that is much shorter: the rest is for
// replicas whose clocks differ.
const receiptsKept = 15 * time.Minute

// pruned is how many rows one transaction of Prune deletes: people who write at
// that moment wait no longer than for a few milliseconds.
const pruned = 2000

// Prune deletes what is old: marks of updates handled before the given time (48
// hours ago: Telegram delivers no update later than 24, and the clock may have been
// put forward by as much), answers that nobody could be given, dead letters and rows set aside from 28
// days earlier, and names of notices from 88 days earlier.
// It also empties the write-ahead log, in which deleted rows still stand.
func (s *Store) Prune(ctx context.Context, before time.Time) (err error) {
	defer s.measure(OpPrune, s.begun(), &err)
	for _, old := range []struct {
		query  string
		before time.Time
	}{
		{`DELETE FROM handled WHERE update_id IN (SELECT update_id FROM handled WHERE at < $1 LIMIT $2)`, before},
		{`DELETE FROM handled WHERE update_id IN
			(SELECT update_id FROM handled WHERE update_id < 0 AND at < $1 ORDER BY update_id DESC LIMIT $2)`, s.clock().Add(-receiptsKept)},
		{`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE at < $1 AND aside = 0 LIMIT $2)`, before},
		{`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE at < $1 LIMIT $2)`, before.Add(-lettersLonger)},
		{`DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE aside = 1 AND at < $1 LIMIT $2)`, before.Add(-lettersLonger)},
		{`DELETE FROM notice_names WHERE name IN (SELECT name FROM notice_names WHERE at < $1 LIMIT $2)`, before.Add(-namesLonger)},
		{`DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE at < $1 LIMIT $2)`, before.Add(-lettersLonger)},
	} {
		for deleted := int64(pruned); deleted == pruned; {
			err := s.update(ctx, "deleting what is old", func(ctx context.Context, t *tx) (err error) {
				deleted, err = t.exec(ctx, old.query, millis(old.before), pruned)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return s.engine.scrub(ctx, s.write)
}
