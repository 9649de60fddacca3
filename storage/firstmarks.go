package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"saqbol/fraud"
)

// markedAtOnce is how many rows are read before they are written again.
const markedAtOnce = 1000

const firstLink = `SELECT subject, proof FROM subjects ORDER BY subject LIMIT 1`

// marked reports whether the rows have their marks: the chain's first row is made
// together with all others. Marks without it are a sign of damage.
func marked(scan func(...any) error) (bool, error) {
	var key, proof []byte
	err := scan(&key, &proof)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading the first row of subjects: %w", err)
	case len(proof) == 0:
		return false, nil
	case string(key) != string(make([]byte, len(fraud.Key{}))):
		return false, errMissing
	}
	return true, nil
}

// ensureMarked gives the rows of a database from before there were marks theirs.
func (s *Store) ensureMarked(ctx context.Context) error {
	if !s.engine.chained() { // younger than the marks
		return nil
	}
	row, err := s.read.row(ctx, firstLink)
	if err != nil {
		return err
	}
	if done, err := marked(row.Scan); done || err != nil {
		return err
	}
	return s.write.transact(ctx, func(ctx context.Context, t *tx) error { return s.firstMarks(ctx, t) })
}

// firstMarks marks every row, unless that was done.
func (s *Store) firstMarks(ctx context.Context, t *tx) error {
	if !s.engine.chained() {
		return nil
	}
	if done, err := marked(t.row(ctx, firstLink).Scan); done || err != nil {
		return err
	}
	// Whatever counts a transaction does so in a database that is marked.
	var stored int64
	if err := t.row(ctx, `SELECT n FROM commits WHERE id = 1`).Scan(&stored); err != nil {
		return fmt.Errorf("counting transactions: %w", err)
	}
	if stored > 0 {
		return errMissing
	}
	for _, step := range []func(context.Context, *tx) error{s.linkAll, s.markPeople, s.markReports, s.markDisputes} {
		if err := step(ctx, t); err != nil {
			return fmt.Errorf("marking the rows: %w", err)
		}
	}
	return nil
}

// linkAll makes the chain.
func (s *Store) linkAll(ctx context.Context, t *tx) error {
	last := link{next: ahead([]byte(end))}
	for {
		var batch []link
		err := t.query(ctx, func(rows *sql.Rows) error {
			var l link
			var key []byte
			if err := rows.Scan(&key, &l.sums.reporters, &l.sums.top, &l.sums.last, &l.sums.disputes, &l.sums.confirmed); err != nil {
				return err
			}
			if len(key) != len(l.key) {
				return altered("subjects")
			}
			l.key = fraud.Key(key)
			batch = append(batch, l)
			return nil
		}, `SELECT subject, reporters, top, last, disputes, confirmed FROM subjects WHERE subject > $1 ORDER BY subject LIMIT $2`, last.key[:], markedAtOnce)
		if err != nil {
			return err
		}
		for i := range batch {
			last.next = aheadOf(batch[i].key)
			if err := s.putLink(ctx, t, &last); err != nil {
				return err
			}
			last = batch[i]
		}
		if len(batch) < markedAtOnce {
			last.next = ahead([]byte(end))
			return s.putLink(ctx, t, &last)
		}
	}
}

func (s *Store) markPeople(ctx context.Context, t *tx) error {
	last := []byte{0} // before every key
	for {
		var keys [][]byte
		var people []personRow
		err := t.query(ctx, func(rows *sql.Rows) error {
			var p personRow
			var who []byte
			err := rows.Scan(&who, &p.lang, &p.gone, &p.since)
			keys, people = append(keys, who), append(people, p)
			return err
		}, `SELECT person, lang, gone, since FROM people WHERE person > $1 ORDER BY person LIMIT $2`, last, markedAtOnce)
		if err != nil {
			return err
		}
		for i, p := range people {
			last = keys[i]
			if _, err := t.exec(ctx, `UPDATE people SET proof = $1 WHERE person = $2`, s.proofOf(p.marking(last)), last); err != nil {
				return err
			}
		}
		if len(people) < markedAtOnce {
			return nil
		}
	}
}

func (s *Store) markReports(ctx context.Context, t *tx) error {
	last := ""
	for {
		var batch []reportRow
		err := t.query(ctx, func(rows *sql.Rows) error {
			var r reportRow
			err := rows.Scan(&r.code, &r.person, &r.status, &r.scenario, &r.created, &r.updated)
			batch = append(batch, r)
			return err
		}, `SELECT code, person, status, scenario, created, updated FROM reports WHERE code > $1 ORDER BY code LIMIT $2`, last, markedAtOnce)
		if err != nil {
			return err
		}
		for _, r := range batch {
			last = r.code
			if _, err := t.exec(ctx, `UPDATE reports SET proof = $1 WHERE code = $2`, s.proofOf(r.marking()), r.code); err != nil {
				return err
			}
		}
		if len(batch) < markedAtOnce {
			return nil
		}
	}
}

func (s *Store) markDisputes(ctx context.Context, t *tx) error {
	last := disputeRow{subject: []byte{0}, person: []byte{0}}
	for {
		var batch []disputeRow
		err := t.query(ctx, func(rows *sql.Rows) error {
			var d disputeRow
			err := rows.Scan(&d.subject, &d.person, &d.at)
			batch = append(batch, d)
			return err
		}, `SELECT subject, person, at FROM disputes WHERE (subject, person) > ($1, $2) ORDER BY subject, person LIMIT $3`,
			last.subject, last.person, markedAtOnce)
		if err != nil {
			return err
		}
		for _, d := range batch {
			last = d
			if _, err := t.exec(ctx, `UPDATE disputes SET proof = $1 WHERE subject = $2 AND person = $3`, s.proofOf(d.marking()), d.subject, d.person); err != nil {
				return err
			}
		}
		if len(batch) < markedAtOnce {
			return nil
		}
	}
}
