package storage

import (
	"context"
	"fmt"
	"time"
)

// How long things are kept besides the marks, whose age Prune is given: an answer
// that could not be sent for a day interests nobody, developers look at dead
// letters and at rows set aside for a month, and a producer of notices that is
// repeated is recognised for three. All are counted from the marks' 48 hours.
const (
	answersSooner = 24 * time.Hour
	lettersLonger = 28 * 24 * time.Hour
	namesLonger   = 88 * 24 * time.Hour
)

// pruned is how many rows one transaction of Prune deletes: people who write at
// that moment wait no longer than for a few milliseconds.
const pruned = 2000

// Prune deletes what is old: marks of updates handled before the given time (48
// hours ago: Telegram delivers no update later than 24), answers that nobody
// could be given from 24 hours later on, dead letters and rows set aside from 28
// days earlier, and names of notices from 88 days earlier.
// It also empties the write-ahead log, in which deleted rows still stand.
func (s *Store) Prune(ctx context.Context, before time.Time) (err error) {
	defer s.measure(OpPrune, s.begun(), &err)
	for _, old := range []struct {
		query  string
		before time.Time
	}{
		{`DELETE FROM handled WHERE update_id IN (SELECT update_id FROM handled WHERE at < $1 LIMIT $2)`, before},
		{`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE at < $1 AND aside = 0 LIMIT $2)`, before.Add(answersSooner)},
		{`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE at < $1 LIMIT $2)`, before.Add(-lettersLonger)},
		{`DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE aside = 1 AND at < $1 LIMIT $2)`, before.Add(-lettersLonger)},
		{`DELETE FROM notice_names WHERE name IN (SELECT name FROM notice_names WHERE at < $1 LIMIT $2)`, before.Add(-namesLonger)},
		{`DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE at < $1 LIMIT $2)`, before.Add(-lettersLonger)},
	} {
		for deleted := int64(pruned); deleted == pruned; {
			err := s.update(ctx, "deleting what is old", func(t *tx) (err error) {
				deleted, err = t.exec(ctx, old.query, millis(old.before), pruned)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return s.scrub(ctx)
}

// Health is what Check finds.
type Health struct {
	Schema  int64    // version of the schema
	Damage  []string // what SQLite finds wrong with the file; nothing for a sound one
	People  int
	Reports int // withdrawn ones too
	// Subjects with a report, a dispute or a confirmation.
	Subjects int
	Unsent   int // answers that wait
	Notices  int // messages that nobody waits for, due or not
	Letters  int // updates that could not be handled
	// Answers, notices and letters that can't be read, set aside.
	Aside int
}

// Check looks the whole database over, which takes seconds on a large one.
func (s *Store) Check(ctx context.Context) (h Health, err error) {
	defer s.measure(OpCheck, s.begun(), &err)
	if h.Schema, err = schemaVersion(ctx, s.read.db); err != nil {
		return h, err
	}
	if h.Damage, err = s.damage(ctx); err != nil {
		return h, fmt.Errorf("looking for damage: %w", err)
	}
	for _, count := range []struct {
		query string
		into  *int
	}{
		{`SELECT COUNT(*) FROM people`, &h.People},
		{`SELECT COUNT(*) FROM reports`, &h.Reports},
		{`SELECT COUNT(*) FROM subjects`, &h.Subjects},
		{`SELECT COUNT(*) FROM outbox WHERE aside = 0`, &h.Unsent},
		{`SELECT COUNT(*) FROM notices WHERE aside = 0`, &h.Notices},
		{`SELECT COUNT(*) FROM dead_letters`, &h.Letters},
		{`SELECT (SELECT COUNT(*) FROM outbox WHERE aside = 1) + (SELECT COUNT(*) FROM notices WHERE aside = 1) +
			(SELECT COUNT(*) FROM dead_letters WHERE aside = 1)`, &h.Aside},
	} {
		if *count.into, err = s.count(ctx, count.query); err != nil {
			return h, fmt.Errorf("counting rows: %w", err)
		}
	}
	return h, nil
}
