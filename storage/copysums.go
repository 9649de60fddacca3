package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// ErrDiffers is a copy that does not hold what was copied.
var ErrDiffers = errors.New("the copy does not add up to what was copied")

// Sum is something that adds up to the same in both databases.
type Sum struct {
	Name string
	N    int64
}

// contents is what a database holds, counted.
type contents struct {
	tables   []TableSize
	sums     []Sum
	counters []Sum // without those that are 0
	served   bool  // somebody holds a lease
}

func (c contents) rows() (n int64) {
	for _, size := range c.tables {
		n += size.Rows
	}
	return n
}

// counted subjects are those of which something is known: the row with which a
// chain begins is none.
const countSubjects = `SELECT COUNT(*) FROM subjects WHERE reporters + disputes + confirmed > 0`

// contentsOf counts the rows of every table that is copied, and adds up again what
// people are told: reporters and disputes of all subjects, and the reports by their
// scenarios and states.
func contentsOf(ctx context.Context, db queryer) (c contents, err error) {
	for _, t := range copiedTables() {
		size, query := TableSize{Table: t.table}, t.count()
		if t.table == "subjects" {
			query = countSubjects
		}
		if err := db.QueryRowContext(ctx, query).Scan(&size.Rows); err != nil {
			return c, err
		}
		c.tables = append(c.tables, size)
	}
	for _, query := range []string{
		`SELECT 'reporters', COALESCE(CAST(SUM(reporters) AS BIGINT), 0) FROM subjects`,
		`SELECT 'disputes', COALESCE(CAST(SUM(disputes) AS BIGINT), 0) FROM subjects`,
		`SELECT 'reports ' || status || ' ' || scenario, COUNT(*) FROM reports GROUP BY status, scenario`,
	} {
		sums, err := readSums(ctx, db, query)
		if err != nil {
			return c, err
		}
		c.sums = append(c.sums, sums...)
	}
	var held int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM leases WHERE holder <> ''`).Scan(&held); err != nil {
		return c, err
	}
	c.served = held > 0
	c.counters, err = countersOf(ctx, db)
	return c, err
}

func countersOf(ctx context.Context, db queryer) ([]Sum, error) {
	return readSums(ctx, db, `SELECT name, CAST(SUM(n) AS BIGINT) FROM counters GROUP BY name HAVING SUM(n) <> 0`)
}

// readSums reads sums in the order of their names, which no database decides.
func readSums(ctx context.Context, db queryer, query string) ([]Sum, error) {
	var sums []Sum
	rows, err := db.QueryContext(ctx, query)
	err = each(rows, err, func(rows *sql.Rows) error {
		var s Sum
		err := rows.Scan(&s.Name, &s.N)
		sums = append(sums, s)
		return err
	})
	slices.SortFunc(sums, func(a, b Sum) int { return cmp.Compare(a.Name, b.Name) })
	return sums, err
}

// same returns ErrDiffers where two databases do not hold the same.
func (c contents) same(other contents) error {
	for i, size := range c.tables {
		if other.tables[i] != size {
			return fmt.Errorf("%w: %d rows of %s, and %d in the copy", ErrDiffers, size.Rows, size.Table, other.tables[i].Rows)
		}
	}
	if !slices.Equal(c.sums, other.sums) || !slices.Equal(c.counters, other.counters) {
		return fmt.Errorf("%w: the sums of reporters, disputes or scenarios differ", ErrDiffers)
	}
	return nil
}
