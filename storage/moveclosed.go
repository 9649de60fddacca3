package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"saqbol/storage/seal"
)

// What meta holds of moves. A random id stands in both databases of a move; what
// is closed takes no writes, and says whether that is because its data went away
// or because they are not all there yet.
const (
	metaMoving = "moving" // in the source: the id
	metaCopied = "copied" // in the target: the id
	metaClosed = "closed" // closedAway or closedHalf
	metaMoved  = "moved"  // in a source that is closed: the home of the target it was closed for

	closedAway = "away"
	closedHalf = "half"
)

const moveRowsQuery = `SELECT name, value FROM meta WHERE name IN ('moving', 'copied', 'closed', 'moved')`

// admit lets the two databases take part in one move, or says why not. done says
// that it was finished before.
func (m *move) admit(ctx context.Context) (source keyRows, done bool, err error) {
	if source, err = m.begin(ctx); err != nil {
		return nil, false, err
	}
	m.id = string(source[metaMoving])
	err = m.to.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		target := keyRows{}
		if err := t.query(ctx, target.scan, moveRowsQuery); err != nil {
			return err
		}
		known, away := string(target[metaCopied]) == m.id, string(source[metaClosed]) == closedAway
		done = known && target[metaClosed] == nil
		switch {
		case away && !done && (!known || m.elsewhere(source)): // two databases would go on with the same data
			return fmt.Errorf("the database %s: %w", m.from.engine.place(), source.closed())
		case done && !away: // it has gone on since, and so may the source have
			return fmt.Errorf("the database %s: %w", m.to.engine.place(), ErrNotEmpty)
		case known:
			return nil
		}
		// One whose data were moved to the source may have them back.
		back := string(target[metaClosed]) == closedAway && target[metaMoving] != nil && string(target[metaMoving]) == string(source[metaCopied])
		if !back {
			if err := empty(ctx, t); err != nil {
				return fmt.Errorf("the database %s: %w", m.to.engine.place(), err)
			}
		}
		if _, err := t.exec(ctx, `DELETE FROM meta WHERE name IN ('moving', 'moved')`); err != nil {
			return err
		}
		if err := setMeta(ctx, t, metaCopied, []byte(m.id)); err != nil {
			return err
		}
		return setMeta(ctx, t, metaClosed, []byte(closedHalf))
	})
	return source, done, err
}

// begin gives the source its id.
func (m *move) begin(ctx context.Context) (source keyRows, err error) {
	if m.id != "" {
		return keyRows{metaMoving: []byte(m.id)}, nil
	}
	err = m.from.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		source = keyRows{}
		if err := t.query(ctx, source.scan, moveRowsQuery); err != nil {
			return err
		}
		switch {
		case string(source[metaClosed]) == closedHalf:
			return fmt.Errorf("the database %s: %w", m.from.engine.place(), ErrHalfMoved)
		case source[metaMoving] != nil:
			return nil
		}
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails
		source[metaMoving] = hex.AppendEncode(nil, id[:])
		return setMeta(ctx, t, metaMoving, source[metaMoving])
	})
	return source, err
}

// empty returns ErrNotEmpty where a table holds a row.
func empty(ctx context.Context, t *tx) error {
	has, err := contentsOf(ctx, t)
	if err == nil && has.rows() > 0 {
		err = ErrNotEmpty
	}
	return err
}

// elsewhere says that the source is closed for another target.
func (m *move) elsewhere(source keyRows) bool {
	return string(source[metaClosed]) == closedAway && source[metaMoved] != nil && string(source[metaMoved]) != m.to.engine.home()
}

// close has nobody store anything in the source any more, and notes for which target:
// of two that were prepared only one may have it. Whoever began before this
// and has not seen it can't store after the snapshot that follows: SQLite has one
// writer, and where there are many the snapshot is serializable like they are.
func (m *move) close(ctx context.Context) error {
	return m.from.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		source := keyRows{}
		if err := t.query(ctx, source.scan, moveRowsQuery); err != nil {
			return err
		}
		if m.elsewhere(source) { // another move was faster
			return fmt.Errorf("the database %s: %w", m.from.engine.place(), source.closed())
		}
		if err := setMeta(ctx, t, metaMoved, []byte(m.to.engine.home())); err != nil {
			return err
		}
		return setMeta(ctx, t, metaClosed, []byte(closedAway))
	})
}

// reopen lets the source go on, because the move has failed; not one that is closed
// for another.
func (m *move) reopen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWait)
	defer cancel()
	err := m.from.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		source := keyRows{}
		if err := t.query(ctx, source.scan, moveRowsQuery); err != nil || m.elsewhere(source) {
			return err
		}
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name = 'moved' OR name = $1 AND value = $2`, metaClosed, []byte(closedAway))
		return err
	})
	if err != nil {
		return fmt.Errorf("the source takes no writes: finish the move, or run `saqbol migrate --reopen` (%w)", err)
	}
	return nil
}

// open lets the target be used. From here on it is the database.
func (m *move) open(ctx context.Context) error {
	return m.to.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name = $1`, metaClosed)
		return err
	})
}

// Reopen lets a database go on that was moved away. What was stored since in the
// one it was moved to is not in it; a later move begins anew. Of one that was open
// all along it says so, and changes nothing.
func Reopen(ctx context.Context, url string, keys *seal.Keys) (closed bool, err error) {
	s, err := openToMove(ctx, url, keys, true)
	if err != nil {
		return false, about("--reopen", err)
	}
	err = s.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		rows := keyRows{}
		if err := t.query(ctx, rows.scan, moveRowsQuery); err != nil {
			return err
		}
		if string(rows[metaClosed]) == closedHalf {
			return fmt.Errorf("the database %s: %w", s.engine.place(), ErrHalfMoved)
		}
		if closed = rows[metaClosed] != nil; !closed {
			return nil // what was prepared may still be moved there
		}
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name IN ('moving', 'closed', 'moved')`)
		return err
	})
	return closed, errors.Join(err, s.Close())
}

// closed returns why a database may not be used: nil where it may.
func (r keyRows) closed() error {
	switch string(r[metaClosed]) {
	case "":
		return nil
	case closedHalf:
		return ErrHalfMoved
	}
	return movedTo(r[metaMoved])
}

// movedTo is ErrMoved with the home of the database that it was moved to, "" where a
// program of before did not note it.
type movedTo string

func (m movedTo) Error() string {
	if m == "" {
		return ErrMoved.Error()
	}
	return "it was moved already, to " + string(m) + ": set DATABASE_URL to that one, or go on with this one after `saqbol migrate --reopen`"
}

// Is lets it be known as ErrMoved.
func (movedTo) Is(target error) bool { return target == ErrMoved }
