package storage

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

// errLinks is a report that counts for other subjects than it names.
var errLinks = fmt.Errorf("%w: a report and the subjects that it counts for do not fit together", ErrDamaged)

// opens holds a sealed column to opening. Here an unknown key is damage too: what
// a program with other keys wrote would have been seen when the database was opened.
func (l *look) opens(sealed []byte, at seal.Place) error {
	if _, err := l.keys.Open(sealed, at); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// reports looks at every report, and at the rows that make it count.
func (l *look) reports(ctx context.Context) error {
	last := ""
	return l.step(ctx, func(t *tx) (more bool, err error) {
		from, n := last, 0
		standing := map[string][]linked{}
		err = t.query(ctx, func(rows *sql.Rows) error {
			r, row, err := l.scanReportRow(rows.Scan)
			if err != nil {
				return err
			}
			last = r.Code
			n++
			if stands(r.Status) {
				for _, ref := range r.Subjects {
					standing[r.Code] = append(standing[r.Code], linked{ref.Key, string(row.person), row.scenario, row.updated})
				}
			}
			return nil
		}, `SELECT `+reportColumns+` FROM reports WHERE code > $1 ORDER BY code LIMIT $2`, from, lookedAtOnce)
		if err != nil {
			return false, err
		}
		to := last
		if more = n == lookedAtOnce; !more {
			to = "" // without end: which code stands behind all others is the database's to say
		}
		return more, l.linksFit(ctx, t, from, to, standing)
	})
}

// linked is what a row of report_subjects says besides the code.
type linked struct {
	subject  fraud.Key
	person   string
	scenario string
	updated  int64
}

// linksFit holds the rows of report_subjects for the codes behind from, up to and
// with to (to the end where that is ""), against what the reports themselves say.
func (l *look) linksFit(ctx context.Context, t *tx, from, to string, want map[string][]linked) error {
	got := map[string][]linked{}
	err := t.query(ctx, func(rows *sql.Rows) error {
		var code string
		var subject, person []byte
		var row linked
		if err := rows.Scan(&code, &subject, &person, &row.scenario, &row.updated); err != nil {
			return err
		}
		if len(subject) != len(row.subject) {
			return errLinks
		}
		row.subject, row.person = fraud.Key(subject), string(person)
		got[code] = append(got[code], row)
		return nil
	}, `SELECT code, subject, person, scenario, updated FROM report_subjects WHERE code > $1 AND (code <= $2 OR $2 = '')`, from, to)
	if err != nil {
		return err
	}
	if len(got) != len(want) {
		return errLinks
	}
	order := func(a, b linked) int { return bytes.Compare(a.subject[:], b.subject[:]) }
	for code, rows := range want {
		slices.SortFunc(rows, order)
		slices.SortFunc(got[code], order)
		if !slices.Equal(rows, got[code]) {
			return errLinks
		}
	}
	return nil
}

// rows looks at a table in the order of a key, some rows at a time: query gives
// rows behind $1, $2 of them at the most, and each returns the key of one.
func (l *look) rows(ctx context.Context, first any, each func(scan func(...any) error) (key any, err error), query string) error {
	last := first
	return l.step(ctx, func(t *tx) (more bool, err error) {
		n := 0
		err = t.query(ctx, func(rows *sql.Rows) (err error) {
			n++
			last, err = each(rows.Scan)
			return err
		}, query, last, lookedAtOnce)
		return n == lookedAtOnce, err
	})
}

func (l *look) people(ctx context.Context) error {
	return l.rows(ctx, []byte{0}, func(scan func(...any) error) (any, error) {
		var p personRow
		var who, id, session, proof []byte
		if err := scan(&who, &id, &p.lang, &p.gone, &p.since, &session, &proof); err != nil {
			return nil, err
		}
		if len(who) != len(fraud.Key{}) || !l.agrees(p.marking(who), proof) {
			return nil, altered("people")
		}
		err := l.opens(id, seal.Place{Table: "people", Column: "id", Row: who})
		if err == nil && session != nil {
			err = l.opens(session, sessionPlace(fraud.Key(who)))
		}
		return who, err
	}, `SELECT person, id, lang, gone, since, session, proof FROM people WHERE person > $1 ORDER BY person LIMIT $2`)
}

func (l *look) disputes(ctx context.Context) error {
	last := disputeRow{subject: []byte{0}, person: []byte{0}}
	return l.step(ctx, func(t *tx) (more bool, err error) {
		n := 0
		err = t.query(ctx, func(rows *sql.Rows) error {
			var d disputeRow
			var sealed, proof []byte
			if err := rows.Scan(&d.subject, &d.person, &sealed, &d.at, &proof); err != nil {
				return err
			}
			if len(d.subject) != len(fraud.Key{}) || !l.agrees(d.marking(), proof) {
				return altered("disputes")
			}
			last = d
			n++
			return l.opens(sealed, disputePlace(fraud.Key(d.subject)))
		}, `SELECT subject, person, ref, at, proof FROM disputes WHERE (subject, person) > ($1, $2) ORDER BY subject, person LIMIT $3`,
			last.subject, last.person, lookedAtOnce)
		return n == lookedAtOnce, err
	})
}

func (l *look) confirmations(ctx context.Context) error {
	return l.rows(ctx, []byte{0}, func(scan func(...any) error) (any, error) {
		var subject, ref, by []byte
		if err := scan(&subject, &ref, &by); err != nil {
			return nil, err
		}
		errRef := l.opens(ref, seal.Place{Table: "confirmations", Column: "ref", Row: subject})
		errBy := l.opens(by, seal.Place{Table: "confirmations", Column: "confirmed_by", Row: subject})
		return subject, errors.Join(errRef, errBy)
	}, `SELECT subject, ref, confirmed_by FROM confirmations WHERE subject > $1 ORDER BY subject LIMIT $2`)
}

// counters counts again what the sums for everybody say.
func (l *look) counters(ctx context.Context) error {
	return l.step(ctx, func(t *tx) (bool, error) {
		counts := map[string]int64{}
		add := func(sign int64, prefix string) func(*sql.Rows) error {
			return func(rows *sql.Rows) error {
				var name string
				var n int64
				err := rows.Scan(&name, &n)
				counts[prefix+name] += sign * n
				return err
			}
		}
		err := t.query(ctx, add(1, ""), countersQuery)
		if err == nil {
			err = t.query(ctx, add(-1, scenarioPrefix), `SELECT scenario, COUNT(*) FROM reports WHERE status <> $1 GROUP BY scenario`, string(fraud.StatusWithdrawn))
		}
		if err == nil {
			err = t.query(ctx, add(-1, ""), `SELECT $1, COUNT(DISTINCT subject) FROM report_subjects`, subjectsCounter)
		}
		if err != nil {
			return false, err
		}
		for _, n := range counts {
			if n != 0 {
				return false, fmt.Errorf("%w: the sums for everybody do not fit", ErrDamaged)
			}
		}
		return false, nil
	})
}
