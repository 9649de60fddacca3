package storage

import (
	"context"
	"database/sql"
	"fmt"

	"saqbol/fraud"
)

// stored is what is stored of a subject while a list is merged.
type stored struct {
	others counting  // all but what the list says
	own    listedRow // what the list says; the zero row where it says nothing
}

// sums is what the subject's row says, or must say.
func (s *stored) sums() sums {
	c := s.others
	c.named = append([]naming(nil), c.named...)
	if s.own.list != 0 {
		c.add(s.own.scenario, s.own.reporters, s.own.last)
	}
	return c.sums()
}

// known reads what is stored of those subjects of a chunk that have a row.
func (m *merging) known(ctx context.Context, chunk []fraud.Listed, near []link) (map[fraud.Key]*stored, error) {
	all := map[fraud.Key]*stored{}
	var keys []fraud.Key
	for _, l := range near {
		for len(chunk) > 0 && byKey(chunk[0], l.key) < 0 {
			chunk = chunk[1:]
		}
		if len(chunk) > 0 && chunk[0].Key == l.key {
			keys = append(keys, l.key)
			all[l.key] = &stored{}
		}
	}
	if len(keys) == 0 {
		return all, nil
	}
	args := padded(keys)
	in := ` WHERE subject IN ` + m.store.rows(1, len(args))
	for query, add := range map[string]func(*counting, string, int64, int64){
		`SELECT subject, scenario, COUNT(*), MAX(updated) FROM report_subjects` + in + ` GROUP BY subject, scenario`: (*counting).add,
		`SELECT subject, '', COUNT(*), 0 FROM disputes` + in + ` GROUP BY subject`:                                   func(c *counting, _ string, n, _ int64) { c.disputes = n },
		`SELECT subject, '', 1, at FROM confirmations` + in:                                                          func(c *counting, _ string, _, at int64) { c.confirmed = at },
	} {
		err := m.query(ctx, func(rows *sql.Rows) error {
			var subject []byte
			var scenario string
			var n, at int64
			if err := rows.Scan(&subject, &scenario, &n, &at); err != nil {
				return err
			}
			add(&all[fraud.Key(subject)].others, scenario, n, at)
			return nil
		}, query, args...)
		if err != nil {
			return nil, fmt.Errorf("counting reports: %w", err)
		}
	}
	return all, m.knownOfLists(ctx, all, in, args)
}

func (m *merging) knownOfLists(ctx context.Context, all map[fraud.Key]*stored, in string, args []any) error {
	err := m.query(ctx, func(rows *sql.Rows) error {
		r, err := m.store.scanListed(rows.Scan)
		if err != nil {
			return err
		}
		if of := all[r.subject]; r.list == m.list.list {
			of.own = r
		} else {
			of.others.add(r.scenario, r.reporters, r.last)
		}
		return nil
	}, `SELECT subject, list, reporters, scenario, last, proof FROM listed`+in, args...)
	if err != nil {
		return fmt.Errorf("reading what lists say: %w", err)
	}
	return nil
}
