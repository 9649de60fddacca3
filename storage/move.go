package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"saqbol/storage/seal"
)

// What a move can find wrong; each says in one line what to do.
var (
	ErrMoved     = errors.New("it was moved to another database: set DATABASE_URL to that one, or go on with this one after `saqbol migrate --reopen`")
	ErrHalfMoved = errors.New("a move or a restore into it is not finished: run the same command again, it goes on where it ended")
	ErrNotEmpty  = errors.New("it holds other data: name an empty database")
	ErrToMigrate = errors.New("its schema is older than this program: stop its bot, start this version with `saqbol run` on it once, and move it then")
	ErrSame      = errors.New("--from and --to name the same database: name an empty one in --to")
)

// MoveOptions changes how a database is moved; the zero value will do.
type MoveOptions struct {
	// Prepare only copies, beside whoever writes to the source: what is left for the
	// move itself is short then.
	Prepare  bool
	Progress func(done, total int64) // told of rows that are done; nil = nobody
	Stage    func(doing string)      // told of each part that begins; nil = nobody
	// Begin is called when nothing that can be seen speaks against the move, before
	// anything is made at the target; its error ends the move. nil = nothing.
	Begin func() error

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
// go on), copies what has changed meanwhile, compares everything, and opens to. From
// Begin on the caller holds the lock on to where that is a file. Cut off at any moment
// and begun again it goes on; where it fails before to is open, from is opened again.
func Move(ctx context.Context, from, to string, keys *seal.Keys, o MoveOptions) (Moved, error) {
	place, err := targetOf(from, to)
	if err != nil {
		return Moved{}, err
	}
	source, err := openToMove(ctx, from, keys, true)
	if err != nil {
		return Moved{}, about("--from", err)
	}
	defer func() { _ = source.Close() }() // its lease was never taken
	if err := mayBegin(ctx, source, place); err != nil {
		return Moved{}, err
	}
	if o.Begin != nil {
		if err := o.Begin(); err != nil {
			return Moved{}, err
		}
	}
	target, err := openToMove(ctx, to, keys, false)
	if err != nil {
		return Moved{}, about("--to", err)
	}
	m := &move{from: source, to: target, o: o}
	done, err := m.all(ctx)
	return done, errors.Join(err, target.Close())
}

// targetOf is the target's engine, where from and to are URLs of two databases.
func targetOf(from, to string) (engine, error) {
	source, err := engineOf(from, lockWait)
	if err != nil {
		return nil, about("--from", err)
	}
	target, err := engineOf(to, lockWait)
	if err != nil {
		return nil, about("--to", err)
	}
	if source.home() == target.home() {
		return nil, ErrSame
	}
	return target, nil
}

// mayBegin looks whether the target can be one, and makes nothing there. Where there
// is nothing yet, a source whose data are elsewhere is refused here already.
func mayBegin(ctx context.Context, source *Store, target engine) error {
	err := fitToMove(ctx, target, ErrNoDatabase)
	switch {
	case err == nil:
		return nil // what is there says whether it belongs to this move
	case !errors.Is(err, ErrNoDatabase):
		return about("--to", fmt.Errorf("the database %s: %w", target.place(), explained(err)))
	}
	rows, err := source.keyRows(ctx)
	if err != nil {
		return err
	}
	if err := rows.closed(); err != nil {
		return fmt.Errorf("the database %s: %w", source.engine.place(), err)
	}
	return nil
}

// openToMove opens one side of a move. Neither side is brought up to date: what
// else runs on it might not know the newer schema.
func openToMove(ctx context.Context, url string, keys *seal.Keys, source bool) (*Store, error) {
	e, err := engineOf(url, lockWait)
	if err != nil {
		return nil, err
	}
	missing := ErrNoDatabase
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
	if file, isFile := e.(*sqliteFile); isFile {
		if !exists(file.path) {
			return missing
		}
		if err := e.prepare(ctx); err != nil { // it makes nothing then
			return err
		}
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

// misnamed is an error whose advice is about a flag, not about DATABASE_URL.
type misnamed struct {
	error
	flag string
}

func about(flag string, err error) error { return misnamed{err, flag} }

func (m misnamed) Error() string {
	return strings.ReplaceAll(m.error.Error(), "DATABASE_URL", m.flag)
}

func (m misnamed) Unwrap() error { return m.error }

// withClosed opens a database that a move has closed, too.
func withClosed() Option { return func(c *config) { c.closed = true } }

// move is one run.
type move struct {
	from, to *Store
	o        MoveOptions
	id       string // of the move, in both databases
	still    bool   // nobody writes to the source: it need not be closed
}

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
	if string(source[metaClosed]) != closedAway || m.o.Prepare { // else an earlier run was killed
		if err := m.beside(ctx); err != nil || m.o.Prepare {
			return Moved{}, err
		}
	}
	begun := time.Now()
	if err := m.close(ctx); err != nil { // it may be closed all the same
		return Moved{}, errors.Join(err, m.reopen(ctx))
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
