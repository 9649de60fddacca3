package storage

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"saqbol/storage/seal"
)

// What a move can find wrong; each says in one line what to do.
var (
	ErrMoved     = errors.New("it was moved to another database: set DATABASE_URL to that one, or go on with this one after `saqbol migrate --reopen`")
	ErrHalfMoved = errors.New("a move or a restore into it is not finished: run the same command again, it goes on where it ended")
	ErrNotEmpty  = errors.New("it holds other data: name an empty database")
	ErrToMigrate = errors.New("its schema is older than this program: stop its bot, start this version with `saqbol run` on it once, and move it then")
	errNoSource  = errors.New("there is nothing to move: check what --from names")
)

// MoveOptions changes how a database is moved; the zero value will do.
type MoveOptions struct {
	// Prepare only copies, beside whoever writes to the source: what is left for the
	// move itself is short then.
	Prepare  bool
	Progress func(done, total int64) // told of rows that are done; nil = nobody
	Stage    func(doing string)      // told of each part that begins; nil = nobody

	step func(name string) error // tests stop here; nil goes on
}

// Moved is what a move has done.
type Moved struct {
	Tables []TableSize   // what the target holds now
	Sums   []Sum         // that add up to the same in both
	Closed time.Duration // for how long nothing could be saved until now; 0 = not at all
	Before bool          // an earlier run had finished it
}

// Move copies the database from into the database to, while checks and reports go
// on in from; then it closes from, so that nothing is saved there any more (checks
// go on), copies what has changed meanwhile, compares everything, and opens to. The
// caller holds the lock on to where that is a file. Cut off at any moment and begun
// again it goes on; where it fails before to is open, from is opened again.
func Move(ctx context.Context, from, to string, keys *seal.Keys, o MoveOptions) (Moved, error) {
	source, err := openToMove(ctx, from, keys, true)
	if err != nil {
		return Moved{}, err
	}
	defer func() { _ = source.Close() }() // its lease was never taken
	target, err := openToMove(ctx, to, keys, false)
	if err != nil {
		return Moved{}, err
	}
	m := &move{from: source, to: target, o: o}
	done, err := m.all(ctx)
	return done, errors.Join(err, target.Close())
}

// openToMove opens one side of a move. Neither side is brought up to date: what
// else runs on it might not know the newer schema.
func openToMove(ctx context.Context, url string, keys *seal.Keys, source bool) (*Store, error) {
	e, err := engineOf(url, lockWait)
	if err != nil {
		return nil, err
	}
	missing := errNoSource
	if !source {
		missing = nil // it is made
	}
	if err := fitToMove(ctx, e, missing); err != nil {
		return nil, fmt.Errorf("the database %s: %w", e.place(), explained(err))
	}
	return Open(ctx, url, keys, WithoutLease(), withClosed())
}

// fitToMove looks at a database's schema, and returns missing where there is none.
func fitToMove(ctx context.Context, e engine, missing error) error {
	if file, isFile := e.(*sqliteFile); isFile && !exists(file.path) {
		return missing
	}
	db, err := e.looking()
	if err != nil {
		return err
	}
	version, err := e.schema().version(ctx, db.db)
	if err = errors.Join(err, db.close()); err != nil {
		return err
	}
	wants, err := e.schema().wanted()
	switch {
	case err != nil:
		return err
	case version == 0:
		return missing
	case version > wants:
		return newer(version, wants)
	case version < wants:
		return ErrToMigrate
	}
	return nil
}

// withClosed opens a database that a move has closed, too.
func withClosed() Option { return func(c *config) { c.closed = true } }

// move is one run.
type move struct {
	from, to *Store
	o        MoveOptions
	id       string // of the move, in both databases
	still    bool   // nobody writes to the source: it need not be closed
}

// What meta holds of moves. A random id stands in both databases of a move; what
// is closed takes no writes, and says whether that is because its data went away
// or because they are not all there yet.
const (
	metaMoving = "moving" // in the source: the id
	metaCopied = "copied" // in the target: the id
	metaClosed = "closed" // closedAway or closedHalf

	closedAway = "away"
	closedHalf = "half"
)

const moveRowsQuery = `SELECT name, value FROM meta WHERE name IN ('moving', 'copied', 'closed')`

// few is how many changed rows a pass beside the bot may leave to the closed part:
// some hundredths of a second's worth. passes is how often it tries.
const (
	few    = 1000
	passes = 5
)

func (m *move) all(ctx context.Context) (Moved, error) {
	source, done, err := m.admit(ctx)
	if err != nil || done {
		return m.finished(ctx, done, err)
	}
	if m.still {
		return m.fill(ctx)
	}
	if string(source[metaClosed]) != closedAway { // else an earlier run was killed
		if err := m.beside(ctx); err != nil || m.o.Prepare {
			return Moved{}, err
		}
	}
	begun := time.Now()
	if err := m.close(ctx); err != nil {
		return Moved{}, err
	}
	moved, err := m.rest(ctx)
	if err != nil {
		return Moved{}, errors.Join(err, m.reopen(ctx))
	}
	if err := m.open(ctx); err != nil {
		return Moved{}, err
	}
	moved.Closed = time.Since(begun)
	return moved, nil
}

