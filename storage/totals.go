package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"saqbol/fraud"
)

// subjectsCounter counts subjects with a person's report that stands.
const subjectsCounter = "subjects"

// scenarioPrefix begins the counters of standing reports; the empty scenario has one too.
const scenarioPrefix = "scenario:"

func scenarioCounter(scenario string) string { return scenarioPrefix + scenario }

// addTo changes a counter, in the slot that is this Store's.
func (s *Store) addTo(ctx context.Context, t *tx, name string, n int64) error {
	if n == 0 {
		return nil
	}
	if _, err := t.exec(ctx, `INSERT INTO counters (slot, name, n) VALUES ($1, $2, $3)
		ON CONFLICT (slot, name) DO UPDATE SET n = counters.n + excluded.n`, s.slot, name, n); err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	return nil
}

// countersQuery adds the slots of each counter up.
const countersQuery = `SELECT name, CAST(SUM(n) AS BIGINT) FROM counters GROUP BY name`

// Totals returns the sums for everybody; Recent counts the standing reports
// created at since or later. Scenarios come most frequent first, those named
// equally often in the order of fraud.Scenarios.
func (s *Store) Totals(ctx context.Context, since time.Time) (out fraud.Totals, err error) {
	defer s.measure(OpTotals, s.begun(), &err)
	named := map[fraud.Scenario]int{}
	err = s.read.query(ctx, func(rows *sql.Rows) error {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		if scenario, ok := strings.CutPrefix(name, scenarioPrefix); ok {
			out.Reports += n
			named[fraud.Scenario(scenario)] = n
		} else if name == subjectsCounter {
			out.Subjects = n
		}
		return nil
	}, countersQuery)
	if err != nil {
		return fraud.Totals{}, s.unreadable("reading the totals", err)
	}
	if out.Recent, err = s.count(ctx, `SELECT COUNT(*) FROM reports WHERE created >= $1 AND status <> $2`,
		millis(since), string(fraud.StatusWithdrawn)); err != nil {
		return fraud.Totals{}, s.unreadable("counting recent reports", err)
	}
	out.Top = ranked(named)
	return out, nil
}

func ranked(named map[fraud.Scenario]int) []fraud.ScenarioCount {
	var top []fraud.ScenarioCount
	for scenario, n := range named {
		if scenario != "" && n > 0 {
			top = append(top, fraud.ScenarioCount{Scenario: scenario, Count: n})
		}
	}
	offered := fraud.Scenarios()
	slices.SortFunc(top, func(a, b fraud.ScenarioCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count),
			cmp.Compare(slices.Index(offered, a.Scenario), slices.Index(offered, b.Scenario)),
			cmp.Compare(a.Scenario, b.Scenario))
	})
	return top
}
