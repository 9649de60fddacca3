package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// A copy makes one database hold what another held at one moment. It goes through
// both in the order of the keys, some rows at a time, and writes only where they
// differ; what it has written it reads again. So it needs no memory of how far it
// came: cut off and begun again it does the rest, and where it has nothing to do
// both hold the same.

// copiedAtOnce is how many rows are compared, and written in one transaction;
// putAtOnce is how many are in one statement.
const (
	copiedAtOnce = 500
	putAtOnce    = 100
)

// errNotKept is a target that does not hold what was written to it.
var errNotKept = errors.New("what was written there reads otherwise: is another program writing to it?")

// copying is one pass of a copy.
type copying struct {
	from, to *Store
	snapshot *sql.Tx          // what from held
	progress func(rows int64) // told of rows that are done; nil = nobody
	step     func(string) error

	changed int64 // rows that differed
}

// copyAll is one pass over everything. isolation is that of the snapshot.
func copyAll(ctx context.Context, from, to *Store, isolation sql.IsolationLevel, progress func(done, total int64), step func(string) error) (c *copying, held contents, err error) {
	source, err := from.engine.looking()
	if err != nil {
		return nil, contents{}, err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	snapshot, err := source.db.BeginTx(ctx, &sql.TxOptions{Isolation: isolation, ReadOnly: true})
	if err != nil {
		return nil, contents{}, explained(err)
	}
	defer func() { _ = snapshot.Rollback() }() // nothing was written
	c = &copying{from: from, to: to, snapshot: snapshot, step: step}
	if held, err = contentsOf(ctx, snapshot); err != nil {
		return nil, contents{}, fmt.Errorf("counting rows: %w", err)
	}
	if progress != nil {
		done, total := int64(0), held.rows()
		c.progress = func(rows int64) { done += rows; progress(done, total) }
	}
	if err := c.meta(ctx); err != nil {
		return nil, contents{}, fmt.Errorf("copying meta: %w", err)
	}
	for _, t := range copiedTables() {
		if err := c.table(ctx, t); err != nil {
			return nil, contents{}, fmt.Errorf("copying %s: %w", t.table, err)
		}
	}
	if err := c.counters(ctx, held); err != nil {
		return nil, contents{}, fmt.Errorf("copying counters: %w", err)
	}
	return c, held, c.end(ctx)
}

// end ends the snapshot. Where the database finds only now that what it showed was
// not one state, this fails.
func (c *copying) end(ctx context.Context) error {
	if err := c.snapshot.Commit(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("ending the snapshot: %w", err)
	}
	return ctx.Err()
}

// table makes a table of the target hold what the source's does.
func (c *copying) table(ctx context.Context, t copiedTable) error {
	var after []any
	for {
		want, more, err := c.window(ctx, t, after)
		if err != nil {
			return err
		}
		var to []any // the last window takes in what the target has behind the end
		var next *copiedRow
		if more {
			next, want = &want[copiedAtOnce], want[:copiedAtOnce]
			to = want[copiedAtOnce-1].values[:len(t.key)]
		}
		rows := int64(len(want))
		if t.table == "subjects" {
			if want, err = c.relink(want, next, after == nil); err != nil {
				return err
			}
		}
		if err := c.align(ctx, t, after, to, want); err != nil {
			return err
		}
		if c.progress != nil {
			c.progress(rows)
		}
		if c.step != nil {
			if err := c.step("window of " + t.table); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		after = to
	}
}

// window reads the source's rows behind a key; where there are more, one too many.
func (c *copying) window(ctx context.Context, t copiedTable, after []any) (rows []copiedRow, more bool, err error) {
	rows, err = readRows(ctx, c.snapshot, t, t.window(after != nil, false), append(slices.Clone(after), copiedAtOnce+1))
	return rows, len(rows) > copiedAtOnce, err
}

// align makes the target hold these rows between two keys, and no others. It ends
// when it has read them there.
func (c *copying) align(ctx context.Context, t copiedTable, after, to []any, want []copiedRow) error {
	const limit = 4 * copiedAtOnce
	args := append(append(slices.Clone(after), to...), limit)
	for written := false; ; {
		have, err := readRows(ctx, c.to.read.db, t, t.window(after != nil, to != nil), args)
		if err != nil {
			return err
		}
		stale, missing := differences(want, have)
		switch {
		case len(stale) == 0 && len(missing) == 0:
			return nil
		case written:
			return errNotKept
		case len(have) == limit: // there may be more: those that are too many go first
			missing = nil
		default:
			written = true
		}
		if err := c.write(ctx, t, stale, missing); err != nil {
			return err
		}
		c.changed += int64(len(stale) + len(missing))
	}
}

// write deletes and stores rows in one transaction, which no guard keeps off: while
// it is copied to, a database is closed to all others.
func (c *copying) write(ctx context.Context, t copiedTable, stale, missing []copiedRow) error {
	if t.named { // a name may stand under another key still
		stale = append(slices.Clone(stale), missing...)
	}
	return c.to.write.transactAs(ctx, nil, func(ctx context.Context, tx *tx) error {
		for _, row := range stale {
			key := row.values[:len(t.key)]
			if t.dependants != "" {
				if _, err := tx.exec(ctx, t.dependants, key...); err != nil {
					return err
				}
			}
			if _, err := tx.exec(ctx, t.remove(), key...); err != nil {
				return err
			}
		}
		for len(missing) > 0 {
			n := putAtOnce
			if len(missing) < n {
				n = 1 // few statements, so that all stay prepared
			}
			var args []any
			for _, row := range missing[:n] {
				args = append(args, row.values...)
			}
			if _, err := tx.exec(ctx, t.put(n), args...); err != nil {
				return err
			}
			missing = missing[n:]
		}
		return nil
	})
}

// meta takes over what is sealed under the keys that the rows are sealed under.
func (c *copying) meta(ctx context.Context) error {
	want, have := keyRows{}, keyRows{}
	rows, err := c.snapshot.QueryContext(ctx, keyRowsQuery)
	if err := each(rows, err, want.scan); err != nil {
		return err
	}
	if err := want.fit(c.from.keys); err != nil {
		return err
	}
	if string(want[metaClosed]) == closedHalf { // whatever is made of it would pass for the whole
		return ErrHalfMoved
	}
	rows, err = c.to.read.db.QueryContext(ctx, keyRowsQuery)
	if err := each(rows, err, have.scan); err != nil {
		return err
	}
	return c.to.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		for _, name := range []string{metaProbe, metaSealing, metaRekeyed} {
			value, there := want[name]
			if !there || string(value) == string(have[name]) {
				continue
			}
			if err := setMeta(ctx, t, name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// counters stores the sums for everybody in one slot, unless they add up to the
// same already.
func (c *copying) counters(ctx context.Context, of contents) error {
	have, err := countersOf(ctx, c.to.read.db)
	if err != nil || slices.Equal(have, of.counters) {
		return err
	}
	c.changed += int64(len(of.counters))
	return c.to.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, `DELETE FROM counters`); err != nil {
			return err
		}
		for _, sum := range of.counters {
			if _, err := t.exec(ctx, `INSERT INTO counters (slot, name, n) VALUES (0, $1, $2)`, sum.Name, sum.N); err != nil {
				return err
			}
		}
		return nil
	})
}