// finished is the end of a run that had nothing to do.
func (m *move) finished(ctx context.Context, done bool, err error) (Moved, error) {
	if err != nil {
		return Moved{}, err
	}
	has, err := contentsOf(ctx, m.to.read.db)
	return Moved{Tables: has.tables, Sums: has.sums, Before: done}, err
}

func (m *move) stage(doing string) {
	if m.o.Stage != nil {
		m.o.Stage(doing)
	}
}

func (m *move) at(step string) error {
	if m.o.step == nil {
		return nil
	}
	return m.o.step(step)
}

// beside copies while others write to the source, until little is left.
func (m *move) beside(ctx context.Context) error {
	for pass := 1; ; pass++ {
		m.stage("copying")
		changed, _, err := m.pass(ctx, sql.LevelRepeatableRead)
		if err != nil {
			return err
		}
		if changed <= few || pass == passes {
			break
		}
	}
	m.stage("checking")
	if err := m.to.Examine(ctx, 1); err != nil {
		return fmt.Errorf("looking the copy over: %w", err)
	}
	return m.at("beside")
}

// fill copies a source that nobody writes to.
func (m *move) fill(ctx context.Context) (Moved, error) {
	moved, err := m.rest(ctx)
	if err != nil {
		return Moved{}, err
	}
	m.stage("checking")
	if err := m.to.Examine(ctx, 1); err != nil {
		return Moved{}, fmt.Errorf("looking the copy over: %w", err)
	}
	return moved, m.open(ctx)
}

// rest copies what was changed since, and holds the sums of both against each
// other. Every row was read on both sides then, after the source was closed.
func (m *move) rest(ctx context.Context) (Moved, error) {
	if err := m.at("closed"); err != nil {
		return Moved{}, err
	}
	held, err := m.lastPass(ctx)
	if err != nil {
		return Moved{}, err
	}
	has, err := contentsOf(ctx, m.to.read.db)
	if err == nil {
		err = held.same(has)
	}
	if err != nil {
		return Moved{}, fmt.Errorf("comparing the copy: %w", err)
	}
	return Moved{Tables: has.tables, Sums: has.sums}, m.at("compared")
}

// lastPass is a pass in a snapshot behind which nobody can store who has not seen the
// closing. Where somebody was faster the database may end the snapshot instead of
// them; the next one shows what they stored.
func (m *move) lastPass(ctx context.Context) (contents, error) {
	for try := 1; ; try++ {
		m.stage("copying the rest")
		_, held, err := m.pass(ctx, sql.LevelSerializable)
		if err == nil || !passing(err) || try == passes || pause(ctx, backOff(try)) != nil {
			return held, err
		}
	}
}

func (m *move) pass(ctx context.Context, isolation sql.IsolationLevel) (int64, contents, error) {
	c, held, err := copyAll(ctx, m.from, m.to, isolation, m.o.Progress, m.o.step)
	if err != nil {
		return 0, held, err
	}
	return c.changed, held, nil
}

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
		if string(target[metaCopied]) == m.id {
			done = target[metaClosed] == nil
			return nil
		}
		// One whose data were moved to the source may have them back.
		back := string(target[metaClosed]) == closedAway && target[metaMoving] != nil && string(target[metaMoving]) == string(source[metaCopied])
		if !back {
			if err := empty(ctx, t); err != nil {
				return fmt.Errorf("the database %s: %w", m.to.engine.place(), err)
			}
		}
		if _, err := t.exec(ctx, `DELETE FROM meta WHERE name = $1`, metaMoving); err != nil {
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

// close has nobody store anything in the source any more. Whoever began before this
// and has not seen it can't store after the snapshot that follows: SQLite has one
// writer, and where there are many the snapshot is serializable like they are.
func (m *move) close(ctx context.Context) error {
	return m.from.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		return setMeta(ctx, t, metaClosed, []byte(closedAway))
	})
}

// reopen lets the source go on, because the move has failed.
func (m *move) reopen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWait)
	defer cancel()
	if err := reopen(ctx, m.from); err != nil {
		return fmt.Errorf("the source takes no writes: finish the move, or run `saqbol migrate --reopen` (%w)", err)
	}
	return nil
}

func reopen(ctx context.Context, s *Store) error {
	return s.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name = $1 AND value = $2`, metaClosed, []byte(closedAway))
		return err
	})
}

// open lets the target be used. From here on it is the database.
func (m *move) open(ctx context.Context) error {
	return m.to.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name = $1`, metaClosed)
		return err
	})
}

// Reopen lets a database go on that was moved away. What was stored since in the
// one it was moved to is not in it; a later move begins anew.
func Reopen(ctx context.Context, url string, keys *seal.Keys) error {
	s, err := openToMove(ctx, url, keys, true)
	if err != nil {
		return err
	}
	err = s.write.transactAs(ctx, nil, func(ctx context.Context, t *tx) error {
		rows := keyRows{}
		if err := t.query(ctx, rows.scan, moveRowsQuery); err != nil {
			return err
		}
		if string(rows[metaClosed]) == closedHalf {
			return fmt.Errorf("the database %s: %w", s.engine.place(), ErrHalfMoved)
		}
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name IN ('moving', 'closed')`)
		return err
	})
	return errors.Join(err, s.Close())
}

// closed returns why a database may not be used: nil where it may.
func (r keyRows) closed() error {
	switch string(r[metaClosed]) {
	case "":
		return nil
	case closedHalf:
		return ErrHalfMoved
	}
	return ErrMoved
}
