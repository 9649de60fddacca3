package storage

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"saqbol/fraud"
)

// lookedAtOnce is how many rows one step of a complete check reads: a few
// milliseconds' worth.
const lookedAtOnce = 500

// errSums is a subject whose row says something else than its reports.
var errSums = fmt.Errorf("%w: the rows of a subject do not add up to its sums", ErrDamaged)

// subjects follows the chain, and adds up again what each row is the sum of.
func (l *look) subjects(ctx context.Context) error {
	return l.chain(ctx, func(t *tx, from, to fraud.Key, rows []link) error {
		said := map[fraud.Key]sums{}
		for _, row := range rows {
			said[row.key] = row.sums
		}
		return l.addsUp(ctx, t, from, to, said)
	})
}

// chain follows the chain from its first row to its end; where there is none it
// takes the rows in the same order. A step's rows are those
// behind from, up to and with to.
func (l *look) chain(ctx context.Context, step func(t *tx, from, to fraud.Key, rows []link) error) error {
	var last fraud.Key // the chain may change between two steps: each begins at the row that is there now
	return l.step(ctx, func(t *tx) (more bool, err error) {
		at := link{key: last}
		if l.engine.chained() {
			if at, err = l.scanLink(t.row(ctx, linkAt, last[:]).Scan); err != nil {
				return false, err
			}
		}
		from := at.key
		var found []link
		err = t.query(ctx, func(rows *sql.Rows) error {
			next, err := l.scanLink(rows.Scan)
			if err != nil {
				return err
			}
			if l.engine.chained() && at.next != aheadOf(next.key) {
				return errMissing
			}
			at, found = next, append(found, next)
			return nil
		}, `SELECT `+linkColumns+` FROM subjects WHERE subject > $1 ORDER BY subject LIMIT $2`, from[:], lookedAtOnce)
		if err != nil {
			return false, err
		}
		last, more = at.key, len(found) == lookedAtOnce
		to := at.key
		if !more {
			if l.engine.chained() && at.next != ahead([]byte(end)) {
				return false, errMissing
			}
			to = fraud.Key(bytes.Repeat([]byte{0xff}, len(to)))
		}
		return more, step(t, from, to, found)
	})
}

// addsUp holds what the rows of subjects behind from, up to and with to, say
// against what they are the sums of.
func (l *look) addsUp(ctx context.Context, t *tx, from, to fraud.Key, said map[fraud.Key]sums) error {
	counted := map[fraud.Key]*counting{}
	for query, add := range map[string]func(*counting, string, int64, int64){
		`SELECT subject, scenario, COUNT(*), MAX(updated) FROM report_subjects WHERE subject > $1 AND subject <= $2 GROUP BY subject, scenario`: (*counting).add,
		`SELECT subject, '', COUNT(*), 0 FROM disputes WHERE subject > $1 AND subject <= $2 GROUP BY subject`:                                   func(c *counting, _ string, n, _ int64) { c.disputes = n },
		`SELECT subject, '', 1, at FROM confirmations WHERE subject > $1 AND subject <= $2`:                                                     func(c *counting, _ string, _, at int64) { c.confirmed = at },
	} {
		err := t.query(ctx, func(rows *sql.Rows) error {
			var subject []byte
			var scenario string
			var n, at int64
			if err := rows.Scan(&subject, &scenario, &n, &at); err != nil {
				return err
			}
			if len(subject) != len(fraud.Key{}) {
				return errSums
			}
			add(countingOf(counted, fraud.Key(subject)), scenario, n, at)
			return nil
		}, query, from[:], to[:])
		if err != nil {
			return err
		}
	}
	if err := l.listed(ctx, t, from, to, counted); err != nil {
		return err
	}
	if len(counted) != len(said) {
		return errSums
	}
	for key, c := range counted {
		if said[key] != c.sums() {
			return errSums
		}
	}
	return nil
}

func countingOf(all map[fraud.Key]*counting, subject fraud.Key) *counting {
	c := all[subject]
	if c == nil {
		c = &counting{}
		all[subject] = c
	}
	return c
}

// listed counts what lists say of the subjects behind from, up to and with to, and
// looks at each of these rows.
func (l *look) listed(ctx context.Context, t *tx, from, to fraud.Key, counted map[fraud.Key]*counting) error {
	if l.schema < listsSince {
		return nil
	}
	return t.query(ctx, func(rows *sql.Rows) error {
		var known bool
		r, err := l.scanListed(rows.Scan, &known)
		if err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("%w: a list is missing", ErrDamaged)
		}
		countingOf(counted, r.subject).add(r.scenario, r.reporters, r.last)
		return nil
	}, `SELECT subject, list, reporters, scenario, last, proof, EXISTS (SELECT 1 FROM lists WHERE lists.list = listed.list)
		FROM listed WHERE subject > $1 AND subject <= $2`, from[:], to[:])
}

// lists looks at the row of each list.
func (l *look) lists(ctx context.Context) error {
	if l.schema < listsSince {
		return nil
	}
	return l.step(ctx, func(t *tx) (bool, error) {
		return false, t.query(ctx, func(rows *sql.Rows) error {
			_, err := l.scanList(rows.Scan)
			return err
		}, listsQuery)
	})
}
