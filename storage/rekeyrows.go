package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// rekeyWindow is how many values are read at once, and sealed anew in one
// transaction: some milliseconds, most of them the disk's.
const rekeyWindow = 64

// breath is the shortest pause between two transactions. Between two, whoever
// else writes must have a chance: SQLite wakes nobody who waits for its lock, they
// look again after ever longer pauses.
const breath = 5 * time.Millisecond

// busyTries is how often in a row a transaction may find the database locked for
// the whole lock wait.
const busyTries = 12

// Sealed is what was found in the sealed columns.
type Sealed struct {
	Values   int // how many there are
	Anew     int // how many were sealed anew
	Outdated int // how many are under a key that seals no more
	// Unreadable are those that no key opens: damaged before. They stay as they are.
	Unreadable int
	Columns    []string // those with outdated or unreadable values
}

// Reseal seals every value that is under an older key anew, in small transactions
// with pauses between them. Whatever somebody else stores meanwhile stays: a value
// is replaced only as long as it is the one that was read. It may be cut off at
// any moment and begun again. each, if not nil, is told of every column that is done.
func (s *Store) Reseal(ctx context.Context, each func(column string, anew int)) (Sealed, error) {
	var out Sealed
	if err := s.followNow(ctx); err != nil {
		return out, err
	}
	for _, c := range sealedColumns() {
		before := out.Anew
		err := s.inspectColumn(ctx, c, &out, func(outdated []sealedValue) error {
			n, err := s.sealAnew(ctx, c, outdated)
			out.Anew += n
			return err
		})
		if err != nil {
			return out, fmt.Errorf("sealing %s anew: %w", c, err)
		}
		if each != nil {
			each(c.String(), out.Anew-before)
		}
	}
	return out, nil
}

// Inspect looks at every sealed value: is it under the key that seals, and does it
// open?
func (s *Store) Inspect(ctx context.Context) (Sealed, error) {
	var out Sealed
	if err := s.followNow(ctx); err != nil {
		return out, err
	}
	for _, c := range sealedColumns() {
		err := s.inspectColumn(ctx, c, &out, func(outdated []sealedValue) error {
			out.Outdated += len(outdated)
			return nil
		})
		if err != nil {
			return out, fmt.Errorf("looking at %s: %w", c, err)
		}
	}
	return out, nil
}

// inspectColumn counts the values of a column, and hands those that open under an
// older key to outdated, already opened and sealed under the one that seals.
func (s *Store) inspectColumn(ctx context.Context, c sealedColumn, out *Sealed, outdated func([]sealedValue) error) error {
	unwell := false
	var after []any
	for {
		values, err := s.readWindow(ctx, c, after)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			break
		}
		after = values[len(values)-1].key
		var old []sealedValue
		for _, v := range values {
			out.Values++
			if _, err := s.openAt(c, v); err != nil {
				out.Unreadable++
				unwell = true
			} else if !s.keys.Newest(v.sealed) {
				old = append(old, v)
			}
		}
		if len(old) == 0 {
			continue
		}
		before := out.Outdated
		if err := outdated(old); err != nil {
			return err
		}
		unwell = unwell || out.Outdated > before
	}
	if unwell {
		out.Columns = append(out.Columns, c.String())
	}
	return nil
}

func (s *Store) openAt(c sealedColumn, v sealedValue) ([]byte, error) {
	at, err := c.place(v.row)
	if err != nil {
		return nil, err
	}
	return s.keys.Open(v.sealed, at)
}

// readWindow reads the values behind a key.
func (s *Store) readWindow(ctx context.Context, c sealedColumn, after []any) ([]sealedValue, error) {
	var values []sealedValue
	err := s.read.query(ctx, func(rows *sql.Rows) error {
		v := sealedValue{key: make([]any, len(c.key))}
		into := make([]any, 0, len(c.key)+2)
		for i := range v.key {
			into = append(into, &v.key[i])
		}
		err := rows.Scan(append(into, &v.row, &v.sealed)...)
		values = append(values, v)
		return err
	}, c.window(after != nil), append(append([]any{}, after...), rekeyWindow)...)
	return values, err
}

// sealAnew replaces values in one transaction, and then lets others have the
// database for as long as that took. It returns how many it replaced: what
// somebody changed or deleted meanwhile is not its business any more.
func (s *Store) sealAnew(ctx context.Context, c sealedColumn, values []sealedValue) (replaced int, err error) {
	began := time.Now()
	for try := 1; ; try++ {
		err = s.update(ctx, "sealing values anew", func(ctx context.Context, t *tx) error {
			t.outdated = nil // what is replaced is outdated, of course
			replaced = 0
			for _, v := range values {
				n, err := s.replaceSealed(ctx, t, c, v)
				if err != nil {
					return err
				}
				replaced += int(n)
			}
			return nil
		})
		if driverFault(err) != FaultBusy || try == busyTries {
			break
		}
		// Somebody writes without a pause; they come first.
	}
	if err != nil {
		return 0, err
	}
	return replaced, pause(ctx, max(breath, time.Since(began)))
}

func (s *Store) replaceSealed(ctx context.Context, t *tx, c sealedColumn, v sealedValue) (int64, error) {
	plain, err := s.openAt(c, v)
	if err != nil {
		return 0, err
	}
	at, err := c.place(v.row)
	if err != nil {
		return 0, err
	}
	sealed, err := s.keys.Seal(plain, at)
	if err != nil {
		return 0, err
	}
	return t.exec(ctx, c.replace(), append([]any{sealed, v.sealed}, v.key...)...)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
