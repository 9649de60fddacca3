package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"saqbol/fraud"
)

// UsageOf returns what a person has used up on a day, a number that grows by one
// from day to day; person 0 is everybody. What stands under a later day was
// counted before the clock was put back, and counts as this day's.
func (s *Store) UsageOf(ctx context.Context, person, day int64) (fraud.Usage, error) {
	who := s.person(person)
	row, err := s.read.row(ctx, `SELECT CAST(COALESCE(SUM(checks), 0) AS BIGINT), CAST(COALESCE(SUM(reports), 0) AS BIGINT),
		CAST(COALESCE(SUM(erasures), 0) AS BIGINT) FROM quotas WHERE person = $1 AND day >= $2`, who[:], day)
	if err != nil {
		return fraud.Usage{}, fmt.Errorf("reading a quota: %w", err)
	}
	var u fraud.Usage
	if err := row.Scan(&u.Checks, &u.Reports, &u.Erasures); err != nil {
		return fraud.Usage{}, fmt.Errorf("reading a quota: %w", err)
	}
	return u, nil
}

// AddUsage adds to what people have used up on a day, in one transaction: all of
// it or nothing, and in one order: two replicas that add to the same rows must not
// wait for each other.
func (s *Store) AddUsage(ctx context.Context, day int64, used map[int64]fraud.Usage) error {
	return s.update(ctx, "adding to quotas", func(ctx context.Context, t *tx) error {
		for _, person := range slices.Sorted(maps.Keys(used)) {
			slot := int64(0)
			if person == 0 {
				slot = s.slot // everybody's: all replicas add to it
			}
			if err := addUsage(ctx, t, s.person(person), slot, day, used[person]); err != nil {
				return err
			}
		}
		return nil
	})
}

// addUsage begins a new count where the row is an earlier day's.
func addUsage(ctx context.Context, t *tx, who fraud.Key, slot, day int64, u fraud.Usage) error {
	if _, err := t.exec(ctx, `INSERT INTO quotas (person, slot, day, checks, reports, erasures) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (person, slot) DO UPDATE SET day = excluded.day,
			checks = excluded.checks + CASE WHEN quotas.day >= excluded.day THEN quotas.checks ELSE 0 END,
			reports = excluded.reports + CASE WHEN quotas.day >= excluded.day THEN quotas.reports ELSE 0 END,
			erasures = excluded.erasures + CASE WHEN quotas.day >= excluded.day THEN quotas.erasures ELSE 0 END`,
		who[:], slot, day, u.Checks, u.Reports, u.Erasures); err != nil {
		return fmt.Errorf("adding to a quota: %w", err)
	}
	return nil
}

// BeginUsage forgets what was used up before a day, and takes for that day's what
// stands under a later one: it was counted before the clock was put back.
func (s *Store) BeginUsage(ctx context.Context, day int64) error {
	err := s.deleteUsage(ctx, `DELETE FROM quotas WHERE (person, slot) IN (SELECT person, slot FROM quotas WHERE day < $1 LIMIT $2)`, day, pruned)
	if err != nil {
		return err
	}
	return s.update(ctx, "beginning a day of quotas", func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `UPDATE quotas SET day = $1 WHERE day > $1`, day)
		return err
	})
}

// ForgetUsage forgets what everybody has used up, whatever the day: theirs is over.
func (s *Store) ForgetUsage(ctx context.Context) error {
	return s.deleteUsage(ctx, `DELETE FROM quotas WHERE (person, slot) IN (SELECT person, slot FROM quotas LIMIT $1)`, pruned)
}

func (s *Store) deleteUsage(ctx context.Context, query string, args ...any) error {
	for deleted := int64(pruned); deleted == pruned; {
		err := s.update(ctx, "forgetting quotas", func(ctx context.Context, t *tx) (err error) {
			deleted, err = t.exec(ctx, query, args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// quota counts a report filed, or an erasure, for its person's day.
func (a *applying) quota(ctx context.Context) error {
	if a.change.QuotaDay == 0 || a.change.File == nil && !a.change.Erase {
		return nil
	}
	used := fraud.Usage{Erasures: int(bit(a.change.Erase))}
	if a.change.File != nil {
		used.Reports = 1
	}
	return addUsage(ctx, a.tx, a.who, 0, a.change.QuotaDay, used)
}
