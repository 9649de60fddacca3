package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"saqbol/storage/seal"
)

// Health is what Check finds.
type Health struct {
	Schema  int64    // version of the schema
	Damage  []string // what is wrong with the file; nothing for a sound one
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

// Check looks the whole database over, as Examine does without rests, and counts
// what is in it.
func (s *Store) Check(ctx context.Context) (h Health, err error) {
	defer s.measure(OpCheck, s.begun(), &err)
	if h.Schema, err = s.engine.schema().version(ctx, s.read.db); err != nil {
		return h, err
	}
	switch err := s.Examine(ctx, 1); {
	case errors.Is(err, ErrDamaged):
		h.Damage = append(h.Damage, err.Error())
		return h, nil // what could still be counted would not be so
	case err != nil:
		return h, err
	}
	for _, count := range []struct {
		query string
		into  *int
	}{
		{`SELECT COUNT(*) FROM people`, &h.People},
		{`SELECT COUNT(*) FROM reports`, &h.Reports},
		{`SELECT COUNT(*) FROM subjects WHERE reporters + disputes + confirmed > 0`, &h.Subjects},
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

// Examine reads the whole database: the structure of its file, every row's mark,
// what is sealed, and whether sums fit what they add up. Answers, notices and
// letters that don't open are none of its business: they are set aside when they
// are read, and keep nobody from anything. What it finds
// wrong is an ErrDamaged, and from then on what Damage says; any other error
// means that it could not finish.
//
// It goes in steps of some milliseconds, none of which holds up anybody, and
// works one share-th of the time: 1 for all of it.
func (s *Store) Examine(ctx context.Context, share int) (err error) {
	db, err := s.engine.looking()
	if err != nil {
		return fmt.Errorf("opening the database for a check: %w", err)
	}
	defer func() { err = errors.Join(err, db.close()) }()
	l := &look{Store: s, db: db, share: share}
	if l.schema, err = s.engine.schema().version(ctx, db.db); err != nil {
		return err
	}
	if err := l.structure(ctx); err != nil {
		return s.checked(ctx, fmt.Errorf("looking over the file: %w", err))
	}
	return l.allRows(ctx)
}

// marksSince is the schema from which on rows have marks.
const marksSince = 3

// examineCopy looks at the rows of a copy that no Store has opened. One from before
// there were marks has nothing to look at.
func examineCopy(ctx context.Context, db *sql.DB, keys *seal.Keys, schema int64) error {
	if schema < marksSince {
		return nil
	}
	s := &Store{keys: keys, damage: newDamage(), engine: &sqliteFile{}}
	return (&look{Store: s, db: newPool(db), share: 1, schema: schema}).allRows(ctx)
}

// checked is an error of a complete check, in one form for damage of every sort.
// What neither the database nor the end of ctx nor a missing key explains is a row that
// does not read as it was written.
func (s *Store) checked(ctx context.Context, err error) error {
	if errors.Is(err, ErrWrongKey) {
		return err
	}
	if !errors.Is(err, ErrDamaged) && (damaging(err) || driverFault(err) == FaultNone && ctx.Err() == nil) {
		err = fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	s.noticed(err)
	return err
}

// look is a complete check under way.
type look struct {
	*Store
	db     *pool
	share  int
	schema int64
}

// allRows looks at everything but the structure of the file.
func (l *look) allRows(ctx context.Context) error {
	for _, part := range []struct {
		what string
		look func(context.Context) error
	}{
		{"lists", l.lists}, {"subjects", l.subjects}, {"reports", l.reports}, {"people", l.people},
		{"disputes", l.disputes}, {"confirmations", l.confirmations}, {"counters", l.counters},
	} {
		if err := part.look(ctx); err != nil {
			return l.checked(ctx, fmt.Errorf("looking over %s: %w", part.what, err))
		}
	}
	return nil
}

// structure asks the database itself.
func (l *look) structure(ctx context.Context) error {
	found, err := l.engine.broken(ctx, l.db)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%w (%s)", ErrDamaged, found[0])
	}
	return err
}

// step is one short transaction, which reads one state of the database, and then
// a rest. fn reports whether there is more to do.
func (l *look) step(ctx context.Context, fn func(t *tx) (more bool, err error)) error {
	for more := true; more; {
		begun := time.Now()
		err := l.db.transact(ctx, func(ctx context.Context, t *tx) (err error) {
			if err = l.keysFit(ctx, t); err == nil {
				more, err = fn(t)
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := rest(ctx, time.Since(begun)*time.Duration(l.share-1)); err != nil {
			return err
		}
	}
	return nil
}

// keysFit returns ErrWrongKey where the database is sealed under a key that this
// program has not taken up yet: what does not open then was not damaged.
func (l *look) keysFit(ctx context.Context, t *tx) error {
	var sealing []byte
	err := t.row(ctx, `SELECT value FROM meta WHERE name = $1`, metaSealing).Scan(&sealing)
	switch {
	case errors.Is(err, sql.ErrNoRows): // from before databases said so
		return nil
	case err != nil:
		return fmt.Errorf("reading which key seals: %w", err)
	case !l.keys.Knows(sealing):
		return fmt.Errorf("%w (it is being rekeyed, and these keys lack the new one)", ErrWrongKey)
	}
	return nil
}

// rest waits, for no longer than ctx lasts.
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
